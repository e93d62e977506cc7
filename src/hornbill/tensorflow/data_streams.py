"""What `tf.data` does with elements on their way: functions of iterators and of lists of rows."""

import itertools
from collections.abc import Iterable, Iterator

import jax
import numpy as np

from .tensor import Shape, to_numpy
from .text import strings


def in_turn(streams: Iterator[Iterator], cycle: int, block: int) -> Iterator:
    """`block` elements each of `cycle` streams in turn; the next one follows where one ends."""
    current = list(itertools.islice(streams, cycle))
    while current:
        kept = []
        for stream in current:
            got = list(itertools.islice(stream, block))
            yield from got
            kept += [stream] if len(got) == block else itertools.islice(streams, 1)
        current = kept


def distinct(rows: Iterable) -> Iterator:
    """Each element once."""
    seen = set()
    for element in rows:
        key = tuple(np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(element))
        if key not in seen:
            seen.add(key)
            yield element


def windows(rows: Iterable, size: int, shift: int, stride: int, drop: bool) -> Iterator[list]:
    """Lists of `size` elements that lie `stride` apart; they start `shift` after each other."""
    held, rows = [], iter(rows)
    reach = (size - 1) * stride + 1
    while True:
        held += itertools.islice(rows, max(reach - len(held), 0))
        chosen = held[:reach:stride]
        if not held or (len(chosen) < size and drop):
            return
        yield chosen
        between = max(shift - len(held), 0)
        next(itertools.islice(rows, between, between), None)
        held = held[shift:]


def padded(rows: list, shapes, values):
    """A batch of rows that differ in shape, for `Dataset.padded_batch`."""
    treedef = jax.tree.structure(rows[0])
    columns = list(zip(*map(jax.tree.leaves, rows), strict=True))
    shapes = _each(shapes, len(columns), _is_shape)
    values = _each(values, len(columns), lambda x: x is None)
    together = [_pad(*each) for each in zip(columns, shapes, values, strict=True)]
    return jax.tree.unflatten(treedef, together)


def _pad(arrays, shape, value):
    longest = np.max([a.shape for a in arrays], axis=0) if arrays[0].ndim else ()
    shape = [None] * arrays[0].ndim if shape is None else shape
    sizes = [n if w in (None, -1) else w for w, n in zip(shape, longest, strict=True)]
    if any(n > w for n, w in zip(longest, sizes, strict=True)):
        raise ValueError(
            f"padded_batch: an element of shape {tuple(map(int, longest))} does not fit. "
            f"Received: padded_shapes={tuple(shape)}"
        )
    text = arrays[0].dtype.kind in "OUS"
    if value is None:
        value = "" if text else 0
    batch = np.full((len(arrays), *sizes), to_numpy(value), object if text else arrays[0].dtype)
    for row, array in zip(batch, arrays, strict=True):
        row[tuple(map(slice, array.shape))] = array
    return batch.astype(str) if text else batch


def _is_shape(x) -> bool:
    if x is None or isinstance(x, Shape):
        return True
    return isinstance(x, (list, tuple)) and all(n is None or isinstance(n, int) for n in x)


def _each(setting, count: int, is_leaf) -> list:
    """A setting for each array of an element: one for all, or a structure."""
    leaves = jax.tree.leaves(setting, is_leaf=is_leaf)
    if len(leaves) not in (1, count):
        raise ValueError(f"padded_batch: the elements hold {count} arrays. Received: {setting}")
    return leaves * count if len(leaves) == 1 else leaves


def plain_numpy(element):
    """An element as NumPy arrays and numbers; strings as bytes."""

    def leaf(x):
        x = np.asarray(x)
        if x.dtype.kind in "OUS":
            return strings(x).numpy()
        return x[()] if x.ndim == 0 else x

    return jax.tree.map(leaf, element)
