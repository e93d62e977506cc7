"""TimeDistributed: the same layer at each step of a sequence."""

import jax
import jax.numpy as jnp

from ..calling import is_shape
from ..wrapper import Wrapper
from .loop import scan_steps


class TimeDistributed(Wrapper):
    """Applies a layer to each step of its input, with the same weights.

    The steps go through the layer as one large batch. Only a layer whose state a step may change
    (batch normalization, a stateful RNN) sees them one after the other.

    Args:
        layer: the layer.

    Call: `layer(inputs, training=None, mask=None)`; the wrapped layer gets its step of `mask`
    if it takes one.
    Input shape: `(batch, time, ...)`, or a structure of such. Output shape: what the layer makes
    of `(batch, ...)`, with the time axis second.

    >>> import hornbill as hb
    >>> layer = hb.layers.TimeDistributed(hb.layers.Conv2D(4, 3))
    >>> layer(hb.ops.ones((2, 5, 8, 8, 3))).shape
    (2, 5, 6, 6, 4)
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        self.layer.build(jax.tree.map(self._step_shape, input_shape, is_leaf=is_shape))

    def _step_shape(self, shape):
        if len(shape) < 3:
            raise ValueError(
                f"Layer '{self.path}' (TimeDistributed) takes inputs of rank 3 or more: (batch, "
                f"time, ...). Received: shape={tuple(shape)}"
            )
        return (shape[0], *shape[2:])

    def call(self, inputs, training=None, mask=None):
        lead = jax.tree.leaves(inputs)[0].shape[:2]
        given = {}
        if mask is not None:
            for m in jax.tree.leaves(mask):
                if m.shape[:2] != lead:
                    raise ValueError(
                        f"Layer '{self.path}' (TimeDistributed) takes a mask of shape (batch, "
                        f"time, ...) = {lead}. Received: mask.shape={m.shape}"
                    )
            if "mask" in self.layer._call_spec.names:
                given["mask"] = mask

        def step(item):
            inputs, given = item
            return self.layer(inputs, training=training, **given)

        statistics = training and any(not v.made_trainable for v in self.layer.weights)
        if statistics or any(getattr(c, "stateful", False) for c in self.layer._flatten_layers()):
            return self._one_by_one(step, (inputs, given))
        return self._as_one_batch(step, (inputs, given), lead)

    def _as_one_batch(self, step, items, lead):
        steps = lead[0] * lead[1]
        items = jax.tree.map(lambda x: jnp.reshape(x, (steps, *x.shape[2:])), items)
        return jax.tree.map(lambda y: jnp.reshape(y, (*lead, *y.shape[1:])), step(items))

    def _one_by_one(self, step, items):
        items = jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), items)
        held = [v for v in self.layer.variables if not v.made_trainable]
        outputs, _ = scan_steps(lambda x, states: (step(x), states), items, [], held=held)
        return jax.tree.map(lambda y: jnp.swapaxes(y, 0, 1), outputs)
