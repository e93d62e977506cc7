"""Losses between probabilities: the cross-entropies and their kin."""

import warnings

import jax
import jax.numpy as jnp

from ..engine.beside import logits_of, set_mask
from ..engine.config import epsilon
from ..engine.operation import Tensor, op
from ..ops.nn import loss as ops
from .base import loss_class
from .reduction import DEFAULT
from .shapes import class_by_class, class_indices, value_by_value


@op
def binary_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
):
    """`-y_true * log(y_pred) - (1 - y_true) * log(1 - y_pred)`, the mean over `axis`.

    Args:
        y_true: labels from 0 to 1, of the shape of `y_pred`.
        y_pred: probabilities, or logits.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: how far labels are moved from 0 and 1 towards 0.5, from 0 to 1.
        axis: the axis over which the mean is taken.

    Returns:
        The loss per sample: the shape without `axis`.

    >>> import hornbill as hb
    >>> round(float(hb.losses.binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])[0]), 4)
    0.6931
    """
    y_pred, from_logits = _logits(y_pred, from_logits, "sigmoid")
    y_true, y_pred = value_by_value("binary_crossentropy", y_true, y_pred, broadcast=False)
    y_true = _smooth_binary(y_true, label_smoothing)
    return jnp.mean(ops.binary_crossentropy(y_true, y_pred, from_logits), axis=axis)


@op
def binary_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
):
    """The binary cross-entropy, with less weight on examples that are right already.

    Each value is multiplied by `(1 - p) ** gamma`, where `p` is the probability given to its
    label. Source: Lin et al. 2017, "Focal loss for dense object detection".

    Args:
        y_true: labels from 0 to 1, of the shape of `y_pred`.
        y_pred: probabilities, or logits.
        apply_class_balancing: whether class 1 is weighed by `alpha`, class 0 by `1 - alpha`.
        alpha: the weight of class 1.
        gamma: how strongly easy examples are discounted; 0 not at all.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: how far labels are moved from 0 and 1 towards 0.5, from 0 to 1.
        axis: the axis over which the mean is taken.

    Returns:
        The loss per sample: the shape without `axis`.

    >>> import hornbill as hb
    >>> round(float(hb.losses.binary_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])[0]), 4)
    0.1733
    """
    y_true, y_pred = value_by_value("binary_focal_crossentropy", y_true, y_pred, broadcast=False)
    y_true = _smooth_binary(y_true, label_smoothing)
    if from_logits:
        y_pred = jax.nn.sigmoid(y_pred)
    right = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    loss = (1.0 - right) ** gamma * ops.binary_crossentropy(y_true, y_pred)
    if apply_class_balancing:
        loss = loss * (y_true * alpha + (1 - y_true) * (1 - alpha))
    return jnp.mean(loss, axis=axis)


@op
def categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
):
    """`-sum(y_true * log(y_pred))` over the classes.

    Args:
        y_true: one-hot or soft labels, of the shape of `y_pred`.
        y_pred: probabilities (made to sum to 1), or logits.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: the part of each label that is spread over all classes, from 0 to 1.
        axis: the axis of the classes.

    Returns:
        The loss per sample: the shape without `axis`.

    >>> import hornbill as hb
    >>> round(float(hb.losses.categorical_crossentropy([[0, 1, 0]], [[0.25, 0.5, 0.25]])[0]), 4)
    0.6931
    """
    y_pred, from_logits = _logits(y_pred, from_logits, "softmax", axis)
    y_true, y_pred = class_by_class("categorical_crossentropy", y_true, y_pred, axis)
    _warn_of_one_class("categorical_crossentropy", y_pred, axis)
    y_true = _smooth_classes(y_true, label_smoothing, axis)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits, axis)


@op
def categorical_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
):
    """The categorical cross-entropy, with less weight on classes that are right already.

    Each term is multiplied by `alpha * (1 - p) ** gamma`, where `p` is the predicted probability.
    Source: Lin et al. 2017, "Focal loss for dense object detection".

    Args:
        y_true: one-hot or soft labels, of the shape of `y_pred`.
        y_pred: probabilities (made to sum to 1), or logits.
        alpha: a factor, or one per class.
        gamma: how strongly easy examples are discounted; 0 not at all.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: the part of each label that is spread over all classes, from 0 to 1.
        axis: the axis of the classes.

    Returns:
        The loss per sample: the shape without `axis`.

    >>> import hornbill as hb
    >>> loss = hb.losses.categorical_focal_crossentropy([[0, 1, 0]], [[0.25, 0.5, 0.25]])
    >>> round(float(loss[0]), 4)
    0.0433
    """
    y_true, y_pred = class_by_class("categorical_focal_crossentropy", y_true, y_pred, axis)
    _warn_of_one_class("categorical_focal_crossentropy", y_pred, axis)
    y_true = _smooth_classes(y_true, label_smoothing, axis)
    if from_logits:
        y_pred = jax.nn.softmax(y_pred, axis)
    p = y_pred / jnp.sum(y_pred, axis, keepdims=True)
    p = jnp.clip(p, epsilon(), 1.0 - epsilon())
    factor = jnp.asarray(alpha, p.dtype) * (1.0 - p) ** gamma
    return -jnp.sum(factor * y_true * jnp.log(p), axis=axis)


