"""Weights in several files, with an index in JSON: what does not fit into one, in Keras's form."""

import contextlib
import json
import os

import numpy as np

from ..engine import strict_json
from ..engine.atomic import atomic_path
from .hdf5 import open_state, write_state

SUFFIX = ".weights.json"


def write(path: str, state, max_shard_size: float) -> None:
    """Writes `name_00000.weights.h5`, ... and then the index.

    Args:
        path: the index's path, `name.weights.json`.
        state: pairs of a path and `{key: array}`. The arrays of one path stay together.
        max_shard_size: in GiB.
    """
    if not isinstance(max_shard_size, (int, float)) or not max_shard_size > 0:
        raise ValueError(
            f"max_shard_size is a positive number of GiB. Received: {max_shard_size!r}"
        )
    limit = max_shard_size * 2**30
    folder, name = os.path.split(path.removesuffix(SUFFIX))
    weight_map: dict[str, str] = {}
    shard: list = []
    total = size = count = 0

    def flush():
        nonlocal shard, size, count
        file = f"{name}_{count:05d}.weights.h5"
        with atomic_path(os.path.join(folder, file)) as temporary:
            write_state(temporary, shard)
        weight_map.update({f"/{inner}/vars" if inner else "/vars": file for inner, _ in shard})
        shard, size, count = [], 0, count + 1

    for inner, store in state:
        if not store:
            continue
        mine = sum(np.asarray(array).nbytes for array in store.values())
        if shard and size + mine > limit:
            flush()
        shard.append((inner, store))
        size, total = size + mine, total + mine
    flush()
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump({"metadata": {"total_size": total}, "weight_map": weight_map}, file, indent=4)


@contextlib.contextmanager
def open_shards(path: str):
    """Yields the state of all files that an index names, as `open_state` does for one."""
    with open(path, "rb") as file:
        index = strict_json.parse(file.read(strict_json.MAX_CHARACTERS), f"'{path}'")
    weight_map = index.get("weight_map")
    if not isinstance(weight_map, dict):
        raise ValueError(f"'{path}' is no index of weights: it has no 'weight_map'.")
    names = {n for v in weight_map.values() for n in (v if isinstance(v, list) else [v])}
    for name in names:
        if not isinstance(name, str) or os.path.basename(name) != name or not _is_shard(name):
            raise ValueError(
                f"'{path}' names a file that is no .weights.h5 file beside it. Received: {name!r}"
            )
    merged: dict[str, dict] = {}
    with contextlib.ExitStack() as stack:
        for name in sorted(names):
            state = stack.enter_context(open_state(os.path.join(os.path.dirname(path), name)))
            for inner, store in state.items():
                merged.setdefault(inner, {}).update(store)
        yield merged


def _is_shard(name: str) -> bool:
    return name.endswith(".weights.h5") and "\\" not in name and "\0" not in name
