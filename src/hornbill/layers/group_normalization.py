"""GroupNormalization."""

import jax.numpy as jnp

from .. import ops
from .input_spec import InputSpec
from .normalization_base import AffineNormalization, places_of


class GroupNormalization(AffineNormalization):
    """Each example's groups of channels to mean 0 and variance 1, times `gamma`, plus `beta`.

    Computed in float32, whatever the inputs. https://arxiv.org/abs/1803.08494

    Args:
        groups: the number of groups, a divisor of the channels; -1 makes each channel a group
            (instance normalization), 1 normalizes over all channels.
        axis: the axis of the channels.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether there is a factor `gamma`.
        beta_initializer, gamma_initializer: how the weights start.
        beta_regularizer, gamma_regularizer: penalties on the weights.
        beta_constraint, gamma_constraint: applied to the weights after each update.

    Output shape: the input's. Weights: `gamma` and `beta`, one number per channel.

    >>> import hornbill as hb
    >>> layer = hb.layers.GroupNormalization(groups=2, epsilon=0.0)
    >>> layer(hb.ops.array([[1.0, 3.0, 10.0, 30.0]])).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(
            epsilon,
            center,
            scale,
            (beta_initializer, gamma_initializer),
            (beta_regularizer, gamma_regularizer),
            (beta_constraint, gamma_constraint),
            **kwargs,
        )
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ValueError(
                "GroupNormalization's groups is a positive int, or -1 for one per channel. "
                f"Received: groups={groups!r}"
            )
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise TypeError(f"GroupNormalization's axis is an int. Received: axis={axis!r}")
        self.groups, self.axis = groups, axis
        self.autocast = False

    def build(self, input_shape):
        (self._place,) = places_of(self, input_shape)
        channels = input_shape[self._place]
        self._count = channels if self.groups == -1 else self.groups
        if self._place == 0 or channels % self._count:
            raise ValueError(
                f"Layer '{self.path}': the groups must divide the channels, which cannot be the "
                f"batch axis. Received: groups={self.groups}, axis={self.axis}, an input of shape "
                f"{tuple(input_shape)}"
            )
        self.add_gamma_and_beta((channels,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs):
        place, shape = self._place, inputs.shape
        x = ops.cast(inputs, jnp.promote_types(inputs.dtype, "float32"))
        x = x.reshape(*shape[:place], self._count, -1, *shape[place + 1 :])
        axes = tuple(a for a in range(1, x.ndim) if a != place)
        mean, variance = ops.moments(x, axes, keepdims=True)
        x = ((x - mean) * ops.rsqrt(variance + self.epsilon)).reshape(shape)
        for weight, apply in ((self.gamma, ops.multiply), (self.beta, ops.add)):
            if weight is not None:
                x = apply(x, ops.reshape(weight, (-1,) + (1,) * (x.ndim - 1 - place)))
        return ops.cast(x, self.compute_dtype)
