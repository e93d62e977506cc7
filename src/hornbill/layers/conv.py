"""Convolution in one, two and three dimensions."""

from .. import ops
from .conv_base import ConvolutionBase
from .spatial import positive_int, with_defaults


class Convolution(ConvolutionBase):
    def __init__(
        self,
        filters: int,
        kernel_size,
        strides=1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate=1,
        groups: int = 1,
        activation=None,
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
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
        self.groups = positive_int(self, groups=groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{type(self).__name__}'s filters are a multiple of its groups. "
                f"Received: filters={filters}, groups={groups}"
            )
        self.refuse_strided_dilation()
        self.kernel_initializer = kernel_initializer
        self.kernel_regularizer, self.kernel_constraint = kernel_regularizer, kernel_constraint

    def make_kernels(self, channels):
        if channels % self.groups:
            raise ValueError(
                f"Layer '{self.path}' ({type(self).__name__}): the groups must divide the input's "
                f"channels. Received: groups={self.groups}, {channels} channels"
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        return self.filters

    def convolve(self, inputs):
        return ops.conv(
            inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )


class Conv1D(Convolution):
    """Convolution over time: every window of `kernel_size` steps times a kernel.

    Args:
        filters: the number of output channels.
        kernel_size: the length of the window.
        strides: the step between windows.
        padding: `"valid"` (none), `"same"` (zeros on both sides, stride 1 keeps the length) or
            `"causal"` (zeros in front: an output sees no later step).
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.
        dilation_rate: the distance between the steps of a window; not with strides above 1.
        groups: into how many groups the channels fall, each convolved by itself.
        activation: a name or a function; None is the identity.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each update.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, new_steps, filters)`; with
    `"channels_first"` the last two axes are exchanged.
    Weights: `kernel` of shape `(kernel_size, channels / groups, filters)`, `bias` of shape
    `(filters,)`.

    >>> import hornbill as hb
    >>> hb.layers.Conv1D(4, 3, padding="causal")(hb.ops.ones((2, 10, 8))).shape
    (2, 10, 4)
    """

    rank = 1
    __init__ = Convolution.__init__

    def check_padding(self, padding):
        causal = isinstance(padding, str) and padding.lower() == "causal"
        return "causal" if causal else super().check_padding(padding)

    def convolve(self, inputs):
        padding = self.padding
        if padding == "causal":
            before = self.dilation_rate[0] * (self.kernel_size[0] - 1)
            inputs = ops.pad(inputs, self.on_spatial_axes([(before, 0)], (0, 0)))
            padding = "valid"
        return ops.conv(
            inputs, self.kernel, self.strides, padding, self.data_format, self.dilation_rate
        )


class Conv2D(Convolution):
    """Convolution of images.

    Args:
        kernel_size, strides, dilation_rate: an int or `(height, width)`.
        padding: `"valid"` (none) or `"same"` (zeros around, stride 1 keeps the size).

    The other arguments are those of `Conv1D`.

    Input shape: `(batch, height, width, channels)`, or channels second.
    Output shape: `(batch, new_height, new_width, filters)`, or filters second.
    Weights: `kernel` of shape `(*kernel_size, channels / groups, filters)`, `bias` of shape
    `(filters,)`.

    >>> import hornbill as hb
    >>> hb.layers.Conv2D(4, 3, strides=2, activation="relu")(hb.ops.ones((2, 9, 9, 3))).shape
    (2, 4, 4, 4)
    """

    rank = 2
    __init__ = with_defaults(Convolution.__init__, strides=(1, 1), dilation_rate=(1, 1))


class Conv3D(Convolution):
    """Convolution of volumes.

    Args:
        kernel_size, strides, dilation_rate: an int or three.
        padding: `"valid"` (none) or `"same"` (zeros around, stride 1 keeps the size).

    The other arguments are those of `Conv1D`.

    Input shape: `(batch, depth, height, width, channels)`, or channels second.
    Output shape: `(batch, new_depth, new_height, new_width, filters)`, or filters second.
    Weights: `kernel` of shape `(*kernel_size, channels / groups, filters)`, `bias` of shape
    `(filters,)`.

    >>> import hornbill as hb
    >>> hb.layers.Conv3D(4, 2, padding="same")(hb.ops.ones((1, 4, 4, 4, 3))).shape
    (1, 4, 4, 4, 4)
    """

    rank = 3
    __init__ = with_defaults(Convolution.__init__, strides=(1, 1, 1), dilation_rate=(1, 1, 1))


Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
