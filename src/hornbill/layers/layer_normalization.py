"""LayerNormalization."""

from .. import ops
from .normalization_base import AffineNormalization, check_axis, places_of


class LayerNormalization(AffineNormalization):
    """Each example to mean 0 and variance 1, times `gamma`, plus `beta`.

    The variance gets `epsilon` added. Computed in float32, whatever the inputs.
    https://arxiv.org/abs/1607.06450

    Args:
        axis: the axis or axes over which mean and variance are taken.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether there is a factor `gamma`.
        beta_initializer, gamma_initializer: how the weights start.
        beta_regularizer, gamma_regularizer: penalties on the weights.
        beta_constraint, gamma_constraint: applied to the weights after each update.

    Output shape: the input's. Weights: `gamma` and `beta`, of the sizes of the axes.

    >>> import hornbill as hb
    >>> hb.layers.LayerNormalization(epsilon=0.0)(hb.ops.array([[1.0, 3.0], [5.0, 9.0]])).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """

    def __init__(
        self,
        axis=-1,
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
        # Files of Keras name the option, which never was root-mean-square scaling.
        if kwargs.pop("rms_scaling", False):
            raise ValueError(
                "LayerNormalization has no rms_scaling=True: use RMSNormalization. "
                "Received: rms_scaling=True"
            )
        super().__init__(
            epsilon,
            center,
            scale,
            (beta_initializer, gamma_initializer),
            (beta_regularizer, gamma_regularizer),
            (beta_constraint, gamma_constraint),
            **kwargs,
        )
        self.axis = check_axis(self, axis)
        self.autocast = False

    def build(self, input_shape):
        self._places = places_of(self, input_shape)
        self.add_gamma_and_beta(tuple(input_shape[a] for a in self._places))

    def call(self, inputs):
        x = ops.layer_normalization(inputs, self.gamma, self.beta, self._places, self.epsilon)
        return ops.cast(x, self.compute_dtype)
