"""Curves over pixel values: inversion, fewer levels, solarization, stretched histograms."""

import jax
import jax.numpy as jnp

from ... import random
from .image_base import (
    ColorPreprocessing,
    check_value_range,
    each,
    interval,
    positive_int,
    rescale,
)

BYTES = (0, 255)


class RandomInvert(ColorPreprocessing):
    """Turns some images into their negatives, in training: `x` becomes `high - x`.

    Args:
        factor: the probability for each image: `f` draws it from `(0, f)`, two numbers draw it
            between them.
        value_range: the least and the largest value of a pixel.
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.RandomInvert((1, 1))(hb.ops.array([[[0.0, 55.0, 255.0]]])).tolist()
    [[[255.0, 200.0, 0.0]]]
    """

    def __init__(
        self,
        factor=1.0,
        value_range=(0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = interval(self, "factor", factor)
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        return {"apply_inversion": chosen(images, self.factor, seed)}

    def change(self, images, transformation):
        apply = each(transformation["apply_inversion"], images) > 0
        return jnp.where(apply, self.value_range[1] - images, images)


def chosen(images, probability, seed):
    """Which images of a batch are changed; the probability, too, is drawn for each."""
    shape = images.shape[:1]
    limit = random.uniform(shape, *probability, seed=seed)
    return random.uniform(shape, seed=seed) < limit


class RandomPosterization(ColorPreprocessing):
    """Keeps only the highest bits of each pixel's byte, in training.

    Args:
        factor: how many bits, 1 to 8: `f` draws from 1 to `f - 1`, two ints draw from the first
            to the one before the second; if these are equal, it is the number.
        value_range: the least and the largest value of a pixel.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.RandomPosterization(1)(hb.ops.array([[[128.0, 235.0, 87.0]]])).tolist()
    [[[128.0, 128.0, 0.0]]]
    """

    def __init__(
        self,
        factor,
        value_range=(0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = interval(self, "factor", factor, 1, 8)
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        low, high = self.factor
        shape = images.shape[:1]
        if low == high:
            bits = jnp.full(shape, low, "uint8")
        else:
            bits = random.randint(shape, low, high, "uint8", seed=seed)
        return {"shift_factor": 8 - bits}

    def change(self, images, transformation):
        shift = jnp.asarray(transformation["shift_factor"], "uint8").reshape(-1, 1, 1, 1)
        levels = rescale(images, self.value_range, BYTES).astype("uint8")
        return rescale((levels >> shift << shift).astype(images.dtype), BYTES, self.value_range)


class Solarization(ColorPreprocessing):
    """Adds to the pixels and inverts those that are then bright, in training.

    Args:
        addition_factor: what is added, as a share of the value range: `f` draws from `(0, f)`,
            two numbers draw between them; all between 0 and 1.
        threshold_factor: from where pixels are inverted, in the same way.
        value_range: the least and the largest value of a pixel.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.Solarization()(hb.ops.array([[[0.0, 55.0, 255.0]]])).tolist()
    [[[255.0, 200.0, 0.0]]]
    """

    def __init__(
        self,
        addition_factor=0.0,
        threshold_factor=0.0,
        value_range=(0, 255),
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.addition_factor = interval(self, "addition_factor", addition_factor, strict=True)
        self.threshold_factor = interval(self, "threshold_factor", threshold_factor, strict=True)
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        def drawn(factor):
            # Keras's numbers: the lower end counts in bytes, the upper in shares of 255.
            shape = (images.shape[0], 1, 1, 1)
            return random.uniform(shape, factor[0], factor[1] * 255, seed=seed)

        return {
            "additions": drawn(self.addition_factor),
            "thresholds": drawn(self.threshold_factor),
        }

    def change(self, images, transformation):
        lighter = rescale(images, self.value_range, BYTES)
        lighter = jnp.clip(lighter + each(transformation["additions"], images), *BYTES)
        dark = lighter < each(transformation["thresholds"], images)
        return rescale(jnp.where(dark, lighter, 255 - lighter), BYTES, self.value_range)


class AutoContrast(ColorPreprocessing):
    """Stretches each image's channels to the whole value range, in training and outside.

    A channel of one value stays.

    Args:
        value_range: the least and the largest value of a pixel.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.AutoContrast()(hb.ops.array([[[10.0], [20.0]], [[15.0], [20.0]]])).tolist()
    [[[0.0], [255.0]], [[127.5], [255.0]]]
    """

    draws = False

    def __init__(self, value_range=(0, 255), **kwargs):
        super().__init__(**kwargs)
        self.value_range = check_value_range(self, value_range)

    def transform_images(self, images, transformation=None, training=True):
        images = jnp.asarray(images, self.compute_dtype)
        low = images.min(self.size_axes, keepdims=True)
        high = images.max(self.size_axes, keepdims=True)
        stretched = (images - low) / jnp.where(high > low, high - low, 1)
        stretched = rescale(stretched, (0, 1), self.value_range)
        return jnp.where(high > low, stretched, images)


class Equalization(ColorPreprocessing):
    """Makes all values of a channel about equally frequent, in training.

    Each value becomes its rank among the channel's values in the whole batch, as in Keras.

    Args:
        value_range: the least and the largest value of a pixel.
        bins: how many values are told apart.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.Equalization()(hb.ops.array([[[10.0], [20.0]], [[30.0], [40.0]]])).tolist()
    [[[0.0], [85.0]], [[170.0], [255.0]]]
    """

    draws = False

    def __init__(
        self, value_range=(0, 255), bins: int = 256, data_format: str | None = None, **kwargs
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.bins = positive_int(self, "bins", bins)
        self.value_range = check_value_range(self, value_range)

    def change(self, images, transformation):
        levels = rescale(images, self.value_range, BYTES)
        levels = jnp.moveaxis(levels, self.channel_axis, 0)
        equalized = jnp.moveaxis(jax.vmap(self._equalize)(levels), 0, self.channel_axis)
        return rescale(equalized, BYTES, self.value_range)

    def _equalize(self, channel):
        found = (channel * ((self.bins - 1) / 255)).astype("int32").clip(0, self.bins - 1)
        counts = jnp.bincount(found.ravel(), length=self.bins)
        below = jnp.cumsum(counts)
        first = below[jnp.argmax(below > 0)]
        ranks = (below - first) * 255 / jnp.maximum(below[-1] - first, 1)
        ranks = jnp.round(ranks).clip(*BYTES).astype(channel.dtype)
        return jnp.where((counts > 0).sum() <= 1, channel, ranks[found])
