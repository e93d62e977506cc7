"""Wrapper: base of the layers that hold one other layer."""

from ..engine import serialize
from .base import Layer


class Wrapper(Layer):
    """Base of layers that change how another layer is called.

    Subclasses define `call`; the wrapped layer is `self.layer` and is built with the shape that
    the wrapper gets, unless they define `build`.

    Args:
        layer: the layer to wrap.

    Raises:
        ValueError: if `layer` is no layer.

    >>> import hornbill as hb
    >>> class Twice(hb.layers.Wrapper):
    ...     def call(self, inputs):
    ...         return self.layer(self.layer(inputs))
    >>> twice = Twice(hb.layers.Dense(3))
    >>> twice(hb.ops.ones((2, 3))).shape, len(twice.weights)
    ((2, 3), 2)
    """

    def __init__(self, layer: Layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__} wraps a layer, an object such as Dense(8). "
                f"Received: layer={layer!r} of type {type(layer).__name__}"
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape=None):
        self.layer.build(input_shape)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "Wrapper":
        """The wrapper that `get_config` described, around the layer described in it."""
        return cls(**serialize.deserialize_arguments(config, custom_objects))
