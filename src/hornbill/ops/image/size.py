"""Other sizes: resizing, scaling, padding, cropping."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from ...engine.operation import Tensor, op
from ..common import public
from .common import check_choice, check_rank, size_axes

RESIZE_METHODS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
SCALE_METHODS = (
    *("linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic", "lanczos3", "lanczos5"),
)


def _to_dtype(values, dtype):
    """Values in a dtype: rounded and cut to its range if it holds ints."""
    if values.dtype == dtype:
        return values
    if jnp.issubdtype(dtype, jnp.integer):
        limits = jnp.iinfo(dtype)
        values = jnp.clip(jnp.round(values), limits.min, limits.max)
    return values.astype(dtype)


@op
def resize(
    images: Tensor,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
):
    """Images of another size.

    Args:
        images: one image or a batch; ints are rounded.
        size: `(height, width)`.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        antialias: whether shrinking averages over all pixels.
        crop_to_aspect_ratio: whether images are first cut, in their middle, to the new ratio.
        pad_to_aspect_ratio: whether they are first filled up, on both sides, to the new ratio.
        fill_mode: `"constant"`, with what is filled up.
        fill_value: the constant.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> hb.ops.image.resize(hb.ops.ones((2, 8, 6, 3)), (4, 5)).shape
    (2, 4, 5, 3)
    """
    check_rank(images, "resize")
    check_choice("resize", "interpolation", interpolation, RESIZE_METHODS)
    check_choice("resize", "fill_mode", fill_mode, ("constant",))
    size = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    if len(size) != 2 or min(size) <= 0:
        raise ValueError(
            f"image.resize's size is (height, width), both positive. Received: size={size}"
        )
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            "image.resize crops or pads to the aspect ratio, not both. Received: "
            "crop_to_aspect_ratio=True, pad_to_aspect_ratio=True"
        )
    axes = size_axes(data_format)
    shape = [images.shape[axis] for axis in axes]
    # The height that fits the width at the new ratio, and the width that fits the height.
    fitting = (
        [shape[1] * size[0] // size[1], shape[0] * size[1] // size[0]]
        if (crop_to_aspect_ratio or pad_to_aspect_ratio)
        else shape
    )
    if crop_to_aspect_ratio:
        for axis, n, fit in zip(axes, shape, fitting, strict=True):
            kept = max(min(n, fit), 1)
            start = (n - kept) // 2
            images = jax.lax.slice_in_dim(images, start, start + kept, axis=axis % images.ndim)
    elif pad_to_aspect_ratio:
        sides = [(0, 0)] * images.ndim
        for axis, n, fit in zip(axes, shape, fitting, strict=True):
            sides[axis] = ((max(n, fit) - n) // 2,) * 2
        images = jnp.pad(images, sides, constant_values=fill_value)
    new = list(images.shape)
    for axis, n in zip(axes, size, strict=True):
        new[axis] = n
    resized = jax.image.resize(images, new, interpolation, antialias=antialias)
    return _to_dtype(resized, images.dtype)


@op
def scale_and_translate(
    images: Tensor,
    output_shape: Sequence[int],
    scale: Tensor,
    translation: Tensor,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
):
    """Scales and moves along some axes: place `x` goes to `x * scale + translation`.

    Args:
        images: an array of any rank.
        output_shape: the shape of the result.
        scale, translation: one number for each of `spatial_dims`.
        spatial_dims: the axes.
        method: `"linear"`, `"cubic"` (or these with `bi`, `tri` before), `"lanczos3"` or
            `"lanczos5"`.
        antialias: whether shrinking averages over all values.

    >>> import hornbill as hb
    >>> scaled = hb.ops.image.scale_and_translate(
    ...     hb.ops.ones((2, 2)), (4, 4), [2.0, 2.0], [0.0, 0.0], (0, 1), "linear")
    >>> scaled.shape
    (4, 4)
    """
    check_choice("scale_and_translate", "method", method, SCALE_METHODS)
    return jax.image.scale_and_translate(
        images, tuple(output_shape), tuple(spatial_dims), scale, translation, method, antialias
    )


def _one_missing(who: str, **values):
    """Checks that exactly one of three lengths is None and none is negative."""
    shown = ", ".join(f"{name}={value}" for name, value in values.items())
    if list(values.values()).count(None) != 1:
        raise ValueError(
            f"image.{who} takes exactly two of {', '.join(values)}: the third follows. "
            f"Received: {shown}"
        )
    if any(value is not None and value < 0 for value in values.values()):
        raise ValueError(f"image.{who}'s lengths are not negative. Received: {shown}")


def _fits(who: str, images, *lengths) -> None:
    # Lengths that follow from an unknown height or width cannot be compared.
    if any(isinstance(n, int) and n < 0 for n in lengths):
        raise ValueError(
            f"image.{who}: the target does not fit these images. "
            f"Received: images.shape={images.shape}, which makes lengths {lengths}"
        )


@op
def pad_images(
    images: Tensor,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
):
    """Zeros around images.

    Args:
        images: one image or a batch.
        top_padding, bottom_padding, target_height: exactly two of them.
        left_padding, right_padding, target_width: exactly two of them.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> image = hb.ops.ones((4, 5, 3))
    >>> hb.ops.image.pad_images(image, 1, 2, target_height=8, target_width=8).shape
    (8, 8, 3)
    """
    who = "pad_images"
    check_rank(images, who)
    _one_missing(
        who,
        top_padding=top_padding,
        bottom_padding=bottom_padding,
        target_height=target_height,
    )
    _one_missing(
        who, left_padding=left_padding, right_padding=right_padding, target_width=target_width
    )
    sides = [(0, 0)] * images.ndim
    for axis, before, after, target in zip(
        size_axes(data_format),
        (top_padding, left_padding),
        (bottom_padding, right_padding),
        (target_height, target_width),
        strict=True,
    ):
        if before is None:
            before = target - after - images.shape[axis]
        if after is None:
            after = target - before - images.shape[axis]
        _fits(who, images, before, after)
        sides[axis] = (before, after)
    return jnp.pad(images, sides)


@op
def crop_images(
    images: Tensor,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
):
    """The inner part of images.

    Args:
        images: one image or a batch.
        top_cropping, bottom_cropping, target_height: exactly two of them.
        left_cropping, right_cropping, target_width: exactly two of them.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> image = hb.ops.ones((8, 8, 3))
    >>> hb.ops.image.crop_images(image, 1, 2, target_height=4, target_width=5).shape
    (4, 5, 3)
    """
    who = "crop_images"
    check_rank(images, who)
    _one_missing(
        who,
        top_cropping=top_cropping,
        bottom_cropping=bottom_cropping,
        target_height=target_height,
    )
    _one_missing(
        who,
        left_cropping=left_cropping,
        right_cropping=right_cropping,
        target_width=target_width,
    )
    for axis, before, after, target in zip(
        size_axes(data_format),
        (top_cropping, left_cropping),
        (bottom_cropping, right_cropping),
        (target_height, target_width),
        strict=True,
    ):
        n = images.shape[axis]
        if before is None:
            before = n - target - after
        if target is None:
            target = n - after - before
        _fits(who, images, before, target, n - before - target)
        images = jax.lax.slice_in_dim(images, before, before + target, axis=axis % images.ndim)
    return images


__all__ = public(globals())
