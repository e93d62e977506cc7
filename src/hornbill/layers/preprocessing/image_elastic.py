"""RandomElasticTransform: images distorted as if on rubber."""

import jax.numpy as jnp

from ... import random
from ...engine.random import draw_key
from ...ops.image.common import FILL_MODES, INTERPOLATIONS
from ...ops.image.geometry import distort
from .image_base import ImagePreprocessing, check_value_range, choice, interval
from .image_tone import chosen


class RandomElasticTransform(ImagePreprocessing):
    """Moves the pixels of some of the images by smooth noise, in training.

    Masks are moved as the images are. Bounding boxes are an error.

    Args:
        factor: the probability for each image: `f` draws it from `(0, f)`, two numbers draw it
            between them.
        scale: how strong: `s` draws from `(0, s)`, two numbers draw between them, once for the
            batch.
        interpolation: `"bilinear"` or `"nearest"`; masks always take the nearest.
        fill_mode: what lies outside: `"constant"`, `"nearest"` (the edge), `"wrap"` (the other
            side), `"mirror"` (without the edge) or `"reflect"` (with it).
        fill_value: the constant.
        value_range: the least and the largest value of a pixel; results are cut to it.
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`. Height and width must be known.

    >>> import hornbill as hb
    >>> hb.layers.RandomElasticTransform()(hb.ops.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        factor=1.0,
        scale=1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range=(0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = interval(self, "factor", factor)
        self.scale = interval(self, "scale", scale)
        self.interpolation = choice(self, "interpolation", interpolation, tuple(INTERPOLATIONS))
        self.fill_mode = choice(self, "fill_mode", fill_mode, FILL_MODES)
        self.fill_value = fill_value
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        if self.scale[1] == 0 or self.factor[1] == 0:
            return None
        return {
            "apply_transform": chosen(images, self.factor, seed),
            # A little more than 0: the blur divides by it.
            "distortion_factor": jnp.maximum(random.uniform((), *self.scale, seed=seed), 1e-6),
            "seed": draw_key(seed),  # one key, so that masks move as the images do
        }

    def get_elastic_transform_params(self, height: int, width: int, factor):
        """The `alpha` and `sigma` of `ops.image.elastic_transform` for images of a size."""
        return max(height, width) * 0.1 * factor, min(height, width) * 0.05 * factor

    def _distort(self, images, transformation, interpolation):
        size = self.size_of(images.shape)
        factor = transformation["distortion_factor"]
        # The size of the blur follows from the largest sigma: shapes cannot depend on draws.
        pixels = int(6 * self.get_elastic_transform_params(*size, self.scale[1])[1]) | 1
        alpha, sigma = self.get_elastic_transform_params(*size, factor)
        look = (interpolation, self.fill_mode, self.fill_value)
        key = transformation["seed"]
        moved = distort(images, alpha, sigma, pixels, *look, key, self.data_format)
        apply = jnp.asarray(transformation["apply_transform"]).reshape(-1, 1, 1, 1)
        return jnp.where(apply, moved, images)

    def change(self, images, transformation):
        if transformation is None:
            return images
        moved = self._distort(images, transformation, self.interpolation)
        return jnp.clip(moved, *self.value_range)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        if not training or transformation is None:
            return segmentation_masks
        return self._distort(segmentation_masks, transformation, "nearest")
