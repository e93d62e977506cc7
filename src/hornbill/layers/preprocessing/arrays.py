"""Layers of one array, which may be given as nested lists."""

import jax
import numpy as np

from ..base import Layer


class ArrayLayer(Layer):
    """A layer whose input is one array: nested lists are one, not a structure of inputs."""

    def __call__(self, inputs, *args, **kwargs):
        return super().__call__(as_array(inputs), *args, **kwargs)


def as_array(x):
    """Nested lists of numbers or strings as an array; what holds tensors stays as it is."""
    return np.asarray(x) if isinstance(x, (list, tuple)) and is_one_array(x) else x


def is_one_array(data) -> bool:
    """Whether `data` is an array or a nested list of plain values, not a series of arrays."""
    if isinstance(data, (list, tuple)):
        return bool(data) and not any(hasattr(x, "shape") for x in jax.tree.leaves(data))
    return isinstance(data, (str, bytes)) or (hasattr(data, "shape") and hasattr(data, "dtype"))
