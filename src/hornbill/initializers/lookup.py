"""Initializers by name: from and to what files and users write."""

import sys

import jax
import numpy as np

from ..engine import serialize as serialization
from ..engine.variable import Variable
from .base import Initializer
from .constants import Constant


def get(identifier):
    """The initializer that a user means.

    Args:
        identifier: a name (`"glorot_uniform"`, `"GlorotUniform"`), a config, an initializer or
            its class, a function of `(shape, dtype=None)`, an array that is the value itself, or
            None, which stays None.

    Raises:
        ValueError: for an unknown name, or what is none of these.

    >>> import hornbill as hb
    >>> hb.initializers.get("he_normal")
    HeNormal(seed=None, input_axes=None, output_axes=None)
    """
    if isinstance(identifier, (np.ndarray, np.generic, jax.Array, Variable)):
        return _given(np.asarray(identifier))
    return serialization.find(identifier, sys.modules[__package__], "initializer", Initializer)


def _given(value: np.ndarray):
    def initializer(shape, dtype=None):
        if tuple(shape) != value.shape:
            raise ValueError(
                f"The array given as initializer has shape {value.shape}, the weight another. "
                f"Received: shape={tuple(shape)}"
            )
        return Constant(value)(shape, dtype)

    return initializer


def serialize(initializer) -> dict:
    """An initializer's class and config, as plain JSON.

    >>> import hornbill as hb
    >>> hb.initializers.serialize(hb.initializers.Constant(2.0))["config"]
    {'value': 2.0}
    """
    return serialization.serialize(initializer)


def deserialize(config, custom_objects: dict | None = None):
    """The initializer that `serialize` wrote.

    Args:
        config: a config, or a name.
        custom_objects: `{name: class}` that are not registered.

    >>> import hornbill as hb
    >>> hb.initializers.deserialize({"class_name": "Constant", "config": {"value": 2.0}})
    Constant(value=2.0)
    """
    with serialization.custom_object_scope(custom_objects or {}):
        return get(config)
