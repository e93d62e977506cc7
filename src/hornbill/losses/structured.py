"""Losses of whole images, batches and sequences: overlap, similarity, alignment."""

import jax
import jax.numpy as jnp

from ..engine.beside import set_mask
from ..engine.config import epsilon
from ..engine.operation import Tensor, op
from ..ops.nn.ctc import ctc_loss
from .base import loss_class
from .reduction import DEFAULT
from .shapes import as_floats, received, value_by_value


@op
def dice(y_true: Tensor, y_pred: Tensor, axis=None):
    """`1 - 2 * overlap / (sum(y_true) + sum(y_pred))`, the overlap being `sum(y_true * y_pred)`.

    For segmentation, where most pixels are background. Source: Milletari et al. 2016, "V-Net".

    Args:
        y_true, y_pred: masks of one shape, values from 0 to 1.
        axis: the axes that are summed over; None sums over all, the batch too, to one number.

    Returns:
        The loss: the shape without `axis`.

    >>> import hornbill as hb
    >>> round(float(hb.losses.dice([[1.0, 0.0]], [[1.0, 1.0]])), 4)
    0.3333
    """
    y_true, y_pred = value_by_value("dice", y_true, y_pred)
    axis = tuple(axis) if isinstance(axis, list) else axis
    overlap = jnp.sum(y_true * y_pred, axis)
    return 1 - 2.0 * overlap / (jnp.sum(y_true, axis) + jnp.sum(y_pred, axis) + epsilon())


@op
def tversky(y_true: Tensor, y_pred: Tensor, alpha: float = 0.5, beta: float = 0.5, axis=None):
    """`1 - overlap / (overlap + alpha * missed + beta * added)`.

    With `overlap = sum(y_true * y_pred)`, `missed = sum(y_true * (1 - y_pred))` and
    `added = sum((1 - y_true) * y_pred)`; both weights at 0.5 give the Dice loss. Source: Salehi et
    al. 2017, "Tversky loss function for image segmentation".

    Args:
        y_true, y_pred: masks of one shape, values from 0 to 1.
        alpha: the weight of what the prediction misses.
        beta: the weight of what it adds.
        axis: the axes that are summed over; None sums over all, the batch too, to one number.

    Returns:
        The loss: the shape without `axis`.

    >>> import hornbill as hb
    >>> round(float(hb.losses.tversky([[1.0, 0.0]], [[1.0, 1.0]])), 4)
    0.3333
    """
    y_true, y_pred = value_by_value("tversky", y_true, y_pred)
    axis = tuple(axis) if isinstance(axis, list) else axis
    overlap = jnp.sum(y_true * y_pred, axis)
    missed = jnp.sum(y_true * (1 - y_pred), axis)
    added = jnp.sum((1 - y_true) * y_pred, axis)
    return 1 - overlap / (overlap + alpha * missed + beta * added + epsilon())


@op
def circle(
    y_true: Tensor,
    y_pred: Tensor,
    ref_labels: Tensor = None,
    ref_embeddings: Tensor = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
):
    """Pulls embeddings of one class together and pushes those of others apart.

    Every pair is weighed by how far it is from where it should be. Source: Sun et al. 2020,
    "Circle loss: a unified perspective of pair similarity optimization".

    Args:
        y_true: class indices of shape `(batch,)` or `(batch, 1)`.
        y_pred: embeddings of length 1, of shape `(batch, n)`.
        ref_labels, ref_embeddings: what the batch is compared with; by default itself.
        remove_diagonal: whether embedding `i` is not compared with reference `i`, which is
            itself.
        gamma: the scale of the loss.
        margin: how far from perfect similarity a pair may stay.

    Returns:
        The loss per sample, of shape `(batch,)`, with a mask over those above 0.

    >>> import hornbill as hb
    >>> hb.losses.circle([0, 0, 1], [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]).shape
    (3,)
    """
    _, y_pred = as_floats(0.0, y_pred)
    labels = _labels(y_true)
    refs = y_pred if ref_embeddings is None else jnp.asarray(ref_embeddings)
    ref_labels = labels if ref_labels is None else _labels(ref_labels)
    if y_pred.ndim != 2 or labels.shape != y_pred.shape[:1]:
        raise ValueError(
            "circle takes one class index for each embedding, a row of y_pred. "
            f"{received(jnp.asarray(y_true), y_pred)}"
        )
    distances = jnp.maximum(1 - y_pred @ refs.T, 0)
    same = labels[:, None] == ref_labels[None, :]
    other = ~same
    if remove_diagonal:
        same = same & ~jnp.eye(*same.shape, dtype=bool)
    pull = gamma * jnp.maximum(margin + distances, 0) * (distances - margin)
    push = gamma * jnp.maximum(1 + margin - distances, 0) * (1 - margin - distances)
    # In place of minus infinity, whose gradient would be NaN for a sample without such a pair.
    nothing = jnp.finfo(distances.dtype).min / 4
    pull = jax.nn.logsumexp(jnp.where(same, pull, nothing), axis=1)
    push = jax.nn.logsumexp(jnp.where(other, push, nothing), axis=1)
    loss = jax.nn.softplus(pull + push)
    set_mask(loss, loss > 0)
    return loss


def _labels(y):
    return jnp.asarray(y).astype("int32").reshape(-1)


@op
def ctc(y_true: Tensor, y_pred: Tensor):
    """`-log` of the probability of a sequence of labels, over all its alignments.

    Source: Graves et al. 2006, "Connectionist temporal classification".

    Args:
        y_true: class indices of shape `(batch, max_length)`, padded with 0, which is the blank.
        y_pred: logits of shape `(batch, steps, classes)`.

    Returns:
        The loss per sample, of shape `(batch,)`.

    >>> import hornbill as hb
    >>> round(float(hb.losses.ctc([[1]], [[[0.0, 0.0]]])[0]), 4)
    0.6931
    """
    y_true, (_, y_pred) = jnp.asarray(y_true).astype("int32"), as_floats(0.0, y_pred)
    if y_true.ndim != 2 or y_pred.ndim != 3:
        raise ValueError(
            "ctc takes class indices of shape (batch, max_length), padded with 0, and logits of "
            f"shape (batch, steps, classes). {received(y_true, y_pred)}"
        )
    steps = jnp.full(y_pred.shape[:1], y_pred.shape[1], "int32")
    return ctc_loss(y_true, y_pred, jnp.sum(y_true != 0, axis=-1), steps, mask_index=0)


Dice = loss_class("Dice", dice, {"reduction": DEFAULT, "name": "dice", "axis": None})
Tversky = loss_class(
    "Tversky",
    tversky,
    {"alpha": 0.5, "beta": 0.5, "reduction": DEFAULT, "name": "tversky", "axis": None},
)
Circle = loss_class("Circle", circle, {"gamma": 80.0, "margin": 0.4, "remove_diagonal": True})
CTC = loss_class("CTC", ctc)
