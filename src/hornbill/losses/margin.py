"""Losses that ask for a margin: the hinges."""

import jax.numpy as jnp

from ..engine.operation import Tensor, op
from .base import loss_class
from .shapes import class_by_class, value_by_value


@op
def hinge(y_true: Tensor, y_pred: Tensor):
    """`mean(max(1 - y_true * y_pred, 0))` over the last axis.

    Args:
        y_true: -1 or 1, of shape `(batch, ..., n)`. Where all are 0 or 1, 0 stands for -1.
        y_pred: scores of the same shape.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> hb.losses.hinge([[-1.0, 1.0]], [[-2.0, 0.5]]).tolist()
    [0.25]
    """
    return jnp.mean(_shortfall("hinge", y_true, y_pred), axis=-1)


@op
def squared_hinge(y_true: Tensor, y_pred: Tensor):
    """`mean(max(1 - y_true * y_pred, 0) ** 2)` over the last axis.

    Args:
        y_true: -1 or 1, of shape `(batch, ..., n)`. Where all are 0 or 1, 0 stands for -1.
        y_pred: scores of the same shape.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> hb.losses.squared_hinge([[-1.0, 1.0]], [[-2.0, 0.5]]).tolist()
    [0.125]
    """
    return jnp.mean(jnp.square(_shortfall("squared_hinge", y_true, y_pred)), axis=-1)


@op
def categorical_hinge(y_true: Tensor, y_pred: Tensor):
    """`max(1 + the best wrong score - the right score, 0)`.

    Args:
        y_true: one-hot labels of shape `(batch, ..., classes)`.
        y_pred: scores of the same shape; the best wrong one counts as at least 0.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> hb.losses.categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]]).tolist()
    [0.5]
    """
    y_true, y_pred = class_by_class("categorical_hinge", y_true, y_pred, -1)
    right = jnp.sum(y_true * y_pred, axis=-1)
    wrong = jnp.max((1.0 - y_true) * y_pred, axis=-1)
    return jnp.maximum(wrong - right + 1.0, 0)


def _shortfall(who: str, y_true, y_pred):
    """By how much each score misses the margin of 1."""
    y_true, y_pred = value_by_value(who, y_true, y_pred)
    binary = jnp.all((y_true == 0) | (y_true == 1))
    sign = jnp.where(binary, 2.0 * y_true - 1.0, y_true)
    return jnp.maximum(1.0 - sign * y_pred, 0)


Hinge = loss_class("Hinge", hinge)
SquaredHinge = loss_class("SquaredHinge", squared_hinge)
CategoricalHinge = loss_class("CategoricalHinge", categorical_hinge)
