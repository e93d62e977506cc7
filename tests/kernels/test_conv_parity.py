"""Convolutions, and their gradients, against sums of products over the kernel's places."""

import jax.numpy as jnp
import numpy as np
import pytest
from kernel_parity import check_kernel, normal

from hornbill.kernels.conv import conv, conv_transpose, depthwise_conv
from hornbill.kernels.recurrent import conv_in_loop


def places(size: int, kernel: int, stride: int, padding: str, dilation: int) -> np.ndarray:
    """`(kernel, outputs, size)`: 1 where a place of the kernel meets an input for an output."""
    reach = (kernel - 1) * dilation + 1
    if padding == "valid":
        count, before = (size - reach) // stride + 1, 0
    else:
        count = -(-size // stride)
        before = max((count - 1) * stride + reach - size, 0) // 2
    t, o, i = np.ogrid[:kernel, :count, :size]
    return (i == o * stride + t * dilation - before).astype("float32")


def meetings(sizes, kernel, strides, padding, dilation) -> list[np.ndarray]:
    """`places` of each axis."""
    n = len(sizes)
    axes = sizes, kernel.shape[:n], spread(strides, n), [padding] * n, spread(dilation, n)
    return [places(*one) for one in zip(*axes, strict=True)]


def spread(value, n: int):
    return (value,) * n if isinstance(value, int) else value


def axes_of(n: int) -> tuple[str, str, str, str]:
    """Letters for an einsum: of `places` on each axis, and of its three axes apart."""
    places, outputs, inputs = "tuv"[:n], "opq"[:n], "ijk"[:n]
    three = ",".join(map("".join, zip(places, outputs, inputs, strict=True)))
    return three, places, outputs, inputs


def plain_conv(x, kernel, strides, padding, dilation):
    """The sum over all that meets; channels last, in groups."""
    n = x.ndim - 2
    takes, gives = kernel.shape[-2:]
    groups = x.shape[-1] // takes
    three, t, o, i = axes_of(n)
    y = jnp.einsum(
        f"{three},b{i}gc,{t}cgd->b{o}gd",
        *meetings(x.shape[1:-1], kernel, strides, padding, dilation),
        x.reshape(*x.shape[:-1], groups, takes),
        kernel.reshape(*kernel.shape[:-1], groups, gives // groups),
    )
    return y.reshape(*y.shape[:-2], gives)


def plain_depthwise_conv(x, kernel, *settings):
    """Each channel is a group of its own."""
    return plain_conv(x, kernel.reshape(*kernel.shape[:-2], 1, -1), *settings)


def plain_conv_transpose(y, kernel, sizes, strides, padding, dilation):
    """From the outputs of a convolution back to inputs of these sizes, by the same sum."""
    three, t, o, i = axes_of(y.ndim - 2)
    met = meetings(sizes, kernel, strides, padding, dilation)
    return jnp.einsum(f"{three},b{o}d,{t}cd->b{i}c", *met, y, kernel)


def channels_last(function, data_format):
    """A formula for channels last, in the data format asked for."""
    if data_format == "channels_last":
        return function
    return lambda x, kernel: jnp.moveaxis(function(jnp.moveaxis(x, 1, -1), kernel), -1, 1)


def images(spatial, channels, data_format):
    shape = (2, *spatial, channels) if data_format == "channels_last" else (2, channels, *spatial)
    return normal(0, *shape)


LAST, FIRST = "channels_last", "channels_first"

# spatial sizes, channels, kernel, strides, padding, data format, dilation
CONVOLUTIONS = {
    "1d strides": ((11,), 2, (4, 2, 3), 3, "same", LAST, 1),
    "1d dilation": ((11,), 3, (3, 3, 2), 1, "same", FIRST, 3),
    "2d strides": ((7, 9), 2, (3, 3, 2, 3), (2, 3), "same", FIRST, 1),
    "2d valid strides": ((8, 5), 1, (2, 3, 1, 3), (3, 2), "valid", LAST, 1),
    "2d dilation": ((9, 7), 2, (3, 2, 2, 2), 1, "valid", FIRST, (2, 3)),
    "2d groups": ((5, 5), 6, (3, 3, 2, 9), 2, "same", LAST, 1),
    "3d": ((3, 5, 4), 2, (2, 1, 3, 2, 3), (1, 2, 1), "same", LAST, 1),
    "3d groups": ((3, 4, 5), 4, (2, 2, 1, 2, 2), 1, "valid", FIRST, (2, 1, 1)),
}


@pytest.mark.parametrize("case", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_conv(case):
    spatial, channels, shape, strides, padding, data_format, dilation = case
    check_kernel(
        lambda x, k: conv(x, k, strides, padding, data_format, dilation),
        channels_last(lambda x, k: plain_conv(x, k, strides, padding, dilation), data_format),
        [images(spatial, channels, data_format), normal(1, *shape)],
    )


DEPTHWISE = {
    "1d": ((7,), 3, (3, 3, 1), 1, "same", FIRST, 1),
    "2d multiplier": ((7, 5), 3, (3, 2, 3, 2), 2, "same", LAST, 1),
}


@pytest.mark.parametrize("case", DEPTHWISE.values(), ids=DEPTHWISE)
def test_depthwise_conv(case):
    spatial, channels, shape, strides, padding, data_format, dilation = case
    settings = strides, padding, dilation
    check_kernel(
        lambda x, k: depthwise_conv(x, k, strides, padding, data_format, dilation),
        channels_last(lambda x, k: plain_depthwise_conv(x, k, *settings), data_format),
        [images(spatial, channels, data_format), normal(1, *shape)],
    )


@pytest.mark.parametrize("window", [(3,), (2, 3), (1, 2, 3)])
def test_conv_in_loop(window):
    """The form for loops, a product of windows laid out, is the same convolution."""
    images = normal(0, 2, *(4, 5, 3)[: len(window)], 2)
    check_kernel(
        conv_in_loop,
        lambda h, k: plain_conv(h, k, 1, "same", 1),
        [images, normal(1, *window, 2, 3)],
        roundings=8,  # JAX 0.12 sums products this small in bfloat16
    )


# spatial sizes, channels, kernel (..., out, in), strides, padding, output padding, format, dilation
TRANSPOSED = {
    "1d wider stride than kernel": ((4,), 2, (2, 3, 2), 3, "valid", None, FIRST, 1),
    "2d output padding": ((3, 4), 2, (3, 2, 1, 2), (2, 3), "valid", (1, 2), LAST, 1),
    "2d dilation": ((4, 3), 2, (2, 3, 3, 2), 1, "valid", None, FIRST, 2),
    "2d same strides": ((3, 5), 2, (5, 3, 2, 2), 2, "same", None, FIRST, 1),
    "3d": ((2, 3, 3), 2, (2, 3, 1, 3, 2), (2, 1, 1), "same", None, LAST, 1),
}


@pytest.mark.parametrize("case", TRANSPOSED.values(), ids=TRANSPOSED)
def test_conv_transpose(case):
    spatial, channels, shape, strides, padding, output_padding, data_format, dilation = case
    n = len(spatial)
    steps, dilated = spread(strides, n), spread(dilation, n)

    def size(i):
        if padding == "same":
            return spatial[i] * steps[i]
        reach = (shape[i] - 1) * dilated[i] + 1
        extra = max(steps[i] - reach, 0) if output_padding is None else output_padding[i]
        return (spatial[i] - 1) * steps[i] + reach + extra

    sizes = [*map(size, range(n))]

    def plain(y, kernel):
        return plain_conv_transpose(y, kernel, sizes, strides, padding, dilation)

    check_kernel(
        lambda y, k: conv_transpose(y, k, strides, padding, output_padding, data_format, dilation),
        channels_last(plain, data_format),
        [images(spatial, channels, data_format), normal(1, *shape)],
    )
