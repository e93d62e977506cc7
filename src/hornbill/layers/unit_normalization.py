"""UnitNormalization."""

from .. import ops
from .base import Layer
from .normalization_base import check_axis


class UnitNormalization(Layer):
    """Each vector of a batch divided by its length.

    Args:
        axis: the axis or axes along which a vector lies.

    Output shape: the input's.

    >>> import hornbill as hb
    >>> [[round(v, 4) for v in row] for row in hb.layers.UnitNormalization()([[3.0, 4.0]]).tolist()]
    [[0.6, 0.8]]
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = check_axis(self, axis)
        self.supports_masking = True

    def call(self, inputs):
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)
