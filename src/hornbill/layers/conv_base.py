"""The frame of all convolution layers: kernel, bias, activation."""

from .. import activations, ops
from ..kernels.windows import check_padding
from .spatial import SpatialLayer, per_axis


class ConvolutionBase(SpatialLayer):
    """`activation(convolve(inputs) + bias)`.

    Subclasses make the kernels (`make_kernels`, which returns the number of filters) and convolve
    (`convolve`).
    """

    def __init__(
        self,
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
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.kernel_size = per_axis(self, kernel_size=kernel_size)
        self.strides = per_axis(self, strides=strides)
        self.padding = self.check_padding(padding)
        self.dilation_rate = per_axis(self, dilation_rate=dilation_rate)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = bias_initializer
        self.bias_regularizer, self.bias_constraint = bias_regularizer, bias_constraint

    def check_padding(self, padding: str) -> str:
        return check_padding(padding)

    def refuse_strided_dilation(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{type(self).__name__} takes strides or a dilation_rate above 1, not both. "
                f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}"
            )

    def make_kernels(self, channels: int) -> int:
        raise NotImplementedError

    def convolve(self, inputs):
        raise NotImplementedError

    def build(self, input_shape):
        filters = self.make_kernels(self.channels(input_shape))
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (filters,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def call(self, inputs):
        x = self.convolve(inputs)
        if self.bias is not None:
            bias = self.bias
            if self.data_format == "channels_first":
                bias = ops.reshape(bias, (-1,) + (1,) * self.rank)
            x = ops.add(x, bias)
        return self.activation(x)
