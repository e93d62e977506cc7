"""Angles, circular and hyperbolic functions and their inverses; integers give `floatx()`."""

import jax.numpy as jnp

from ...engine.operation import Tensor, op
from ..common import public, to_float, to_floats


@op
def sin(x: Tensor) -> Tensor:
    """The sine of angles in radians.

    >>> import hornbill as hb
    >>> hb.ops.sin([0.0]).tolist()
    [0.0]
    """
    return jnp.sin(to_float(x))


@op
def cos(x: Tensor) -> Tensor:
    """The cosine of angles in radians.

    >>> import hornbill as hb
    >>> hb.ops.cos([0.0]).tolist()
    [1.0]
    """
    return jnp.cos(to_float(x))


@op
def tan(x: Tensor) -> Tensor:
    """The tangent of angles in radians.

    >>> import hornbill as hb
    >>> hb.ops.tan([0.0]).tolist()
    [0.0]
    """
    return jnp.tan(to_float(x))


@op
def arcsin(x: Tensor) -> Tensor:
    """The angle in [-pi/2, pi/2] whose sine is `x`; NaN outside [-1, 1].

    >>> import hornbill as hb
    >>> round(float(hb.ops.arcsin(1.0)), 4)
    1.5708
    """
    return jnp.arcsin(to_float(x))


@op
def arccos(x: Tensor) -> Tensor:
    """The angle in [0, pi] whose cosine is `x`; NaN outside [-1, 1].

    >>> import hornbill as hb
    >>> round(float(hb.ops.arccos(-1.0)), 4)
    3.1416
    """
    return jnp.arccos(to_float(x))


@op
def arctan(x: Tensor) -> Tensor:
    """The angle in (-pi/2, pi/2) whose tangent is `x`.

    >>> import hornbill as hb
    >>> round(float(hb.ops.arctan(1.0)), 4)
    0.7854
    """
    return jnp.arctan(to_float(x))


@op
def arctan2(x1: Tensor, x2: Tensor) -> Tensor:
    """The angle of the point `(x2, x1)`, in [-pi, pi]: `arctan(x1 / x2)` in the right quadrant.

    Args:
        x1: the points' second coordinates.
        x2: the points' first coordinates.

    >>> import hornbill as hb
    >>> round(float(hb.ops.arctan2(1.0, -1.0)), 4)
    2.3562
    """
    return jnp.arctan2(*to_floats(x1, x2))


@op
def sinh(x: Tensor) -> Tensor:
    """The hyperbolic sine, `(e**x - e**-x) / 2`.

    >>> import hornbill as hb
    >>> hb.ops.sinh([0.0]).tolist()
    [0.0]
    """
    return jnp.sinh(to_float(x))


@op
def cosh(x: Tensor) -> Tensor:
    """The hyperbolic cosine, `(e**x + e**-x) / 2`.

    >>> import hornbill as hb
    >>> hb.ops.cosh([0.0]).tolist()
    [1.0]
    """
    return jnp.cosh(to_float(x))


@op
def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent, `sinh(x) / cosh(x)`, in (-1, 1).

    >>> import hornbill as hb
    >>> hb.ops.tanh([0.0]).tolist()
    [0.0]
    """
    return jnp.tanh(to_float(x))


@op
def arcsinh(x: Tensor) -> Tensor:
    """The number whose hyperbolic sine is `x`.

    >>> import hornbill as hb
    >>> hb.ops.arcsinh([0.0]).tolist()
    [0.0]
    """
    return jnp.arcsinh(to_float(x))


@op
def arccosh(x: Tensor) -> Tensor:
    """The number of at least 0 whose hyperbolic cosine is `x`; NaN below 1.

    >>> import hornbill as hb
    >>> hb.ops.arccosh([1.0]).tolist()
    [0.0]
    """
    return jnp.arccosh(to_float(x))


@op
def arctanh(x: Tensor) -> Tensor:
    """The number whose hyperbolic tangent is `x`; NaN outside [-1, 1].

    >>> import hornbill as hb
    >>> hb.ops.arctanh([0.0]).tolist()
    [0.0]
    """
    return jnp.arctanh(to_float(x))


@op
def sinc(x: Tensor) -> Tensor:
    """`sin(pi x) / (pi x)`, and 1 at 0.

    >>> import hornbill as hb
    >>> hb.ops.sinc([0.0]).tolist()
    [1.0]
    """
    return jnp.sinc(to_float(x))


@op
def i0(x: Tensor) -> Tensor:
    """The modified Bessel function of the first kind of order 0.

    >>> import hornbill as hb
    >>> round(float(hb.ops.i0(1.0)), 4)
    1.2661
    """
    return jnp.i0(to_float(x))


@op
def deg2rad(x: Tensor) -> Tensor:
    """Degrees as radians.

    >>> import hornbill as hb
    >>> round(float(hb.ops.deg2rad(180)), 4)
    3.1416
    """
    return jnp.deg2rad(to_float(x))


@op
def rad2deg(x: Tensor) -> Tensor:
    """Radians as degrees.

    >>> import hornbill as hb
    >>> round(float(hb.ops.rad2deg(3.1415927)), 3)
    180.0
    """
    return jnp.rad2deg(to_float(x))


__all__ = public(globals())
