"""Sample weights and masks against the values that they count for."""

import jax.numpy as jnp

from ..losses.shapes import same_rank
from .base import cast


def leading(weight, shape, who: str):
    """A weight per sample (or per step, per value) for each value of an array of that shape.

    Axes are matched from the first: weights `(batch,)` count for all that a sample holds.
    """
    if weight.ndim == len(shape) + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    spread = weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))
    try:
        return jnp.broadcast_to(spread, shape)
    except ValueError:
        raise ValueError(
            f"{who}: sample_weight has one weight per sample, per step or per value of an array "
            f"of shape {tuple(shape)}. Received: sample_weight of shape {tuple(weight.shape)}"
        ) from None


def masked(sample_weight, mask, dtype, who: str):
    """The weights, zero where the mask is False; the mask alone when there are none."""
    if mask is None:
        return sample_weight
    mask = cast(mask, dtype)
    if sample_weight is None:
        return mask
    mask, weight = same_rank(mask, cast(sample_weight, dtype))
    few, many = sorted((mask, weight), key=lambda x: x.ndim)
    return leading(few, many.shape, who) * many
