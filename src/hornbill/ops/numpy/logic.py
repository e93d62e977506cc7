"""Comparisons, tests, and logic on truth values and on bits, element by element."""

import jax.numpy as jnp

from ...engine.operation import Tensor, op
from ..common import public

# Comparisons


@op
def equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1 == x2`.

    >>> import hornbill as hb
    >>> hb.ops.equal([1, 2, 3], 2).tolist()
    [False, True, False]
    """
    return jnp.equal(x1, x2)


@op
def not_equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1 != x2`.

    >>> import hornbill as hb
    >>> hb.ops.not_equal([1, 2, 3], 2).tolist()
    [True, False, True]
    """
    return jnp.not_equal(x1, x2)


@op
def less(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1 < x2`.

    >>> import hornbill as hb
    >>> hb.ops.less([1, 2, 3], 2).tolist()
    [True, False, False]
    """
    return jnp.less(x1, x2)


@op
def less_equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1 <= x2`.

    >>> import hornbill as hb
    >>> hb.ops.less_equal([1, 2, 3], 2).tolist()
    [True, True, False]
    """
    return jnp.less_equal(x1, x2)


@op
def greater(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1 > x2`.

    >>> import hornbill as hb
    >>> hb.ops.greater([1, 2, 3], 2).tolist()
    [False, False, True]
    """
    return jnp.greater(x1, x2)


@op
def greater_equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1 >= x2`.

    >>> import hornbill as hb
    >>> hb.ops.greater_equal([1, 2, 3], 2).tolist()
    [False, True, True]
    """
    return jnp.greater_equal(x1, x2)


@op
def isclose(
    x1: Tensor, x2: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Whether `|x1 - x2| <= atol + rtol * |x2|`, element by element.

    Args:
        x1, x2: the tensors; `x2` is the reference.
        rtol: the tolerance relative to `x2`.
        atol: the absolute tolerance.
        equal_nan: whether NaN counts as close to NaN.

    >>> import hornbill as hb
    >>> hb.ops.isclose([1.0, 1.1], [1.000001, 1.0]).tolist()
    [True, False]
    """
    return jnp.isclose(x1, x2, rtol, atol, equal_nan)


@op
def allclose(
    x1: Tensor, x2: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Whether all elements are close, in the sense of `isclose`: one truth value.

    >>> import hornbill as hb
    >>> bool(hb.ops.allclose([1.0, 1.1], [1.0, 1.0]))
    False
    """
    return jnp.allclose(x1, x2, rtol, atol, equal_nan)


@op
def isin(x1: Tensor, x2: Tensor, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element of `x1` stands anywhere in `x2`.

    Args:
        x1: the elements to look for.
        x2: the elements to look through.
        assume_unique: a promise that neither holds an element twice, which is faster.
        invert: whether to tell which elements are *not* in `x2`.

    >>> import hornbill as hb
    >>> hb.ops.isin([1, 2, 3], [3, 1]).tolist()
    [True, False, True]
    """
    return jnp.isin(x1, x2, assume_unique=assume_unique, invert=invert)


# Tests of a value


@op
def isnan(x: Tensor) -> Tensor:
    """Whether a value is NaN.

    >>> import hornbill as hb
    >>> hb.ops.isnan([1.0, float("nan")]).tolist()
    [False, True]
    """
    return jnp.isnan(x)


@op
def isfinite(x: Tensor) -> Tensor:
    """Whether a value is neither NaN nor infinite.

    >>> import hornbill as hb
    >>> hb.ops.isfinite([1.0, float("inf")]).tolist()
    [True, False]
    """
    return jnp.isfinite(x)


@op
def isinf(x: Tensor) -> Tensor:
    """Whether a value is infinite, of either sign.

    >>> import hornbill as hb
    >>> hb.ops.isinf([1.0, float("-inf")]).tolist()
    [False, True]
    """
    return jnp.isinf(x)


@op
def isposinf(x: Tensor) -> Tensor:
    """Whether a value is +infinity.

    >>> import hornbill as hb
    >>> hb.ops.isposinf([float("-inf"), float("inf")]).tolist()
    [False, True]
    """
    return jnp.isposinf(x)


@op
def isneginf(x: Tensor) -> Tensor:
    """Whether a value is -infinity.

    >>> import hornbill as hb
    >>> hb.ops.isneginf([float("-inf"), float("inf")]).tolist()
    [True, False]
    """
    return jnp.isneginf(x)


@op
def isreal(x: Tensor) -> Tensor:
    """Whether the imaginary part is 0.

    >>> import hornbill as hb
    >>> hb.ops.isreal([1 + 0j, 1j]).tolist()
    [True, False]
    """
    return jnp.isreal(x)


# Logic. Numbers count as True where they are not 0.


@op
def logical_and(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether both are true.

    >>> import hornbill as hb
    >>> hb.ops.logical_and([True, False], True).tolist()
    [True, False]
    """
    return jnp.logical_and(x1, x2)


@op
def logical_or(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether at least one is true.

    >>> import hornbill as hb
    >>> hb.ops.logical_or([True, False], False).tolist()
    [True, False]
    """
    return jnp.logical_or(x1, x2)


@op
def logical_xor(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether exactly one is true.

    >>> import hornbill as hb
    >>> hb.ops.logical_xor([True, False], True).tolist()
    [False, True]
    """
    return jnp.logical_xor(x1, x2)


@op
def logical_not(x: Tensor) -> Tensor:
    """Whether it is false.

    >>> import hornbill as hb
    >>> hb.ops.logical_not([True, False]).tolist()
    [False, True]
    """
    return jnp.logical_not(x)


# Bits


@op
def bitwise_and(x: Tensor, y: Tensor) -> Tensor:
    """The bits that are set in both integers.

    >>> import hornbill as hb
    >>> hb.ops.bitwise_and([12], 10).tolist()
    [8]
    """
    return jnp.bitwise_and(x, y)


@op
def bitwise_or(x: Tensor, y: Tensor) -> Tensor:
    """The bits that are set in at least one of two integers.

    >>> import hornbill as hb
    >>> hb.ops.bitwise_or([12], 10).tolist()
    [14]
    """
    return jnp.bitwise_or(x, y)


@op
def bitwise_xor(x: Tensor, y: Tensor) -> Tensor:
    """The bits that are set in exactly one of two integers.

    >>> import hornbill as hb
    >>> hb.ops.bitwise_xor([12], 10).tolist()
    [6]
    """
    return jnp.bitwise_xor(x, y)


@op
def bitwise_invert(x: Tensor) -> Tensor:
    """All bits of integers turned over; of booleans, their negation.

    >>> import hornbill as hb
    >>> hb.ops.bitwise_invert([0, 5]).tolist()
    [-1, -6]
    """
    return jnp.invert(x)


bitwise_not = bitwise_invert


@op
def bitwise_left_shift(x: Tensor, y: Tensor) -> Tensor:
    """The bits of `x` moved `y` places up: `x * 2**y`.

    >>> import hornbill as hb
    >>> hb.ops.bitwise_left_shift([3], 2).tolist()
    [12]
    """
    return jnp.left_shift(x, y)


left_shift = bitwise_left_shift


@op
def bitwise_right_shift(x: Tensor, y: Tensor) -> Tensor:
    """The bits of `x` moved `y` places down: `x // 2**y`.

    >>> import hornbill as hb
    >>> hb.ops.bitwise_right_shift([12], 2).tolist()
    [3]
    """
    return jnp.right_shift(x, y)


right_shift = bitwise_right_shift

__all__ = public(globals())
