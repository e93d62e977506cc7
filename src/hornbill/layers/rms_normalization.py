"""RMSNormalization."""

from .. import ops
from .base import Layer
from .normalization_base import check_axis, check_epsilon, places_of


class RMSNormalization(Layer):
    """`x / sqrt(mean(x²) + epsilon) * scale`. https://arxiv.org/abs/1910.07467

    Args:
        axis: the axis or axes over which the mean is taken.
        epsilon: added to the mean of the squares.

    Output shape: the input's. Weights: `scale`, of the sizes of the axes.

    >>> import hornbill as hb
    >>> hb.layers.RMSNormalization(epsilon=0.0)(hb.ops.array([[3.0, -3.0]])).tolist()
    [[1.0, -1.0]]
    """

    def __init__(self, axis=-1, epsilon: float = 1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis = check_axis(self, axis)
        self.epsilon = check_epsilon(self, epsilon)

    def build(self, input_shape):
        self._places = places_of(self, input_shape)
        sizes = tuple(input_shape[a] for a in self._places)
        self.scale = self.add_weight(sizes, "ones", name="scale")
        self._shape = [n if a in self._places else 1 for a, n in enumerate(input_shape)]

    def call(self, x):
        scale = ops.reshape(self.scale, self._shape)
        return ops.rms_normalization(x, scale, self._places, self.epsilon)
