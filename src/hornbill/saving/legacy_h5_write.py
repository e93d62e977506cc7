"""Writing Keras 2's `.h5` files of whole models, laid out as Keras 3 lays them out."""

import json

import numpy as np

from ..engine.atomic import atomic_path
from ..engine.serialize import serialize
from .hdf5 import seal

# An attribute's bytes go into an object header of 64 KiB: longer lists are cut.
_MOST_BYTES = 60_000


def save_model(model, path: str, format: str, include_optimizer: bool = True) -> None:
    """Writes a Sequential or functional model; see `archive.save_model`.

    Args:
        model: the model.
        path: the file, replaced when the new one is whole.
        format: the version of Keras whose format it is.
        include_optimizer: whether to keep how the model was compiled, and the optimizer's state.
    """
    import h5py

    described = serialize(model)
    if described["class_name"] not in ("Sequential", "Functional"):
        raise ValueError(
            f"An .h5 file describes a Sequential or a functional model: save to 'name.keras'. "
            f"Received: model '{model.name}' of class {type(model).__name__}"
        )
    with atomic_path(path) as temporary:
        with h5py.File(temporary, "w") as file:
            file.attrs["keras_version"], file.attrs["backend"] = format, "jax"
            config = {key: described[key] for key in ("class_name", "config")}
            file.attrs["model_config"] = json.dumps(config)
            _write_layers(file.create_group("model_weights"), model, format)
            if include_optimizer and described.get("compile_config"):
                _write_training(file, model, dict(described["compile_config"]))
        seal(temporary)


def _write_layers(group, model, format: str) -> None:
    group.attrs["keras_version"], group.attrs["backend"] = format, "jax"
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    for layer in model.layers:
        variables = [*layer.trainable_weights, *layer.non_trainable_weights]
        _write_arrays(group.create_group(layer.name), variables)
    _write_arrays(group.create_group("top_level_model_weights"), model._own_variables())


def _write_training(file, model, settings: dict) -> None:
    optimizer = settings.pop("optimizer", None)
    if isinstance(optimizer, dict):
        kind = optimizer.get("registered_name") or optimizer["class_name"]
        settings["optimizer_config"] = {"class_name": kind, "config": optimizer["config"]}
    file.attrs["training_config"] = json.dumps(settings)
    if model.optimizer is not None and model.optimizer.built:
        _write_arrays(file.create_group("optimizer_weights"), model.optimizer.variables)


def _write_arrays(group, variables) -> None:
    names = [v.path for v in variables]
    # Two weights of one path, as in two nested models of one name, are told apart by a number.
    names = [f"{n}_{i}" if names.index(n) != i else n for i, n in enumerate(names)]
    _write_names(group, "weight_names", names)
    for name, variable in zip(names, variables, strict=True):
        group.create_dataset(name, data=np.asarray(variable.value))


def _write_names(group, key: str, names: list[str]) -> None:
    names = np.array([name.encode() for name in names], dtype="S")
    parts = -(-names.nbytes // _MOST_BYTES) if len(names) else 1
    for i, part in enumerate(np.array_split(names, parts)):
        group.attrs[key if parts == 1 else f"{key}{i}"] = part
