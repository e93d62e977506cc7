"""Losses between numbers."""

import math

import jax
import jax.numpy as jnp

from ..engine.config import epsilon
from ..engine.operation import Tensor, op
from ..ops.nn.normalization import normalize
from .base import loss_class
from .reduction import DEFAULT
from .shapes import value_by_value


@op
def mean_squared_error(y_true: Tensor, y_pred: Tensor):
    """`mean((y_true - y_pred) ** 2)` over the last axis.

    Args:
        y_true, y_pred: numbers of shape `(batch, ..., n)`.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> hb.losses.mean_squared_error([[0.0, 1.0]], [[0.0, 3.0]]).tolist()
    [2.0]
    """
    y_true, y_pred = value_by_value("mean_squared_error", y_true, y_pred)
    return jnp.mean(jnp.square(y_true - y_pred), axis=-1)


@op
def mean_absolute_error(y_true: Tensor, y_pred: Tensor):
    """`mean(|y_true - y_pred|)` over the last axis.

    Args:
        y_true, y_pred: numbers of shape `(batch, ..., n)`.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> hb.losses.mean_absolute_error([[0.0, 1.0]], [[0.0, 3.0]]).tolist()
    [1.0]
    """
    y_true, y_pred = value_by_value("mean_absolute_error", y_true, y_pred)
    return jnp.mean(jnp.abs(y_true - y_pred), axis=-1)


@op
def mean_absolute_percentage_error(y_true: Tensor, y_pred: Tensor):
    """`100 * mean(|(y_true - y_pred) / y_true|)` over the last axis.

    Targets nearer to 0 than `epsilon()` count as `epsilon()`.

    Args:
        y_true, y_pred: numbers of shape `(batch, ..., n)`.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> hb.losses.mean_absolute_percentage_error([[4.0]], [[3.0]]).tolist()
    [25.0]
    """
    y_true, y_pred = value_by_value("mean_absolute_percentage_error", y_true, y_pred)
    error = jnp.abs((y_true - y_pred) / jnp.maximum(jnp.abs(y_true), epsilon()))
    return 100.0 * jnp.mean(error, axis=-1)


@op
def mean_squared_logarithmic_error(y_true: Tensor, y_pred: Tensor):
    """`mean((log(y_true + 1) - log(y_pred + 1)) ** 2)` over the last axis.

    Values below `epsilon()`, negative ones too, count as `epsilon()`.

    Args:
        y_true, y_pred: numbers of shape `(batch, ..., n)`.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> round(float(hb.losses.mean_squared_logarithmic_error([[1.0]], [[3.0]])[0]), 4)
    0.4805
    """
    y_true, y_pred = value_by_value("mean_squared_logarithmic_error", y_true, y_pred)

    def log(x):
        return jnp.log(jnp.maximum(x, epsilon()) + 1.0)

    return jnp.mean(jnp.square(log(y_pred) - log(y_true)), axis=-1)


@op
def cosine_similarity(y_true: Tensor, y_pred: Tensor, axis: int = -1):
    """Minus the cosine of the angle between two vectors: -1 for the same direction.

    Args:
        y_true, y_pred: vectors along `axis`; a vector of zeros gives 0.
        axis: the vectors' axis.

    Returns:
        The loss per vector: the shape without `axis`.

    >>> import hornbill as hb
    >>> hb.losses.cosine_similarity([[0.0, 1.0]], [[0.0, 3.0]]).tolist()
    [-1.0]
    """
    y_true, y_pred = value_by_value("cosine_similarity", y_true, y_pred)
    return -jnp.sum(normalize(y_true, axis) * normalize(y_pred, axis), axis=axis)


@op
def huber(y_true: Tensor, y_pred: Tensor, delta: float = 1.0):
    """Squared for small errors, linear for those beyond `delta`; the mean over the last axis.

    `0.5 * e**2` where `|e| <= delta`, else `delta * |e| - 0.5 * delta**2`.

    Source: Huber 1964, "Robust estimation of a location parameter".

    Args:
        y_true, y_pred: numbers of shape `(batch, ..., n)`.
        delta: where linear begins.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> hb.losses.huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    y_true, y_pred = value_by_value("huber", y_true, y_pred)
    error = jnp.abs(y_pred - y_true)
    linear = delta * error - 0.5 * delta**2
    return jnp.mean(jnp.where(error <= delta, 0.5 * jnp.square(error), linear), axis=-1)


@op
def log_cosh(y_true: Tensor, y_pred: Tensor):
    """`mean(log(cosh(y_pred - y_true)))` over the last axis: nearly Huber, but smooth.

    Args:
        y_true, y_pred: numbers of shape `(batch, ..., n)`.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> round(float(hb.losses.log_cosh([[0.0]], [[1.0]])[0]), 4)
    0.4338
    """
    y_true, y_pred = value_by_value("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    # cosh itself would overflow.
    return jnp.mean(error + jax.nn.softplus(-2.0 * error) - math.log(2.0), axis=-1)


MeanSquaredError = loss_class("MeanSquaredError", mean_squared_error)
MeanAbsoluteError = loss_class("MeanAbsoluteError", mean_absolute_error)
MeanAbsolutePercentageError = loss_class(
    "MeanAbsolutePercentageError", mean_absolute_percentage_error
)
MeanSquaredLogarithmicError = loss_class(
    "MeanSquaredLogarithmicError", mean_squared_logarithmic_error
)
CosineSimilarity = loss_class("CosineSimilarity", cosine_similarity)
Huber = loss_class("Huber", huber, {"delta": 1.0, "reduction": DEFAULT, "name": "huber_loss"})
LogCosh = loss_class("LogCosh", log_cosh)
