"""Regularizers by name: from and to what files and users write."""

import sys

from ..engine import serialize as serialization
from .penalties import Regularizer


def get(identifier):
    """The regularizer that a user means.

    Args:
        identifier: a name, a config, a regularizer or its class, a function of the weight,
            or None, which stays None.

    Raises:
        ValueError: for an unknown name, or what is none of these.

    >>> import hornbill as hb
    >>> hb.regularizers.get("L2")
    L2(l2=0.01)
    """
    return serialization.find(identifier, sys.modules[__package__], "regularizer", Regularizer)


def serialize(regularizer) -> dict:
    """A regularizer's class and config, as plain JSON.

    >>> import hornbill as hb
    >>> hb.regularizers.serialize(hb.regularizers.L2())["config"]
    {'l2': 0.01}
    """
    return serialization.serialize(regularizer)


def deserialize(config, custom_objects: dict | None = None):
    """The regularizer that `serialize` wrote.

    Args:
        config: a config, or a name.
        custom_objects: `{name: class}` that are not registered.

    >>> import hornbill as hb
    >>> hb.regularizers.deserialize({"class_name": "L2", "config": {"l2": 0.5}})
    L2(l2=0.5)
    """
    with serialization.custom_object_scope(custom_objects or {}):
        return get(config)
