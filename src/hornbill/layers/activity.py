"""ActivityRegularization: a penalty on what passes through."""

from .. import regularizers
from .base import Layer


class ActivityRegularization(Layer):
    """Adds `(l1 * sum(|x|) + l2 * sum(x**2)) / batch` to the losses and gives `x` back.

    Args:
        l1, l2: the factors, not negative.

    Input shape: any. Output shape: the input's. The mask stays.

    >>> import hornbill as hb
    >>> layer = hb.layers.ActivityRegularization(l1=0.5)
    >>> x = layer(hb.ops.array([[1.0, -2.0]]))
    >>> float(layer.losses[0])
    1.5
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1, self.l2 = l1, l2

    def call(self, inputs):
        return inputs
