"""Convolution and pooling, in one to three dimensions."""

from ...engine.operation import Tensor, op
from ...kernels import conv as convolutions
from ...kernels import pooling
from ..common import public


@op
def conv(
    inputs: Tensor,
    kernel: Tensor,
    strides=1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate=1,
):
    """Convolution (as cross-correlation) in one, two or three dimensions.

    Args:
        inputs: `(batch, *spatial, channels)`, or channels second.
        kernel: `(*spatial, channels in, channels out)`. Fewer channels in than the inputs have
            make a grouped convolution.
        strides, dilation_rate: an int or one per spatial dimension.
        padding: `"valid"`, or `"same"` (zeros, so that stride 1 keeps the size).
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> hb.ops.conv(hb.ops.ones((1, 5, 5, 2)), hb.ops.ones((3, 3, 2, 4))).shape
    (1, 3, 3, 4)
    """
    return convolutions.conv(inputs, kernel, strides, padding, data_format, dilation_rate)


@op
def depthwise_conv(
    inputs: Tensor,
    kernel: Tensor,
    strides=1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate=1,
):
    """Convolution of each channel by itself.

    Args:
        inputs: `(batch, *spatial, channels)`, or channels second.
        kernel: `(*spatial, channels, multiplier)`.
        strides, padding, data_format, dilation_rate: as in `conv`.

    Returns:
        A batch with `channels * multiplier` channels, those of one input channel together.

    >>> import hornbill as hb
    >>> hb.ops.depthwise_conv(hb.ops.ones((1, 5, 5, 2)), hb.ops.ones((3, 3, 2, 4))).shape
    (1, 3, 3, 8)
    """
    return convolutions.depthwise_conv(inputs, kernel, strides, padding, data_format, dilation_rate)


@op
def separable_conv(
    inputs: Tensor,
    depthwise_kernel: Tensor,
    pointwise_kernel: Tensor,
    strides=1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate=1,
):
    """`depthwise_conv`, then a convolution of size 1 that mixes the channels.

    Args:
        inputs: `(batch, *spatial, channels)`, or channels second.
        depthwise_kernel: `(*spatial, channels, multiplier)`.
        pointwise_kernel: `(1, ..., channels * multiplier, channels out)`.
        strides, padding, data_format, dilation_rate: as in `conv`, for the first of the two.

    >>> import hornbill as hb
    >>> ones = hb.ops.ones
    >>> hb.ops.separable_conv(ones((1, 5, 4)), ones((3, 4, 2)), ones((1, 8, 6))).shape
    (1, 3, 6)
    """
    x = convolutions.depthwise_conv(
        inputs, depthwise_kernel, strides, padding, data_format, dilation_rate, "separable_conv"
    )
    return convolutions.conv(x, pointwise_kernel, data_format=data_format, who="separable_conv")


@op
def conv_transpose(
    inputs: Tensor,
    kernel: Tensor,
    strides=1,
    padding: str = "valid",
    output_padding=None,
    data_format: str | None = None,
    dilation_rate=1,
):
    """The transpose of a convolution (its gradient): strides enlarge.

    Args:
        inputs: `(batch, *spatial, channels)`, or channels second.
        kernel: `(*spatial, channels out, channels in)`.
        output_padding: how much is added behind, an int or one per spatial dimension. With `n`
            inputs and a dilated kernel of size `k` the output has
            `(n - 1) * strides + k + output_padding` values ("valid"; None makes it at least
            `n * strides`), or `(n - 1) * strides + k % 2 + output_padding` ("same"; None makes
            it `n * strides`).
        strides, padding, data_format, dilation_rate: as in `conv`.

    >>> import hornbill as hb
    >>> x, kernel = hb.ops.ones((1, 4, 2)), hb.ops.ones((3, 5, 2))
    >>> hb.ops.conv_transpose(x, kernel, strides=2, padding="same").shape
    (1, 8, 5)
    """
    return convolutions.conv_transpose(
        inputs, kernel, strides, padding, output_padding, data_format, dilation_rate
    )


@op
def max_pool(
    inputs: Tensor,
    pool_size,
    strides=None,
    padding: str = "valid",
    data_format: str | None = None,
):
    """The largest value of each window.

    Args:
        inputs: `(batch, *spatial, channels)`, or channels second.
        pool_size: the windows' size, an int or one per spatial dimension.
        strides: the step between windows; `pool_size` when None.
        padding: `"valid"` (a rest that fills no window is dropped) or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> hb.ops.max_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[3.0], [2.0]]]
    """
    return pooling.max_pool(inputs, pool_size, strides, padding, data_format)


@op
def average_pool(
    inputs: Tensor,
    pool_size,
    strides=None,
    padding: str = "valid",
    data_format: str | None = None,
):
    """The mean of each window; padding does not count. Arguments as in `max_pool`.

    >>> import hornbill as hb
    >>> hb.ops.average_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[2.0], [1.0]]]
    """
    return pooling.average_pool(inputs, pool_size, strides, padding, data_format)


@op
def adaptive_max_pool(inputs: Tensor, output_size, data_format: str | None = None):
    """Max pooling to a given size: windows as even as possible, overlapping where they must.

    Args:
        inputs: `(batch, *spatial, channels)`, or channels second.
        output_size: an int or one per spatial dimension.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> hb.ops.adaptive_max_pool([[[1.0], [3.0], [2.0], [0.0], [5.0]]], 2).tolist()
    [[[3.0], [5.0]]]
    """
    return pooling.adaptive_pool(inputs, output_size, "max", data_format)


@op
def adaptive_average_pool(inputs: Tensor, output_size, data_format: str | None = None):
    """Average pooling to a given size. Arguments as in `adaptive_max_pool`.

    >>> import hornbill as hb
    >>> hb.ops.adaptive_average_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[2.0], [1.0]]]
    """
    return pooling.adaptive_pool(inputs, output_size, "mean", data_format)


__all__ = public(globals())
