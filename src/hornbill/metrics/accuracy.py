"""How often predictions are right: exactly, by a threshold, by the largest score, by the top k."""

import jax.numpy as jnp

from ..engine import config
from ..engine.operation import Tensor, op
from ..losses.shapes import same_rank
from .base import check_int
from .reduction import MeanMetricWrapper


def _matches(equal):
    return equal.astype(config.floatx())


@op
def accuracy(y_true: Tensor, y_pred: Tensor):
    """1 where target and prediction are equal, else 0."""
    y_true, y_pred = same_rank(*map(jnp.asarray, (y_true, y_pred)))
    return _matches(y_true.astype(y_pred.dtype) == y_pred)


@op
def binary_accuracy(y_true: Tensor, y_pred: Tensor, threshold: float = 0.5):
    """1 where a 0/1 target agrees with `y_pred > threshold`, else 0.

    Args:
        y_true: targets of any shape.
        y_pred: predictions, of the same shape (a last axis of size 1 may lack on one side).
        threshold: above it a prediction counts as 1.

    Returns:
        Floats of the shape of the inputs.

    >>> import hornbill as hb
    >>> hb.metrics.binary_accuracy([1, 1, 0, 0], [0.9, 0.4, 0.1, 0.6]).tolist()
    [1.0, 0.0, 1.0, 0.0]
    """
    y_true, y_pred = same_rank(*map(jnp.asarray, (y_true, y_pred)))
    return _matches(y_true == (y_pred > threshold).astype(y_true.dtype))


@op
def categorical_accuracy(y_true: Tensor, y_pred: Tensor):
    """1 where the largest score of `y_pred` is at the class that a one-hot target marks.

    Args:
        y_true: targets, `(..., classes)`.
        y_pred: scores, `(..., classes)`.

    Returns:
        Floats of shape `(...)`.

    >>> import hornbill as hb
    >>> hb.metrics.categorical_accuracy([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = jnp.argmax(y_true, -1), jnp.asarray(y_pred)
    return _matches(_labels(y_true, y_pred) == jnp.argmax(y_pred, -1)).reshape(y_true.shape)


@op
def sparse_categorical_accuracy(y_true: Tensor, y_pred: Tensor):
    """1 where the largest score of `y_pred` is at the target class, else 0.

    Args:
        y_true: class numbers, `(...)` or `(..., 1)`.
        y_pred: scores, `(..., classes)`.

    Returns:
        Floats of shape `(...)`.

    >>> import hornbill as hb
    >>> hb.metrics.sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]]).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    matches = _matches(_labels(y_true, y_pred) == jnp.argmax(y_pred, -1))
    return matches[..., 0] if matches.ndim > 1 and matches.shape[-1] == 1 else matches


def _labels(y_true, y_pred):
    """Class numbers without a last axis of size 1."""
    return y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true


@op
def top_k_categorical_accuracy(y_true: Tensor, y_pred: Tensor, k: int = 5):
    """1 where the class that a one-hot target marks is among the `k` largest scores, else 0.

    Args:
        y_true: targets, `(..., classes)`.
        y_pred: scores, `(..., classes)`.
        k: how many scores count.

    Returns:
        Floats of shape `(...)`.

    >>> import hornbill as hb
    >>> scores = [[0.1, 0.3, 0.6], [0.5, 0.4, 0.1]]
    >>> hb.metrics.top_k_categorical_accuracy([[0, 1, 0], [0, 0, 1]], scores, k=2).tolist()
    [1.0, 0.0]
    """
    return sparse_top_k_categorical_accuracy(jnp.argmax(y_true, -1), y_pred, k=k)


@op
def sparse_top_k_categorical_accuracy(
    y_true: Tensor, y_pred: Tensor, k: int = 5, from_sorted_ids: bool = False
):
    """1 where the target class is among the `k` largest scores, else 0.

    Args:
        y_true: class numbers, `(...)` or `(..., 1)`.
        y_pred: scores `(..., classes)`, or class numbers with `from_sorted_ids`.
        k: how many scores count. A class that ties with the k-th counts as among them.
        from_sorted_ids: whether `y_pred` holds class numbers, the best first, in place of scores.

    Returns:
        Floats of the shape of `y_true`.

    >>> import hornbill as hb
    >>> scores = [[0.1, 0.3, 0.6], [0.5, 0.4, 0.1]]
    >>> hb.metrics.sparse_top_k_categorical_accuracy([1, 2], scores, k=2).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    labels = y_true.reshape((*y_pred.shape[:-1], 1))
    if from_sorted_ids:
        found = jnp.any(labels.astype(y_pred.dtype) == y_pred[..., :k], -1)
    else:
        score = jnp.take_along_axis(y_pred, labels.astype("int32"), -1)
        # A NaN is no score: everything else is better.
        score = jnp.where(jnp.isnan(score), -jnp.inf, score)
        found = jnp.sum(y_pred > score, -1) < k
    return _matches(found).reshape(y_true.shape)


class Accuracy(MeanMetricWrapper):
    """How often predictions equal the targets.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.Accuracy()
    >>> m.update_state([1, 2, 3, 4], [0, 2, 3, 4])
    >>> float(m.result())
    0.75
    """

    _direction = "up"

    def __init__(self, name: str = "accuracy", dtype=None):
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often `y_pred > threshold` agrees with 0/1 targets.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.
        threshold: above it a prediction counts as 1; in `[0, 1]`.

    >>> import hornbill as hb
    >>> m = hb.metrics.BinaryAccuracy()
    >>> m.update_state([1, 1, 0, 0], [0.98, 1, 0, 0.6])
    >>> float(m.result())
    0.75
    """

    _direction = "up"

    def __init__(self, name: str = "binary_accuracy", dtype=None, threshold: float = 0.5):
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest score is at the class that a one-hot target marks.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.CategoricalAccuracy()
    >>> m.update_state([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    >>> float(m.result())
    0.5
    """

    _direction = "up"

    def __init__(self, name: str = "categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest score is at the target class.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.SparseCategoricalAccuracy()
    >>> m.update_state([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]])
    >>> float(m.result())
    0.5
    """

    _direction = "up"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class that a one-hot target marks is among the `k` largest scores.

    Args:
        k: how many scores count.
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.TopKCategoricalAccuracy(k=1)
    >>> m.update_state([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    >>> float(m.result())
    0.5
    """

    _direction = "up"

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype=None):
        check_int(k, "k", self, least=1)
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the target class is among the `k` largest scores.

    Args:
        k: how many scores count.
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.
        from_sorted_ids: whether predictions are class numbers, the best first, in place of scores.

    >>> import hornbill as hb
    >>> m = hb.metrics.SparseTopKCategoricalAccuracy(k=1)
    >>> m.update_state([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    >>> float(m.result())
    0.5
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype=None,
        from_sorted_ids: bool = False,
    ):
        check_int(k, "k", self, least=1)
        super().__init__(
            sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids
        )
        self.k, self.from_sorted_ids = k, from_sorted_ids
