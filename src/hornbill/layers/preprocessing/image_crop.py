"""CenterCrop and RandomCrop: a window of the image."""

import jax
import jax.numpy as jnp

from ... import ops, random
from ...ops.boxes import clip_to_image_size, convert_format, crop
from .image_base import ImagePreprocessing, positive_int


class _Crop(ImagePreprocessing):
    """Base of what shows a window `(top, left, height, width)` of the images.

    Subclasses say which, in `get_random_transformation`; a window of another size than asked
    for is resized.
    """

    def __init__(self, height: int, width: int, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.height = positive_int(self, "height", height)
        self.width = positive_int(self, "width", width)

    def _largest(self, height, width) -> tuple:
        """The largest window of the target's proportions, in the middle."""
        tall = max(min(height, width * self.height // self.width), 1)
        wide = max(min(width, height * self.width // self.height), 1)
        return (height - tall) // 2, (width - wide) // 2, tall, wide

    def _show(self, images, window, interpolation):
        top, left, height, width = window
        start, sizes = [0] * images.ndim, list(images.shape)
        for axis, first, size in zip(self.size_axes, (top, left), (height, width), strict=True):
            start[axis], sizes[axis] = first, size
        images = jax.lax.dynamic_slice(images, start, sizes)
        if (height, width) == (self.height, self.width):
            return images
        target = (self.height, self.width)
        return ops.image.resize(images, target, interpolation, data_format=self.data_format)

    def transform_images(self, images, transformation=None, training=True):
        images = jnp.asarray(images, self.compute_dtype)
        if transformation is None:
            transformation = self.get_random_transformation(images, training)
        return self._show(images, transformation["window"], "bilinear")

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        masks = jnp.asarray(segmentation_masks)
        if transformation is None:
            transformation = self.get_random_transformation(masks, training)
        return self._show(masks, transformation["window"], "nearest")

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        size = self.size_of(transformation["input_shape"])
        top, left, height, width = transformation["window"]
        moved = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", *size)
        boxes = crop(moved["boxes"], top, left, height, width)
        scale = jnp.array([self.width / width, self.height / height] * 2)
        target = (self.height, self.width)
        moved = clip_to_image_size({**moved, "boxes": boxes * scale}, *target)
        return convert_format(moved, "xyxy", self.bounding_box_format, *target)


class CenterCrop(_Crop):
    """The middle of the images, in training and outside.

    Of an image smaller than asked for, the largest middle part of the right proportions is
    resized.

    Args:
        height, width: the size of the output.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input shape: `(batch, h, w, channels)`, or one image, or a dict, see `ImagePreprocessing`.
    Output shape: `(batch, height, width, channels)`.

    >>> import hornbill as hb
    >>> image = hb.ops.reshape(hb.ops.arange(16.0), (4, 4, 1))
    >>> hb.layers.CenterCrop(2, 2)(image)[..., 0].tolist()
    [[5.0, 6.0], [9.0, 10.0]]
    """

    draws = False

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs):
        super().__init__(height, width, data_format=data_format, **kwargs)

    def get_random_transformation(self, data, training=True, seed=None):
        shape = (data["images"] if isinstance(data, dict) else data).shape
        height, width = self.size_of(shape)
        if height >= self.height and width >= self.width:
            top, left = (height - self.height) // 2, (width - self.width) // 2
            window = (top, left, self.height, self.width)
        else:
            window = self._largest(height, width)
        return {"input_shape": shape, "window": window}


class RandomCrop(_Crop):
    """A random window of the images, the same for a whole batch, in training.

    At inference, and for images that are not larger than asked for, the largest middle part of
    the right proportions is resized.

    Args:
        height, width: the size of the output.
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input shape: `(batch, h, w, channels)`, or one image, or a dict, see `ImagePreprocessing`.
    Output shape: `(batch, height, width, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.RandomCrop(4, 3)(hb.ops.ones((2, 8, 8, 3))).shape
    (2, 4, 3, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs,
    ):
        super().__init__(height, width, seed=seed, data_format=data_format, name=name, **kwargs)

    def get_random_transformation(self, data, training=True, seed=None):
        shape = (data["images"] if isinstance(data, dict) else data).shape
        height, width = self.size_of(shape)
        if training and height > self.height and width > self.width:
            seed = self.generator if seed is None else seed
            top, left = (
                random.uniform((), 0.0, room + 1.0, seed=seed).astype("int32")
                for room in (height - self.height, width - self.width)
            )
            window = (top, left, self.height, self.width)
        else:
            window = self._largest(height, width)
        return {"input_shape": shape, "window": window}
