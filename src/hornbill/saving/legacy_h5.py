"""Reading Keras 2's `.h5` files: whole models and weights.

A file lists layers and weights by name in attributes (`layer_names`, `weight_names`), in the order
of `trainable_weights + non_trainable_weights`; a whole model adds its config as JSON. Keras 3 still
writes such files.
"""

import os
import warnings

import numpy as np

from ..engine import strict_json
from ..engine.loading import loading
from ..engine.serialize import custom_object_scope
from .hdf5 import Stored, open_file, refusing
from .hdf5_bytes import heaps
from .legacy_config import compile_arguments, modern
from .making import model_of

SUFFIXES = (".h5", ".hdf5")

_FREE_MEMORY = 64 * 2**20
_MAX_NAMES = 100_000
_TEXTS = ("model_config", "training_config", "layer_names", "weight_names")
_MAX_NAME_BYTES = 2**31  # of the names in one attribute, were each as long as the longest text


def is_legacy(path: str) -> bool:
    """Whether a path is one of a Keras 2 file; `.weights.h5` is Keras 3's."""
    return path.endswith(SUFFIXES) and not path.endswith(".weights.h5") and os.path.isfile(path)


def load_model(path: str, custom_objects: dict | None, compile: bool):
    """The model of a whole-model file; see `archive.load_model`."""
    with open_file(path, path, _TEXTS) as (file, found):
        config = _json(file, "model_config", path)
        if config is None:
            raise ValueError(
                f"'{path}' holds weights alone. Build the model that they are for and call "
                "model.load_weights(filepath)."
            )
        training = _json(file, "training_config", path) if compile else None
        weights = _Weights(path, file, found, "model_weights")
        with loading(4 * weights.size + _FREE_MEMORY):
            model = model_of(modern(config, path), custom_objects, path)
            if not model.built:
                raise ValueError(
                    f"'{path}' does not say for which input shape model '{model.name}' is built. "
                    "Build it from its source, call it on data, and use model.load_weights()."
                )
            _assign(_by_order(model, weights), model, path, skip_mismatch=False)
        if training is not None:
            with custom_object_scope(custom_objects or {}):
                _compile(model, training, path)
            _load_optimizer(model, _Weights(path, file, found))
    return model


def load_weights(model, path: str, skip_mismatch: bool = False, by_name: bool = False) -> None:
    """Sets the weights from a weights file or a whole-model file; all or none.

    Args:
        model: a built model.
        path: the file.
        skip_mismatch: whether weights that do not fit are left alone, with a warning.
        by_name: whether layers are matched by their names, not by their order; layers that the
            file lacks, or has more, are then left alone.
    """
    with open_file(path, path, _TEXTS) as (file, found):
        root = "model_weights" if "model_weights" in found else ""
        weights = _Weights(path, file, found, root)
        plan = _by_name(model, weights) if by_name else _by_order(model, weights)
        _assign(plan, model, path, skip_mismatch)


