"""`KerasFileEditor`: looks into a file of weights, changes it, and writes another."""

import os

import numpy as np

from ..engine import strict_json
from ..engine.atomic import atomic_path
from . import safetensors
from .container import CONFIG, METADATA, open_container
from .hdf5 import write_state
from .weights import SUFFIX, SUFFIXES, open_weights, state_of


class KerasFileEditor:
    """The weights in a file, to be looked at and changed, for a model that has changed since.

    Objects (layers, the optimizer) go by their path in the file, such as `"layers/dense_2"`, or by
    their name alone, `"dense_2"`, where only one object has it. The model's own weights are those
    of the object `""`. The file is read by the same careful reader as `load_weights`; nothing in it
    is run, and it is not changed: `save` writes another.

    Args:
        filepath: a `.keras`, `.weights.h5` or `.safetensors` file, or the index of several.

    Attributes:
        config: of a `.keras` file, what it says of the model; else None.
        metadata: of a `.keras` file, which Keras wrote it, and when; else None.

    Raises:
        ValueError: for another suffix, a file that is not there, or a damaged one.

    >>> import hornbill as hb, os, tempfile
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(2), hb.layers.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "m.weights.h5")
    ...     model.save_weights(path)
    ...     editor = hb.saving.KerasFileEditor(path)
    >>> editor.delete_object("dense_1")
    >>> editor.rename_object("layers/dense", "first")
    >>> editor.summary()
    layers
    └── first
        ├── 0: float32 (3, 2)
        └── 1: float32 (2,)
    """

    def __init__(self, filepath):
        path = self.filepath = os.fspath(filepath)
        if not path.endswith(SUFFIXES):
            raise ValueError(
                f"KerasFileEditor opens files that end in one of {SUFFIXES}. "
                f"Received: filepath={path!r}"
            )
        if not os.path.isfile(path):
            raise ValueError(f"There is no file '{path}'.")
        self.config = self.metadata = None
        if path.endswith(".keras"):
            with open_container(path) as container:
                self.config, self.metadata = (
                    strict_json.parse(
                        container.read(name, strict_json.MAX_CHARACTERS), f"'{name}' in '{path}'"
                    )
                    for name in (CONFIG, METADATA)
                )
        with open_weights(path) as state:
            self._state = {
                where: {key: stored.read() for key, stored in store.items()}
                for where, store in sorted(state.items())
                if store
            }

    @property
    def weights_dict(self) -> dict:
        """The weights as they are now: nested dicts of objects, with arrays at the ends."""
        tree: dict = {}
        for path, store in self._state.items():
            place = tree
            for name in path.split("/") if path else ():
                place = place.setdefault(name, {})
            place.update(store)
        return tree

    def summary(self) -> None:
        """Prints the objects and the shapes of their weights."""

        def show(tree: dict, indent: str) -> None:
            for i, (name, value) in enumerate(tree.items()):
                last = i == len(tree) - 1
                corner, beyond = ("└── ", "    ") if last else ("├── ", "│   ")
                print(f"{indent}{corner}{describe(name, value)}")
                if isinstance(value, dict):
                    show(value, indent + beyond)

        def describe(name: str, value) -> str:
            return name if isinstance(value, dict) else f"{name}: {value.dtype} {value.shape}"

        for name, value in self.weights_dict.items():
            print(describe(name, value))
            if isinstance(value, dict):
                show(value, "")

    def compare(self, reference_model) -> dict:
        """Prints what differs between the file and a model, in objects and shapes.

        Args:
            reference_model: a built model; if it is compiled, its optimizer counts.

        Returns:
            `{"status": "success" or "error", "error_count": ..., "match_count": ...}`: the number
            of differences, and that of weights that fit. An object that is on one side alone is
            one difference.
        """
        theirs = {path: store for path, store in state_of(reference_model) if store}
        errors, matches = [], 0
        for path in sorted(theirs.keys() | self._state.keys()):
            if path not in self._state or path not in theirs:
                where = "file" if path in self._state else "model"
                errors.append(f"Object '{path}' is in the {where} alone")
                continue
            mine, other = self._state[path], theirs[path]
            for key in sorted(mine.keys() | other.keys()):
                shapes = [np.shape(s[key]) if key in s else "none" for s in (mine, other)]
                if shapes[0] == shapes[1]:
                    matches += 1
                else:
                    words = f"the file has {shapes[0]}, the model {shapes[1]}"
                    errors.append(f"Weight '{key}' of '{path}': {words}")
        verdict = "does not fit" if errors else "fits"
        print("\n".join([*errors, f"The file {verdict} the model: {matches} weights match."]))
        status = "error" if errors else "success"
        return {"status": status, "error_count": len(errors), "match_count": matches}

    def add_object(self, object_path: str, weights: dict) -> None:
        """Adds an object, or replaces the one at that path with all inside it.

        Args:
            object_path: its full path, such as `"layers/dense_2"`. What it is in must be there.
            weights: `{name: array}`; names are usually `"0"`, `"1"`, ...

        Raises:
            ValueError: if the path leads nowhere.
            TypeError: for weights that are no arrays of numbers.
        """
        parent, _, name = object_path.rpartition("/")
        if parent:
            self._find_path(parent)
        if object_path:
            _check_leaf("object_path", name)
        store = _checked(weights)
        for path in self._below(object_path) if object_path else [""]:
            self._state.pop(path, None)
        self._state[object_path] = store

    def delete_object(self, object_name: str) -> None:
        """Removes an object, and all that is inside it.

        Args:
            object_name: its path or name.

        Raises:
            ValueError: if there is none, or several of that name.
        """
        for path in self._below(self._find(object_name)):
            del self._state[path]

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Gives an object another name, in the same place.

        Args:
            object_name: its path or name.
            new_name: the new name, without what is before it in the path.

        Raises:
            ValueError: if there is none, or several of that name; or one has the new name.
        """
        _check_leaf("new_name", new_name)
        old = self._find(object_name)
        if not old:
            raise ValueError("The model itself has no name in the file to change.")
        parent = old.rpartition("/")[0]
        new = f"{parent}/{new_name}" if parent else new_name
        if new == old:
            return
        if self._below(new) or new_name in self._state.get(parent, {}):
            raise ValueError(f"The file holds '{new}' already.")
        moved = set(self._below(old))
        self._state = {
            new + path[len(old) :] if path in moved else path: store
            for path, store in self._state.items()
        }

    def add_weights(self, object_name: str, weights: dict) -> None:
        """Adds weights to an object, or replaces those of the same names.

        Args:
            object_name: its path or name.
            weights: `{name: array}`.

        Raises:
            ValueError: if there is no such object, or several.
            TypeError: for weights that are no arrays of numbers.
        """
        path = self._find(object_name)
        self._state[path] = {**self._state.get(path, {}), **_checked(weights)}

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Removes one weight of an object.

        Args:
            object_name: the object's path or name.
            weight_name: such as `"0"`.

        Raises:
            ValueError: if there is no such object, or several, or no such weight.
        """
        path = self._find(object_name)
        store = self._state.get(path, {})
        if weight_name not in store:
            raise ValueError(
                f"The object '{path}' has no weight '{weight_name}'. It has: {sorted(store)}"
            )
        del store[weight_name]

    def save(self, filepath) -> None:
        """Writes the weights as they are now.

        Args:
            filepath: a path that ends in `.weights.h5` or `.safetensors`.

        Raises:
            ValueError: for another suffix.
        """
        path = os.fspath(filepath)
        if not path.endswith((SUFFIX, safetensors.SUFFIX)):
            raise ValueError(
                f"A weights file ends in '{SUFFIX}' or '{safetensors.SUFFIX}'. "
                f"Received: filepath={path!r}"
            )
        write = safetensors.write_state if path.endswith(safetensors.SUFFIX) else write_state
        with atomic_path(path) as temporary:
            write(temporary, self._state.items())

    def resave_weights(self, filepath) -> None:
        """The same as `save`."""
        self.save(filepath)

    def _objects(self) -> dict[str, None]:
        """All paths of objects, also of those that hold others alone."""
        found: dict[str, None] = {}
        for path in self._state:
            names = path.split("/")
            found.update(dict.fromkeys("/".join(names[: i + 1]) for i in range(len(names))))
        return found

    def _below(self, path: str) -> list[str]:
        """The paths with weights of an object and of those inside it."""
        if not path:
            return [""]
        return [p for p in self._state if p == path or p.startswith(f"{path}/")]

    def _find_path(self, path: str) -> str:
        if path not in self._objects():
            raise ValueError(
                f"'{self.filepath}' holds no object '{path}'. summary() lists what it holds."
            )
        return path

    def _find(self, name: str) -> str:
        """The path of an object, from its path or its name."""
        if "/" in name or not name:
            return self._find_path(name)
        found = [p for p in self._objects() if p.rpartition("/")[2] == name]
        if len(found) > 1:
            raise ValueError(f"Several objects are named '{name}': {found}. Name one by its path.")
        return found[0] if found else self._find_path(name)


def _check_leaf(what: str, name) -> None:
    if not isinstance(name, str) or not name or "/" in name or name in (".", "vars"):
        raise ValueError(f"{what} is a name without '/', and not 'vars'. Received: {name!r}")


def _checked(weights) -> dict:
    """Weights as arrays, with names that a file can hold."""
    if not isinstance(weights, dict):
        raise TypeError(f"weights is a dict of names and arrays. Received: {weights!r}")
    arrays = {}
    for name, value in weights.items():
        _check_leaf("A weight's name", name)
        arrays[name] = np.asarray(value)
        if arrays[name].dtype.kind not in "biufcV" or arrays[name].dtype.names:
            raise TypeError(f"The weight '{name}' is no array of numbers. Received: {value!r}")
    return arrays
