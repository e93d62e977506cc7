"""Activations as layers."""

from .. import activations, ops
from ..engine.dtypes import dtype_of
from .base import Layer
from .input_spec import InputSpec


class Activation(Layer):
    """Applies an activation function.

    Args:
        activation: a name such as `"relu"`, or a function.

    Input shape: any. Output shape: the input's. The mask stays.

    >>> import hornbill as hb
    >>> hb.layers.Activation("relu")(hb.ops.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)


class ReLU(Layer):
    """`max(x, 0)`, with a cap, a slope below and a threshold.

    Args:
        max_value: the largest value that comes out; None sets no limit.
        negative_slope: the slope below `threshold`.
        threshold: up to this value the function is `negative_slope * (x - threshold)`.

    Input shape: any. Output shape: the input's. The mask stays.

    Raises:
        ValueError: if one of them is negative.

    >>> import hornbill as hb
    >>> layer = hb.layers.ReLU(max_value=3, negative_slope=0.5)
    >>> layer(hb.ops.array([-2.0, 1.0, 9.0])).tolist()
    [-1.0, 1.0, 3.0]
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if max_value is not None:
            _check_not_negative(self, "max_value", max_value)
        _check_not_negative(self, "negative_slope", negative_slope)
        _check_not_negative(self, "threshold", threshold)
        self.supports_masking = True
        self.max_value, self.negative_slope = max_value, negative_slope
        self.threshold = threshold

    def call(self, inputs):
        return activations.relu(
            inputs,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )


class LeakyReLU(Layer):
    """`x` where positive, `negative_slope * x` elsewhere.

    Args:
        negative_slope: the slope for negative values. Keras 2 called it `alpha`, which is
            taken as well.

    Input shape: any. Output shape: the input's. The mask stays.

    Raises:
        ValueError: if the slope is negative.

    >>> import hornbill as hb
    >>> hb.layers.LeakyReLU(0.5)(hb.ops.array([-2.0, 1.0])).tolist()
    [-1.0, 1.0]
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs):
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        _check_not_negative(self, "negative_slope", negative_slope)
        self.supports_masking = True
        self.negative_slope = negative_slope

    def call(self, inputs):
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)

    def get_config(self) -> dict:
        config = {**super().get_config(), "negative_slope": self.negative_slope}
        config.pop("alpha", None)
        return config


class PReLU(Layer):
    """`x` where positive, `alpha * x` elsewhere, with a learned `alpha`.

    https://arxiv.org/abs/1502.01852

    Args:
        alpha_initializer: how `alpha` starts.
        alpha_regularizer: a penalty on it.
        alpha_constraint: applied to it after each update.
        shared_axes: the axes along which one `alpha` serves all places: `[1, 2]` after a 2D
            convolution gives one for each channel.

    Input shape: any, with a batch axis. Output shape: the input's. The mask stays.
    Weights: `alpha`, of the input's shape without the batch, 1 at the shared axes.

    >>> import hornbill as hb
    >>> hb.layers.PReLU("ones")(hb.ops.array([[-2.0, 1.0]])).tolist()
    [[-2.0, 1.0]]
    """

    def __init__(
        self,
        alpha_initializer="Zeros",
        alpha_regularizer=None,
        alpha_constraint=None,
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if shared_axes is not None and not isinstance(shared_axes, (list, tuple)):
            shared_axes = [shared_axes]
        if shared_axes is not None and not all(isinstance(i, int) and i > 0 for i in shared_axes):
            raise ValueError(
                "PReLU's shared_axes are positive ints: axis 0, the batch, is always shared. "
                f"Received: shared_axes={shared_axes!r}"
            )
        self.supports_masking = True
        self.alpha_initializer = alpha_initializer
        self.alpha_regularizer, self.alpha_constraint = alpha_regularizer, alpha_constraint
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape):
        shared = self.shared_axes or []
        if any(i >= len(input_shape) for i in shared):
            raise ValueError(
                f"Layer '{self.path}' shares alpha along the axes {shared}, which an input of "
                f"{len(input_shape)} axes does not have. Received: input_shape={input_shape}"
            )
        self.alpha = self.add_weight(
            [1 if i in shared else n for i, n in enumerate(input_shape)][1:],
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        fixed = {i: n for i, n in enumerate(input_shape) if i and i not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=fixed)

    def call(self, inputs):
        return ops.relu(inputs) - ops.multiply(self.alpha, ops.relu(-inputs))


class ELU(Layer):
    """`x` where positive, `alpha * (exp(x) - 1)` elsewhere. https://arxiv.org/abs/1511.07289

    Args:
        alpha: minus the limit for large negative values.

    Input shape: any. Output shape: the input's. The mask stays.

    >>> import hornbill as hb
    >>> hb.layers.ELU()(hb.ops.array([-50.0, 1.0])).tolist()
    [-1.0, 1.0]
    """

    def __init__(self, alpha: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.alpha = alpha

    def call(self, inputs):
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(Layer):
    """`exp(x) / sum(exp(x))` along one or more axes.

    Args:
        axis: the axis, or a list of axes that are normalized together.

    Call arguments:
        inputs: any shape, which is also the output's.
        mask: broadcast to the inputs; places where it is False (or at most 0.5) give 0, and the
            others share the sum of 1.

    >>> import hornbill as hb
    >>> x, mask = hb.ops.array([2.0, 2.0, 9.0]), hb.ops.array([True, True, False])
    >>> hb.layers.Softmax()(x, mask=mask).tolist()
    [0.5, 0.5, 0.0]
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        axes = axis if isinstance(axis, (list, tuple)) else [axis]
        if not axes or not all(isinstance(i, int) for i in axes):
            raise ValueError(f"Softmax's axis is an int or a list of ints. Received: axis={axis!r}")
        self.supports_masking = True
        self.axis = axis

    def call(self, inputs, mask=None):
        axis = tuple(self.axis) if isinstance(self.axis, (list, tuple)) else self.axis
        if mask is not None and not _broadcasts_to(mask.shape, inputs.shape):
            raise ValueError(
                f"Layer '{self.path}' takes a mask that broadcasts to its inputs: each of its "
                "last dimensions is 1 or the inputs'. "
                f"Received: mask.shape={mask.shape}, inputs.shape={inputs.shape}"
            )
        return masked_softmax(inputs, mask, axis)


def masked_softmax(x, mask, axis):
    """The softmax over what `mask` leaves (all when None); what it hides gets 0."""
    if mask is None:
        return activations.softmax(x, axis=axis)
    keep = mask if dtype_of(mask) == "bool" else ops.greater(mask, 0.5)
    lowest = -3e4 if dtype_of(x) == "float16" else -1e9
    # Where everything is hidden, softmax is even; nothing there may have weight.
    return ops.where(keep, activations.softmax(ops.where(keep, x, lowest), axis=axis), 0.0)


def _broadcasts_to(shape, target) -> bool:
    # Dimensions that are not known yet are left to the engine.
    pairs = zip(reversed(shape), reversed(target), strict=False)
    return len(shape) <= len(target) and all(
        m == 1 or m == n for m, n in pairs if isinstance(m, int) and isinstance(n, int)
    )


def _check_not_negative(layer, name: str, value) -> None:
    if value is None or not value >= 0:
        raise ValueError(
            f"{type(layer).__name__}'s {name} is a number that is not negative. "
            f"Received: {name}={value!r}"
        )