class _Weights:
    """The arrays of a file, group by group, below the group `root` (`""` is the file itself)."""

    def __init__(self, path: str, file, found: dict, root: str = ""):
        self.path, self.found, self.root = path, {"": file, **found}, root
        self.size = sum(s.dataset.nbytes for s in found.values() if isinstance(s, Stored))
        self._longest = _longest_text(path)

    def layers(self) -> list[tuple[str, list[Stored]]]:
        """Each layer's name and arrays, in the file's order."""
        names = self._names(self._group(self.root), "layer_names")
        return [(name, self.arrays(name)) for name in names]

    def arrays(self, name: str) -> list[Stored]:
        """The arrays of a group: of a layer, or of `top_level_model_weights`."""
        return [self._array(f"{self._inner(name)}/{weight}") for weight in self.names(name)]

    def names(self, name: str) -> list[str]:
        """The names of a group's arrays."""
        return self._names(self._group(self._inner(name)), "weight_names")

    def __contains__(self, name: str) -> bool:
        return self._inner(name) in self.found

    def _inner(self, name: str) -> str:
        return f"{self.root}/{name}" if self.root else name

    def _group(self, where: str):
        group = self.found.get(where)
        if group is None or isinstance(group, Stored):
            raise ValueError(f"'{self.path}' has no group '{where}', which it says it has.")
        return group

    def _array(self, where: str) -> Stored:
        array = self.found.get(where)
        if not isinstance(array, Stored):
            raise ValueError(f"'{self.path}' has no array '{where}', which it says it has.")
        return array

    def _names(self, group, key: str) -> list[str]:
        """A list of names in an attribute, or in `key0`, `key1`, ... when it is long."""
        with refusing(self.path):
            if key in group.attrs:
                return self._strings(group, key)
            names, part = [], 0
            while f"{key}{part}" in group.attrs and len(names) <= _MAX_NAMES:
                names += self._strings(group, f"{key}{part}")
                part += 1
            if part == 0:
                raise ValueError(
                    f"'{self.path}' is no file of Keras 2 weights: '{group.name}' has no '{key}'. "
                    "Files in Keras 3's format have names that end in '.weights.h5'."
                )
            return names

    def _strings(self, group, key: str) -> list[str]:
        attribute = group.attrs.get_id(key)
        count = int(np.prod(attribute.shape, dtype="int64"))
        if len(attribute.shape) != 1 or not (count == 0 or _is_text(attribute.dtype)):
            raise ValueError(f"'{self.path}' has '{key}' at '{group.name}' that lists no names.")
        if count > _MAX_NAMES or count * self._longest > _MAX_NAME_BYTES:
            raise ValueError(f"'{self.path}' has too many or too long names in '{group.name}'.")
        return [n.decode() if isinstance(n, bytes) else str(n) for n in group.attrs[key]]


def _longest_text(path: str) -> int:
    """An upper bound of the size of any text of free length in the file.

    Many names may be one and the same long text, which would be read again for each of them. HDF5
    keeps such texts in "global heap collections".
    """
    return max(map(len, heaps(path)), default=0)


def _is_text(dtype) -> bool:
    import h5py

    return dtype.kind == "S" or h5py.check_string_dtype(dtype) is not None


def _json(file, key: str, path: str) -> dict | None:
    with refusing(path):
        if key not in file.attrs:
            return None
        attribute = file.attrs.get_id(key)
        if attribute.shape != () or not _is_text(attribute.dtype):
            raise ValueError(f"'{path}' has a '{key}' that is no text.")
        return strict_json.parse(file.attrs[key], f"'{key}' in '{path}'")


def _variables(layer) -> list:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _by_order(model, weights: _Weights) -> list:
    """`[(what, variables, arrays)]`, the layers with weights matched by their order."""
    layers = [layer for layer in model.layers if _variables(layer)]
    stored = [(name, arrays) for name, arrays in weights.layers() if arrays]
    if len(layers) != len(stored):
        raise ValueError(
            f"The weights in '{weights.path}' do not fit model '{model.name}': expected "
            f"{len(layers)} layers with weights, {[layer.name for layer in layers]}. Received: "
            f"{len(stored)}, {[name for name, _ in stored]}. Build the model that was saved, or "
            "pass by_name=True to load the layers whose names agree."
        )
    plan = [
        (f"layer '{layer.name}' ('{name}' in the file)", _variables(layer), arrays)
        for layer, (name, arrays) in zip(layers, stored, strict=True)
    ]
    return plan + _top_level(model, weights)


def _by_name(model, weights: _Weights) -> list:
    stored = dict(weights.layers())
    plan = [
        (f"layer '{layer.name}'", _variables(layer), stored[layer.name])
        for layer in model.layers
        if stored.get(layer.name)
    ]
    return plan + [one for one in _top_level(model, weights) if one[2]]


