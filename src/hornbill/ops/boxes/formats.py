"""The forms in which a box's four numbers are written."""

import jax.numpy as jnp

from ...engine.dtypes import standardize_dtype
from ...engine.operation import Tensor, op

FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)


def check_format(who: str, name: str, value: str, choices=FORMATS) -> str:
    """A format in lower case; unknown ones are refused."""
    if not isinstance(value, str) or value.lower() not in choices:
        raise ValueError(
            f"bounding_boxes.{who}'s {name} is one of {', '.join(choices)}. "
            f"Received: {name}={value!r}"
        )
    return value.lower()


def convert_format(
    boxes,
    source: str,
    target: str,
    height=None,
    width=None,
    dtype: str = "float32",
):
    """Boxes written in another form.

    `"xyxy"` is left, top, right, bottom; `"xywh"` left, top, width, height; `"center_xywh"` the
    middle, width, height; `"yxyx"` and `"center_yxhw"` say the vertical numbers first. A form with
    `"rel_"` before it counts in widths and heights of the image: `"rel_xyxy"`, `"rel_yxyx"`,
    `"rel_xywh"`, `"rel_center_xywh"`.

    Args:
        boxes: boxes of shape `(..., 4)`, or a dict that holds them under `"boxes"`.
        source: the form of `boxes`.
        target: the form of the result.
        height: the image's height, needed with relative forms.
        width: its width, likewise.
        dtype: the dtype of the result.

    >>> import hornbill as hb
    >>> convert = hb.utils.bounding_boxes.convert_format
    >>> convert([[10, 20, 30, 60]], "xyxy", "center_xywh").tolist()
    [[20.0, 40.0, 20.0, 40.0]]
    """
    source = check_format("convert_format", "source", source)
    target = check_format("convert_format", "target", target)
    if "rel_" in source + target and (height is None or width is None):
        raise ValueError(
            "bounding_boxes.convert_format needs height and width for relative boxes. "
            f"Received: source={source!r}, target={target!r}, height={height!r}, width={width!r}"
        )
    if isinstance(boxes, dict):
        new = convert_boxes(boxes["boxes"], source, target, height, width, dtype)
        return {**boxes, "boxes": new}
    return convert_boxes(boxes, source, target, height, width, dtype)


@op
def convert_boxes(boxes: Tensor, source: str, target: str, height: Tensor, width: Tensor, dtype):
    """`convert_format` of an array."""
    if jnp.shape(boxes)[-1:] != (4,):
        raise ValueError(
            "bounding_boxes.convert_format takes boxes of shape (..., 4). "
            f"Received: shape {jnp.shape(boxes)}"
        )
    boxes = jnp.asarray(boxes, standardize_dtype(dtype))
    if source == target:
        return boxes
    corners = _to_corners(boxes, source.removeprefix("rel_"))
    was, becomes = source.startswith("rel_"), target.startswith("rel_")
    if was != becomes:
        size = jnp.stack([width, height, width, height], -1).astype(boxes.dtype)
        corners = corners * size if was else corners / size
    return _from_corners(corners, target.removeprefix("rel_"))


def _vertical_first(form) -> bool:
    return form.removeprefix("center_").startswith("y")


def _swap(boxes):
    """Vertical numbers first to horizontal ones first, and back."""
    return boxes[..., jnp.array([1, 0, 3, 2])]


def _to_corners(boxes, form):
    boxes = _swap(boxes) if _vertical_first(form) else boxes
    first, second = boxes[..., :2], boxes[..., 2:]
    if form.startswith("center"):
        return jnp.concatenate([first - second / 2, first + second / 2], -1)
    return jnp.concatenate([first, first + second], -1) if form == "xywh" else boxes


def _from_corners(boxes, form):
    first, second = boxes[..., :2], boxes[..., 2:]
    if form.startswith("center"):
        boxes = jnp.concatenate([first + (second - first) / 2, second - first], -1)
    elif form == "xywh":
        boxes = jnp.concatenate([first, second - first], -1)
    return _swap(boxes) if _vertical_first(form) else boxes
