"""Boxes moved, cut and turned together with their image."""

import jax.numpy as jnp

from ...engine.operation import Tensor, Tensors, op
from .formats import check_format


@op
def clip_to_image_size(
    bounding_boxes: Tensors,
    height: Tensor | None = None,
    width: Tensor | None = None,
    bounding_box_format: str = "xyxy",
):
    """The parts of boxes inside the image.

    Args:
        bounding_boxes: a dict with `"boxes"` of shape `(..., n, 4)` and perhaps `"labels"` of
            shape `(..., n)`; the label of a box that lies outside becomes -1.
        height: the image's height, needed with `"xyxy"`.
        width: its width, likewise.
        bounding_box_format: `"xyxy"` or `"rel_xyxy"`.

    Returns:
        A dict like `bounding_boxes`.

    >>> import hornbill as hb
    >>> boxes = {"boxes": hb.ops.array([[-5.0, 2, 5, 9], [20, 2, 30, 9]]), "labels": [1, 2]}
    >>> clipped = hb.utils.bounding_boxes.clip_to_image_size(boxes, height=8, width=10)
    >>> clipped["boxes"].tolist(), [int(n) for n in clipped["labels"]]
    ([[0.0, 2.0, 5.0, 8.0], [10.0, 2.0, 10.0, 8.0]], [1, -1])
    """
    check_format(
        "clip_to_image_size", "bounding_box_format", bounding_box_format, ("xyxy", "rel_xyxy")
    )
    if bounding_box_format == "rel_xyxy":
        height = width = 1
    elif height is None or width is None:
        raise ValueError(
            "bounding_boxes.clip_to_image_size needs height and width for 'xyxy' boxes. "
            f"Received: height={height!r}, width={width!r}"
        )
    clipped = _clip(jnp.asarray(bounding_boxes["boxes"]), height, width)
    result = {**bounding_boxes, "boxes": clipped}
    if bounding_boxes.get("labels") is not None:
        labels = jnp.asarray(bounding_boxes["labels"])
        area = jnp.prod(clipped[..., 2:] - clipped[..., :2], -1)
        result["labels"] = jnp.where(area > 0, labels, -1)
    return result


def _clip(boxes, height, width):
    most = jnp.stack([width, height, width, height], -1).astype(boxes.dtype)
    return jnp.clip(boxes, 0, most)


@op
def crop(boxes: Tensor, top, left, height, width, bounding_box_format: str = "xyxy"):
    """Boxes in the part of an image that starts at `(top, left)`, cut at its edges.

    Args:
        boxes: boxes of shape `(..., 4)`.
        top: where the part begins.
        left: likewise.
        height: the part's height.
        width: its width.
        bounding_box_format: `"xyxy"`.

    >>> import hornbill as hb
    >>> hb.utils.bounding_boxes.crop([[10, 20, 50, 60]], 10, 20, 40, 25).tolist()
    [[0, 10, 25, 40]]
    """
    check_format("crop", "bounding_box_format", bounding_box_format, ("xyxy",))
    return _clip(boxes - jnp.array([left, top, left, top]), height, width)


@op
def pad(boxes: Tensor, top, left, height=None, width=None, bounding_box_format: str = "xyxy"):
    """Boxes in an image with rows added above and columns added on the left.

    Args:
        boxes: boxes of shape `(..., 4)`.
        top: rows added above.
        left: columns added on the left.
        height: None: what is added below moves no box. Keras has it in the signature, unused.
        width: None, likewise.
        bounding_box_format: `"xyxy"`.

    >>> import hornbill as hb
    >>> hb.utils.bounding_boxes.pad([[10, 20, 50, 60]], 1, 2).tolist()
    [[12, 21, 52, 61]]
    """
    check_format("pad", "bounding_box_format", bounding_box_format, ("xyxy",))
    if height is not None or width is not None:
        raise ValueError(
            "bounding_boxes.pad takes no height and width: rows below and columns on the right move"
            f" no box. Leave them out. Received: height={height!r}, width={width!r}"
        )
    return boxes + jnp.array([left, top, left, top])


@op
def affine_transform(
    boxes: Tensor,
    angle: Tensor,
    translate_x: Tensor,
    translate_y: Tensor,
    scale: Tensor,
    shear_x: Tensor,
    shear_y: Tensor,
    height,
    width,
    center_x: Tensor | None = None,
    center_y: Tensor | None = None,
    bounding_box_format: str = "xyxy",
):
    """The upright boxes around boxes that are turned, moved, scaled and sheared.

    Args:
        boxes: boxes of shape `(batch, n, 4)`.
        angle: degrees, one number for each of the batch, as all that follow.
        translate_x: how far to the right, in widths.
        translate_y: how far down, in heights.
        scale: the factor.
        shear_x: degrees.
        shear_y: degrees.
        height: the image's height.
        width: its width.
        center_x: the point that stays, in widths; the middle when None.
        center_y: likewise, in heights.
        bounding_box_format: `"xyxy"`.

    >>> import hornbill as hb
    >>> one, zero = hb.ops.ones(1), hb.ops.zeros(1)
    >>> boxes = hb.ops.array([[[0.0, 0.0, 4.0, 2.0]]])
    >>> hb.utils.bounding_boxes.affine_transform(
    ...     boxes, zero, zero, zero, 2 * one, zero, zero, 9, 9).tolist()
    [[[-4.0, -4.0, 4.0, 0.0]]]
    """
    check_format("affine_transform", "bounding_box_format", bounding_box_format, ("xyxy",))
    extent = jnp.array([width - 1, height - 1], "float32")
    middle = [0.5 if c is None else c for c in (center_x, center_y)]
    center = jnp.stack(jnp.broadcast_arrays(*middle, angle)[:2], -1) * extent
    shift = -jnp.stack([translate_x, translate_y], -1) * extent
    rotation, shear_x, shear_y = (jnp.deg2rad(-d) for d in (angle, shear_x, shear_y))
    a = jnp.cos(rotation - shear_y) / jnp.cos(shear_y)
    b = a * jnp.tan(shear_x) + jnp.sin(rotation)
    c = -jnp.sin(rotation - shear_y) / jnp.cos(shear_y)
    d = jnp.cos(rotation) - c * jnp.tan(shear_x)
    # The inverse of [[a, b], [c, d]], whose determinant is 1.
    rows = [jnp.stack([d, -b], -1), jnp.stack([-c, a], -1)]
    matrix = jnp.stack(rows, -2) * jnp.asarray(scale)[..., None, None]
    offset = center - jnp.einsum("bij,bj->bi", matrix, center + shift)
    corners = boxes[..., jnp.array([[0, 1], [2, 1], [2, 3], [0, 3]])].astype(matrix.dtype)
    moved = jnp.einsum("bij,bnkj->bnki", matrix, corners) + offset[:, None, None]
    return jnp.concatenate([moved.min(2), moved.max(2)], -1)
