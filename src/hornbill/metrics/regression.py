"""Errors and likeness of numbers: the means of regression losses, RMSE, cosine, R²."""

import jax.numpy as jnp

from .. import losses
from ..engine.operation import Tensor, op
from ..losses.shapes import same_rank
from .base import Metric, cast, check_int
from .reduction import Mean, MeanMetricWrapper
from .weights import leading


class MeanSquaredError(MeanMetricWrapper):
    """The mean of `(y_true - y_pred)**2`.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.MeanSquaredError()
    >>> m.update_state([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    >>> float(m.result())
    0.25
    """

    def __init__(self, name: str = "mean_squared_error", dtype=None):
        super().__init__(losses.mean_squared_error, name, dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of `|y_true - y_pred|`.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.MeanAbsoluteError()
    >>> m.update_state([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    >>> float(m.result())
    0.25
    """

    def __init__(self, name: str = "mean_absolute_error", dtype=None):
        super().__init__(losses.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of `100 * |(y_true - y_pred) / y_true|`, the divisor kept away from 0.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.MeanAbsolutePercentageError()
    >>> m.update_state([[2, 1], [4, 1]], [[1, 1], [4, 1]])
    >>> float(m.result())
    12.5
    """

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype=None):
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of `(log(y_true + 1) - log(y_pred + 1))**2`.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.MeanSquaredLogarithmicError()
    >>> m.update_state([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    >>> round(float(m.result()), 4)
    0.1201
    """

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype=None):
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(MeanMetricWrapper):
    """The mean of `log(cosh(y_pred - y_true))`.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.LogCoshError()
    >>> m.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    >>> round(float(m.result()), 4)
    0.1084
    """

    def __init__(self, name: str = "logcosh", dtype=None):
        super().__init__(losses.log_cosh, name, dtype)


class RootMeanSquaredError(Mean):
    """The root of the mean of `(y_true - y_pred)**2`.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.RootMeanSquaredError()
    >>> m.update_state([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    >>> float(m.result())
    0.5
    """

    _direction = "down"

    def __init__(self, name: str = "root_mean_squared_error", dtype=None):
        super().__init__(name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Adds a batch of targets and predictions of the same shape."""
        y_true, y_pred = same_rank(cast(y_true, self.dtype), cast(y_pred, self.dtype))
        super().update_state(jnp.square(y_pred - y_true), sample_weight)

    def result(self):
        """The root of the mean so far."""
        return jnp.sqrt(super().result())


@op
def cosine_similarity(y_true: Tensor, y_pred: Tensor, axis: int = -1):
    """The cosine of the angle between targets and predictions: the loss with its sign turned."""
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between targets and predictions, 1 for the same direction.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.
        axis: the axis of the vectors.

    >>> import hornbill as hb
    >>> m = hb.metrics.CosineSimilarity()
    >>> m.update_state([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]])
    >>> round(float(m.result()), 4)
    0.5
    """

    _direction = "up"

    def __init__(self, name: str = "cosine_similarity", dtype=None, axis: int = -1):
        super().__init__(cosine_similarity, name, dtype, axis=axis)
        self.axis = axis


AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """R²: the share of the targets' variance that the predictions explain.

    `1 - sum((y_true - y_pred)**2) / sum((y_true - mean(y_true))**2)`

    Args:
        class_aggregation: None for a score per output, `"uniform_average"` for their mean,
            `"variance_weighted_average"` for their mean weighted by the targets' variance.
        num_regressors: the number of independent variables, for the adjusted R²; 0 for the plain
            one, which also stands in while there are too few samples to adjust.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    Targets and predictions have shape `(samples, outputs)`.

    >>> import hornbill as hb
    >>> m = hb.metrics.R2Score()
    >>> m.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
    >>> round(float(m.result()), 4)
    0.5714
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype=None,
    ):
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in AGGREGATIONS:
            raise ValueError(
                f"R2Score's class_aggregation is one of {AGGREGATIONS}. "
                f"Received: class_aggregation={class_aggregation!r}"
            )
        check_int(num_regressors, "num_regressors", self)
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")

    def _build(self, outputs: int) -> None:
        self.squared_sum = self.add_variable((outputs,), "zeros", name="squared_sum")
        self.sum = self.add_variable((outputs,), "zeros", name="sum")
        self.total_mse = self.add_variable((outputs,), "zeros", name="residual")
        self.count = self.add_variable((outputs,), "zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Adds a batch of targets and predictions, `(samples, outputs)`."""
        y_true, y_pred = same_rank(cast(y_true, self.dtype), cast(y_pred, self.dtype))
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                f"R2Score '{self.name}' takes targets and predictions of shape (samples, outputs). "
                f"Received: y_true of shape {tuple(y_true.shape)}, y_pred of shape "
                f"{tuple(y_pred.shape)}"
            )
        if len(self.variables) == 1:
            self._build(y_pred.shape[-1])
        weight = jnp.ones_like(y_true)
        if sample_weight is not None:
            weight = leading(cast(sample_weight, self.dtype), y_true.shape, self.name)
        self.sum.assign_add((y_true * weight).sum(0))
        self.squared_sum.assign_add((y_true * y_true * weight).sum(0))
        self.total_mse.assign_add((jnp.square(y_true - y_pred) * weight).sum(0))
        self.count.assign_add(weight.sum(0))
        self.num_samples.assign_add(y_true.size)

    def result(self):
        """R², a number; without aggregation one for each output."""
        if len(self.variables) == 1:
            raise ValueError(
                f"R2Score '{self.name}' has no result before the first batch, from which it learns "
                "the number of outputs. Received: no batch"
            )
        total = self.squared_sum - self.sum * (self.sum / self.count)
        scores = 1 - self.total_mse / total
        scores = jnp.where(jnp.isinf(scores), 0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (total * scores).sum() / total.sum()
        if self.num_regressors == 0:
            return scores
        # Whether there are samples enough is a value of the compiled step: a `where`, no `if`.
        n = self.num_samples.value
        free = n - self.num_regressors - 1
        adjusted = 1 - (1 - scores) * (n - 1) / jnp.where(free > 0, free, 1)
        return jnp.where(free > 0, adjusted, scores)
