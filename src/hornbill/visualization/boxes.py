"""Bounding boxes drawn on images, by Pillow."""

import numpy as np

from ..engine.config import standardize_data_format
from ..engine.operation import convert_to_numpy
from ..ops.boxes import convert_format
from ..utils.images import pillow
from .common import image_batch


def draw_bounding_boxes(
    images,
    bounding_boxes: dict,
    bounding_box_format: str,
    class_mapping: dict | None = None,
    color=(128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray:
    """Draws boxes, with the names of their classes, on a batch of images.

    Args:
        images: `(batch, height, width, channels)` with 1, 3 or 4 channels; integers from 0 to 255,
            or floats that are taken as 0 ... 1 when none is above 1.
        bounding_boxes: a dict of `"boxes"`, `(batch, boxes, 4)`, `"labels"`, `(batch, boxes)` with
            -1 for a box that is not there, and optionally `"confidences"`, `(batch, boxes)`.
        bounding_box_format: such as `"xyxy"`; see `utils.bounding_boxes.convert_format`.
        class_mapping: `{label: name}`; boxes of other labels get no name.
        color: red, green, blue, from 0 to 255.
        line_thickness: of the boxes, in pixels.
        text_thickness: of the letters; that of the lines when None or 0.
        font_scale: the letters' size; 1 is 22 pixels.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Returns:
        The images with the boxes, bytes of the shape of `images`.

    Raises:
        ImportError: without Pillow.
        ValueError: for images or boxes of another form.

    >>> import hornbill as hb, numpy as np
    >>> boxes = {"boxes": [[[1, 1, 5, 6]]], "labels": [[0]]}
    >>> drawn = hb.visualization.draw_bounding_boxes(
    ...     np.zeros((1, 8, 8, 3)), boxes, "xyxy", color=(255, 0, 0), line_thickness=1
    ... )
    >>> drawn[0, 1, :, 0].tolist()
    [0, 255, 255, 255, 255, 255, 0, 0]
    """
    image_module = pillow()
    first = standardize_data_format(data_format) == "channels_first"
    images = image_batch("draw_bounding_boxes", images, data_format)
    if images.shape[-1] not in (1, 3, 4):
        raise ValueError(
            "visualization.draw_bounding_boxes takes images of 1, 3 or 4 channels. "
            f"Received: {images.shape[-1]} channels"
        )
    if not isinstance(bounding_boxes, dict):
        raise TypeError(
            "visualization.draw_bounding_boxes takes a dict with 'boxes' and 'labels'. "
            f"Received: bounding_boxes={bounding_boxes!r}"
        )
    missing = {"boxes", "labels"} - bounding_boxes.keys()
    if missing:
        raise ValueError(
            f"visualization.draw_bounding_boxes needs {sorted(missing)} in bounding_boxes. "
            f"Received: the keys {sorted(bounding_boxes)}"
        )
    height, width = images.shape[1:3]
    converted = convert_format(bounding_boxes, bounding_box_format, "xyxy", height, width)
    boxes = convert_to_numpy(converted["boxes"]).astype(int)
    labels = convert_to_numpy(bounding_boxes["labels"]).astype(int)
    confidences = bounding_boxes.get("confidences")
    if confidences is not None:
        confidences = convert_to_numpy(confidences)
    draw = _Drawing(color, images.shape[-1], line_thickness, text_thickness, font_scale)
    drawn = []
    for i, pixels in enumerate(_to_bytes(images)):
        image = image_module.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        for j, (box, label) in enumerate(zip(boxes[i], labels[i], strict=True)):
            if label == -1:
                continue
            name = (class_mapping or {}).get(int(label))
            if name is not None and confidences is not None:
                name = f"{name} | {confidences[i][j]:.2f}"
            draw.box(image, [int(n) for n in box], name)
        drawn.append(np.asarray(image).reshape(pixels.shape))
    result = np.stack(drawn) if drawn else _to_bytes(images)
    return result.transpose(0, 3, 1, 2) if first else result


class _Drawing:
    """How boxes and names look."""

    def __init__(self, color, channels, line_thickness, text_thickness, font_scale):
        color = tuple(int(c) for c in color)
        self.color = {1: color[0], 3: color, 4: (*color, 255)}[channels]
        self.line = line_thickness
        self.stroke = (text_thickness or line_thickness) - 1
        self.size = max(1, round(22 * font_scale))

    def box(self, image, corners, name: str | None) -> None:
        from PIL import ImageDraw, ImageFont

        left, top, right, bottom = corners
        pen = ImageDraw.Draw(image)
        corners = min(left, right), min(top, bottom), max(left, right), max(top, bottom)
        pen.rectangle(corners, outline=self.color, width=self.line)
        if name is None:
            return
        # Above the box where there is room, else inside.
        above = top - self.size - 8
        place = (left, above) if above >= 0 else (left + 3, top + self.line + 3)
        font = ImageFont.load_default(self.size)
        pen.text(place, str(name), fill=self.color, font=font, stroke_width=self.stroke)


def _to_bytes(images: np.ndarray) -> np.ndarray:
    if images.dtype.kind == "f" and images.size and images.max() <= 1:
        images = images * 255
    return np.clip(images, 0, 255).astype("uint8")
