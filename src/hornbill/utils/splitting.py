"""Cutting a data set in two."""

import random
from typing import Any

import jax
import numpy as np

from ..training.data.dataset import Dataset


def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """A left part from the beginning and a right part from the end, as datasets of samples.

    Args:
        dataset: an array, a list or tuple of arrays of equal length, a `Dataset`, or anything
            with a length and `[index]` that gives samples (such as a torch Dataset). It must fit
            into memory.
        left_size: the number of samples on the left (an int), or their share (a float); what
            the right part leaves when None.
        right_size: the same for the right.
        shuffle: whether the samples are put in random order first.
        seed: of that order.
        preferred_backend: None or `"jax"`, the only one.

    Returns:
        `(left, right)`. They are batched as `dataset` was if it is a `Dataset` of batches.

    >>> import hornbill as hb, numpy as np
    >>> left, right = hb.utils.split_dataset(np.arange(10), left_size=0.8)
    >>> len(left), [int(x) for x in right]
    (8, [8, 9])
    """
    if preferred_backend not in (None, "jax"):
        raise ValueError(
            "split_dataset returns Hornbill's Dataset: preferred_backend is None or 'jax'. "
            f"Received: preferred_backend={preferred_backend!r}"
        )
    batch_size = None
    if isinstance(dataset, Dataset) and dataset.batched:
        batches = list(dataset)
        batch_size = len(jax.tree.leaves(batches[0])[0]) if batches else None
        arrays = jax.tree.map(lambda *parts: np.concatenate(parts), *batches) if batches else ()
    else:
        arrays = _as_arrays(dataset)
    leaves = jax.tree.leaves(arrays)
    total = len(leaves[0]) if leaves else 0
    left, right = _sizes(left_size, right_size, total)
    order = list(range(total))
    if shuffle:
        # Keras's own order for the same seed.
        random.Random(random.randint(0, 10**6) if seed is None else seed).shuffle(order)

    def part(rows):
        data = Dataset.from_arrays(jax.tree.map(lambda a: a[np.array(rows)], arrays))
        return data if batch_size is None else data.batch(batch_size)

    return part(order[:left]), part(order[total - right :])


def _as_arrays(dataset):
    if isinstance(dataset, (list, tuple)) and all(hasattr(a, "shape") for a in dataset):
        arrays = tuple(np.asarray(a) for a in dataset)
        if len({a.shape[:1] for a in arrays}) > 1:
            raise ValueError(
                "split_dataset takes arrays of equal length. Received: shapes "
                f"{[a.shape for a in arrays]}"
            )
        return arrays
    if hasattr(dataset, "__array__"):
        return np.asarray(dataset)
    if isinstance(dataset, Dataset):
        samples = list(dataset)
    elif hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__"):
        samples = [dataset[i] for i in range(len(dataset))]
    else:
        raise TypeError(
            "split_dataset takes an array, a list of arrays, a Dataset, or a dataset with a length "
            f"and [index]. Received: {dataset!r}"
        )
    return jax.tree.map(lambda *rows: np.stack(rows), *samples) if samples else ()


def _sizes(left, right, total) -> tuple[int, int]:
    """The numbers of samples on both sides."""
    if left is None and right is None:
        raise ValueError(
            "split_dataset needs left_size or right_size. Received: left_size=None, right_size=None"
        )
    counts = []
    for name, size in (("left_size", left), ("right_size", right)):
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, float))):
            raise TypeError(
                f"split_dataset's {name} is an int, a float or None. Received: {name}={size!r}"
            )
        if size is not None and not 0 < size < (total if isinstance(size, int) else 1):
            raise ValueError(
                f"split_dataset's {name} is a float between 0 and 1, or an int between 0 and the "
                f"{total} samples. Received: {name}={size!r}"
            )
        counts.append(round(size * total) if isinstance(size, float) else size)
    n_left = total - counts[1] if counts[0] is None else counts[0]
    n_right = total - counts[0] if counts[1] is None else counts[1]
    if n_left + n_right > total or not (n_left and n_right):
        raise ValueError(
            f"split_dataset cannot cut {total} samples into {n_left} and {n_right}. "
            f"Received: left_size={left!r}, right_size={right!r}"
        )
    return n_left, n_right
