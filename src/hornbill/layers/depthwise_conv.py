"""Depthwise convolution: each channel by itself."""

from .. import ops
from .conv_base import ConvolutionBase
from .spatial import positive_int, with_defaults


class DepthwiseConvolution(ConvolutionBase):
    def __init__(
        self,
        kernel_size,
        strides=1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate=1,
        activation=None,
        use_bias: bool = True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.depth_multiplier = positive_int(self, depth_multiplier=depth_multiplier)
        self.depthwise_initializer = depthwise_initializer
        self.depthwise_regularizer = depthwise_regularizer
        self.depthwise_constraint = depthwise_constraint

    def make_kernels(self, channels):
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="kernel",
        )
        return channels * self.depth_multiplier

    def convolve(self, inputs):
        return ops.depthwise_conv(
            inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )


class DepthwiseConv1D(DepthwiseConvolution):
    """Convolution over time of each channel by itself.

    Args:
        kernel_size: the length of the window.
        strides: the step between windows.
        padding: `"valid"` (none) or `"same"` (zeros on both sides).
        depth_multiplier: how many output channels each input channel gives.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.
        dilation_rate: the distance between the steps of a window.
        activation: a name or a function; None is the identity.
        use_bias: whether a bias is added.
        depthwise_initializer, bias_initializer: how the weights start.
        depthwise_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        depthwise_constraint, bias_constraint: applied to the weights after each update.

    Input shape: `(batch, steps, channels)`. Output shape:
    `(batch, new_steps, channels * depth_multiplier)`; with `"channels_first"` the last two axes
    are exchanged.
    Weights: `kernel` of shape `(kernel_size, channels, depth_multiplier)`, `bias` of shape
    `(channels * depth_multiplier,)`.

    >>> import hornbill as hb
    >>> hb.layers.DepthwiseConv1D(3, depth_multiplier=2)(hb.ops.ones((2, 10, 4))).shape
    (2, 8, 8)
    """

    rank = 1
    __init__ = DepthwiseConvolution.__init__


class DepthwiseConv2D(DepthwiseConvolution):
    """Convolution of each channel of an image by itself.

    Args:
        kernel_size, strides, dilation_rate: an int or `(height, width)`.

    The other arguments are those of `DepthwiseConv1D`.

    Input shape: `(batch, height, width, channels)`, or channels second.
    Output shape: `(batch, new_height, new_width, channels * depth_multiplier)`, or channels second.
    Weights: `kernel` of shape `(*kernel_size, channels, depth_multiplier)`, `bias` of shape
    `(channels * depth_multiplier,)`.

    >>> import hornbill as hb
    >>> hb.layers.DepthwiseConv2D(3, padding="same")(hb.ops.ones((2, 5, 5, 4))).shape
    (2, 5, 5, 4)
    """

    rank = 2
    __init__ = with_defaults(DepthwiseConvolution.__init__, strides=(1, 1), dilation_rate=(1, 1))
