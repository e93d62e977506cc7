"""RandomFlip: mirrored images."""

import jax.numpy as jnp

from ... import random
from ...ops.boxes import clip_to_image_size, convert_format
from .image_base import ImagePreprocessing, choice

MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(ImagePreprocessing):
    """Mirrors half of the images, in training.

    Args:
        mode: `"horizontal"` (left and right change places), `"vertical"` (above and below) or
            `"horizontal_and_vertical"` (both at once, half a turn).
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomFlip("horizontal", seed=1)
    >>> sorted({layer(hb.ops.array([[[1], [2]]]))[0, 0, 0].item() for _ in range(9)})
    [1.0, 2.0]
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.mode = choice(self, "mode", mode, MODES)

    def draw(self, images, seed):
        flips = random.uniform((images.shape[0], 1, 1, 1), seed=seed) <= 0.5
        return {"flips": flips, "input_shape": images.shape}

    def change(self, images, transformation):
        down, across = self.size_axes
        axes = {"horizontal": (across,), "vertical": (down,)}.get(self.mode, (down, across))
        return jnp.where(transformation["flips"], jnp.flip(images, axes), images)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return self.change(segmentation_masks, transformation) if training else segmentation_masks

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        if not training:
            return bounding_boxes
        size = self.size_of(transformation["input_shape"])
        moved = convert_format(bounding_boxes, self.bounding_box_format, "rel_xyxy", *size)
        x1, y1, x2, y2 = jnp.split(moved["boxes"], 4, axis=-1)
        if "horizontal" in self.mode:
            x1, x2 = 1 - x2, 1 - x1
        if "vertical" in self.mode:
            y1, y2 = 1 - y2, 1 - y1
        flipped = jnp.concatenate([x1, y1, x2, y2], axis=-1)
        flips = transformation["flips"].reshape(-1, 1, 1)
        moved["boxes"] = jnp.where(flips, flipped, moved["boxes"])
        moved = clip_to_image_size(moved, bounding_box_format="rel_xyxy")
        return convert_format(moved, "rel_xyxy", self.bounding_box_format, *size)
