"""Batches of elements of similar length, so that few shapes are compiled and little is padded."""

import bisect
from collections.abc import Callable, Iterator

import jax
import numpy as np


def bucketed(
    elements: Iterator, boundaries: list[int], batch_size: int, value, pad_y: bool, stack: Callable
) -> Iterator:
    """Sorts elements into buckets and yields each bucket when it is full, at last the others.

    See `Dataset.bucket_by_length` for the arguments.
    """
    buckets: list[list] = [[] for _ in boundaries]
    for element in elements:
        length = _length(element)
        number = bisect.bisect_left(boundaries, length)
        if number == len(boundaries):
            raise ValueError(
                f"bucket_by_length met an element of length {length}, and the longest bucket is of "
                f"{boundaries[-1]}. Add a boundary, or cut the element with Dataset.map."
            )
        bucket = buckets[number]
        bucket.append(_pad(element, length, boundaries[number], value, pad_y))
        if len(bucket) == batch_size:
            yield stack(bucket)
            buckets[number] = []
    yield from map(stack, filter(None, buckets))


def _x(element):
    return element[0] if isinstance(element, tuple) else element


def _length(element) -> int:
    lengths = {np.shape(a)[:1] for a in jax.tree.leaves(_x(element))}
    if len(lengths) != 1 or () in lengths:
        shapes = [np.shape(a) for a in jax.tree.leaves(_x(element))]
        raise ValueError(
            "bucket_by_length takes elements x or (x, y) whose arrays in x have one length, that "
            f"of their first axis. Received arrays of shapes: {shapes}"
        )
    return lengths.pop()[0]


def _pad(element, length: int, to: int, value, pad_y: bool):
    def pad(array):
        array = np.asarray(array)
        if array.shape[:1] != (length,):
            raise ValueError(
                f"bucket_by_length(pad_y=True) needs arrays in y as long as x. Received: x of "
                f"length {length}, y of shape {array.shape}"
            )
        return np.pad(
            array, [(0, to - length)] + [(0, 0)] * (array.ndim - 1), constant_values=value
        )

    if not isinstance(element, tuple):
        return jax.tree.map(pad, element)
    x, *rest = element
    rest = jax.tree.map(pad, rest) if pad_y else rest
    return (jax.tree.map(pad, x), *rest)
