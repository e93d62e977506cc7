"""Masking: marks the steps of sequences that are only padding."""

from .. import ops
from .base import Layer


class Masking(Layer):
    """Masks the steps at which all features equal a value.

    Layers that support masks (the recurrent ones, attention, losses) then pass over them.

    Args:
        mask_value: the value that marks padding.

    Input shape: `(batch, steps, features)` (or any other number of axes). Output shape: the
    input's, with 0 at the masked steps. The mask has the shape without the last axis.

    >>> import hornbill as hb
    >>> x = hb.ops.array([[[1.0, 2.0], [-1.0, -1.0]]])
    >>> hb.layers.Masking(-1.0)(x).tolist()
    [[[1.0, 2.0], [0.0, 0.0]]]
    """

    def __init__(self, mask_value: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def call(self, inputs):
        return ops.where(ops.expand_dims(self.compute_mask(inputs), -1), inputs, 0)

    def compute_mask(self, inputs, mask=None):
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)
