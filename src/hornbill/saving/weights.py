"""`.weights.h5`: the weights of a model, in Keras 3's layout, so that each opens the other's."""

import os
import warnings

import numpy as np

from ..engine.dtypes import numpy_dtype, standardize_dtype
from .atomic import atomic_path
from .tree import saveables

SUFFIX = ".weights.h5"


def save_weights(model, filepath, overwrite: bool = True) -> None:
    """Writes all weights (with the optimizer's state, where it has one) to a file.

    Args:
        model: a built model or layer.
        filepath: a path that ends in `.weights.h5`.
        overwrite: whether a file that is there already may be replaced.

    Raises:
        ValueError: for another suffix, a model without weights yet, or an existing file with
            `overwrite=False`.
    """
    path = _checked_path(filepath)
    if os.path.exists(path) and not overwrite:
        raise ValueError(f"'{path}' exists already. Pass overwrite=True to replace it.")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' has no weights to save yet. Call it on data, or build it with "
            "model.build(input_shape)."
        )
    with atomic_path(path) as temporary:
        write_state(temporary, state_of(model))


def load_weights(model, filepath, skip_mismatch: bool = False) -> None:
    """Sets all weights from a file; all or none.

    Args:
        model: a built model of the same architecture as the one that was saved.
        filepath: a path that ends in `.weights.h5`.
        skip_mismatch: whether weights that are missing or of another shape are left alone, with
            a warning, instead of being an error.

    Raises:
        ValueError: naming every missing and misshapen weight at once.
    """
    path = _checked_path(filepath)
    if not os.path.isfile(path):
        raise ValueError(f"There is no weights file '{path}'.")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' must be built before weights are loaded. Call it on data, or "
            "build it with model.build(input_shape)."
        )
    set_state(model, read_state(path), path, skip_mismatch)


def _checked_path(filepath) -> str:
    path = os.fspath(filepath)
    if not path.endswith(SUFFIX):
        raise ValueError(f"A weights file ends in '{SUFFIX}'. Received: filepath={path!r}")
    return path


def state_of(model, with_optimizer: bool = True) -> dict[str, dict]:
    """`{path: {"0": array, ...}}` for all that has variables."""
    state = {}
    for path, thing in saveables(model, with_optimizer):
        store: dict = {}
        thing.save_own_variables(store)
        state[path] = {k: np.asarray(v) for k, v in store.items()}
    return state


def write_state(path: str, state: dict[str, dict]) -> None:
    """Writes `{path: {key: array}}` as HDF5 groups `path/vars/key`."""
    import h5py

    with h5py.File(path, "w") as file:
        for inner, store in state.items():
            if not store:
                continue
            group = file.create_group(f"{inner}/vars" if inner else "vars")
            for key, array in store.items():
                name = standardize_dtype(array.dtype)
                if name == "bfloat16":
                    group.create_dataset(key, data=array.view("uint16"))
                    group[key].attrs["dtype"] = name
                else:
                    group.create_dataset(key, data=array)


def read_state(path: str) -> dict[str, dict]:
    """Reads what `write_state` wrote; refuses links and datasets that lie outside the file."""
    import h5py

    state: dict[str, dict] = {}
    with _open(h5py, path) as file:
        stack = [("", file)]
        while stack:
            inner, group = stack.pop()
            for name in group:
                where = f"{inner}/{name}" if inner else name
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ValueError(f"'{path}' holds a link at '{where}', which is refused.")
                child = group[name]
                if isinstance(child, h5py.Group):
                    stack.append((where, child))
                    if name == "vars":
                        state.setdefault(inner, {})
                else:
                    owner = inner.removesuffix("vars").removesuffix("/")
                    state.setdefault(owner, {})[name] = _read(child, path, where)
    return state


def _open(h5py, path):
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"'{path}' is no readable HDF5 file: {error}") from None


def _read(dataset, path, where) -> np.ndarray:
    if dataset.external or dataset.is_virtual or dataset.dtype.kind not in "biufcV":
        raise ValueError(
            f"'{path}' holds data at '{where}' that is not plain numbers in the file, which is "
            "refused."
        )
    array = dataset[()]
    if dataset.attrs.get("dtype") == "bfloat16":
        return np.asarray(array).view(numpy_dtype("bfloat16"))
    return np.asarray(array)


def set_state(model, state, source: str, skip_mismatch: bool = False) -> None:
    """Assigns a state that `read_state` gave; checks all of it first."""
    plan, wrong = [], []
    things = saveables(model)
    known = {path for path, _ in things} | {"optimizer"}
    for path, thing in things:
        mine: dict = {}
        thing.save_own_variables(mine)
        stored = state.get(path, {})
        problems = [
            f"{_label(path, thing)} weight {key}: expected shape {np.shape(value)}, "
            + (f"the file has {stored[key].shape}" if key in stored else "missing from the file")
            for key, value in mine.items()
            if key not in stored or stored[key].shape != np.shape(value)
        ]
        problems += [
            f"{_label(path, thing)}: the file has a weight {key} too many"
            for key in stored
            if key not in mine
        ]
        if not problems:
            plan.append((thing, stored))
        elif hasattr(thing, "iterations"):
            # An optimizer that has not been built, or another one, is no reason to refuse.
            if stored and not mine.keys() - stored.keys():
                plan.append((thing, stored))
        else:
            wrong += problems
    wrong += [
        f"'{path}': in the file, not in the model"
        for path in state
        if path not in known and state[path]
    ]
    if wrong and not skip_mismatch:
        shown = "\n  ".join(wrong[:50]) + ("\n  ..." if len(wrong) > 50 else "")
        raise ValueError(
            f"The weights in '{source}' do not fit model '{model.name}':\n  {shown}\n"
            "Build the model that was saved, or pass skip_mismatch=True to load what fits."
        )
    if wrong:
        warnings.warn(f"Weights left alone: {'; '.join(wrong)}", stacklevel=3)
    for thing, stored in plan:
        if stored:
            thing.load_own_variables(stored)


def _label(path: str, thing) -> str:
    name = getattr(thing, "name", "")
    return f"'{path or name}' ({type(thing).__name__} '{name}')"
