"""`.keras`: a whole model in one file, in Keras 3's format, so that each opens the other's.

A file is data. It says which of Hornbill's classes, and which of the caller's, to make with which
settings, and it holds numbers; nothing in it is imported or run.
"""

import datetime
import json
import os
import tempfile

from .. import __version__
from ..engine import strict_json
from ..engine.atomic import atomic_path
from ..engine.loading import loading
from ..engine.registry import telling_what_is_called
from ..engine.serialize import object_sharing, serialize
from . import legacy_h5, legacy_h5_write
from .container import (
    ASSETS,
    CONFIG,
    METADATA,
    WEIGHTS,
    open_container,
    write_archive,
    write_folder,
)
from .hdf5 import open_state, write_state
from .making import model_of
from .tree import saveables
from .weights import set_state, state_of

SUFFIX = ".keras"
FORMAT = "3.15.1"  # the Keras whose format this is

# Besides weights as large as the file's: metrics, counters, buffers of stateful layers.
_FREE_MEMORY = 64 * 2**20
_MAX_ASSETS = 2**31


def save_model(model, filepath, overwrite: bool = True, zipped: bool | None = None, **kwargs):
    """Writes a whole model: architecture, weights, compile settings, optimizer state.

    Args:
        model: a model or layer.
        filepath: a path that ends in `.keras`; with `zipped=False`, a folder. Or one that ends in
            `.h5` or `.hdf5`, for Keras 2's format: Sequential and functional models alone.
        overwrite: whether what is there already may be replaced.
        zipped: whether to write one file; None does.
        include_optimizer: for `.h5` alone: whether to keep the compile settings and the
            optimizer's state, True unless given.

    Raises:
        ValueError: for another suffix, or an existing file with `overwrite=False`.
        TypeError: for what cannot be described as data, such as a lambda.

    >>> import hornbill as hb, os, tempfile
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(2)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     hb.saving.save_model(model, os.path.join(folder, "m.keras"))
    ...     again = hb.saving.load_model(os.path.join(folder, "m.keras"))
    >>> bool((again.get_weights()[0] == model.get_weights()[0]).all())
    True
    """
    path = os.fspath(filepath)
    legacy = path.endswith(legacy_h5.SUFFIXES) and not path.endswith(".weights.h5")
    known = {"include_optimizer"} if legacy else set()
    if not kwargs.keys() <= known:
        raise TypeError(
            "save_model takes filepath, overwrite and zipped, and include_optimizer for an .h5 "
            f"file. Received: {sorted(kwargs)}, filepath={path!r}"
        )
    zipped = not legacy if zipped is None else zipped
    if zipped != path.endswith(SUFFIX):
        raise ValueError(
            f"A model is saved to a file that ends in '{SUFFIX}' or '.h5', or with zipped=False to "
            "a folder. Weights alone are saved with save_weights('name.weights.h5'). "
            f"Received: filepath={path!r}, zipped={zipped}"
        )
    if os.path.exists(path) and not overwrite:
        raise ValueError(f"'{path}' exists already. Pass overwrite=True to replace it.")
    if legacy:
        legacy_h5_write.save_model(model, path, FORMAT, **kwargs)
        return
    with tempfile.TemporaryDirectory() as folder:
        _write_members(model, folder, sealed=not zipped)
        if zipped:
            with atomic_path(path) as temporary:
                write_archive(temporary, folder)
        else:
            write_folder(path, folder)


def _write_members(model, folder: str, sealed: bool) -> None:
    with object_sharing():
        config = json.dumps(serialize(model))
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": FORMAT, "date_saved": saved, "hornbill_version": __version__}
    for name, text in ((CONFIG, config), (METADATA, json.dumps(metadata))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    write_state(os.path.join(folder, WEIGHTS), state_of(model), sealed)
    for path, thing in saveables(model):
        if hasattr(thing, "save_assets"):
            place = os.path.join(folder, ASSETS, *path.split("/"))
            os.makedirs(place, exist_ok=True)
            thing.save_assets(place)


def load_model(
    filepath, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool = True
):
    """Opens a model that `save_model` or Keras saved.

    Args:
        filepath: a `.keras` file, a folder written with `zipped=False`, or a Keras 2 `.h5` file.
        custom_objects: `{name: class or function}` of your own that are not registered. A Lambda
            layer whose function the file holds as code takes the function given here under the
            layer's name; another layer's argument, that under `"name/argument"`.
        compile: whether to compile the model as it was, and load the optimizer's state.
        safe_mode: code in a file is never run: with False as well, a file that needs code is an
            error. With False it is printed which classes and functions of yours, registered or in
            `custom_objects`, the file has called.

    Returns:
        The model, with its weights.

    Raises:
        ValueError: if the file is damaged, describes no model, names classes that are neither
            Hornbill's nor given, holds code, or has weights that do not fit.
    """
    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise ValueError(f"There is no file '{path}' to load a model from.")
    if not safe_mode:
        with telling_what_is_called(f"load_model('{path}', safe_mode=False)"):
            return load_model(path, custom_objects, compile)
    if legacy_h5.is_legacy(path):
        return legacy_h5.load_model(path, custom_objects, compile)
    if not os.path.isdir(path) and not path.endswith(SUFFIX):
        raise ValueError(
            f"load_model opens files that end in '{SUFFIX}' or Keras 2's '.h5', and folders. "
            "Weights alone are loaded with model.load_weights('name.weights.h5'). "
            f"Received: filepath={path!r}"
        )
    with open_container(path) as container, tempfile.TemporaryDirectory() as folder:
        config = strict_json.parse(
            container.read(CONFIG, strict_json.MAX_CHARACTERS), f"'{CONFIG}' in '{path}'"
        )
        if METADATA in container.sizes:
            strict_json.parse(container.read(METADATA, 2**20), f"'{METADATA}' in '{path}'")
        if not compile:
            config.pop("compile_config", None)
        weights = os.path.join(folder, WEIGHTS)
        container.extract(WEIGHTS, weights)
        with loading(4 * container.sizes[WEIGHTS] + _FREE_MEMORY):
            model = model_of(config, custom_objects, path)
            with open_state(weights, path) as state:
                set_state(model, state, path)
            _load_assets(model, container, folder)
    return model


def _load_assets(model, container, folder) -> None:
    if sum(container.sizes[name] for name in container.assets) > _MAX_ASSETS:
        raise ValueError(f"The assets in '{container.source}' take more than {_MAX_ASSETS} bytes.")
    for path, thing in saveables(model):
        if hasattr(thing, "load_assets"):
            inner = f"{ASSETS}{path}/" if path else ASSETS
            place = os.path.join(folder, ASSETS, *path.split("/"))
            os.makedirs(place, exist_ok=True)
            for name in container.assets:
                rest = name.removeprefix(inner)
                if name.startswith(inner) and "/" not in rest and rest:
                    container.extract(name, os.path.join(place, rest))
            thing.load_assets(place)


def model_from_json(json_string: str, custom_objects: dict | None = None):
    """The model that `to_json` described, with new weights.

    Args:
        json_string: the JSON text.
        custom_objects: `{name: class or function}` of your own that are not registered.

    Raises:
        ValueError: if the text is no JSON, or describes no model.

    >>> import hornbill as hb
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(2)])
    >>> hb.models.model_from_json(model.to_json()).output_shape
    (None, 2)
    """
    config = strict_json.parse(json_string, "A model's JSON")
    return model_of(config, custom_objects, "The JSON")
