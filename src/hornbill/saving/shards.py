"""Weights in several files with an index in JSON: what does not fit into one.

`.weights.json` is Keras's index of `.weights.h5` files; `.safetensors.index.json` is Hugging Face's
of `.safetensors` files. Both hold `{"metadata": {"total_size"}, "weight_map": {name: file}}`, in
which Keras names the group of an object's weights, and Hugging Face each weight.
"""

import contextlib
import json
import os
import re

import numpy as np

from ..engine import strict_json
from ..engine.atomic import atomic_path
from . import hdf5, safetensors

SUFFIX = ".weights.json"
SAFETENSORS_SUFFIX = f"{safetensors.SUFFIX}.index.json"


def write(path: str, state, max_shard_size: float) -> None:
    """Writes the files, such as `name_00000.weights.h5`, and their index.

    Where there are such files already, those of this save get names of their own, such as
    `name-save5f0c93d1_00000.weights.h5`. The index is renamed when all of them are there: wherever
    it fails or the process dies, the old set or the new one is whole. Then the old files go, and
    what saves that were killed have left.

    Args:
        path: the index's path, which ends in one of the two suffixes.
        state: pairs of a path and `{key: array}`. The arrays of one path stay together.
        max_shard_size: in GiB.
    """
    if not isinstance(max_shard_size, (int, float)) or not max_shard_size > 0:
        raise ValueError(
            f"max_shard_size is a positive number of GiB. Received: {max_shard_size!r}"
        )
    shards = _split(state, max_shard_size * 2**30)
    hugging = path.endswith(SAFETENSORS_SUFFIX)
    folder, name = os.path.split(path.removesuffix(SAFETENSORS_SUFFIX if hugging else SUFFIX))
    write_state = safetensors.write_state if hugging else hdf5.write_state
    usual = re.compile(_pattern(path, name, mark=""))
    taken = os.path.exists(path) or any(map(usual.fullmatch, os.listdir(folder or ".")))
    mark, before = f"-save{os.urandom(4).hex()}" if taken else "", _named_by(path) or set()
    weight_map: dict[str, str] = {}
    try:
        with contextlib.ExitStack() as stack:  # files take their places from the last to the first
            index = stack.enter_context(atomic_path(path))
            first = os.path.join(folder, _first(name))
            if mark and not hugging and not os.path.exists(first):
                hdf5.write_state(stack.enter_context(atomic_path(first)), ())
            for i, shard in enumerate(shards):
                file = f"{name}{mark}_{i:05d}.weights.h5"
                if hugging:
                    part = f"{i + 1:05d}-of-{len(shards):05d}"
                    file = f"{name}{mark}-{part}{safetensors.SUFFIX}"
                write_state(stack.enter_context(atomic_path(os.path.join(folder, file))), shard)
                for inner, store in shard:
                    group = f"{inner}/vars" if inner else "vars"
                    names = [f"{group}/{key}" for key in store] if hugging else [f"/{group}"]
                    weight_map.update(dict.fromkeys(names, file))
            total = sum(_size(store) for shard in shards for _, store in shard)
            content = {"metadata": {"total_size": total}, "weight_map": weight_map}
            with open(index, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=4)
    finally:
        _tidy(path, name, before)


def _first(name: str) -> str:
    """The file that Keras opens whatever the index names: where it does not, ours is empty."""
    return f"{name}_00000.weights.h5"


def _pattern(path: str, name: str, mark: str) -> str:
    """The regular expression of the names of shards with such a mark of a save."""
    number = r"-\d{5}-of-\d{5}" if path.endswith(SAFETENSORS_SUFFIX) else r"_\d{5}"
    return f"{re.escape(name)}{mark}{number}{re.escape(_suffix(path))}"


def _named_by(path: str) -> set[str] | None:
    """The files that an index names, none if it is not there; None if it cannot be read."""
    try:
        return set(_files_of(path)) if os.path.exists(path) else set()
    except ValueError:
        return None


def _tidy(path: str, name: str, before: set[str]) -> None:
    """Removes the files of other saves than the index's: those that have a save's mark, and those
    of Keras or Hugging Face that the index named `before`."""
    named = _named_by(path)
    if named is None:
        return
    folder = os.path.dirname(path)
    pattern = _pattern(path, name, mark="(-save[0-9a-f]{8})?")
    for file in set(os.listdir(folder or ".")) - named:
        match = re.fullmatch(pattern, file)
        if match and (match[1] or file in before):
            if file == _first(name):
                with atomic_path(os.path.join(folder, file)) as temporary:
                    hdf5.write_state(temporary, ())
            else:
                os.unlink(os.path.join(folder, file))


def _split(state, limit: float) -> list[list]:
    """The state in parts of at most `limit` bytes, or of one object that has more."""
    shards: list[list] = [[]]
    size = 0
    for inner, store in state:
        if not store:
            continue
        mine = _size(store)
        if shards[-1] and size + mine > limit:
            shards.append([])
            size = 0
        shards[-1].append((inner, store))
        size += mine
    return shards


def _size(store: dict) -> int:
    return sum(np.asarray(array).nbytes for array in store.values())


@contextlib.contextmanager
def open_shards(path: str):
    """Yields the state of all files that an index names, as `hdf5.open_state` does for one.

    Raises:
        ValueError: if it is no index, names a file that does not lie beside it or is none of
            weights, or one that is damaged; or a weight is in two files.
    """
    merged: dict[str, dict] = {}
    with contextlib.ExitStack() as stack:
        for name in _files_of(path):
            full = os.path.join(os.path.dirname(path), name)
            if not os.path.isfile(full):
                raise ValueError(f"'{path}' names a file that is not there: '{full}'.")
            if name.endswith(safetensors.SUFFIX):
                state = safetensors.read_state(full)
            else:
                state = stack.enter_context(hdf5.open_state(full))
            for inner, store in state.items():
                mine = merged.setdefault(inner, {})
                if twice := sorted(mine.keys() & store.keys()):
                    raise ValueError(f"'{path}' names files that both hold '{inner}' {twice}.")
                mine.update(store)
        yield merged


def _files_of(path: str) -> list[str]:
    """The names of the files beside it that an index names."""
    with open(path, "rb") as file:
        index = strict_json.parse(file.read(strict_json.MAX_CHARACTERS), f"'{path}'")
    weight_map = index.get("weight_map")
    if not isinstance(weight_map, dict):
        raise ValueError(f"'{path}' is no index of weights: it has no 'weight_map'.")
    suffix = _suffix(path)
    names: set[str] = set()
    for value in weight_map.values():
        for name in value if isinstance(value, list) else [value]:
            if not _is_shard(name, suffix):
                raise ValueError(
                    f"'{path}' names a file that is no {suffix} file beside it. Received: {name!r}"
                )
            names.add(name)
    return sorted(names)


def _suffix(path: str) -> str:
    return safetensors.SUFFIX if path.endswith(SAFETENSORS_SUFFIX) else ".weights.h5"


def _is_shard(name, suffix: str) -> bool:
    if not isinstance(name, str) or os.path.basename(name) != name:
        return False
    return name.endswith(suffix) and "\\" not in name and "\0" not in name