@op
def sparse_categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
):
    """`-log(y_pred[y_true])`: the categorical cross-entropy for labels that are class indices.

    Args:
        y_true: class indices, of the shape of `y_pred` without `axis` (or with size 1 there).
        y_pred: probabilities (made to sum to 1), or logits.
        from_logits: whether `y_pred` holds logits.
        ignore_class: a label whose samples count for nothing, as 255 often marks unlabelled
            pixels.
        axis: the axis of the classes.

    Returns:
        The loss per sample: the shape without `axis`. With `ignore_class` it carries a mask.

    >>> import hornbill as hb
    >>> round(float(hb.losses.sparse_categorical_crossentropy([1], [[0.25, 0.5, 0.25]])[0]), 4)
    0.6931
    """
    y_pred, from_logits = _logits(y_pred, from_logits, "softmax", axis)
    y_true, y_pred = class_indices("sparse_categorical_crossentropy", y_true, y_pred, axis)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits)
    valid = y_true != ignore_class
    # Ones are harmless predictions, as logits and as probabilities.
    y_pred = jnp.where(valid[..., None], y_pred, 1)
    loss = ops.sparse_categorical_crossentropy(jnp.where(valid, y_true, 0), y_pred, from_logits)
    loss = jnp.where(valid, loss, 0)
    set_mask(loss, valid)
    return loss


@op
def categorical_generalized_cross_entropy(y_true: Tensor, y_pred: Tensor, q: float):
    """`(1 - y_pred[y_true] ** q) / q`: a cross-entropy that endures wrong labels.

    Between the cross-entropy (`q` near 0) and the mean absolute error (`q` near 1). Source: Zhang
    and Sabuncu 2018, "Generalized cross entropy loss for training with noisy labels".

    Args:
        y_true: class indices, of the shape of `y_pred` without the last axis.
        y_pred: probabilities, the classes on the last axis.
        q: between 0 and 1.

    Returns:
        The loss per sample: the shape without the last axis.

    >>> import hornbill as hb
    >>> loss = hb.losses.categorical_generalized_cross_entropy([1], [[0.25, 0.5, 0.25]], q=0.5)
    >>> round(float(loss[0]), 4)
    0.5858
    """
    y_true, y_pred = class_indices("categorical_generalized_cross_entropy", y_true, y_pred)
    p = jnp.sum(y_pred * jax.nn.one_hot(y_true, y_pred.shape[-1], dtype=y_pred.dtype), axis=-1)
    return (1 - p**q) / q


@op
def kl_divergence(y_true: Tensor, y_pred: Tensor):
    """`sum(y_true * log(y_true / y_pred))` over the last axis.

    Source: Kullback and Leibler 1951, "On information and sufficiency".

    Args:
        y_true, y_pred: probabilities of shape `(batch, ..., n)`; clipped to `epsilon()` and 1.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> round(float(hb.losses.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])[0]), 4)
    0.1438
    """
    y_true, y_pred = value_by_value("kl_divergence", y_true, y_pred)
    y_true, y_pred = jnp.clip(y_true, epsilon(), 1), jnp.clip(y_pred, epsilon(), 1)
    return jnp.sum(y_true * jnp.log(y_true / y_pred), axis=-1)


@op
def poisson(y_true: Tensor, y_pred: Tensor):
    """`mean(y_pred - y_true * log(y_pred))` over the last axis: for counts.

    Args:
        y_true: counts of shape `(batch, ..., n)`.
        y_pred: the expected counts, positive.

    Returns:
        The loss per sample, of shape `(batch, ...)`.

    >>> import hornbill as hb
    >>> hb.losses.poisson([[2.0]], [[1.0]]).round(4).tolist()
    [1.0]
    """
    y_true, y_pred = value_by_value("poisson", y_true, y_pred)
    return jnp.mean(y_pred - y_true * jnp.log(y_pred + epsilon()), axis=-1)


def _logits(y_pred, from_logits: bool, kind: str, axis: int = -1):
    """`(y_pred, from_logits)`, with the logits of probabilities that a model's step remembers."""
    if from_logits or axis not in (-1, jnp.ndim(y_pred) - 1):
        return y_pred, from_logits
    logits = logits_of(y_pred, kind)
    return (y_pred, False) if logits is None else (logits, True)


def _smooth_binary(y_true, amount: float):
    return y_true * (1.0 - amount) + 0.5 * amount if amount else y_true


def _smooth_classes(y_true, amount: float, axis: int):
    return y_true * (1.0 - amount) + amount / y_true.shape[axis] if amount else y_true


def _warn_of_one_class(who: str, y_pred, axis: int) -> None:
    if y_pred.shape[axis] == 1:
        warnings.warn(
            f"{who} over one class is always 0, so nothing is learned. For two classes use "
            "binary_crossentropy, for class indices more units and sparse_categorical_crossentropy."
            f" Received: y_pred.shape={y_pred.shape}",
            SyntaxWarning,
            stacklevel=4,
        )


BinaryCrossentropy = loss_class("BinaryCrossentropy", binary_crossentropy)
BinaryFocalCrossentropy = loss_class("BinaryFocalCrossentropy", binary_focal_crossentropy)
CategoricalCrossentropy = loss_class("CategoricalCrossentropy", categorical_crossentropy)
CategoricalFocalCrossentropy = loss_class(
    "CategoricalFocalCrossentropy", categorical_focal_crossentropy
)
SparseCategoricalCrossentropy = loss_class(
    "SparseCategoricalCrossentropy",
    sparse_categorical_crossentropy,
    {"from_logits": False, "ignore_class": None, "reduction": DEFAULT, "axis": -1},
)
CategoricalGeneralizedCrossEntropy = loss_class(
    "CategoricalGeneralizedCrossEntropy", categorical_generalized_cross_entropy, {"q": 0.5}
)
KLDivergence = loss_class("KLDivergence", kl_divergence)
Poisson = loss_class("Poisson", poisson)
