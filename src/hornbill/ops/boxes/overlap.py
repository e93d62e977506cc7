"""How far boxes cover each other."""

import math

import jax.numpy as jnp

from ...engine.config import epsilon
from ...engine.operation import Tensor, op
from .formats import convert_format


def _corners(who, boxes, form, image_shape):
    if "rel" in form and image_shape is None:
        raise ValueError(
            f"bounding_boxes.{who} needs image_shape for relative boxes. "
            f"Received: bounding_box_format={form!r}, image_shape=None"
        )
    height, width = (None, None) if image_shape is None else image_shape[:2]
    return [convert_format(b, form, "xyxy", height, width) for b in boxes]


def _intersection(a, b):
    sides = jnp.minimum(a[..., 2:], b[..., 2:]) - jnp.maximum(a[..., :2], b[..., :2])
    return jnp.prod(jnp.maximum(sides, 0), -1)


@op
def compute_iou(
    boxes1: Tensor,
    boxes2: Tensor,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape=None,
):
    """The intersection over union of each box of one set with each of another.

    Args:
        boxes1: `(m, 4)` or `(batch, m, 4)`.
        boxes2: `(n, 4)` or `(batch, n, 4)`.
        bounding_box_format: their form, see `convert_format`.
        use_masking: whether boxes with four negative numbers (padding) give `mask_val`.
        mask_val: what they give.
        image_shape: `(height, width, channels)`, needed with relative forms.

    Returns:
        `(m, n)`, or `(batch, m, n)` where one of the sets is a batch.

    >>> import hornbill as hb
    >>> iou = hb.utils.bounding_boxes.compute_iou([[0, 0, 2, 2]], [[1, 0, 3, 2]], "xyxy")
    >>> round(float(iou[0, 0]), 4)
    0.3333
    """
    for name, boxes in (("boxes1", boxes1), ("boxes2", boxes2)):
        if jnp.ndim(boxes) not in (2, 3):
            raise ValueError(
                f"bounding_boxes.compute_iou's {name} has shape (n, 4) or (batch, n, 4). "
                f"Received: shape {jnp.shape(boxes)}"
            )
    a, b = _corners("compute_iou", (boxes1, boxes2), bounding_box_format, image_shape)
    a, b = a[..., :, None, :], b[..., None, :, :]
    shared = _intersection(a, b)
    areas = [jnp.prod(x[..., 2:] - x[..., :2], -1) for x in (a, b)]
    result = shared / (areas[0] + areas[1] - shared + epsilon())
    if not use_masking:
        return result
    padding = (a.max(-1) < 0) | (b.max(-1) < 0)
    return jnp.where(padding, jnp.asarray(mask_val, result.dtype), result)


@op
def compute_ciou(boxes1: Tensor, boxes2: Tensor, bounding_box_format: str, image_shape=None):
    """The complete IoU of pairs of boxes: overlap, less the distance and the ratios' difference.

    Source: Zheng et al. 2020, "Distance-IoU loss". The value is 1 for equal boxes, and falls below
    0 for boxes far apart.

    Args:
        boxes1: `(..., 4)`.
        boxes2: `(..., 4)`.
        bounding_box_format: their form, see `convert_format`.
        image_shape: `(height, width, channels)`, needed with relative forms.

    >>> import hornbill as hb
    >>> round(float(hb.utils.bounding_boxes.compute_ciou([0, 0, 2, 2], [0, 0, 2, 2], "xyxy")), 4)
    1.0
    """
    a, b = _corners("compute_ciou", (boxes1, boxes2), bounding_box_format, image_shape)
    eps = epsilon()
    (w1, h1), (w2, h2) = ((x[..., 2] - x[..., 0], x[..., 3] - x[..., 1] + eps) for x in (a, b))
    shared = _intersection(a, b)
    iou = shared / (w1 * h1 + w2 * h2 - shared + 2 * eps)
    hull = jnp.maximum(a[..., 2:], b[..., 2:]) - jnp.minimum(a[..., :2], b[..., :2])
    diagonal = jnp.sum(hull**2, -1) + eps
    distance = jnp.sum(((a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) / 2) ** 2, -1)
    v = 4 / math.pi**2 * (jnp.arctan(w2 / h2) - jnp.arctan(w1 / h1)) ** 2
    return iou - (distance / diagonal + v * v / (v - iou + (1 + eps)))
