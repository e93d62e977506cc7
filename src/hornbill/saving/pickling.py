"""Models in pickles and deep copies: the bytes of a `.keras` file, and the caller's own classes.

A pickle names classes and functions by their modules, and imports them when it is read: read only
pickles that you trust. Files written by `save` do no such thing.
"""

import os
import tempfile
import types

import jax

from ..engine.allowed import is_builtin
from .archive import SUFFIX, load_model, save_model


def reduce_model(model) -> tuple:
    """What `pickle` and `copy.deepcopy` keep of a model."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"model{SUFFIX}")
        save_model(model, path)
        with open(path, "rb") as file:
            return restore_model, (file.read(), _own_things(model))


def restore_model(data: bytes, custom_objects: dict):
    """The model of which `reduce_model` kept this."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"model{SUFFIX}")
        with open(path, "wb") as file:
            file.write(data)
        return load_model(path, custom_objects)


def _own_things(model) -> dict:
    """`{name: class or function}` of what the model is made of and Hornbill does not know."""
    layers = model._flatten_layers()
    held = [value for layer in layers for value in vars(layer).values()]
    held += jax.tree.leaves([getattr(layer, "_compile_settings", None) for layer in layers])
    things = [type(x) for x in (*layers, *held) if hasattr(x, "get_config")]
    things += [x for x in held if isinstance(x, (type, types.FunctionType))]
    return {x.__name__: x for x in things if not is_builtin(x)}
