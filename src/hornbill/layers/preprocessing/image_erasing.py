"""RandomErasing: a rectangle of each image is painted over."""

import jax.numpy as jnp

from ... import random
from .image_base import ColorPreprocessing, check_value_range, each, interval
from .image_tone import chosen


def random_span(length, share, seed):
    """Start and end of a random stretch along an axis, one of the given share for each image."""
    size = share * length
    start = random.uniform(share.shape, seed=seed) * (length - size)
    return start, start + size


def rectangles(layer, images, across, down):
    """Which pixels of each image lie in its rectangle; one channel."""
    height, width = layer.size_of(images.shape)
    (x0, x1), (y0, y1) = (((a[:, None, None], b[:, None, None])) for a, b in (across, down))
    y, x = jnp.arange(height)[:, None], jnp.arange(width)
    inside = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    return jnp.expand_dims(inside, layer.channel_axis)


class RandomErasing(ColorPreprocessing):
    """Paints over a random rectangle of some of the images, in training.

    https://arxiv.org/abs/1708.04896. Boxes and masks stay: what is hidden is still there.

    Args:
        factor: the probability for each image: `f` draws it from `(0, f)`, two numbers draw it
            between them.
        scale: the rectangle's area as a share of the image: one or two numbers, as `factor`;
            width and height are the roots of two draws.
        fill_value: a number, three (one for each channel), or None for noise.
        value_range: the least and the largest value of a pixel; the paint is cut to it.
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomErasing((1, 1), scale=(0.25, 0.25), fill_value=0)
    >>> int((layer(hb.ops.ones((8, 8, 1))) == 0).sum())
    16
    """

    def __init__(
        self,
        factor=1.0,
        scale=(0.02, 0.33),
        fill_value=None,
        value_range=(0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = interval(self, "factor", factor)
        self.scale = interval(self, "scale", scale)
        numbers = fill_value if isinstance(fill_value, (tuple, list)) else [fill_value] * 3
        if fill_value is not None and (
            len(numbers) != 3 or not all(isinstance(n, (int, float)) for n in numbers)
        ):
            raise ValueError(
                "RandomErasing's fill_value is a number, three numbers, or None for noise. "
                f"Received: fill_value={fill_value!r}"
            )
        self.fill_value = fill_value
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        height, width = self.size_of(images.shape)
        shares = jnp.sqrt(random.uniform((images.shape[0], 2), *self.scale, seed=seed))
        across = random_span(width, shares[:, 0], seed)
        down = random_span(height, shares[:, 1], seed)
        inside = rectangles(self, images, across, down)
        apply = chosen(images, self.factor, seed)
        return {
            "apply_erasing": apply,
            "batch_masks": inside,
            "fill_value": jnp.clip(self._paint(images, seed), *self.value_range),
        }

    def _paint(self, images, seed):
        if self.fill_value is None:
            return random.normal(images.shape, seed=seed) * self.value_range[1]
        paint = jnp.asarray(self.fill_value, self.compute_dtype)
        if paint.ndim and self.data_format == "channels_first":
            paint = paint[:, None, None]
        return paint

    def change(self, images, transformation):
        erased = (each(transformation["apply_erasing"], images) > 0) & transformation["batch_masks"]
        return jnp.where(erased, transformation["fill_value"], images)
