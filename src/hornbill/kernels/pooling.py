"""Pooling: windows of a batch reduced to their maximum or mean.

Windows that do not overlap are a reshape and a reduction, in training: on the CPU that is four
times faster than `reduce_window`, whose gradient is a scatter (a small CNN's gradient, batch 64:
44 ms with `reduce_window`, 12 ms so).
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .windows import check_images, check_padding, per_dimension, spatial_axes

# Of larger windows the places are not written out one by one.
MOST_PLACES = 64


def _plan(x, pool_size, strides, padding, data_format, who):
    """The arguments checked; window and strides over all axes, and the spatial axes."""
    n = check_images(x, who)
    pool = per_dimension(pool_size, n, "pool_size")
    steps = pool if strides is None else per_dimension(strides, n, "strides")
    axes, _ = spatial_axes(x.ndim, data_format)
    window, stride = [1] * x.ndim, [1] * x.ndim
    for axis, size, step in zip(axes, pool, steps, strict=True):
        window[axis], stride[axis] = size, step
    return tuple(window), tuple(stride), check_padding(padding), axes


def _tiles(x, window, stride, padding) -> bool:
    """Whether the windows lie side by side without padding, in dimensions that are known."""
    pooled = [(n, w) for n, w in zip(x.shape, window, strict=True) if w > 1]
    if window != stride or not all(isinstance(n, int) and n >= w for n, w in pooled):
        return False
    return padding == "valid" or all(n % w == 0 for n, w in pooled)


def _split(x, window, axes):
    """Each spatial axis as two, (windows, places in a window); the rest that fills none is cut."""
    for axis in reversed(axes):
        size = window[axis]
        count = x.shape[axis] // size
        if count * size != x.shape[axis]:
            x = lax.slice_in_dim(x, 0, count * size, axis=axis)
        x = x.reshape(*x.shape[:axis], count, size, *x.shape[axis + 1 :])
    return x, tuple(axis + i + 1 for i, axis in enumerate(axes))


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def _tiled_max(x, window, axes):
    # Without a gradient reduce_window itself is the faster one (a CNN's prediction 1.5 times).
    return lax.reduce_window(x, _lowest(x.dtype), lax.max, window, window, "VALID")


@_tiled_max.defjvp
def _tiled_max_jvp(window, axes, primals, tangents):
    # The gradient of jnp.max is shared among equal maxima; that of max pooling, here as in
    # reduce_window, belongs to the first of them. The places of a window are compared one by one:
    # one pass over the inputs, where a reduction over them needs three (2 times as fast).
    tiles, places = _split(primals[0], window, axes)
    moves, _ = _split(tangents[0], window, axes)
    each = [_at(tiles, places, place) for place in np.ndindex(*(tiles.shape[a] for a in places))]
    top = functools.reduce(jnp.maximum, each)
    first = jnp.full(top.shape, len(each) - 1, np.uint8)
    for i in reversed(range(len(each) - 1)):
        first = jnp.where(each[i] == top, np.uint8(i), first)
    order = np.arange(len(each), dtype=np.uint8).reshape(
        [n if axis in places else 1 for axis, n in enumerate(tiles.shape)]
    )
    mine = jnp.expand_dims(first, places) == order
    return top, jnp.where(mine, moves, 0).sum(places, dtype=moves.dtype)


def _at(tiles, places, place):
    """The values at one place of all windows."""
    index = dict(zip(places, place, strict=True))
    return tiles[tuple(index.get(axis, slice(None)) for axis in range(tiles.ndim))]


def max_pool(x, pool_size, strides=None, padding="valid", data_format=None):
    """The largest value of each window; at ties the gradient belongs to the first."""
    window, stride, padding, axes = _plan(x, pool_size, strides, padding, data_format, "max_pool")
    if _tiles(x, window, stride, padding) and math.prod(window) <= MOST_PLACES:
        return _tiled_max(x, window, axes)
    return lax.reduce_window(x, _lowest(x.dtype), lax.max, window, stride, padding.upper())


def _lowest(dtype):
    # A NumPy scalar also while tracing: reduce_window must see that nothing is smaller.
    floating = jnp.issubdtype(dtype, jnp.floating)
    return np.array(-np.inf if floating else jnp.iinfo(dtype).min, dtype)[()]


def average_pool(x, pool_size, strides=None, padding="valid", data_format=None):
    """The mean of each window; padding does not count."""
    window, stride, padding, axes = _plan(
        x, pool_size, strides, padding, data_format, "average_pool"
    )
    dtype = x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else "float32"
    if _tiles(x, window, stride, padding):
        tiles, places = _split(x, window, axes)
        return tiles.mean(places, dtype=dtype)

    def sums(values):
        return lax.reduce_window(values, 0.0, lax.add, window, stride, padding.upper())

    # In 16 bits a sum of many numbers would be a few per cent off.
    total = sums(x.astype(jnp.promote_types(dtype, "float32")))
    if padding == "valid":
        return (total / math.prod(window)).astype(dtype)
    counted = [n if axis in axes else 1 for axis, n in enumerate(x.shape)]
    return (total / sums(jnp.ones(counted, total.dtype))).astype(dtype)


def adaptive_pool(x, output_size, reduce: str, data_format=None):
    """Pools to a given size, window `i` of `n` covering `[floor(i·L/n), ceil((i+1)·L/n))`.

    Each axis in turn: a gather of the windows, as wide as the widest, and a masked reduction.

    Args:
        reduce: `"max"` or `"mean"`.
    """
    n = check_images(x, f"adaptive_{'max' if reduce == 'max' else 'average'}_pool")
    sizes = per_dimension(output_size, n, "output_size")
    axes, _ = spatial_axes(x.ndim, data_format)
    for axis, size in zip(axes, sizes, strict=True):
        x = _adaptive_axis(x, axis, size, reduce)
    return x


def _adaptive_axis(x, axis, size, reduce):
    length = x.shape[axis]
    if isinstance(length, int) and length % size == 0:
        shape = (*x.shape[:axis], size, length // size, *x.shape[axis + 1 :])
        return getattr(x.reshape(shape), reduce)(axis + 1)
    index = np.arange(size)
    starts, ends = index * length // size, -((index + 1) * -length // size)
    places = starts[:, None] + np.arange((length + size - 1) // size + 1)
    inside = (places < ends[:, None]).reshape(places.shape + (1,) * (x.ndim - axis - 1))
    windows = jnp.take(x, np.minimum(places, length - 1), axis=axis)
    if reduce == "max":
        return jnp.where(inside, windows, _lowest(x.dtype)).max(axis + 1)
    counts = inside.sum(1).astype(x.dtype)
    return jnp.where(inside, windows, 0).sum(axis + 1) / counts
