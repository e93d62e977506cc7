"""Masks, scattered values and checked shapes: further names directly under `tf`."""

import jax.numpy as jnp
import numpy as np

from .arrays import convert_to_tensor
from .named import sizes
from .tensor import Tensor, unwrap

__all__ = [
    "dynamic_partition",
    "ensure_shape",
    "saturate_cast",
    "scatter_nd",
    "sequence_mask",
    "tensor_scatter_nd_max",
    "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub",
]


def _array(x):
    return convert_to_tensor(x).value


def sequence_mask(lengths, maxlen=None, dtype="bool", name=None) -> Tensor:
    """True for the first `length` places of each row; rows are `maxlen` long, or the longest."""
    lengths = _array(lengths)
    maxlen = int(lengths.max()) if maxlen is None else int(unwrap(maxlen))
    return Tensor((jnp.arange(maxlen) < lengths[..., None]).astype(str(dtype)))


def scatter_nd(indices, updates, shape, name=None) -> Tensor:
    """Zeros of a shape with slices added at index tuples."""
    updates = _array(updates)
    places = tuple(jnp.moveaxis(_array(indices), -1, 0))
    return Tensor(jnp.zeros(sizes(shape), updates.dtype).at[places].add(updates))


def _scattered(how: str, text: str):
    def scatter(tensor, indices, updates, name=None) -> Tensor:
        x = _array(tensor)
        places = tuple(jnp.moveaxis(_array(indices), -1, 0))
        return Tensor(getattr(x.at[places], how)(_array(updates).astype(x.dtype)))

    scatter.__doc__ = f"The tensor with {text} at index tuples."
    return scatter


tensor_scatter_nd_sub = _scattered("subtract", "slices subtracted")
tensor_scatter_nd_max = _scattered("max", "the larger values of itself and of slices")
tensor_scatter_nd_min = _scattered("min", "the smaller values of itself and of slices")


def ensure_shape(x, shape, name=None):
    """The tensor, if it has the shape (None for any size); else a ValueError."""
    x.set_shape(shape) if isinstance(x, Tensor) else convert_to_tensor(x).set_shape(shape)
    return x


def saturate_cast(value, dtype, name=None) -> Tensor:
    """The tensor in another dtype, its values limited to those that the dtype has."""
    x, dtype = _array(value), jnp.dtype(str(dtype))
    if jnp.issubdtype(dtype, jnp.integer):
        x = jnp.clip(x, jnp.iinfo(dtype).min, jnp.iinfo(dtype).max)
    return Tensor(x.astype(dtype))


def dynamic_partition(data, partitions, num_partitions: int, name=None) -> list[Tensor]:
    """The rows of each partition; their number depends on values: eagerly only."""
    x, places = _array(data), np.asarray(unwrap(partitions))
    return [Tensor(x[places == i]) for i in range(int(unwrap(num_partitions)))]