def _top_level(model, weights: _Weights) -> list:
    """A subclassed model's weights that belong to no layer."""
    name = "top_level_model_weights"
    arrays = weights.arrays(name) if name in weights else []
    own = model._own_variables()
    return [(f"model '{model.name}'", own, arrays)] if arrays or own else []


def _assign(plan: list, model, path: str, skip_mismatch: bool) -> None:
    """Assigns all arrays after checking all of them, and reading all."""
    wrong, pairs = [], []
    for what, variables, arrays in plan:
        if len(variables) != len(arrays):
            wrong.append(f"{what}: expected {len(variables)} weights, the file has {len(arrays)}")
            continue
        for variable, stored in zip(variables, arrays, strict=True):
            if variable.shape != stored.shape:
                expected = f"expected shape {variable.shape}, the file has {stored.shape}"
                wrong.append(f"{what}, weight '{variable.name}': {expected}")
            else:
                pairs.append((variable, stored))
    if wrong and not skip_mismatch:
        shown = "\n  ".join(wrong[:50]) + ("\n  ..." if len(wrong) > 50 else "")
        raise ValueError(
            f"The weights in '{path}' do not fit model '{model.name}':\n  {shown}\n"
            "Build the model that was saved, or pass skip_mismatch=True to load what fits."
        )
    if wrong:
        warnings.warn(f"Weights left alone: {'; '.join(wrong)}", stacklevel=4)
    for variable, array in [(variable, stored.read()) for variable, stored in pairs]:
        variable.assign(array)


def _compile(model, training: dict, path: str) -> None:
    try:
        model.compile(**compile_arguments(training))
    except Exception as error:  # what a damaged config can do wrong is endless
        raise ValueError(
            f"'{path}' describes a training that cannot be set up: {type(error).__name__}: "
            f"{error}. Pass compile=False to load the model alone."
        ) from error


def _load_optimizer(model, weights: _Weights) -> None:
    """The optimizer's state, where it can be told what is what; else it starts anew."""
    optimizer, where = model.optimizer, "optimizer_weights"
    if where not in weights or optimizer is None:
        return
    optimizer.build(model.trainable_variables)
    names, stored = weights.names(where), weights.arrays(where)
    plan = list(zip(optimizer.variables, stored, strict=False))  # how Keras 3 writes them
    if len(stored) != len(optimizer.variables):
        plan = _keras_2_slots(optimizer, names, stored)
    if not plan or any(variable.shape != array.shape for variable, array in plan):
        warnings.warn(
            f"The optimizer's state in '{weights.path}' is not laid out as that of "
            f"{type(optimizer).__name__} is today, so the optimizer starts anew.",
            stacklevel=4,
        )
        return
    for variable, array in [(v, s.read()) for v, s in plan]:
        variable.assign(array)


def _keras_2_slots(optimizer, names: list[str], stored: list) -> list:
    """`[(variable, array)]` for a state of Keras 2; empty where it is another optimizer's.

    It begins with the step. The arrays of a weight are named `Adam/m/dense/kernel:0` since
    Keras 2.11, `Adam/dense/kernel/m:0` before; they come slot by slot, or weight by weight.
    """
    kept = [(n, s) for n, s in zip(names, stored, strict=True) if "learning_rate" not in n]
    if not kept or "iter" not in kept[0][0]:
        return []
    place = 1 if "iteration" in kept[0][0] else -1
    slots: dict[str, list] = {}
    for name, array in kept[1:]:
        parts = name.split("/")
        slots.setdefault(parts[place] if len(parts) > 1 else name, []).append(array)
    mine = list(optimizer._slots[0]) if optimizer._slots else []
    if mine and (len(mine) != len(slots) or {*map(len, slots.values())} != {len(optimizer._slots)}):
        return []
    plan = [(optimizer.iterations, kept[0][1])]
    for name, arrays in zip(mine, slots.values(), strict=False):  # plain SGD keeps none today
        plan += [(own[name], a) for own, a in zip(optimizer._slots, arrays, strict=True)]
    return plan
