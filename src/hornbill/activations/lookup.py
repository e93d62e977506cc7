"""Activations by name: from and to what files and users write."""

import sys

from ..engine import serialize as serialization
from .functions import linear


def get(identifier):
    """The activation that a user means.

    Args:
        identifier: a name such as `"relu"`, a config, a function, or None for `linear`.

    >>> import hornbill as hb
    >>> hb.activations.get("relu").__name__, hb.activations.get(None).__name__
    ('relu', 'linear')
    """
    if identifier is None:
        return linear
    return serialization.find(identifier, sys.modules[__package__], "activation")


def serialize(activation):
    """The name of an activation, or the config of a registered function or object.

    >>> import hornbill as hb
    >>> hb.activations.serialize(hb.activations.relu)
    'relu'
    """
    return serialization.serialize(activation)


def deserialize(config, custom_objects: dict | None = None):
    """The activation that `serialize` wrote.

    Args:
        config: a name or a config.
        custom_objects: `{name: function}` that are not registered.

    >>> import hornbill as hb
    >>> hb.activations.deserialize("relu").__name__
    'relu'
    """
    if isinstance(config, str):
        known = serialization.callers_own(config, custom_objects)
        return known or get(config)
    return serialization.deserialize(config, custom_objects)
