"""Identity: the layer that does nothing."""

from .base import Layer


class Identity(Layer):
    """Gives its inputs back, for places that need a layer.

    Input shape: any, also a structure of tensors. Output shape: the input's. The mask stays.

    >>> import hornbill as hb
    >>> hb.layers.Identity()(hb.ops.array([1.0, 2.0])).tolist()
    [1.0, 2.0]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return inputs
