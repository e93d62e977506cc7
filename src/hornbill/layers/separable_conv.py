"""Separable convolution: a depthwise convolution, then a mix of the channels."""

from .. import ops
from .conv_base import ConvolutionBase
from .spatial import positive_int, with_defaults


class SeparableConvolution(ConvolutionBase):
    def __init__(
        self,
        filters: int,
        kernel_size,
        strides=1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate=1,
        depth_multiplier: int = 1,
        activation=None,
        use_bias: bool = True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
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
        self.filters = positive_int(self, filters=filters)
        self.depth_multiplier = positive_int(self, depth_multiplier=depth_multiplier)
        self.depthwise_initializer = depthwise_initializer
        self.pointwise_initializer = pointwise_initializer
        self.depthwise_regularizer = depthwise_regularizer
        self.pointwise_regularizer = pointwise_regularizer
        self.depthwise_constraint = depthwise_constraint
        self.pointwise_constraint = pointwise_constraint

    def make_kernels(self, channels):
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="depthwise_kernel",
        )
        self.pointwise_kernel = self.add_weight(
            (*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
            name="pointwise_kernel",
        )
        return self.filters

    def convolve(self, inputs):
        return ops.separable_conv(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
        )


class SeparableConv1D(SeparableConvolution):
    """Convolution over time in two steps: each channel by itself, then a mix of the channels.

    Args:
        filters: the number of output channels.
        kernel_size: the length of the window.
        strides: the step between windows.
        padding: `"valid"` (none) or `"same"` (zeros on both sides).
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.
        dilation_rate: the distance between the steps of a window.
        depth_multiplier: how many channels each input channel gives in the first step.
        activation: a name or a function; None is the identity.
        use_bias: whether a bias is added.
        depthwise_initializer, pointwise_initializer, bias_initializer: how the weights start.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied to the weights after
            each update.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, new_steps, filters)`; with
    `"channels_first"` the last two axes are exchanged.
    Weights: `depthwise_kernel` of shape `(kernel_size, channels, depth_multiplier)`,
    `pointwise_kernel` of shape `(1, channels * depth_multiplier, filters)`, `bias` of shape
    `(filters,)`.

    >>> import hornbill as hb
    >>> hb.layers.SeparableConv1D(6, 3)(hb.ops.ones((2, 10, 4))).shape
    (2, 8, 6)
    """

    rank = 1
    __init__ = SeparableConvolution.__init__


class SeparableConv2D(SeparableConvolution):
    """Convolution of images in two steps: each channel by itself, then a mix of the channels.

    Args:
        kernel_size, strides, dilation_rate: an int or `(height, width)`.

    The other arguments are those of `SeparableConv1D`.

    Input shape: `(batch, height, width, channels)`, or channels second.
    Output shape: `(batch, new_height, new_width, filters)`, or filters second.
    Weights: `depthwise_kernel` of shape `(*kernel_size, channels, depth_multiplier)`,
    `pointwise_kernel` of shape `(1, 1, channels * depth_multiplier, filters)`, `bias` of shape
    `(filters,)`.

    >>> import hornbill as hb
    >>> hb.layers.SeparableConv2D(6, 3, padding="same")(hb.ops.ones((2, 5, 5, 4))).shape
    (2, 5, 5, 6)
    """

    rank = 2
    __init__ = with_defaults(SeparableConvolution.__init__, strides=(1, 1), dilation_rate=(1, 1))


SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
