"""Transposed convolution: the gradient of a convolution as a layer, whose strides enlarge."""

from .. import ops
from .conv_base import ConvolutionBase
from .spatial import per_axis, positive_int, with_defaults


class TransposedConvolution(ConvolutionBase):
    def __init__(
        self,
        filters: int,
        kernel_size,
        strides=1,
        padding: str = "valid",
        output_padding=None,
        data_format: str | None = None,
        dilation_rate=1,
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
        self.refuse_strided_dilation()
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = per_axis(self, least=0, output_padding=output_padding)
            if any(p >= s for p, s in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    f"{type(self).__name__}'s output_padding is less than the strides, on each "
                    f"axis. Received: output_padding={output_padding}, strides={self.strides}"
                )
        self.kernel_initializer = kernel_initializer
        self.kernel_regularizer, self.kernel_constraint = kernel_regularizer, kernel_constraint

    def make_kernels(self, channels):
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, channels),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        return self.filters

    def convolve(self, inputs):
        return ops.conv_transpose(
            inputs,
            self.kernel,
            self.strides,
            self.padding,
            self.output_padding,
            self.data_format,
            self.dilation_rate,
        )


class Conv1DTranspose(TransposedConvolution):
    """Transposed convolution over time: it undoes the shape of a `Conv1D`.

    Args:
        filters: the number of output channels.
        kernel_size: how many output steps an input step reaches.
        strides: by how much the length grows.
        padding: `"valid"` (all that the kernel reaches) or `"same"` (`steps * strides`).
        output_padding: how many steps are added behind, less than the strides. With it the length
            is `(steps - 1) * strides + k + output_padding` ("valid", `k` the dilated kernel size)
            or `(steps - 1) * strides + k % 2 + output_padding` ("same").
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.
        dilation_rate: the distance between the kernel's steps; not with strides above 1.
        activation: a name or a function; None is the identity.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each update.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, new_steps, filters)`; with
    `"channels_first"` the last two axes are exchanged.
    Weights: `kernel` of shape `(kernel_size, filters, channels)`, `bias` of shape `(filters,)`.

    >>> import hornbill as hb
    >>> hb.layers.Conv1DTranspose(4, 3, strides=2, padding="same")(hb.ops.ones((2, 5, 8))).shape
    (2, 10, 4)
    """

    rank = 1
    __init__ = TransposedConvolution.__init__


class Conv2DTranspose(TransposedConvolution):
    """Transposed convolution of images: it undoes the shape of a `Conv2D`.

    Args:
        kernel_size, strides, output_padding, dilation_rate: an int or `(height, width)`.

    The other arguments are those of `Conv1DTranspose`.

    Input shape: `(batch, height, width, channels)`, or channels second.
    Output shape: `(batch, new_height, new_width, filters)`, or filters second.
    Weights: `kernel` of shape `(*kernel_size, filters, channels)`, `bias` of shape `(filters,)`.

    >>> import hornbill as hb
    >>> hb.layers.Conv2DTranspose(4, 3, strides=2)(hb.ops.ones((2, 4, 5, 3))).shape
    (2, 9, 11, 4)
    """

    rank = 2
    __init__ = with_defaults(TransposedConvolution.__init__, strides=(1, 1), dilation_rate=(1, 1))


class Conv3DTranspose(TransposedConvolution):
    """Transposed convolution of volumes: it undoes the shape of a `Conv3D`.

    Args:
        kernel_size, strides, output_padding, dilation_rate: an int or three.

    The other arguments are those of `Conv1DTranspose`; `data_format` stands before
    `output_padding`, as in Keras.

    Input shape: `(batch, depth, height, width, channels)`, or channels second.
    Output shape: `(batch, new_depth, new_height, new_width, filters)`, or filters second.
    Weights: `kernel` of shape `(*kernel_size, filters, channels)`, `bias` of shape `(filters,)`.

    >>> import hornbill as hb
    >>> hb.layers.Conv3DTranspose(4, 2, strides=2)(hb.ops.ones((1, 2, 2, 2, 3))).shape
    (1, 4, 4, 4, 4)
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size,
        strides=(1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding=None,
        dilation_rate=(1, 1, 1),
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
            filters,
            kernel_size,
            strides,
            padding,
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )


Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose,
    Conv2DTranspose,
    Conv3DTranspose,
)
