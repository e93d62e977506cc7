"""Resizing: images of one size."""

import math

import jax.numpy as jnp

from ... import ops
from ...ops.boxes import clip_to_image_size, convert_format
from ...ops.image.size import RESIZE_METHODS
from .image_base import ImagePreprocessing, choice, positive_int


class Resizing(ImagePreprocessing):
    """Images of the size given, in training and outside.

    Args:
        height, width: the size of the output.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        crop_to_aspect_ratio: whether images are first cut, in their middle, to the new ratio.
        pad_to_aspect_ratio: whether they are first filled up, on both sides, to the new ratio.
        fill_mode: `"constant"`, with what is filled up.
        fill_value: the constant.
        antialias: whether shrinking averages over all pixels.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input shape: `(batch, h, w, channels)`, or one image, or a dict, see `ImagePreprocessing`.
    Output shape: `(batch, height, width, channels)`. The dtype stays; ints are rounded. Boxes of
    zeros or of -1 are padding and become zeros.

    >>> import hornbill as hb
    >>> hb.layers.Resizing(4, 5)(hb.ops.ones((2, 8, 8, 3))).shape
    (2, 4, 5, 3)
    """

    draws = False

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.height = positive_int(self, "height", height)
        self.width = positive_int(self, "width", width)
        self.interpolation = choice(self, "interpolation", interpolation, RESIZE_METHODS)
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(
                "Resizing crops or pads to the aspect ratio, not both. Received: "
                "crop_to_aspect_ratio=True, pad_to_aspect_ratio=True"
            )
        self.crop_to_aspect_ratio = bool(crop_to_aspect_ratio)
        self.pad_to_aspect_ratio = bool(pad_to_aspect_ratio)
        self.fill_mode = choice(self, "fill_mode", fill_mode, ("constant",))
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def _resize(self, images, interpolation):
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def get_random_transformation(self, data, training=True, seed=None):
        return self.size_of((data["images"] if isinstance(data, dict) else data).shape)

    def transform_images(self, images, transformation=None, training=True):
        return self._resize(images, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return self._resize(segmentation_masks, "nearest")

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        height, width = transformation
        given = jnp.asarray(bounding_boxes["boxes"])
        padding = ((given == 0).all(-1) | (given == -1).all(-1))[..., None]
        moved = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", height, width)
        (sx, dx), (sy, dy) = self._scales(height, width)
        boxes = moved["boxes"] * jnp.array([sx, sy, sx, sy]) + jnp.array([dx, dy, dx, dy])
        target = (self.height, self.width)
        moved = clip_to_image_size({**moved, "boxes": boxes}, *target)
        moved["boxes"] = jnp.where(padding, 0, moved["boxes"])
        return convert_format(moved, "xyxy", self.bounding_box_format, *target)

    def _scales(self, height, width):
        """Scale and shift of places across and down."""
        sx, sy = self.width / width, self.height / height
        if self.pad_to_aspect_ratio:
            sx = sy = min(sx, sy)
        elif self.crop_to_aspect_ratio:
            sx = sy = max(sx, sy)
        rooms = (self.width - width * sx, self.height - height * sy)
        dx, dy = (math.copysign(abs(room) // 2, room) for room in rooms)
        return (sx, dx), (sy, dy)
