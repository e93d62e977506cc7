"""Brightness, contrast, grey, hue and saturation, changed at random."""

import jax.numpy as jnp

from ... import random
from ...engine.config import epsilon
from ...ops import image as ops
from .image_base import ColorPreprocessing, check_value_range, each, interval, rescale


class RandomBrightness(ColorPreprocessing):
    """Makes each image lighter or darker, in training.

    Args:
        factor: how much, as a share of the value range: `f` draws from `(-f, f)`, two numbers
            draw between them; all between -1 and 1.
        value_range: the least and the largest value of a pixel; results are cut to it.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomBrightness((0.5, 0.5), value_range=(0, 1))
    >>> layer(hb.ops.zeros((1, 1, 3))).tolist()
    [[[0.5, 0.5, 0.5]]]
    """

    def __init__(self, factor, value_range=(0, 255), seed: int | None = None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.factor = interval(self, "factor", factor, -1)
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        low, high = self.value_range
        share = random.uniform((images.shape[0], 1, 1, 1), *self.factor, seed=seed)
        return {"rgb_delta": share * (high - low)}

    def change(self, images, transformation):
        lighter = images + each(transformation["rgb_delta"], images)
        return jnp.clip(lighter, *self.value_range)


class RandomContrast(ColorPreprocessing):
    """Stretches each image's values around their means, in training.

    Values become `(x - mean) * s + mean` in each channel.

    Args:
        factor: a number `f` draws `s` from `(1, 1 + f)`, two numbers from
            `(1 - first, 1 + second)`; between 0 and 1.
        value_range: the least and the largest value of a pixel; results are cut to it.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomContrast((0.5, 0.5), seed=1)
    >>> layer(hb.ops.full((4, 4, 3), 7.0)).shape
    (4, 4, 3)
    """

    def __init__(self, factor, value_range=(0, 255), seed: int | None = None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.factor = interval(self, "factor", factor)
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        low, high = self.factor
        shape = (images.shape[0], 1, 1, 1)
        return {"contrast_factor": random.uniform(shape, 1.0 - low, 1.0 + high, seed=seed)}

    def change(self, images, transformation):
        mean = images.mean(self.size_axes, keepdims=True)
        stretched = (images - mean) * each(transformation["contrast_factor"], images) + mean
        return jnp.clip(stretched, *self.value_range)


class RandomColorDegeneration(ColorPreprocessing):
    """Takes some of the colour out of each RGB image, in training.

    Args:
        factor: how much: 0 nothing, 1 all, as `rgb_to_grayscale`. `f` draws from `(-f, f)`, two
            numbers draw between them.
        value_range: the least and the largest value of a pixel; results are cut to it.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, 3)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomColorDegeneration((1, 1))
    >>> bool((layer(hb.ops.array([[[10.0, 20.0, 30.0]]])).round(2) == 18.15).all())
    True
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
        self.factor = interval(self, "factor", factor, -1)
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        shape = (images.shape[0], 1, 1, 1)
        return {"factor": random.uniform(shape, *self.factor, seed=seed)}

    def change(self, images, transformation):
        grey = ops.rgb_to_grayscale(images, data_format=self.data_format)
        paler = images + each(transformation["factor"], images) * (grey - images)
        return jnp.clip(paler, *self.value_range)


class RandomGrayscale(ColorPreprocessing):
    """Turns some of the RGB images grey, in training.

    Args:
        factor: the probability for each image, between 0 and 1.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, 3)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> grey = hb.layers.RandomGrayscale(1.0)(hb.ops.array([[[10.0, 20.0, 30.0]]]))
    >>> bool((grey.round(2) == 18.15).all())
    True
    """

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not 0 <= factor <= 1:
            raise ValueError(
                f"RandomGrayscale's factor is between 0 and 1. Received: factor={factor!r}"
            )
        self.factor = factor

    def draw(self, images, seed):
        return random.uniform((images.shape[0], 1, 1, 1), seed=seed) < self.factor

    def change(self, images, transformation):
        grey = ops.rgb_to_grayscale(images, data_format=self.data_format)
        return jnp.where(transformation, grey, images)


class RandomHue(ColorPreprocessing):
    """Turns the hues of each RGB image around the colour wheel, in training.

    Args:
        factor: how far: 1 is half a turn. `f` draws from `(0, f)`, two numbers draw between
            them; all between 0 and 1. The direction is drawn as well.
        value_range: the least and the largest value of a pixel.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, 3)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomHue((1, 1), value_range=(0, 1))
    >>> layer(hb.ops.array([[[1.0, 0.0, 0.0]]])).round(3).tolist()
    [[[0.0, 1.0, 1.0]]]
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
        self.factor = interval(self, "factor", factor)
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        shape = images.shape[:1]
        direction = jnp.where(random.uniform(shape, seed=seed) > 0.5, -1.0, 1.0)
        return {"factor": direction * random.uniform(shape, *self.factor, seed=seed) * 0.5}

    def change(self, images, transformation):
        shares = rescale(images, self.value_range, (0, 1))
        hue, saturation, value = _channels(self, ops.rgb_to_hsv(shares, self.data_format))
        hue = hue + each(transformation["factor"], images)  # hsv_to_rgb takes whole turns off
        turned = jnp.concatenate([hue, saturation, value], self.channel_axis)
        shares = jnp.clip(ops.hsv_to_rgb(turned, self.data_format), 0, 1)
        return rescale(shares, (0, 1), self.value_range)


