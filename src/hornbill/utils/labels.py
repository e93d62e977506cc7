"""Labels as one-hot rows, and rows of unit length."""

from typing import Any

import jax
import numpy as np

from .. import ops
from ..engine.symbolic import SymbolicTensor
from ..engine.variable import Variable


def _is_tensor(x) -> bool:
    return isinstance(x, (jax.Array, Variable, SymbolicTensor))


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Integer labels as one-hot rows.

    Args:
        x: integers from 0, of any shape; a last axis of size 1 is dropped.
        num_classes: the number of classes; the largest label plus 1 when None.

    Returns:
        A float64 NumPy array of shape `(..., num_classes)`; a tensor where `x` is one.

    >>> from hornbill.utils import to_categorical
    >>> to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    symbolic = isinstance(x, (SymbolicTensor, jax.core.Tracer))
    if symbolic and num_classes is None:
        raise ValueError(
            "to_categorical needs num_classes for a tensor whose values are not known yet. "
            f"Received: x={x!r}, num_classes=None"
        )
    labels = x if symbolic else np.asarray(x).astype("int64")
    if len(labels.shape) > 1 and labels.shape[-1] == 1:
        labels = labels.reshape(labels.shape[:-1]) if not symbolic else ops.squeeze(labels, -1)
    if symbolic:
        return ops.one_hot(labels, num_classes)
    n = num_classes or int(labels.max(initial=-1)) + 1
    if labels.size and (labels.min() < 0 or labels.max() >= n):
        raise ValueError(
            f"to_categorical takes labels from 0 to {n - 1}. "
            f"Received: labels from {labels.min()} to {labels.max()}, num_classes={num_classes}"
        )
    return ops.one_hot(labels, n) if _is_tensor(x) else np.eye(n)[labels]


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Rows divided by their norm of the given order; rows of zeros stay.

    Args:
        x: an array, or a tensor.
        axis: the axis along which a row runs.
        order: the norm's order.

    Returns:
        A NumPy array; a tensor where `x` is one.

    >>> from hornbill.utils import normalize
    >>> normalize([[3.0, 4.0]]).tolist()
    [[0.6, 0.8]]
    """
    if _is_tensor(x):
        return ops.normalize(x, axis=axis, order=order)
    x = np.asarray(x)
    norm = np.linalg.norm(x, ord=order, axis=axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)
