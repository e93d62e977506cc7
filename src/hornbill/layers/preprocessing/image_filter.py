"""What looks at a pixel's neighbours: sharpness and blur at random."""

import jax
import jax.numpy as jnp

from ... import ops, random
from .image_base import ColorPreprocessing, check_value_range, each, interval
from .image_tone import chosen


def _sum_of_three(images, axis):
    """Each pixel with those before and after it along an axis; zeros beyond the edges."""
    axis %= images.ndim
    sides = [(1, 1) if i == axis else (0, 0) for i in range(images.ndim)]
    padded, n = jnp.pad(images, sides), images.shape[axis]
    return sum(jax.lax.slice_in_dim(padded, i, i + n, axis=axis) for i in range(3))


class RandomSharpness(ColorPreprocessing):
    """Blurs or sharpens each image, in training.

    Args:
        factor: 0 blurs, 0.5 changes nothing, 1 sharpens. `f` draws from `(0, f)`, two numbers
            draw between them; all between 0 and 1.
        value_range: the least and the largest value of a pixel; results are cut to it.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomSharpness((0.5, 0.5))
    >>> layer(hb.ops.array([[[1.0], [2.0]], [[3.0], [4.0]]])).tolist()
    [[[1.0], [2.0]], [[3.0], [4.0]]]
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
        return {"factor": random.uniform(images.shape[:1], *self.factor, seed=seed)}

    def change(self, images, transformation):
        down, across = self.size_axes
        blurred = (_sum_of_three(_sum_of_three(images, down), across) + 4 * images) / 13
        blur = 1 - 2 * each(transformation["factor"], images)
        return jnp.clip(images + blur * (blurred - images), *self.value_range)


class RandomGaussianBlur(ColorPreprocessing):
    """Blurs some of the images with a bell curve, in training.

    Args:
        factor: the probability for each image: `f` draws it from `(0, f)`, two numbers draw it
            between them.
        kernel_size: how many pixels the curve covers: an odd int, or two, across and down.
        sigma: the curve's deviation in pixels: a number draws from `(0, sigma)`, two numbers
            draw between them; once for the batch, across and down.
        value_range: the least and the largest value of a pixel; results are cut to it.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.RandomGaussianBlur(kernel_size=5)(hb.ops.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        factor=1.0,
        kernel_size=3,
        sigma=1.0,
        value_range=(0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = interval(self, "factor", factor)
        sizes = kernel_size if isinstance(kernel_size, (tuple, list)) else (kernel_size,) * 2
        if len(sizes) != 2 or any(not isinstance(n, (int, float)) or n % 2 != 1 for n in sizes):
            raise ValueError(
                "RandomGaussianBlur's kernel_size is an odd int, or two of them. "
                f"Received: kernel_size={kernel_size!r}"
            )
        self.kernel_size = tuple(int(n) for n in sizes)
        self.sigma = interval(self, "sigma", sigma)
        self.value_range = check_value_range(self, value_range)

    def draw(self, images, seed):
        apply = chosen(images, self.factor, seed)
        # A little more than 0: the curve divides by it.
        sigma = random.uniform((2,), *self.sigma, seed=seed) + 1e-6
        return {"should_apply_blur": apply, "blur_factor": sigma}

    def change(self, images, transformation):
        sigma = jnp.asarray(transformation["blur_factor"], images.dtype)
        blurred = ops.image.gaussian_blur(images, self.kernel_size, sigma, self.data_format)
        apply = each(transformation["should_apply_blur"], images) > 0
        return jnp.clip(jnp.where(apply, blurred, images), *self.value_range)
