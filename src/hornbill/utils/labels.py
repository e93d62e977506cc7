"""Labels as one-hot rows, and rows of unit length."""

import numpy as np


def to_categorical(x, num_classes: int | None = None) -> np.ndarray:
    """Integer labels as one-hot rows.

    Args:
        x: integers from 0, of any shape; a last axis of size 1 is dropped.
        num_classes: the number of classes; the largest label plus 1 when None.

    >>> from hornbill.utils import to_categorical
    >>> to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = np.asarray(x).astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    n = int(labels.max()) + 1 if num_classes is None else num_classes
    if labels.size and (labels.min() < 0 or labels.max() >= n):
        raise ValueError(
            f"to_categorical takes labels from 0 to {n - 1}. "
            f"Received: labels from {labels.min()} to {labels.max()}, num_classes={num_classes}"
        )
    return np.eye(n, dtype="float32")[labels]


def normalize(x, axis: int = -1, order: int = 2) -> np.ndarray:
    """Rows divided by their norm of the given order; rows of zeros stay.

    >>> from hornbill.utils import normalize
    >>> normalize([[3.0, 4.0]]).tolist()
    [[0.6, 0.8]]
    """
    x = np.asarray(x)
    norm = np.linalg.norm(x, ord=order, axis=axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)
