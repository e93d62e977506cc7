"""From the arguments of `fit`, `evaluate` and `predict` to the data they mean."""

import jax
import numpy as np

from .arrays import ArrayData
from .batches import as_arrays, inputs_of, pack, unpack
from .class_weight import apply_class_weight
from .loaders import is_iterable_of_batches
from .pydataset import PyDataset, PyDatasetReader
from .stream import StreamData


def make_data(
    x,
    y=None,
    sample_weight=None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle=False,
    class_weight: dict | list | None = None,
    model=None,
    what: str = "fit",
):
    """The data that a user's arguments mean.

    `model` is the one that they are for: the names of its outputs are those by which
    `class_weight` may go, and its text layers encode strings among the inputs.

    Returns:
        An `ArrayData` for arrays and structures of arrays, a `StreamData` for iterables.
    """
    output_names = None if model is None else model.output_names
    encode = getattr(model, "_encode_text", None)
    if isinstance(x, PyDataset):
        x = PyDatasetReader(x, shuffle)
    if is_iterable_of_batches(x):
        _refuse(what, "y", y, "The dataset yields (x, y) itself")
        _refuse(what, "sample_weight", sample_weight, "The dataset yields (x, y, sample_weight)")
        _refuse(what, "batch_size", batch_size, "The dataset yields whole batches")
        weigh = None if class_weight is None else _weighing(class_weight, output_names)
        return StreamData(x, steps, weigh, encode)
    if x is None:
        raise ValueError(f"{what} got no data: x is None.")
    x, y = inputs_of(x, encode), as_arrays(y, "y")
    sample_weight = as_arrays(sample_weight, "sample_weight")
    check_lengths(x=x, y=y, sample_weight=sample_weight)
    if class_weight is not None:
        sample_weight = apply_class_weight(class_weight, y, sample_weight, output_names)
    batch_size = check_batch_size(batch_size)
    return ArrayData(pack(x, y, sample_weight), batch_size, shuffle)


def _refuse(what, name, value, why):
    if value is not None:
        raise ValueError(f"{what} got {name}= beside an iterable dataset. {why}: leave {name} out.")


def check_batch_size(batch_size) -> int:
    """32 for None; anything but a positive int is refused."""
    if batch_size is None:
        return 32
    if (
        isinstance(batch_size, bool)
        or not isinstance(batch_size, (int, np.integer))
        or batch_size < 1
    ):
        raise ValueError(f"batch_size is a positive int. Received: batch_size={batch_size!r}")
    return int(batch_size)


def check_lengths(**parts) -> int:
    """The number of samples, the same in all arrays; a clear error where it is not."""
    lengths = {}
    for name, structure in parts.items():
        for path, leaf in jax.tree_util.tree_leaves_with_path(structure):
            if getattr(leaf, "ndim", 0) == 0:
                raise ValueError(
                    f"{name}{jax.tree_util.keystr(path)} is a single number, not an array of "
                    f"samples. Received: {leaf!r}"
                )
            lengths[f"{name}{jax.tree_util.keystr(path)}"] = leaf.shape[0]
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ValueError(f"All arrays must hold the same number of samples: {told}.")
    size = next(iter(lengths.values()), 0)
    if size == 0:
        raise ValueError(f"There is no data: {', '.join(f'{n} has 0 samples' for n in lengths)}.")
    return size


def _weighing(class_weight, output_names):
    """What gives a dataset's batches their `class_weight`s as sample weights."""

    def weigh(batch):
        x, y, sample_weight = unpack(batch)
        return x, y, apply_class_weight(class_weight, y, sample_weight, output_names)

    return weigh


def split_validation(x, y, sample_weight, fraction: float):
    """The first part for training and the last `fraction` for validation, before any shuffling.

    Returns:
        `(x, y, sample_weight), (x, y, sample_weight)`.
    """
    if not 0 < fraction < 1:
        raise ValueError(
            f"validation_split is between 0 and 1. Received: validation_split={fraction!r}"
        )
    if is_iterable_of_batches(x):
        raise ValueError(
            "validation_split needs arrays, which can be cut. For a dataset pass "
            "validation_data=another_dataset."
        )
    parts = (
        as_arrays(x, "x", text=True),
        as_arrays(y, "y"),
        as_arrays(sample_weight, "sample_weight"),
    )
    size = check_lengths(x=parts[0], y=parts[1], sample_weight=parts[2])
    cut = int(size * (1.0 - fraction) // 1)
    if cut in (0, size):
        raise ValueError(
            f"validation_split={fraction} of {size} samples leaves {cut} for training and "
            f"{size - cut} for validation. Pass more data or another fraction."
        )
    return (
        tuple(jax.tree.map(lambda a: a[:cut], p) for p in parts),
        tuple(jax.tree.map(lambda a: a[cut:], p) for p in parts),
    )
