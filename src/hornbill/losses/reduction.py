"""From a loss per value to one number: weights, masks, sums and means."""

import math

import jax.numpy as jnp

from ..ops import divide_no_nan
from .shapes import same_rank

DEFAULT = "sum_over_batch_size"
REDUCTIONS = (DEFAULT, "sum", "mean", "mean_with_sample_weight", "none", None)


def check_reduction(who: str, reduction):
    """The reduction, if it is one."""
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"{who}'s reduction is one of {', '.join(map(repr, REDUCTIONS))}. "
            f"Received: reduction={reduction!r}"
        )
    return reduction


def reduce_weighted_values(values, sample_weight=None, mask=None, reduction=DEFAULT, dtype=None):
    """Values, times weights and mask, reduced.

    Args:
        values: a loss for each sample, or each step of each sample.
        sample_weight: None, or weights that broadcast against `values`; weights of the leading
            axes of `values` count for all that lies in them.
        mask: None, or True where a value counts.
        reduction: `"sum"`; `"sum_over_batch_size"` or `"mean"`, the sum over the number of values
            that the mask leaves (weights do not change the divisor); `"mean_with_sample_weight"`,
            the sum over the weights' sum; `"none"` or None for no reduction.
        dtype: the dtype of the result, by default that of the values.

    >>> from hornbill.losses.reduction import reduce_weighted_values
    >>> float(reduce_weighted_values([1.0, 3.0, 5.0], mask=[True, True, False]))
    2.0
    """
    check_reduction("reduce_weighted_values", reduction)
    values = jnp.asarray(values, dtype)
    weight = _masked(sample_weight, mask, values.dtype, reduction)
    if weight is not None:
        shape = values.shape
        values, weight = _aligned(values, weight)
        values = values * weight
        if shape and values.size != math.prod(shape):
            _refuse_weight(shape, weight.shape)
    if reduction in ("none", None) or values.ndim == 0 or values.shape == (0,):
        return values
    total = jnp.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        return divide_no_nan(total, jnp.sum(weight))
    return total / values.size if values.size != 0 else total


def _masked(weight, mask, dtype, reduction):
    weight = None if weight is None else jnp.asarray(weight, dtype)
    if mask is None:
        return weight
    mask = jnp.asarray(mask, dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        # The later division by the number of values becomes one by those that count.
        mask = mask * divide_no_nan(jnp.asarray(mask.size, dtype), jnp.sum(mask))
    if weight is None:
        return mask
    mask, weight = _aligned(mask, weight)
    return mask * weight


def _aligned(values, weight):
    """Values and weights of one rank, where the weights are those of the leading axes."""
    values, weight = same_rank(values, weight)
    if 0 < weight.ndim < values.ndim and weight.shape == values.shape[: weight.ndim]:
        weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
    try:
        jnp.broadcast_shapes(values.shape, weight.shape)
    except ValueError:
        _refuse_weight(values.shape, weight.shape)
    return values, weight


def _refuse_weight(shape, given):
    raise ValueError(
        "sample_weight has one weight per sample, or one per value of the loss, which here has "
        f"shape {tuple(shape)}. Received: sample_weight.shape={tuple(given)}"
    ) from None
