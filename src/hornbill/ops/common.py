"""What the files of ops share: types for signatures, and small rules."""

import types
from collections.abc import Sequence

import jax.numpy as jnp

from ..engine import config, dtypes

Axis = int | Sequence[int] | None
Shape = int | Sequence[int]
DType = str | None


def to_float(x):
    """Integers and booleans become `floatx()`, as sin(1) is no integer; the rest stays."""
    dtype = x.dtype if hasattr(x, "dtype") else jnp.result_type(x)
    return x if jnp.issubdtype(dtype, jnp.inexact) else jnp.asarray(x, config.floatx())


def to_floats(x1, x2):
    """Two integers become `floatx()`; beside a float an integer takes that float's dtype."""
    if jnp.issubdtype(jnp.result_type(x1, x2), jnp.inexact):
        return x1, x2
    return to_float(x1), to_float(x2)


def hashable(axis: Axis):
    """Axes as jax.numpy takes them everywhere: a list as a tuple."""
    return tuple(axis) if isinstance(axis, list) else axis


def arrays(xs) -> list:
    """The members of a list as arrays; each may be a nested list of numbers."""
    return xs if hasattr(xs, "shape") else [jnp.asarray(x) for x in xs]


def named(dtype: DType) -> DType:
    """A dtype's name, where None stands for the input's own."""
    return None if dtype is None else dtypes.standardize_dtype(dtype)


def public(namespace: dict) -> list[str]:
    """A module's `__all__`: the functions that it defines itself, without the `_private`."""
    return [
        name
        for name, value in namespace.items()
        if isinstance(value, types.FunctionType)
        and value.__module__ == namespace["__name__"]
        and not name.startswith("_")
    ]
