"""What looks at the neighbours of a pixel: blur, edges, similarity, patches."""

from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from ...engine.operation import Tensor, op
from ...kernels.conv import depthwise_conv
from ...kernels.windows import check_padding, per_dimension
from ..common import public, to_float
from .common import Layout


def blur_weights(size: int, sigma, dtype):
    """The normal distribution's density at `size` places around 0, made to sum to 1."""
    places = jnp.arange(size, dtype=dtype) - (size - 1) / 2
    weights = jnp.exp(-0.5 * (places / sigma) ** 2)
    return weights / weights.sum()


def separable_filter(images, down, across, padding: str):
    """Each channel of `(batch, h, w, channels)` filtered down, then across: two small filters
    for a large one."""

    def along(x, weights, shape):
        kernel = jnp.tile(weights.reshape(*shape, 1, 1), (1, 1, x.shape[-1], 1))
        return depthwise_conv(x, kernel, padding=padding, data_format="channels_last")

    return along(along(images, down, (-1, 1)), across, (1, -1))


@op
def gaussian_blur(
    images: Tensor,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[float] = (1.0, 1.0),
    data_format: str | None = None,
):
    """Each pixel as the mean of its neighbours, weighted by a bell curve.

    Args:
        images: one image or a batch.
        kernel_size: how many pixels across and down.
        sigma: the deviations of the curve across and down, in pixels.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> hb.ops.image.gaussian_blur(hb.ops.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3)
    """
    layout = Layout(images, data_format, "gaussian_blur")
    values = to_float(layout.images)
    across, down = (
        blur_weights(n, s, values.dtype) for n, s in zip(kernel_size, sigma, strict=True)
    )
    blurred = separable_filter(values, down, across, "same")
    return layout.back(blurred.astype(images.dtype))


@op
def sobel_edges(images: Tensor, data_format: str | None = None):
    """How brightness changes down and across, for each channel.

    Args:
        images: one image or a batch.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Returns:
        The images' shape with a last axis of size 2: the slopes down and across.

    >>> import hornbill as hb
    >>> hb.ops.image.sobel_edges(hb.ops.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3, 2)
    """
    layout = Layout(images, data_format, "sobel_edges")
    slope = jnp.array([-1, 0, 1], layout.images.dtype)
    smooth = jnp.array([1, 2, 1], layout.images.dtype)
    down = separable_filter(layout.images, slope, smooth, "same")
    across = separable_filter(layout.images, smooth, slope, "same")
    return layout.back(jnp.stack([down, across], -1), channels=-2)


@op
def ssim(
    image1: Tensor,
    image2: Tensor,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
):
    """The structural similarity of images: 1 for equal ones.

    https://ece.uwaterloo.ca/~z70wang/publications/ssim.pdf

    Args:
        image1, image2: two images or two batches, at least `filter_size` high and wide.
        max_val: the largest value that a pixel can have.
        filter_size, filter_sigma: of the bell curve by which neighbours count.
        k1, k2: keep the fractions off 0 / 0.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Returns:
        One number for each image, the mean over places and channels.

    >>> import hornbill as hb
    >>> image = hb.ops.ones((16, 16, 3))
    >>> float(hb.ops.image.ssim(image, image))
    1.0
    """
    layout = Layout(image1, data_format, "ssim")
    x, y = to_float(layout.images), to_float(Layout(image2, data_format, "ssim").images)
    weights = blur_weights(filter_size, filter_sigma, x.dtype)

    def mean(values):
        return separable_filter(values, weights, weights, "valid")

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mx, my = mean(x), mean(y)
    xx, yy, xy = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    likeness = (2 * mx * my + c1) * (2 * xy + c2)
    likeness /= (mx * mx + my * my + c1) * (xx + yy + c2)
    result = likeness.mean((1, 2, 3)).astype(image1.dtype)
    return result[0] if layout.single else result


