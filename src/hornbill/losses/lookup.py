"""Losses by name: from and to what files and users write."""

import sys

from ..engine import serialize as serialization
from .base import Loss


def get(identifier):
    """The loss that a user means.

    Args:
        identifier: a name: that of a function (`"mean_squared_error"`, `"mse"`) gives the
            function, that of a class (`"MeanSquaredError"`) an object; a config; a function of
            `(y_true, y_pred)`; a Loss or its class; or None, which stays None.

    Raises:
        ValueError: for an unknown name, or what is none of these.

    >>> import hornbill as hb
    >>> hb.losses.get("mse").__name__
    'mean_squared_error'
    >>> hb.losses.get("MeanSquaredError")
    <MeanSquaredError name=mean_squared_error, reduction=sum_over_batch_size>
    """
    return serialization.find(identifier, sys.modules[__package__], "loss", Loss)


def serialize(loss):
    """A loss's class and config as plain JSON; a function of ours is its name.

    >>> import hornbill as hb
    >>> hb.losses.serialize(hb.losses.Huber(delta=2.0))["config"]
    {'name': 'huber_loss', 'reduction': 'sum_over_batch_size', 'delta': 2.0}
    """
    return serialization.serialize(loss)


def deserialize(name, custom_objects: dict | None = None):
    """The loss that `serialize` wrote.

    Args:
        name: a config, or a name.
        custom_objects: `{name: class or function}` that are not registered.

    >>> import hornbill as hb
    >>> hb.losses.deserialize({"class_name": "Huber", "config": {"delta": 2.0}}).delta
    2.0
    """
    with serialization.custom_object_scope(custom_objects or {}):
        return get(name)
