"""Weights in a file: `.weights.h5`, in Keras 3's layout, so that each opens the other's; or
`.safetensors`, which other libraries read."""

import contextlib
import os
import tempfile
import warnings

import jax
import numpy as np

from ..engine.atomic import atomic_path
from ..layers.base import Layer
from ..optimizers import Optimizer
from . import legacy_h5, safetensors, shards
from .container import WEIGHTS, open_container
from .hdf5 import open_state, write_state
from .tree import saveables

SUFFIX = ".weights.h5"
SUFFIXES = (SUFFIX, safetensors.SUFFIX, shards.SUFFIX, shards.SAFETENSORS_SUFFIX, ".keras")


def save_weights(model, filepath, overwrite: bool = True, max_shard_size=None) -> None:
    """Writes all weights (with the optimizer's state, where it has one) to a file.

    Args:
        model: a built model or layer.
        filepath: a path that ends in `.weights.h5` or `.safetensors`; with `max_shard_size`, in
            `.weights.json` or `.safetensors`.
        overwrite: whether a file that is there already may be replaced.
        max_shard_size: the largest size of one file, in GiB. The weights are then spread over
            several files beside an index, which is `name.weights.json`, or for `name.safetensors`
            `name.safetensors.index.json`, as Hugging Face has it.

    Raises:
        ValueError: for another suffix, a model without weights yet, or an existing file with
            `overwrite=False`.
    """
    sharded = max_shard_size is not None
    path = _checked_path(filepath, (shards.SUFFIX if sharded else SUFFIX, safetensors.SUFFIX))
    index = f"{path}.index.json" if path.endswith(safetensors.SUFFIX) else path
    for place in (path, index) if sharded else (path,):
        if os.path.exists(place) and not overwrite:
            raise ValueError(f"'{place}' exists already. Pass overwrite=True to replace it.")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' has no weights to save yet. Call it on data, or build it with "
            "model.build(input_shape)."
        )
    if sharded:
        shards.write(index, state_of(model), max_shard_size)
        if index != path and os.path.isfile(path):
            os.remove(path)  # else `load_weights(path)` would find the old weights in it
        return
    write = safetensors.write_state if path.endswith(safetensors.SUFFIX) else write_state
    with atomic_path(path) as temporary:
        write(temporary, state_of(model))


def load_weights(
    model, filepath, skip_mismatch: bool = False, *, by_name: bool = False, **kwargs
) -> None:
    """Sets all weights from a file; all or none.

    Args:
        model: a built model of the same architecture as the one that was saved.
        filepath: a `.weights.h5` or `.safetensors` file, the index `.weights.json` or
            `.safetensors.index.json` of several (which `name.safetensors` stands for where it is
            no file itself), a `.keras` file, or a Keras 2 `.h5` file.
        skip_mismatch: whether weights that are missing or of another shape are left alone, with
            a warning, instead of being an error.
        by_name: for Keras 2's `.h5` files: whether layers are matched by their names instead of
            their order. Layers whose names do not occur on the other side are left alone.

    Raises:
        ValueError: naming every missing and misshapen weight at once.
    """
    if kwargs:
        raise TypeError(
            f"load_weights takes filepath, skip_mismatch and by_name. Received: {sorted(kwargs)}"
        )
    path = _checked_path(
        filepath,
        (*SUFFIXES, *legacy_h5.SUFFIXES),
    )
    if path.endswith(safetensors.SUFFIX) and not os.path.isfile(path):
        path = f"{path}.index.json" if os.path.isfile(f"{path}.index.json") else path
    if not os.path.isfile(path):
        raise ValueError(f"There is no weights file '{path}'.")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' must be built before weights are loaded. Call it on data, or "
            "build it with model.build(input_shape)."
        )
    if legacy_h5.is_legacy(path):
        legacy_h5.load_weights(model, path, skip_mismatch, by_name)
        return
    if by_name:
        raise ValueError(
            "by_name=True is for Keras 2's .h5 files; other files go by the model's structure. "
            f"Received: filepath={path!r}"
        )
    with open_weights(path) as state:
        set_state(model, state, path, skip_mismatch, whole=True)


