"""Dense: a matrix product, a bias and an activation."""

from .. import activations, initializers, ops
from .base import Layer
from .input_spec import InputSpec
from .lora import LoRA, adapted


class Dense(LoRA, Layer):
    """`activation(x @ kernel + bias)`, on the last axis.

    Args:
        units: the size of the output's last axis.
        activation: a name or a function; None is the identity.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each update.
        lora_rank, lora_alpha: as if `enable_lora` were called after `build`.
        quantization_config: must stay None.

    Input shape: `(batch, ..., n)`. Output shape: `(batch, ..., units)`.
    Weights: `kernel` of shape `(n, units)`, `bias` of shape `(units,)`.

    >>> import hornbill as hb
    >>> hb.layers.Dense(3, activation="relu")(hb.ops.ones((2, 5))).shape
    (2, 3)
    """

    def __init__(
        self,
        units: int,
        activation=None,
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if isinstance(units, bool) or not isinstance(units, int) or units <= 0:
            raise ValueError(f"Dense's units is a positive int. Received: units={units!r}")
        self.supports_masking = True
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        # Made here, not at build: an initializer without a seed draws one when it is made.
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self._set_lora(lora_rank, lora_alpha, quantization_config)
        self.input_spec = InputSpec(min_ndim=2)

    kernel = adapted("kernel")

    def build(self, input_shape):
        n = input_shape[-1]
        self.kernel = self.add_weight(
            (n, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self._build_lora()
        self.input_spec = InputSpec(min_ndim=2, axes={-1: n})

    def call(self, inputs, training=None):
        x = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return self.activation(x)