class RandomSaturation(ColorPreprocessing):
    """Makes the colours of each RGB image stronger or weaker, in training.

    With a factor `f` the saturation (of HSV) is multiplied by `f / (1 - f)`: 0 makes grey, 0.5
    changes nothing, towards 1 all colours become pure.

    Args:
        factor: a number `f` draws from `(-f, f)`, two numbers draw between them.
        value_range: the range to which the saturation is cut.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, 3)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.RandomSaturation((0.0, 0.0))(hb.ops.array([[[1.0, 0.0, 0.5]]])).tolist()
    [[[1.0, 1.0, 1.0]]]
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
        self.factor = interval(self, "factor", factor, -1)
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        factor = random.uniform(images.shape[:1], *self.factor, seed=seed)
        return {"factor": factor / (1 - factor + epsilon())}

    def change(self, images, transformation):
        hue, saturation, value = _channels(self, ops.rgb_to_hsv(images, self.data_format))
        saturation = saturation * each(transformation["factor"], images)
        saturation = jnp.clip(saturation, *self.value_range)
        changed = jnp.concatenate([hue, saturation, value], self.channel_axis)
        return ops.hsv_to_rgb(changed, self.data_format)


class RandomColorJitter(ColorPreprocessing):
    """`RandomBrightness`, `RandomContrast`, `RandomSaturation` and `RandomHue`, one after another.

    Args:
        value_range: the least and the largest value of a pixel.
        brightness_factor, contrast_factor, saturation_factor, hue_factor: the layers' factors;
            None leaves a layer out.
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, 3)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomColorJitter((0, 1), brightness_factor=0.2, hue_factor=0.1)
    >>> layer(hb.ops.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    def __init__(
        self,
        value_range=(0, 255),
        brightness_factor=None,
        contrast_factor=None,
        saturation_factor=None,
        hue_factor=None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.value_range = check_value_range(self, value_range)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor

        more = {"seed": seed, "data_format": data_format, "dtype": self.dtype_policy}

        def made(cls, factor):
            return None if factor is None else cls(factor, self.value_range, **more)

        self.random_brightness = made(RandomBrightness, brightness_factor)
        self.random_contrast = made(RandomContrast, contrast_factor)
        self.random_saturation = made(RandomSaturation, saturation_factor)
        self.random_hue = made(RandomHue, hue_factor)

    @property
    def _steps(self) -> dict:
        names = ("random_brightness", "random_contrast", "random_saturation", "random_hue")
        return {n: getattr(self, n) for n in names if getattr(self, n) is not None}

    def draw(self, images, seed):
        return {name: step.draw(images, seed) for name, step in self._steps.items()}

    def change(self, images, transformation):
        for name, step in self._steps.items():
            images = step.transform_images(images, transformation[name])
        return images


def _channels(layer, images):
    return jnp.split(images, 3, layer.channel_axis)
