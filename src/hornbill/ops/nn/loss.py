"""Cross-entropies and the signal-to-noise ratio."""

import jax
import jax.numpy as jnp

from ...engine.config import epsilon
from ...engine.operation import Tensor, op
from ...kernels.cross_entropy import sparse_cross_entropy
from ...kernels.softplus import softplus
from ..common import public


def _same_shape(who: str, target, output) -> None:
    if jnp.shape(target) != jnp.shape(output):
        raise ValueError(
            f"{who} takes a target and an output of the same shape. Received: "
            f"target.shape={jnp.shape(target)}, output.shape={jnp.shape(output)}"
        )


def _inside(probability):
    """Keeps probabilities off 0 and 1, where the logarithm ends."""
    return jnp.clip(probability, epsilon(), 1.0 - epsilon())


def _log_probabilities(output, from_logits: bool, axis: int):
    if from_logits:
        return jax.nn.log_softmax(output, axis)
    return jnp.log(_inside(output / output.sum(axis, keepdims=True)))


@op
def categorical_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1
):
    """`-sum(target * log(output))` along the classes.

    Args:
        target: one-hot or soft labels, of the shape of `output`.
        output: probabilities (made to sum to 1, clipped to `epsilon()`), or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.

    Returns:
        The loss of each example: the shape without `axis`.

    >>> import hornbill as hb
    >>> loss = hb.ops.categorical_crossentropy([[0, 1]], [[0.5, 0.5]])
    >>> round(float(loss[0]), 4)
    0.6931
    """
    _same_shape("categorical_crossentropy", target, output)
    if output.ndim < 1:
        raise ValueError("categorical_crossentropy needs an axis of classes. Received: a scalar")
    return -(target * _log_probabilities(output, from_logits, axis)).sum(axis)


@op
def sparse_categorical_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1
):
    """`-log(output[target])`: the categorical cross-entropy for labels that are ints.

    Args:
        target: the classes, of the shape of `output` without its last axis (a last axis of
            size 1 is dropped). A class outside of `output` gives a loss of 0.
        output: probabilities (made to sum to 1, clipped to `epsilon()`), or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.

    Returns:
        The loss of each example: the shape without `axis`.

    >>> import hornbill as hb
    >>> loss = hb.ops.sparse_categorical_crossentropy([1], [[0.5, 0.5]])
    >>> round(float(loss[0]), 4)
    0.6931
    """
    target = jnp.asarray(target).astype("int32")
    if output.ndim < 1:
        raise ValueError(
            "sparse_categorical_crossentropy needs an axis of classes. Received: a scalar output"
        )
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = target.squeeze(-1)
    if target.shape != output.shape[:-1]:
        raise ValueError(
            "sparse_categorical_crossentropy takes one class per example: a target of shape "
            f"{output.shape[:-1]} for these outputs. Received: target.shape={target.shape}, "
            f"output.shape={output.shape}"
        )
    if from_logits:
        return sparse_cross_entropy(target, output, axis)
    chosen = jax.nn.one_hot(target, output.shape[axis], axis=axis)
    return -(chosen * _log_probabilities(output, False, axis)).sum(axis)


@op
def binary_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False):
    """`-target * log(output) - (1 - target) * log(1 - output)`, value by value.

    Args:
        target: labels between 0 and 1, of the shape of `output`.
        output: probabilities (clipped to `epsilon()`), or logits.
        from_logits: whether `output` holds logits.

    >>> import hornbill as hb
    >>> round(float(hb.ops.binary_crossentropy([1.0], [0.5])[0]), 4)
    0.6931
    """
    _same_shape("binary_crossentropy", target, output)
    if from_logits:
        return softplus(output) - target * output
    output = _inside(output)
    return -(target * jnp.log(output) + (1.0 - target) * jnp.log(1.0 - output))


@op
def psnr(x1: Tensor, x2: Tensor, max_val: float):
    """The peak signal-to-noise ratio in decibels, `20 log10(max_val / rmse)`.

    Args:
        x1, x2: two signals of the same shape; the error is averaged over all values.
        max_val: the largest value that the signal can have.

    >>> import hornbill as hb
    >>> float(hb.ops.psnr([0.0, 0.0], [0.1, 0.1], 1.0)).__round__(3)
    20.0
    """
    _same_shape("psnr", x1, x2)
    return 20 * jnp.log10(jnp.asarray(max_val, x2.dtype)) - 10 * jnp.log10(((x1 - x2) ** 2).mean())


__all__ = public(globals())