def _patches(images, size, strides, dilation_rate, padding, data_format, n: int, who: str):
    """Windows of `n` dimensions as vectors, in the order of their axes, channels last."""
    if images.ndim not in (n + 1, n + 2):
        raise ValueError(
            f"image.{who} takes inputs of rank {n + 1} or {n + 2} for patches of {n} "
            f"dimensions. Received: shape {images.shape}, size={size}"
        )
    size = per_dimension(size, n, "size")
    steps = per_dimension(strides, n, "strides") if strides else size
    dilation = per_dimension(dilation_rate, n, "dilation_rate")
    padding = check_padding(padding)
    layout = Layout(images, data_format, who, spatial=n)
    x = layout.images
    batch, *spatial, channels = x.shape
    if steps == size and padding == "valid" and set(dilation) == {1}:
        # Patches side by side are a change of axes.
        counts = [length // patch for length, patch in zip(spatial, size, strict=True)]
        for axis in range(n):
            x = lax.slice_in_dim(x, 0, counts[axis] * size[axis], axis=axis + 1)
        pairs = [part for pair in zip(counts, size, strict=True) for part in pair]
        x = x.reshape(batch, *pairs, channels)
        x = x.transpose(0, *range(1, 2 * n, 2), *range(2, 2 * n + 1, 2), 2 * n + 1)
        return layout.back(x.reshape(batch, *counts, -1))
    last = (0, n + 1, *range(1, n + 1))
    numbers = lax.ConvDimensionNumbers(last, (n + 1, n, *range(n)), last)
    found = lax.conv_general_dilated_patches(
        x,
        size,
        steps,
        padding.upper(),
        rhs_dilation=dilation,
        dimension_numbers=numbers,
        precision=lax.Precision.HIGHEST,
    )
    places = found.shape[1:-1]
    found = found.reshape(batch, *places, channels, -1).swapaxes(-1, -2)
    return layout.back(found.reshape(batch, *places, -1))


@op
def extract_patches(
    images: Tensor,
    size,
    strides=None,
    dilation_rate=1,
    padding: str = "valid",
    data_format: str | None = None,
):
    """Patches of images, each as the vector of its pixels' channels.

    Args:
        images: one image or a batch; volumes if `size` has three numbers.
        size: the patches' size, an int or `(height, width)`.
        strides: the step between patches; `size` when None.
        dilation_rate: the step between the pixels of a patch.
        padding: `"valid"` or `"same"` (zeros).
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Returns:
        `(batch, rows, columns, height * width * channels)`, or the last axis second.

    >>> import hornbill as hb
    >>> hb.ops.image.extract_patches(hb.ops.ones((2, 8, 8, 3)), 4).shape
    (2, 2, 2, 48)
    """
    if not isinstance(size, int) and (
        not isinstance(size, (tuple, list)) or len(size) not in (2, 3)
    ):
        raise ValueError(
            "image.extract_patches's size is an int or a tuple of 2 (3 for volumes). "
            f"Received: size={size!r}"
        )
    n = 2 if isinstance(size, int) else len(size)
    return _patches(
        images, size, strides, dilation_rate, padding, data_format, n, "extract_patches"
    )


@op
def extract_patches_3d(
    volumes: Tensor,
    size,
    strides=None,
    dilation_rate=1,
    padding: str = "valid",
    data_format: str | None = None,
):
    """Patches of volumes, each as the vector of its voxels' channels. See `extract_patches`.

    Args:
        volumes: `(batch, depth, height, width, channels)` or one volume.
        size, strides, dilation_rate: an int or three.

    >>> import hornbill as hb
    >>> hb.ops.image.extract_patches_3d(hb.ops.ones((1, 4, 4, 4, 2)), 2).shape
    (1, 2, 2, 2, 16)
    """
    return _patches(
        volumes, size, strides, dilation_rate, padding, data_format, 3, "extract_patches_3d"
    )


__all__ = [name for name in public(globals()) if name not in ("blur_weights", "separable_filter")]
