"""Sliding windows over a series as a dataset."""

from typing import Any

import numpy as np

from ..training.data.dataset import Dataset
from .directory import check_format


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Windows of a series of steps, each with a target.

    The window number `i` holds the steps `i * sequence_stride + k * sampling_rate` for `k` from 0
    to `sequence_length - 1`, and has the target `targets[i * sequence_stride]`.

    Args:
        data: an array whose first axis is time.
        targets: an array, or None for windows alone.
        sequence_length: steps in a window.
        sequence_stride: steps between the starts of two windows.
        sampling_rate: steps between two steps of a window.
        batch_size: windows per batch; None gives single windows.
        shuffle: whether each reading has an order of its own.
        seed: of the order.
        start_index: where the part of `data` that is used begins; 0 when None.
        end_index: where it ends (exclusive); the length when None.
        format: Keras's choice of a library; leave it.

    Returns:
        A `Dataset` of windows of shape `(batch, sequence_length, ...)`, or of pairs of these and
        targets.

    >>> import hornbill as hb, numpy as np
    >>> x = np.arange(6)
    >>> data = hb.utils.timeseries_dataset_from_array(x[:-3], x[3:], sequence_length=3)
    >>> [(window.tolist(), target.tolist()) for window, target in data]
    [([[0, 1, 2]], [3])]
    """
    who = "timeseries_dataset_from_array"
    check_format(who, format)
    data = np.asarray(data)
    size = len(data)
    for name, value, most in (
        ("sequence_length", sequence_length, size),
        ("sequence_stride", sequence_stride, size - 1),
        ("sampling_rate", sampling_rate, size - 1),
        ("end_index", end_index, size - 1),
    ):
        if value is not None and not 1 <= value <= most:
            raise ValueError(
                f"{who}'s {name} is from 1 to {most} for data of {size} steps. "
                f"Received: {name}={value!r}"
            )
    start, end = start_index or 0, size if end_index is None else end_index
    if not 0 <= start < end:
        raise ValueError(
            f"{who}'s start_index is from 0 to {end - 1}, before the end. "
            f"Received: start_index={start_index!r}, end_index={end_index!r}"
        )
    # Views of what is used: targets are cut in the same way as the data.
    data = data[start:end]
    count = len(data) - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = np.asarray(targets)
        count = min(count, len(targets))
        targets = targets[start:end]
        count = min(count, len(targets))
    if count < 1:
        raise ValueError(
            f"{who}: the data is shorter than one window of {sequence_length} steps. Received: "
            f"{len(data)} steps with sampling_rate={sampling_rate}"
            + ("" if targets is None else f" and {len(targets)} targets")
        )
    starts = np.arange(0, count, sequence_stride)
    steps = np.arange(sequence_length) * sampling_rate
    windows = Dataset.from_arrays(starts)
    if shuffle:
        windows = windows.shuffle(seed=seed)
    if batch_size is not None:
        windows = windows.batch(batch_size)

    def gather(at):
        window = data[np.asarray(at)[..., None] + steps]
        return window if targets is None else (window, targets[at])

    return windows.map(gather)
