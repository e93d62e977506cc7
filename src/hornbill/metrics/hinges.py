"""Means of the hinge losses, which want a margin between right and wrong."""

from .. import losses
from .reduction import MeanMetricWrapper


class Hinge(MeanMetricWrapper):
    """The mean of `max(1 - y_true * y_pred, 0)`, for targets -1 and 1 (0 counts as -1).

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.Hinge()
    >>> m.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    >>> round(float(m.result()), 4)
    1.3
    """

    def __init__(self, name: str = "hinge", dtype=None):
        super().__init__(losses.hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean of `max(1 - y_true * y_pred, 0)**2`, for targets -1 and 1 (0 counts as -1).

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.SquaredHinge()
    >>> m.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    >>> round(float(m.result()), 4)
    1.86
    """

    def __init__(self, name: str = "squared_hinge", dtype=None):
        super().__init__(losses.squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean of `max(1 + largest wrong score - right score, 0)`, for one-hot targets.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.CategoricalHinge()
    >>> m.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    >>> round(float(m.result()), 4)
    1.4
    """

    def __init__(self, name: str = "categorical_hinge", dtype=None):
        super().__init__(losses.categorical_hinge, name, dtype)
