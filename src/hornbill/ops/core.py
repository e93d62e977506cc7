"""Tensors themselves: conversion, dtype and shape, slices, scattered writes, gradients stopped."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ..engine import dtypes
from ..engine.errors import UnknownDimension
from ..engine.operation import Tensor, Tensors, convert_to_numpy, op
from .common import DType, named, public

# Conversion


@op
def convert_to_tensor(
    x: Tensor, dtype: DType = None, sparse: bool | None = None, ragged: bool | None = None
) -> Tensor:
    """A number, nested lists, a NumPy array or a Variable as a tensor (a `jax.Array`).

    Args:
        x: what to convert.
        dtype: the dtype; by default that of `x`.
        sparse: None or False.
        ragged: None or False.

    Raises:
        ValueError: for `sparse=True` or `ragged=True`: tensors are dense.

    >>> import hornbill as hb
    >>> hb.ops.convert_to_tensor([1, 2], dtype="float32").tolist()
    [1.0, 2.0]
    """
    if sparse or ragged:
        raise ValueError(
            "Hornbill has dense tensors only. Use a dense tensor with a mask. "
            f"Received: sparse={sparse}, ragged={ragged}"
        )
    return jnp.asarray(x, named(dtype))


@op
def cast(x: Tensor, dtype: DType) -> Tensor:
    """The same values in another dtype; floats lose their fraction on the way to integers.

    >>> import hornbill as hb
    >>> hb.ops.cast([1.7, -1.7], "int32").tolist()
    [1, -1]
    """
    return jnp.asarray(x).astype(dtypes.standardize_dtype(dtype))


@op
def saturate_cast(x: Tensor, dtype: DType) -> Tensor:
    """As `cast`, but values outside the dtype's range become its nearest number.

    >>> import hornbill as hb
    >>> hb.ops.saturate_cast([-5.0, 300.0], "uint8").tolist()
    [0, 255]
    """
    x = jnp.asarray(x)
    dtype = dtypes.standardize_dtype(dtype)
    low, high = (
        _between(limit, other, x.dtype)
        for limit, other in zip(_limits(dtype), _limits(x.dtype.name), strict=True)
    )
    number = x.astype("int32") if x.dtype == bool else x
    return jnp.clip(number, low, high).astype(dtype)


def _limits(dtype: str) -> tuple:
    """The smallest and the largest number of a dtype, exactly."""
    if dtype == "bool":
        return 0, 1
    if dtypes.is_int(dtype):
        info = jnp.iinfo(dtype)
        return int(info.min), int(info.max)
    info = jnp.finfo(dtype)
    return float(info.min), float(info.max)


def _between(limit, own, dtype):
    """`limit` in `dtype`, or its own limit where that is nearer to 0; never rounded outwards."""
    if abs(limit) >= abs(own):
        return np.asarray(own, "int32" if dtype == np.dtype(bool) else dtype)
    rounded = np.asarray(limit, dtype)
    # Python compares ints with floats exactly: int32's largest number has no float32.
    if abs(rounded.item()) > abs(limit):
        return np.nextafter(rounded, np.asarray(0, dtype))
    return rounded


def is_tensor(x) -> bool:
    """Whether `x` is a tensor that holds values (or stands for them in compiled code).

    >>> import hornbill as hb
    >>> hb.ops.is_tensor(hb.ops.ones(2)), hb.ops.is_tensor([1.0, 1.0])
    (True, False)
    """
    return isinstance(x, jax.Array)


def shape(x) -> tuple:
    """The shape as a tuple; None for a dimension of a symbolic tensor that is not known.

    Inside a layer or an op, an unknown dimension is a number that can be computed with.

    >>> import hornbill as hb
    >>> hb.ops.shape(hb.Input((3,)))
    (None, 3)
    """
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def dtype(x) -> str:
    """The dtype's name.

    >>> import hornbill as hb
    >>> hb.ops.dtype(hb.ops.zeros(2))
    'float32'
    """
    return dtypes.dtype_of(x)


@op
def stop_gradient(variable: Tensors):
    """The same values, as constants to `grad`.

    >>> import hornbill as hb, jax
    >>> float(jax.grad(lambda x: x * hb.ops.stop_gradient(x))(3.0))
    3.0
    """
    return jax.lax.stop_gradient(variable)


# Parts


@op
def unstack(x: Tensor, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """A tensor's parts along an axis, which they lack: the inverse of `stack`.

    Args:
        x: the tensor.
        num: the size of the axis; needed where that is not known.
        axis: the axis.

    >>> import hornbill as hb
    >>> [row.tolist() for row in hb.ops.unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    n = x.shape[axis]
    if isinstance(n, int):
        if num not in (None, n):
            raise ValueError(
                f"ops.unstack found {n} parts along axis {axis}; leave num out. Received: num={num}"
            )
    elif num is None:
        raise UnknownDimension(
            f"ops.unstack cannot count the parts along axis {axis}, whose size is not known: "
            "give num. Received: num=None"
        )
    else:
        n = num
    return [jax.lax.index_in_dim(x, i, axis, keepdims=False) for i in range(n)]


@op
def slice(inputs: Tensor, start_indices: Tensors, shape: Sequence[int]) -> Tensor:
    """The part of `shape` that begins at `start_indices`.

    Args:
        inputs: the tensor.
        start_indices: one index for each axis, numbers or tensors. A start at which the part
            would not fit is moved back until it does.
        shape: the part's shape, known numbers; -1 takes the rest of an axis.

    >>> import hornbill as hb
    >>> hb.ops.slice([[1, 2, 3], [4, 5, 6]], (0, 1), (2, 2)).tolist()
    [[2, 3], [5, 6]]
    """
    sizes = [inputs.shape[i] - start_indices[i] if n == -1 else n for i, n in enumerate(shape)]
    return jax.lax.dynamic_slice(inputs, start_indices, sizes)


@op
def slice_update(inputs: Tensor, start_indices: Tensors, updates: Tensor) -> Tensor:
    """A copy of `inputs` in which the part that begins at `start_indices` is `updates`.

    >>> import hornbill as hb
    >>> hb.ops.slice_update([1, 2, 3, 4], [1], [9, 9]).tolist()
    [1, 9, 9, 4]
    """
    return jax.lax.dynamic_update_slice(inputs, updates, start_indices)


@op
def scatter(indices: Tensor, values: Tensor, shape: Sequence[int]) -> Tensor:
    """Zeros of `shape` with `values` added at `indices`.

    Args:
        indices: integers of shape `(..., k)`: the first `k` indices of a place each.
        values: what to add there, of shape `(...) + shape[k:]`.
        shape: the result's shape.

    >>> import hornbill as hb
    >>> hb.ops.scatter([[1], [3], [1]], [5, 7, 1], (4,)).tolist()
    [0, 6, 0, 7]
    """
    return jnp.zeros(shape, values.dtype).at[_places(indices)].add(values)


REDUCTIONS = {None: "set", "add": "add", "max": "max", "min": "min", "mul": "multiply"}


@op
def scatter_update(
    inputs: Tensor, indices: Tensor, updates: Tensor, reduction: str | None = None
) -> Tensor:
    """A copy of `inputs` with `updates` put in at `indices`.

    Args:
        inputs: the tensor.
        indices: integers of shape `(..., k)`: the first `k` indices of a place each.
        updates: the values, of shape `(...) + inputs.shape[k:]`.
        reduction: how to join an update with what is there: None replaces it; or `"add"`,
            `"mul"`, `"max"`, `"min"`.

    >>> import hornbill as hb
    >>> hb.ops.scatter_update([1, 2, 3], [[0], [2]], [8, 9]).tolist()
    [8, 2, 9]
    """
    key = reduction.lower() if isinstance(reduction, str) else reduction
    if key not in REDUCTIONS:
        raise ValueError(
            f"ops.scatter_update knows the reductions {list(REDUCTIONS)}. "
            f"Received: reduction={reduction!r}"
        )
    return getattr(jnp.asarray(inputs).at[_places(indices)], REDUCTIONS[key])(updates)


def _places(indices):
    return tuple(jnp.moveaxis(indices, -1, 0))


__all__ = ["convert_to_numpy", *public(globals())]
