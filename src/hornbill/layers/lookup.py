"""Layers from and to what files hold."""

from ..engine import serialize as serialization
from .base import Layer


def serialize(layer: Layer) -> dict:
    """A layer's class and config as plain JSON.

    >>> import hornbill as hb
    >>> hb.layers.serialize(hb.layers.Flatten(name="flat"))["class_name"]
    'Flatten'
    """
    return serialization.serialize(layer)


def deserialize(config, custom_objects: dict | None = None) -> Layer:
    """The layer that `serialize` wrote.

    Args:
        config: its class and config.
        custom_objects: `{name: class}` that are not registered.

    Raises:
        ValueError: if the config describes no layer.

    >>> import hornbill as hb
    >>> config = hb.layers.serialize(hb.layers.Dense(3, name="out"))
    >>> hb.layers.deserialize(config).units
    3
    """
    layer = serialization.deserialize(config, custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(f"layers.deserialize takes a layer's config. Received: {config!r}")
    return layer
