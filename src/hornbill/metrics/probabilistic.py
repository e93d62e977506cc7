"""Means of the losses that compare probabilities: cross-entropies, Kullback-Leibler, Poisson."""

from .. import losses
from .reduction import MeanMetricWrapper


class KLDivergence(MeanMetricWrapper):
    """The mean of `sum(y_true * log(y_true / y_pred))`.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.KLDivergence()
    >>> m.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    >>> round(float(m.result()), 4)
    0.4581
    """

    def __init__(self, name: str = "kl_divergence", dtype=None):
        super().__init__(losses.kl_divergence, name, dtype)


class Poisson(MeanMetricWrapper):
    """The mean of `y_pred - y_true * log(y_pred)`.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.Poisson()
    >>> m.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    >>> round(float(m.result()), 4)
    0.5
    """

    def __init__(self, name: str = "poisson", dtype=None):
        super().__init__(losses.poisson, name, dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of the cross-entropy of 0/1 targets and probabilities.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: in `[0, 1]`, how far targets are drawn to 0.5.

    >>> import hornbill as hb
    >>> m = hb.metrics.BinaryCrossentropy()
    >>> m.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    >>> round(float(m.result()), 4)
    0.8149
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype=None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ):
        super().__init__(
            losses.binary_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=_smoothing(label_smoothing, self),
        )
        self.from_logits, self.label_smoothing = from_logits, label_smoothing


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of the cross-entropy of one-hot targets and class probabilities.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: in `[0, 1]`, how far targets are drawn to the even distribution.
        axis: the axis of the classes.

    >>> import hornbill as hb
    >>> m = hb.metrics.CategoricalCrossentropy()
    >>> m.update_state([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]])
    >>> round(float(m.result()), 4)
    1.1769
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype=None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ):
        super().__init__(
            losses.categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=_smoothing(label_smoothing, self),
            axis=axis,
        )
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of the cross-entropy of class numbers and class probabilities.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.
        from_logits: whether predictions are logits rather than probabilities.
        ignore_class: a target whose cross-entropy is 0.
        axis: the axis of the classes.

    >>> import hornbill as hb
    >>> m = hb.metrics.SparseCategoricalCrossentropy()
    >>> m.update_state([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]])
    >>> round(float(m.result()), 4)
    1.1769
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype=None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ):
        super().__init__(
            losses.sparse_categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis


def _smoothing(value, metric):
    if not 0 <= value <= 1:
        raise ValueError(
            f"{type(metric).__name__}'s label_smoothing is a number in [0, 1]. "
            f"Received: label_smoothing={value!r}"
        )
    return value
