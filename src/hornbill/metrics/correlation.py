"""How well predictions follow the targets: Pearson's and Lin's correlation."""

import jax.numpy as jnp

from ..engine import config
from ..engine.operation import Tensor, op
from ..losses.shapes import same_rank
from .reduction import MeanMetricWrapper


def _moments(y_true, y_pred, axis):
    """Means, variances and the covariance along `axis`, which stays with size 1."""
    y_pred = jnp.asarray(y_pred)
    y_true, y_pred = same_rank(jnp.asarray(y_true).astype(y_pred.dtype), y_pred)
    means = [y.mean(axis, keepdims=True) for y in (y_true, y_pred)]
    a, b = y_true - means[0], y_pred - means[1]
    a2, b2, ab = (jnp.mean(x, axis, keepdims=True) for x in (a * a, b * b, a * b))
    return *means, a2, b2, ab


@op
def pearson_correlation(y_true: Tensor, y_pred: Tensor, axis: int | tuple | list = -1):
    """Pearson's correlation: the covariance by both standard deviations.

    Args:
        y_true: targets.
        y_pred: predictions of the same shape.
        axis: the axis (or axes) along which they are compared.

    Returns:
        Values in `[-1, 1]` of the shape without `axis`; NaN where one side is constant.

    >>> import hornbill as hb
    >>> y_true, y_pred = [[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]]
    >>> r = hb.metrics.pearson_correlation(y_true, y_pred)
    >>> [round(x, 4) for x in r.tolist()]
    [1.0, 0.9934]
    """
    _, _, a2, b2, ab = _moments(y_true, y_pred, _axes(axis))
    return jnp.squeeze(ab / (jnp.sqrt(a2) * jnp.sqrt(b2)), _axes(axis))


@op
def concordance_correlation(y_true: Tensor, y_pred: Tensor, axis: int | tuple | list = -1):
    """Lin's concordance correlation: as Pearson's, but differences of mean and scale count too.

    `2 * cov / (var_true + var_pred + (mean_true - mean_pred)**2)`

    Args:
        y_true: targets.
        y_pred: predictions of the same shape.
        axis: the axis (or axes) along which they are compared.

    Returns:
        Values in `[-1, 1]` of the shape without `axis`.

    >>> import hornbill as hb
    >>> y_true, y_pred = [[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]]
    >>> c = hb.metrics.concordance_correlation(y_true, y_pred)
    >>> [round(x, 4) for x in c.tolist()]
    [0.9756, 0.9877]
    """
    true, predicted, a2, b2, ab = _moments(y_true, y_pred, _axes(axis))
    values = 2 * ab / (a2 + b2 + jnp.square(true - predicted) + config.epsilon())
    return jnp.squeeze(values, _axes(axis))


def _axes(axis):
    return tuple(axis) if isinstance(axis, list) else axis


class PearsonCorrelation(MeanMetricWrapper):
    """The mean of each sample's Pearson correlation of targets and predictions.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.
        axis: the axis (or axes) along which they are compared.

    >>> import hornbill as hb
    >>> m = hb.metrics.PearsonCorrelation()
    >>> m.update_state([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])
    >>> round(float(m.result()), 4)
    0.9967
    """

    _direction = "up"

    def __init__(
        self, name: str = "pearson_correlation", dtype=None, axis: int | tuple | list = -1
    ):
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of each sample's concordance correlation of targets and predictions.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.
        axis: the axis (or axes) along which they are compared.

    >>> import hornbill as hb
    >>> m = hb.metrics.ConcordanceCorrelation()
    >>> m.update_state([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])
    >>> round(float(m.result()), 4)
    0.9816
    """

    _direction = "up"

    def __init__(
        self, name: str = "concordance_correlation", dtype=None, axis: int | tuple | list = -1
    ):
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis
