"""Sum, Mean, and MeanMetricWrapper, which makes a metric of a function."""

import jax.numpy as jnp

from .. import losses
from ..engine.beside import get_mask
from ..losses.shapes import same_rank
from ..ops import divide_no_nan
from .base import Metric, cast
from .weights import leading, masked


def reduce_to_samples(values, sample_weight, reduce, dtype, who: str):
    """The weighted values and the weights, one of each per sample.

    Args:
        values: what a batch gave, of any rank.
        sample_weight: None, or weights for the leading axes of `values`. A mask that the values
            carry multiplies them.
        reduce: `jnp.mean` or `jnp.sum`, how the axes after the first are reduced.
        dtype: the dtype of both results.
        who: the metric's name, for messages.

    Returns:
        `(values, weights)`; the weights are None without `sample_weight`.
    """
    mask = get_mask(values)
    values = cast(values, dtype)
    weight = None
    if sample_weight is not None:
        weight = cast(masked(sample_weight, mask, dtype, who), dtype)
        values, weight = same_rank(values, weight)
        values = _after(weight.ndim, reduce, values)
        weight = leading(weight, values.shape, who)
        values = values * weight
        weight = _after(1, reduce, weight)
    return _after(1, reduce, values), weight


def _after(ndim: int, reduce, x):
    """`x` reduced to its first `ndim` axes."""
    return x if x.ndim <= ndim else reduce(x, axis=tuple(range(ndim, x.ndim)))


class Sum(Metric):
    """The (weighted) sum of all values.

    Args:
        name: shown in logs.
        dtype: the dtype of the sum; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.Sum()
    >>> m.update_state([1.0, 3.0, 5.0, 7.0])
    >>> float(m.result())
    16.0
    """

    def __init__(self, name: str = "sum", dtype=None):
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")

    def update_state(self, values, sample_weight=None) -> None:
        """Adds the values of any shape, times the weights of their leading axes."""
        values, _ = reduce_to_samples(values, sample_weight, jnp.sum, self.dtype, self.name)
        self.total.assign_add(jnp.sum(values))

    def result(self):
        """The sum so far."""
        return self.total.value


class Mean(Metric):
    """The (weighted) mean of all values, 0 before any.

    Args:
        name: shown in logs.
        dtype: the dtype of the mean; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.Mean()
    >>> m.update_state([1.0, 3.0, 5.0, 7.0], sample_weight=[1, 1, 0, 0])
    >>> float(m.result())
    2.0
    """

    def __init__(self, name: str = "mean", dtype=None):
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")
        self.count = self.add_variable((), "zeros", self.dtype, name="count")

    def update_state(self, values, sample_weight=None) -> None:
        """Adds a batch of values: what lies after the first axis is averaged per sample.

        Args:
            values: an array, the first axis the samples.
            sample_weight: weights for the leading axes of `values`.
        """
        values, weight = reduce_to_samples(values, sample_weight, jnp.mean, self.dtype, self.name)
        self.total.assign_add(jnp.sum(values))
        # A plain number, so that counting compiles nothing of its own.
        self.count.assign_add(values.size if weight is None else jnp.sum(weight))

    def result(self):
        """The mean so far."""
        return divide_no_nan(self.total.value, self.count.value)


class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, which gives a value for each sample (or step).
        name: shown in logs; made from the class's name when None.
        dtype: the dtype of the mean; `floatx()` when None.
        kwargs: passed on to `fn` in each call.

    A mask that `y_pred` carries multiplies the weights.

    >>> import hornbill as hb
    >>> def spread(y_true, y_pred):
    ...     return abs(y_true - y_pred)
    >>> m = hb.metrics.MeanMetricWrapper(spread, name="spread")
    >>> m.update_state(hb.ops.array([1.0, 2.0]), hb.ops.array([2.0, 4.0]))
    >>> float(m.result())
    1.5
    """

    def __init__(self, fn, name: str | None = None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype)
        if not callable(fn):
            raise TypeError(
                f"{type(self).__name__} wraps a function of (y_true, y_pred). Received: fn={fn!r}"
            )
        self._fn, self._fn_kwargs = fn, kwargs
        if (getattr(fn, "__module__", None) or "").startswith(losses.__name__):
            self._direction = "down"

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Adds the function's values for a batch.

        Args:
            y_true: the targets, as the function takes them.
            y_pred: the predictions.
            sample_weight: weights for the leading axes of the function's values.
        """
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        weight = masked(sample_weight, get_mask(y_pred), self.dtype, self.name)
        super().update_state(values, weight)

    def get_config(self) -> dict:
        config = super().get_config()
        if isinstance(config.get("fn"), str):
            # A function of ours, in the form from which both Keras and we find it again.
            name = config["fn"]
            config["fn"] = {
                "module": "builtins",
                "class_name": "function",
                "config": name,
                "registered_name": name,
            }
        return config
