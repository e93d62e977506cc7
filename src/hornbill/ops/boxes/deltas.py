"""Boxes told from anchors: shifts in the anchor's size, and logarithms of ratios of sizes."""

import jax.numpy as jnp
import numpy as np

from ...engine.config import epsilon
from ...engine.operation import Tensor, op
from .formats import check_format, convert_format

CENTERED = ("center_xywh", "center_yxhw")


def _settings(who, name, form, variance, image_shape):
    form = check_format(who, name, form, CENTERED)
    if variance is not None and np.shape(variance)[-1:] != (4,):
        raise ValueError(
            f"bounding_boxes.{who}'s variance is four numbers. Received: variance={variance!r}"
        )
    height, width = (None, None) if image_shape is None else image_shape[:2]
    return form, 1.0 if variance is None else jnp.asarray(variance, "float32"), height, width


@op
def encode_box_to_deltas(
    anchors: Tensor,
    boxes: Tensor,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance=None,
    image_shape=None,
):
    """How boxes differ from anchors.

    Args:
        anchors: `(n, 4)`.
        boxes: `(n, 4)` or `(batch, n, 4)`.
        anchor_format: the form of `anchors`, see `convert_format`.
        box_format: the form of `boxes`.
        encoding_format: the order of the deltas, `"center_yxhw"` or `"center_xywh"`.
        variance: four numbers that the deltas are divided by, or None.
        image_shape: `(height, width, channels)`, needed with relative forms.

    >>> import hornbill as hb
    >>> hb.utils.bounding_boxes.encode_box_to_deltas(
    ...     [[0.0, 0.0, 4.0, 2.0]], [[1.0, 1.0, 5.0, 3.0]], "xyxy", "xyxy", "center_xywh").tolist()
    [[0.25, 0.5, 0.0, 0.0]]
    """
    form, variance, height, width = _settings(
        "encode_box_to_deltas", "encoding_format", encoding_format, variance, image_shape
    )
    anchors = convert_format(anchors, anchor_format, form, height, width)
    boxes = convert_format(boxes, box_format, form, height, width)
    size, box_size = (jnp.maximum(x[..., 2:], epsilon()) for x in (anchors, boxes))
    shift = (boxes[..., :2] - anchors[..., :2]) / size
    return jnp.concatenate([shift, jnp.log(box_size / size)], -1) / variance


def decode_deltas_to_boxes(
    anchors,
    boxes_delta,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance=None,
    image_shape=None,
):
    """The boxes that `encode_box_to_deltas` told.

    Args:
        anchors: `(n, 4)`, or a dict of these by level.
        boxes_delta: `(n, 4)` or `(batch, n, 4)`, or a dict with the same keys.
        anchor_format: the form of `anchors`, see `convert_format`.
        box_format: the form of the result.
        encoded_format: the order of the deltas, `"center_yxhw"` or `"center_xywh"`.
        variance: four numbers that the deltas are multiplied by, or None.
        image_shape: `(height, width, channels)`, needed with relative forms.

    >>> import hornbill as hb
    >>> hb.utils.bounding_boxes.decode_deltas_to_boxes(
    ...     [[0.0, 0.0, 4.0, 2.0]], [[0.25, 0.5, 0.0, 0.0]], "xyxy", "xyxy", "center_xywh").tolist()
    [[1.0, 1.0, 5.0, 3.0]]
    """
    form, variance, height, width = _settings(
        "decode_deltas_to_boxes", "encoded_format", encoded_format, variance, image_shape
    )

    def decode(anchors, deltas):
        anchors = convert_format(anchors, anchor_format, form, height, width)
        return convert_format(_shifted(anchors, deltas, variance), form, box_format, height, width)

    if isinstance(anchors, dict):
        return {level: decode(anchors[level], boxes_delta[level]) for level in anchors}
    return decode(anchors, boxes_delta)


@op
def _shifted(anchors: Tensor, deltas: Tensor, variance: Tensor):
    """Anchors moved and scaled by deltas, all of them with the middle first."""
    deltas, size = deltas * variance, anchors[..., 2:]
    middle = deltas[..., :2] * size + anchors[..., :2]
    return jnp.concatenate([middle, jnp.exp(deltas[..., 2:]) * size], -1)
