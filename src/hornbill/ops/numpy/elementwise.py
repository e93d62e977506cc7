"""Arithmetic, powers, logarithms, rounding and complex parts, element by element.

Two tensors are broadcast against each other as in NumPy, and Python numbers take the tensor's
dtype. Where a result is a real number by nature, integers give `floatx()`.
"""

import jax.numpy as jnp

from ...engine import dtypes
from ...engine.operation import Tensor, op
from ..common import public, to_float, to_floats

# Arithmetic


@op
def add(x1: Tensor, x2: Tensor) -> Tensor:
    """The sum `x1 + x2`.

    >>> import hornbill as hb
    >>> hb.ops.add([1, 2], 10).tolist()
    [11, 12]
    """
    return jnp.add(x1, x2)


@op
def subtract(x1: Tensor, x2: Tensor) -> Tensor:
    """The difference `x1 - x2`.

    >>> import hornbill as hb
    >>> hb.ops.subtract([1, 2], 10).tolist()
    [-9, -8]
    """
    return jnp.subtract(x1, x2)


@op
def multiply(x1: Tensor, x2: Tensor) -> Tensor:
    """The product `x1 * x2`, element by element.

    >>> import hornbill as hb
    >>> hb.ops.multiply([1, 2], 10).tolist()
    [10, 20]
    """
    return jnp.multiply(x1, x2)


@op
def divide(x1: Tensor, x2: Tensor) -> Tensor:
    """The quotient `x1 / x2`; of integers too it is a float.

    >>> import hornbill as hb
    >>> hb.ops.divide([1, 2], 4).tolist()
    [0.25, 0.5]
    """
    return jnp.divide(x1, x2)


true_divide = divide


@op
def divide_no_nan(x1: Tensor, x2: Tensor) -> Tensor:
    """The quotient `x1 / x2`, and 0 where `x2` is 0; its gradient there is 0 too.

    >>> import hornbill as hb
    >>> hb.ops.divide_no_nan([1.0, 3.0], [0.0, 2.0]).tolist()
    [0.0, 1.5]
    """
    zero = jnp.equal(x2, 0)
    # Dividing by 1 at those places keeps NaN out of the gradient as well.
    return jnp.where(zero, 0, jnp.divide(x1, jnp.where(zero, 1, x2)))


@op
def floor_divide(x1: Tensor, x2: Tensor) -> Tensor:
    """The quotient rounded down, `x1 // x2`.

    >>> import hornbill as hb
    >>> hb.ops.floor_divide([7, -7], 2).tolist()
    [3, -4]
    """
    return jnp.floor_divide(x1, x2)


@op
def mod(x1: Tensor, x2: Tensor) -> Tensor:
    """The remainder of `floor_divide`, `x1 % x2`: it has the sign of `x2`.

    >>> import hornbill as hb
    >>> hb.ops.mod([7, -7], 3).tolist()
    [1, 2]
    """
    return jnp.mod(x1, x2)


@op
def fmod(x1: Tensor, x2: Tensor) -> Tensor:
    """The remainder of the division rounded towards 0: it has the sign of `x1`, as C's fmod.

    >>> import hornbill as hb
    >>> hb.ops.fmod([7, -7], 3).tolist()
    [1, -1]
    """
    return jnp.fmod(x1, x2)


@op
def power(x1: Tensor, x2: Tensor) -> Tensor:
    """The power `x1 ** x2`.

    >>> import hornbill as hb
    >>> hb.ops.power([2, 3], 2).tolist()
    [4, 9]
    """
    return jnp.power(x1, x2)


@op
def negative(x: Tensor) -> Tensor:
    """The negated values, `-x`.

    >>> import hornbill as hb
    >>> hb.ops.negative([1, -2]).tolist()
    [-1, 2]
    """
    return jnp.negative(x)


@op
def reciprocal(x: Tensor) -> Tensor:
    """The inverse `1 / x`.

    >>> import hornbill as hb
    >>> hb.ops.reciprocal([2.0, 4.0]).tolist()
    [0.5, 0.25]
    """
    return jnp.reciprocal(to_float(x))


