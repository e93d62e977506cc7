"""Sequences of different lengths as one array."""

from collections.abc import Iterable, Sequence

import numpy as np

SIDES = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Iterable],
    maxlen: int | None = None,
    dtype="int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float | str = 0.0,
) -> np.ndarray:
    """Sequences filled up or cut to one length.

    Args:
        sequences: a list of sequences of numbers, or of vectors of one shape.
        maxlen: the length; that of the longest sequence when None.
        dtype: the dtype of the result; `object` for strings of any length.
        padding: where `value` fills up, `"pre"` or `"post"`.
        truncating: where a longer sequence is cut, `"pre"` or `"post"`.
        value: what fills up.

    Returns:
        An array of shape `(len(sequences), maxlen, ...)`.

    >>> import hornbill as hb
    >>> hb.utils.pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2).tolist()
    [[0, 1], [2, 3], [5, 6]]
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in SIDES:
            raise ValueError(f"pad_sequences: {name} is 'pre' or 'post'. Received: {name}={side!r}")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences takes a list of sequences. Received: {sequences!r}")
    for x in sequences:
        if not hasattr(x, "__len__"):
            raise ValueError(
                f"pad_sequences takes a list of sequences; this is not one. Received: {x!r}"
            )
    if isinstance(value, str) and np.dtype(dtype).kind not in "OUS":
        raise ValueError(
            "pad_sequences: a string fills up arrays of dtype=object. "
            f"Received: value={value!r}, dtype={dtype!r}"
        )
    longest = max((len(x) for x in sequences), default=0)
    length = longest if maxlen is None else maxlen
    shape = next((np.shape(x)[1:] for x in sequences if len(x)), ())
    out = np.full((len(sequences), length, *shape), value, dtype=dtype)
    for i, x in enumerate(sequences):
        kept = min(len(x), length)
        if kept == 0:
            continue
        x = x[len(x) - kept :] if truncating == "pre" else x[:kept]
        row = np.asarray(x, dtype=dtype)
        if row.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: the entries of all sequences have one shape, here {shape}. "
                f"Received: {row.shape[1:]} in the sequence at position {i}"
            )
        out[i, slice(kept) if padding == "post" else slice(length - kept, None)] = row
    return out
