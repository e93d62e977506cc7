"""Convolutions by `jax.lax`, with Keras's layouts and padding rules.

Kernels are `(*spatial, channels in, channels out)` in both data formats.
"""

import jax.numpy as jnp
from jax import lax

from .windows import check_images, check_padding, per_dimension, spatial_axes


def _layout(ndim: int, data_format) -> lax.ConvDimensionNumbers:
    axes, channel = spatial_axes(ndim, data_format)
    batch = (0, channel, *axes)
    return lax.ConvDimensionNumbers(batch, (ndim - 1, ndim - 2, *range(ndim - 2)), batch)


def _check_kernel(kernel, n: int, who: str) -> None:
    if kernel.ndim != n + 2:
        raise ValueError(
            f"{who}'s kernel has rank {n + 2} for these inputs ({n} spatial dimensions, channels "
            f"in, channels out). Received: kernel.shape={kernel.shape}"
        )


def conv(
    x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1, who: str = "conv"
):
    """Cross-correlation of a batch with a kernel.

    A kernel with fewer input channels than `x` works on as many groups of channels as fit.
    """
    n = check_images(x, who)
    _check_kernel(kernel, n, who)
    _, channel = spatial_axes(x.ndim, data_format)
    channels, takes = x.shape[channel], kernel.shape[-2]
    if channels % takes:
        raise ValueError(
            f"{who}: the kernel's input channels must divide those of the inputs. "
            f"Received: {channels} input channels, kernel.shape={kernel.shape}"
        )
    groups = channels // takes
    if kernel.shape[-1] % groups:
        raise ValueError(
            f"{who}: the output channels must be a multiple of the {groups} groups. "
            f"Received: inputs.shape={x.shape}, kernel.shape={kernel.shape}"
        )
    steps = per_dimension(strides, n, "strides")
    dilation = per_dimension(dilation_rate, n, "dilation_rate")
    result = lax.conv_general_dilated(
        x.astype(kernel.dtype),
        kernel,
        steps,
        check_padding(padding).upper(),
        rhs_dilation=dilation,
        dimension_numbers=_layout(x.ndim, data_format),
        feature_group_count=groups,
    )
    known = all(isinstance(n, int) for n in (*x.shape, *result.shape))
    if known and result.size == 0 and x.size != 0:
        raise ValueError(
            f"{who}: the kernel is larger than the inputs, nothing is left. Use larger inputs, a "
            f"smaller kernel or padding='same'. Received: inputs.shape={x.shape}, "
            f"kernel.shape={kernel.shape}, dilation_rate={dilation_rate}, padding={padding!r}"
        )
    return result


def depthwise_conv(
    x,
    kernel,
    strides=1,
    padding="valid",
    data_format=None,
    dilation_rate=1,
    who: str = "depthwise_conv",
):
    """Each channel with its own kernels; `kernel` is `(*spatial, channels, multiplier)`."""
    n = check_images(x, who)
    _check_kernel(kernel, n, who)
    _, channel = spatial_axes(x.ndim, data_format)
    if kernel.shape[-2] != x.shape[channel]:
        raise ValueError(
            f"{who}'s kernel has one entry per input channel on its last axis but one. "
            f"Received: inputs.shape={x.shape}, kernel.shape={kernel.shape}"
        )
    kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)
    return conv(x, kernel, strides, padding, data_format, dilation_rate, who)


def transpose_padding(size: int, stride: int, dilation: int, padding: str, output_padding):
    """How much the stretched inputs are padded before and behind, on one axis.

    With `k` the dilated kernel size, the output has `(n - 1)·stride + k + output_padding` values
    for "valid" (None: `max(stride - k, 0)`), and for "same" `n·stride` (None) or
    `(n - 1)·stride + k % 2 + output_padding`.
    """
    reach = (size - 1) * dilation
    if padding == "valid":
        extra = max(stride - reach - 1, 0) if output_padding is None else output_padding
        return reach, reach + extra
    if output_padding is None:
        total = stride + reach - 1
    else:
        total = reach - 1 + (reach + 1) % 2 + output_padding
    before = min((total + 1) // 2, reach)
    return before, total - before


def conv_transpose(
    x,
    kernel,
    strides=1,
    padding="valid",
    output_padding=None,
    data_format=None,
    dilation_rate=1,
    who: str = "conv_transpose",
):
    """The gradient of `conv` as a layer; `kernel` is `(*spatial, channels out, channels in)`."""
    n = check_images(x, who)
    _check_kernel(kernel, n, who)
    _, channel = spatial_axes(x.ndim, data_format)
    if kernel.shape[-1] != x.shape[channel]:
        raise ValueError(
            f"{who}'s kernel is (*spatial, channels out, channels in). "
            f"Received: inputs.shape={x.shape}, kernel.shape={kernel.shape}"
        )
    padding = check_padding(padding)
    steps = per_dimension(strides, n, "strides")
    dilation = per_dimension(dilation_rate, n, "dilation_rate")
    extras = output_padding if isinstance(output_padding, (tuple, list)) else [output_padding] * n
    sides = [
        transpose_padding(*one, padding, extra)
        for *one, extra in zip(kernel.shape[:-2], steps, dilation, extras, strict=True)
    ]
    flipped = jnp.flip(kernel, tuple(range(n))).swapaxes(-1, -2)
    return lax.conv_general_dilated(
        x,
        flipped,
        (1,) * n,
        sides,
        lhs_dilation=steps,
        rhs_dilation=dilation,
        dimension_numbers=_layout(x.ndim, data_format),
    )