@op
def absolute(x: Tensor) -> Tensor:
    """The absolute values `|x|`; of complex numbers, their lengths.

    >>> import hornbill as hb
    >>> hb.ops.absolute([1, -2]).tolist()
    [1, 2]
    """
    return jnp.absolute(x)


abs = absolute


@op
def fabs(x: Tensor) -> Tensor:
    """The absolute values as floats.

    Raises:
        TypeError: for complex numbers; `absolute` takes them.

    >>> import hornbill as hb
    >>> hb.ops.fabs([1, -2]).tolist()
    [1.0, 2.0]
    """
    if jnp.iscomplexobj(x):
        raise TypeError(
            "ops.fabs takes real numbers. Use ops.absolute for complex ones. "
            f"Received: x.dtype={dtypes.dtype_of(x)}"
        )
    return jnp.fabs(to_float(x))


@op
def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1, by the sign of each value.

    >>> import hornbill as hb
    >>> hb.ops.sign([-3.0, 0.0, 5.0]).tolist()
    [-1.0, 0.0, 1.0]
    """
    return jnp.sign(x)


@op
def signbit(x: Tensor) -> Tensor:
    """Whether the sign bit is set: True for negative values and for -0.0.

    >>> import hornbill as hb
    >>> hb.ops.signbit([-3.0, -0.0, 5.0]).tolist()
    [True, True, False]
    """
    return jnp.signbit(x)


@op
def square(x: Tensor) -> Tensor:
    """The squares `x * x`.

    >>> import hornbill as hb
    >>> hb.ops.square([2, -3]).tolist()
    [4, 9]
    """
    return jnp.square(x)


@op
def sqrt(x: Tensor) -> Tensor:
    """The square roots; NaN for negative values.

    >>> import hornbill as hb
    >>> hb.ops.sqrt([4, 9]).tolist()
    [2.0, 3.0]
    """
    return jnp.sqrt(to_float(x))


@op
def cbrt(x: Tensor) -> Tensor:
    """The cube roots, negative for negative values.

    >>> import hornbill as hb
    >>> hb.ops.cbrt([1.0, -1.0]).tolist()
    [1.0, -1.0]
    """
    return jnp.cbrt(to_float(x))


@op
def hypot(x1: Tensor, x2: Tensor) -> Tensor:
    """The hypotenuse `sqrt(x1**2 + x2**2)`, without overflow on the way.

    >>> import hornbill as hb
    >>> hb.ops.hypot([3.0], [4.0]).tolist()
    [5.0]
    """
    return jnp.hypot(*to_floats(x1, x2))


@op
def ldexp(x1: Tensor, x2: Tensor) -> Tensor:
    """`x1 * 2**x2`.

    Args:
        x1: the mantissas.
        x2: the exponents, integers.

    Raises:
        TypeError: if `x2` holds no integers.

    >>> import hornbill as hb
    >>> hb.ops.ldexp([0.75], [2]).tolist()
    [3.0]
    """
    if not dtypes.is_int(dtypes.dtype_of(x2)):
        raise TypeError(
            "ops.ldexp takes integers as exponents. Write ops.cast(x2, 'int32'). "
            f"Received: x2.dtype={dtypes.dtype_of(x2)}"
        )
    return jnp.ldexp(x1, x2)


@op
def nextafter(x1: Tensor, x2: Tensor) -> Tensor:
    """The next float after `x1` in the direction of `x2`.

    >>> import hornbill as hb
    >>> hb.ops.nextafter([1.0], [2.0]).tolist()
    [1.0000001192092896]
    """
    return jnp.nextafter(x1, x2)


@op
def gcd(x1: Tensor, x2: Tensor) -> Tensor:
    """The greatest common divisor of integers.

    >>> import hornbill as hb
    >>> hb.ops.gcd([12, 9], 6).tolist()
    [6, 3]
    """
    return jnp.gcd(x1, x2)


@op
def lcm(x1: Tensor, x2: Tensor) -> Tensor:
    """The least common multiple of integers.

    >>> import hornbill as hb
    >>> hb.ops.lcm([4, 9], 6).tolist()
    [12, 18]
    """
    return jnp.lcm(x1, x2)


# Exponentials and logarithms


@op
def exp(x: Tensor) -> Tensor:
    """The exponential `e**x`.

    >>> import hornbill as hb
    >>> hb.ops.exp([0]).tolist()
    [1.0]
    """
    return jnp.exp(to_float(x))


@op
def exp2(x: Tensor) -> Tensor:
    """The power `2**x`.

    >>> import hornbill as hb
    >>> hb.ops.exp2([0, 3]).tolist()
    [1.0, 8.0]
    """
    return jnp.exp2(to_float(x))


@op
def expm1(x: Tensor) -> Tensor:
    """`e**x - 1`, exact for small `x` too.

    >>> import hornbill as hb
    >>> hb.ops.expm1([0.0]).tolist()
    [0.0]
    """
    return jnp.expm1(to_float(x))


@op
def log(x: Tensor) -> Tensor:
    """The natural logarithm; -inf at 0, NaN below.

    >>> import hornbill as hb
    >>> hb.ops.log([1, 0]).tolist()
    [0.0, -inf]
    """
    return jnp.log(to_float(x))


@op
def log2(x: Tensor) -> Tensor:
    """The logarithm to base 2.

    >>> import hornbill as hb
    >>> hb.ops.log2([1.0, 8.0]).tolist()
    [0.0, 3.0]
    """
    return jnp.log2(to_float(x))


@op
def log10(x: Tensor) -> Tensor:
    """The logarithm to base 10.

    >>> import hornbill as hb
    >>> hb.ops.log10([1.0, 0.0]).tolist()
    [0.0, -inf]
    """
    return jnp.log10(to_float(x))


@op
def log1p(x: Tensor) -> Tensor:
    """`log(1 + x)`, exact for small `x` too.

    >>> import hornbill as hb
    >>> hb.ops.log1p([0.0]).tolist()
    [0.0]
    """
    return jnp.log1p(to_float(x))


@op
def logaddexp(x1: Tensor, x2: Tensor) -> Tensor:
    """`log(e**x1 + e**x2)`, without overflow.

    >>> import hornbill as hb
    >>> f"{float(hb.ops.logaddexp(1000.0, 1000.0)):.3f}"
    '1000.693'
    """
    return jnp.logaddexp(*to_floats(x1, x2))


@op
def logaddexp2(x1: Tensor, x2: Tensor) -> Tensor:
    """`log2(2**x1 + 2**x2)`, without overflow.

    >>> import hornbill as hb
    >>> float(hb.ops.logaddexp2(1000.0, 1000.0))
    1001.0
    """
    return jnp.logaddexp2(*to_floats(x1, x2))


# Rounding and limits


@op
def floor(x: Tensor) -> Tensor:
    """The next whole numbers below, as floats.

    >>> import hornbill as hb
    >>> hb.ops.floor([1.7, -1.2]).tolist()
    [1.0, -2.0]
    """
    return jnp.floor(to_float(x))


@op
def ceil(x: Tensor) -> Tensor:
    """The next whole numbers above, as floats.

    >>> import hornbill as hb
    >>> hb.ops.ceil([1.2, -1.7]).tolist()
    [2.0, -1.0]
    """
    return jnp.ceil(to_float(x))


@op
def trunc(x: Tensor) -> Tensor:
    """The values without their fraction, rounded towards 0. Integers stay as they are.

    >>> import hornbill as hb
    >>> hb.ops.trunc([1.7, -1.7]).tolist()
    [1.0, -1.0]
    """
    return jnp.trunc(x) if dtypes.is_float(dtypes.dtype_of(x)) else jnp.asarray(x)


@op
def round(x: Tensor, decimals: int = 0) -> Tensor:
    """The values rounded to `decimals` places; halves go to the even neighbour.

    Args:
        x: the tensor; its dtype stays.
        decimals: places after the point; negative ones round to tens, hundreds, ...

    >>> import hornbill as hb
    >>> hb.ops.round([0.5, 1.5, 2.4]).tolist(), hb.ops.round([123, 167], -1).tolist()
    ([0.0, 2.0, 2.0], [120, 170])
    """
    if decimals < 0 and dtypes.is_int(dtypes.dtype_of(x)):
        unit = 10.0**-decimals
        return (jnp.round(to_float(x) / unit) * unit).astype(dtypes.dtype_of(x))
    return jnp.round(x, decimals)


@op
def clip(x: Tensor, x_min: Tensor, x_max: Tensor) -> Tensor:
    """Limits the values of `x` to `[x_min, x_max]`.

    >>> import hornbill as hb
    >>> hb.ops.clip([1, 5, 9], 2, 6).tolist()
    [2, 5, 6]
    """
    if dtypes.dtype_of(x) == "bool":
        x = jnp.asarray(x, "int32")
    return jnp.clip(x, x_min, x_max)


@op
def maximum(x1: Tensor, x2: Tensor) -> Tensor:
    """The larger of two values; NaN where either is NaN.

    >>> import hornbill as hb
    >>> hb.ops.maximum([1, 5], 3).tolist()
    [3, 5]
    """
    return jnp.maximum(x1, x2)


@op
def minimum(x1: Tensor, x2: Tensor) -> Tensor:
    """The smaller of two values; NaN where either is NaN.

    >>> import hornbill as hb
    >>> hb.ops.minimum([1, 5], 3).tolist()
    [1, 3]
    """
    return jnp.minimum(x1, x2)


@op
def fmax(x1: Tensor, x2: Tensor) -> Tensor:
    """The larger of two values, passing over NaN.

    >>> import hornbill as hb
    >>> hb.ops.fmax([1.0, 5.0], float("nan")).tolist()
    [1.0, 5.0]
    """
    return jnp.fmax(x1, x2)


@op
def fmin(x1: Tensor, x2: Tensor) -> Tensor:
    """The smaller of two values, passing over NaN.

    >>> import hornbill as hb
    >>> hb.ops.fmin([1.0, 5.0], 3.0).tolist()
    [1.0, 3.0]
    """
    return jnp.fmin(x1, x2)


@op
def heaviside(x1: Tensor, x2: Tensor) -> Tensor:
    """The step function of `x1`: 0 below 0, 1 above, and `x2` at 0.

    >>> import hornbill as hb
    >>> hb.ops.heaviside([-1.0, 0.0, 2.0], 0.5).tolist()
    [0.0, 0.5, 1.0]
    """
    return jnp.heaviside(*to_floats(x1, x2))


@op
def nan_to_num(
    x: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Replaces NaN and infinities by finite numbers.

    Args:
        x: the tensor.
        nan: what stands for NaN.
        posinf: what stands for infinity; the dtype's largest number when None.
        neginf: what stands for -infinity; the dtype's smallest number when None.

    >>> import hornbill as hb
    >>> hb.ops.nan_to_num([float("nan"), float("inf")], posinf=9.0).tolist()
    [0.0, 9.0]
    """
    return jnp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


# Complex numbers


@op
def real(x: Tensor) -> Tensor:
    """The real part.

    >>> import hornbill as hb
    >>> hb.ops.real([1 + 2j]).tolist()
    [1.0]
    """
    return jnp.real(x)


@op
def imag(x: Tensor) -> Tensor:
    """The imaginary part; 0 for real numbers.

    >>> import hornbill as hb
    >>> hb.ops.imag([1 + 2j]).tolist()
    [2.0]
    """
    return jnp.imag(x)


@op
def conjugate(x: Tensor) -> Tensor:
    """The complex conjugate.

    >>> import hornbill as hb
    >>> hb.ops.conjugate([1 + 2j]).tolist()
    [(1-2j)]
    """
    return jnp.conjugate(x)


conj = conjugate


@op
def angle(x: Tensor) -> Tensor:
    """The angle of complex numbers in radians, in (-pi, pi].

    >>> import hornbill as hb
    >>> [f"{a:.4f}" for a in hb.ops.angle([1j, -1.0]).tolist()]
    ['1.5708', '3.1416']
    """
    return jnp.angle(to_float(x))


__all__ = public(globals())
