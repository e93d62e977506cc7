"""What the normalization layers share: axes, and the weights `gamma` and `beta`."""

from .base import Layer


class AffineNormalization(Layer):
    """Normalization, then `* gamma` (where `scale`), then `+ beta` (where `center`).

    The pairs are (for beta, for gamma), in Keras's order of arguments.
    """

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        initializers: tuple,
        regularizers: tuple,
        constraints: tuple,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.epsilon = check_epsilon(self, epsilon)
        self.center, self.scale = center, scale
        self.beta_initializer, self.gamma_initializer = initializers
        self.beta_regularizer, self.gamma_regularizer = regularizers
        self.beta_constraint, self.gamma_constraint = constraints
        self.supports_masking = True

    def add_gamma_and_beta(self, shape: tuple) -> None:
        # Kept in float32 also in mixed precision: normalization computes in float32.
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
                name="beta",
            )


def check_epsilon(layer, epsilon) -> float:
    if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or epsilon < 0:
        raise ValueError(
            f"{type(layer).__name__}'s epsilon is a number of at least 0. "
            f"Received: epsilon={epsilon!r}"
        )
    return float(epsilon)


def check_axis(layer, axis):
    """An axis as an int, or several as a tuple of ints."""
    many = isinstance(axis, (list, tuple))
    axes = tuple(axis) if many else (axis,)
    if not axes or any(isinstance(a, bool) or not isinstance(a, int) for a in axes):
        raise TypeError(
            f"{type(layer).__name__}'s axis is an int, or a list or tuple of ints. "
            f"Received: axis={axis!r}"
        )
    return axes if many else axis


def places_of(layer, input_shape) -> tuple[int, ...]:
    """The layer's `axis` counted from the front, in order, each checked to be there and known."""
    axes = layer.axis if isinstance(layer.axis, tuple) else (layer.axis,)
    ndim = len(input_shape)
    if any(not -ndim <= a < ndim for a in axes):
        raise ValueError(
            f"Layer '{layer.path}': the axis lies outside the input's {ndim} dimensions. "
            f"Received: axis={layer.axis}, an input of shape {tuple(input_shape)}"
        )
    places = tuple(sorted({a % ndim for a in axes}))
    if any(input_shape[a] is None for a in places):
        raise ValueError(
            f"Layer '{layer.path}' needs the size of axis {layer.axis} to make its weights. "
            f"Received: an input of shape {tuple(input_shape)}"
        )
    return places
