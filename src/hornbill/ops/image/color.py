"""Colour spaces."""

import jax.numpy as jnp

from ...engine.operation import Tensor, op
from ..common import public, to_float
from .common import channel_axis, check_rank


@op
def rgb_to_grayscale(images: Tensor, data_format: str | None = None):
    """The brightness `0.2989 R + 0.587 G + 0.114 B`, as one channel; grey images stay.

    Args:
        images: one image or a batch.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> hb.ops.image.rgb_to_grayscale(hb.ops.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 1)
    """
    check_rank(images, "rgb_to_grayscale")
    axis = channel_axis(data_format)
    if images.shape[axis] == 1:
        return images
    if images.shape[axis] != 3:
        raise ValueError(
            "image.rgb_to_grayscale takes 3 channels (RGB) or 1 (grey already). "
            f"Received: images.shape={images.shape}"
        )
    values = to_float(images)
    weights = jnp.array([0.2989, 0.587, 0.114], values.dtype)
    grey = jnp.tensordot(values, weights, (axis, 0))
    return jnp.expand_dims(grey, axis).astype(images.dtype)


def _channels(images, data_format, who: str):
    """The axis of three channels, and the channels of a float image."""
    check_rank(images, who)
    axis = channel_axis(data_format)
    if not jnp.issubdtype(images.dtype, jnp.floating) or images.shape[axis] != 3:
        raise ValueError(
            f"image.{who} takes float images of 3 channels: divide ints by 255 first. "
            f"Received: images.shape={images.shape}, dtype={images.dtype}"
        )
    return axis, (jnp.take(images, i, axis) for i in range(3))


@op
def rgb_to_hsv(images: Tensor, data_format: str | None = None):
    """Red, green and blue to hue, saturation and value, all between 0 and 1.

    Args:
        images: one float image or a batch.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> hb.ops.image.rgb_to_hsv([[[1.0, 0.0, 0.0]]]).tolist()
    [[[0.0, 1.0, 1.0]]]
    """
    axis, (red, green, blue) = _channels(images, data_format, "rgb_to_hsv")
    tiny = jnp.finfo(images.dtype).eps
    red, green, blue = (jnp.where(jnp.abs(c) < tiny, 0, c) for c in (red, green, blue))
    value = jnp.maximum(jnp.maximum(red, green), blue)
    spread = value - jnp.minimum(jnp.minimum(red, green), blue)
    saturation = jnp.where(value > 0, spread / jnp.where(value > 0, value, 1), 0)
    sixth = 1 / (6 * jnp.where(spread > 0, spread, 1))
    hue = jnp.where(
        value == red,
        sixth * (green - blue),
        jnp.where(value == green, sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6),
    )
    hue = jnp.where(spread > 0, hue, 0)
    return jnp.stack([jnp.where(hue < 0, hue + 1, hue), saturation, value], axis)


@op
def hsv_to_rgb(images: Tensor, data_format: str | None = None):
    """`rgb_to_hsv` undone.

    Args:
        images: one float image or a batch.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> hb.ops.image.hsv_to_rgb([[[0.0, 1.0, 1.0]]]).tolist()
    [[[1.0, 0.0, 0.0]]]
    """
    axis, (hue, saturation, value) = _channels(images, data_format, "hsv_to_rgb")
    turn = hue % 1 * 6
    shares = (jnp.abs(turn - 3) - 1, 2 - jnp.abs(turn - 2), 2 - jnp.abs(turn - 4))
    grey = 1 - saturation
    return jnp.stack([value * (grey + saturation * jnp.clip(s, 0, 1)) for s in shares], axis)


__all__ = public(globals())