@contextlib.contextmanager
def open_weights(path: str):
    """Yields `{path: {key: stored}}` of a file that ends in one of `SUFFIXES`; each stored array
    has a `shape` and `read()`.

    Raises:
        ValueError: if it is damaged, or holds what is refused.
    """
    if path.endswith((shards.SUFFIX, shards.SAFETENSORS_SUFFIX)):
        with shards.open_shards(path) as state:
            yield state
    elif path.endswith(safetensors.SUFFIX):
        yield safetensors.read_state(path)
    elif path.endswith(SUFFIX):
        with open_state(path) as state:
            yield state
    else:
        with open_container(path) as container, tempfile.TemporaryDirectory() as folder:
            inner = os.path.join(folder, WEIGHTS)
            container.extract(WEIGHTS, inner)
            with open_state(inner, path) as state:
                yield state


def _checked_path(filepath, suffixes) -> str:
    path = os.fspath(filepath)
    if not path.endswith(suffixes):
        raise ValueError(
            f"A weights file ends in {' or '.join(map(repr, suffixes))}. "
            f"Received: filepath={path!r}"
        )
    return path


def state_of(model, with_optimizer: bool = True):
    """Yields `(path, {"0": array, ...})` for all that has variables."""
    for path, thing in saveables(model, with_optimizer):
        store: dict = {}
        thing.save_own_variables(store)
        yield path, store


def set_state(model, state, source: str, skip_mismatch: bool = False, whole: bool = False) -> None:
    """Assigns a state that `open_state` gave, after checking all of it.

    `whole` reads all arrays before the first is assigned, so that even a damaged file changes
    nothing; a model that is still being made needs no such care, and less memory.
    """
    plan, wrong = [], []
    things = saveables(model)
    for path, thing in things:
        stored = state.get(path, {})
        problems = _problems(path, thing, stored)
        if not problems:
            plan.append((thing, stored))
        elif not isinstance(thing, Optimizer):  # one that starts anew is no reason to refuse
            wrong += problems
    known = {path for path, _ in things} | {"optimizer"}
    wrong += [
        f"'{path}': in the file, not in the model"
        for path in state
        if state[path] and path not in known and not path.startswith("optimizer/")
    ]
    if wrong and not skip_mismatch:
        shown = "\n  ".join(wrong[:50]) + ("\n  ..." if len(wrong) > 50 else "")
        raise ValueError(
            f"The weights in '{source}' do not fit model '{model.name}':\n  {shown}\n"
            "Build the model that was saved, or pass skip_mismatch=True to load what fits."
        )
    if wrong:
        warnings.warn(f"Weights left alone: {'; '.join(wrong)}", stacklevel=3)
    pairs = ((thing, _read(thing, stored)) for thing, stored in plan if stored)
    for thing, arrays in list(pairs) if whole else pairs:
        thing.load_own_variables(arrays)
        # JAX copies in the background; arrays that wait for it would pile up in memory.
        jax.block_until_ready([v.value for v in thing.variables])


def _read(thing, stored) -> dict:
    arrays = {key: one.read() for key, one in stored.items()}
    if type(thing).load_own_variables in (Layer.load_own_variables, Optimizer.load_own_variables):
        # They assign, and no more: JAX takes the memory itself. Others get arrays of NumPy.
        return {key: jax.device_put(array, may_alias=True) for key, array in arrays.items()}
    return arrays


def _problems(path: str, thing, stored) -> list[str]:
    """What does not fit between an object's own variables and those in the file."""
    mine: dict = {}
    thing.save_own_variables(mine)
    if not mine and type(thing).load_own_variables is not Layer.load_own_variables:
        return []  # such as a vocabulary's counts: it decides for itself what it takes
    who = f"'{path or thing.name}' ({type(thing).__name__} '{getattr(thing, 'name', '')}')"
    found = [
        f"{who} weight {key}: expected shape {np.shape(value)}, "
        + (f"the file has {stored[key].shape}" if key in stored else "missing from the file")
        for key, value in mine.items()
        if key not in stored or stored[key].shape != np.shape(value)
    ]
    return found + [f"{who}: the file has a weight {key} too many" for key in stored.keys() - mine]
