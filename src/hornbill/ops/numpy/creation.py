"""Tensors from shapes and numbers. Where no dtype is given, they are `floatx()`."""

import jax.numpy as jnp

from ...engine.config import floatx
from ...engine.dtypes import result_type, standardize_dtype
from ...engine.operation import Tensor, op
from ..common import DType, Shape, named, public


@op
def array(x: Tensor, dtype: DType = None) -> Tensor:
    """A new tensor with the values of `x`: a number, nested lists, an array or a Variable.

    >>> import hornbill as hb
    >>> hb.ops.array([1, 2], dtype="float32").tolist()
    [1.0, 2.0]
    """
    return jnp.array(x, named(dtype))


@op
def copy(x: Tensor) -> Tensor:
    """A copy of `x`.

    >>> import hornbill as hb
    >>> hb.ops.copy([1, 2]).tolist()
    [1, 2]
    """
    return jnp.copy(x)


@op
def zeros(shape: Shape, dtype: DType = None) -> Tensor:
    """A tensor of zeros.

    >>> import hornbill as hb
    >>> hb.ops.zeros((2, 2)).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    return jnp.zeros(shape, standardize_dtype(dtype))


@op
def ones(shape: Shape, dtype: DType = None) -> Tensor:
    """A tensor of ones.

    >>> import hornbill as hb
    >>> hb.ops.ones(3, dtype="int32").tolist()
    [1, 1, 1]
    """
    return jnp.ones(shape, standardize_dtype(dtype))


@op
def empty(shape: Shape, dtype: DType = None) -> Tensor:
    """A tensor whose values do not matter yet. (They are zeros.)

    >>> import hornbill as hb
    >>> hb.ops.empty((2, 3)).shape
    (2, 3)
    """
    return jnp.empty(shape, standardize_dtype(dtype))


@op
def full(shape: Shape, fill_value: Tensor, dtype: DType = None) -> Tensor:
    """A tensor filled with `fill_value`, a number or something that broadcasts to `shape`.

    >>> import hornbill as hb
    >>> hb.ops.full((2, 2), 7).tolist()
    [[7.0, 7.0], [7.0, 7.0]]
    """
    return jnp.full(shape, fill_value, standardize_dtype(dtype))


@op
def zeros_like(x: Tensor, dtype: DType = None) -> Tensor:
    """Zeros in the shape of `x`, and in its dtype when `dtype` is None.

    >>> import hornbill as hb
    >>> hb.ops.zeros_like([1, 2]).tolist()
    [0, 0]
    """
    return jnp.zeros_like(x, named(dtype))


@op
def ones_like(x: Tensor, dtype: DType = None) -> Tensor:
    """Ones in the shape of `x`, and in its dtype when `dtype` is None.

    >>> import hornbill as hb
    >>> hb.ops.ones_like([5.0, 2.0]).tolist()
    [1.0, 1.0]
    """
    return jnp.ones_like(x, named(dtype))


@op
def empty_like(x: Tensor, dtype: DType = None) -> Tensor:
    """As `empty`, in the shape of `x`, and in its dtype when `dtype` is None.

    >>> import hornbill as hb
    >>> hb.ops.empty_like([1, 2]).shape
    (2,)
    """
    return jnp.empty_like(x, named(dtype))


@op
def full_like(x: Tensor, fill_value: Tensor, dtype: DType = None) -> Tensor:
    """`fill_value` in the shape of `x`, and in its dtype when `dtype` is None.

    >>> import hornbill as hb
    >>> hb.ops.full_like([1, 2], 7).tolist()
    [7, 7]
    """
    return jnp.full_like(x, fill_value, named(dtype))


@op
def eye(N: int, M: int | None = None, k: int = 0, dtype: DType = None) -> Tensor:
    """Ones on a diagonal, zeros elsewhere, of shape `(N, M)`.

    Args:
        N: the number of rows.
        M: the number of columns; N when None.
        k: which diagonal: 0 the main one, positive ones above, negative ones below.
        dtype: the dtype; `floatx()` when None.

    >>> import hornbill as hb
    >>> hb.ops.eye(2, 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    for name, size in (("N", N), ("M", M)):
        if isinstance(size, float) or jnp.issubdtype(getattr(size, "dtype", "int32"), jnp.floating):
            raise TypeError(f"ops.eye takes whole numbers as sizes. Received: {name}={size!r}")
    return jnp.eye(N, M, k, standardize_dtype(dtype))


@op
def identity(n: int, dtype: DType = None) -> Tensor:
    """The identity matrix of shape `(n, n)`.

    >>> import hornbill as hb
    >>> hb.ops.identity(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return jnp.identity(n, standardize_dtype(dtype))


@op
def tri(N: int, M: int | None = None, k: int = 0, dtype: DType = None) -> Tensor:
    """Ones on and below the `k`-th diagonal, zeros above, of shape `(N, M)`.

    >>> import hornbill as hb
    >>> hb.ops.tri(2, 3).tolist()
    [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    """
    return jnp.tri(N, M, k, standardize_dtype(dtype))


@op
def arange(start, stop=None, step=None, dtype: DType = None) -> Tensor:
    """The numbers `start, start + step, ...` below `stop`; `arange(n)` counts from 0.

    Args:
        start: the first number; with one argument only, the end.
        stop: the end, which is not included.
        step: the distance; 1 when None.
        dtype: the dtype; by default that of the numbers: int32 for whole ones, else `floatx()`.

    >>> import hornbill as hb
    >>> hb.ops.arange(3).tolist(), hb.ops.arange(1.0, 2.0, 0.5).tolist()
    ([0, 1, 2], [1.0, 1.5])
    """
    if dtype is None:
        dtype = result_type(*[_kind(v) for v in (start, stop, step) if v is not None])
    return jnp.arange(start, stop, step, standardize_dtype(dtype))


def _kind(number):
    # A dimension that is not known yet is neither int nor array, but it is whole.
    return floatx() if isinstance(number, float) else getattr(number, "dtype", int)


@op
def linspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DType = None,
    axis: int = 0,
) -> Tensor:
    """`num` numbers at equal distances from `start` to `stop`.

    Args:
        start, stop: the ends; tensors give one row of numbers for each pair.
        num: how many.
        endpoint: whether `stop` is the last of them.
        retstep: whether to return `(numbers, distance)`.
        dtype: the dtype; a float by default.
        axis: where the new axis goes when the ends are tensors.

    >>> import hornbill as hb
    >>> hb.ops.linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return jnp.linspace(start, stop, num, endpoint, retstep, named(dtype), axis)


@op
def logspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: DType = None,
    axis: int = 0,
) -> Tensor:
    """`num` numbers at equal ratios from `base**start` to `base**stop`.

    >>> import hornbill as hb
    >>> hb.ops.logspace(0, 3, 4, base=2).tolist()
    [1.0, 2.0, 4.0, 8.0]
    """
    return jnp.logspace(start, stop, num, endpoint, base, named(dtype), axis)


@op
def geomspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    dtype: DType = None,
    axis: int = 0,
) -> Tensor:
    """`num` numbers at equal ratios from `start` to `stop`.

    >>> import hornbill as hb
    >>> [f"{x:.2f}" for x in hb.ops.geomspace(1.0, 8.0, 4).tolist()]
    ['1.00', '2.00', '4.00', '8.00']
    """
    return jnp.geomspace(start, stop, num, endpoint, named(dtype), axis)


@op
def meshgrid(*x: Tensor, indexing: str = "xy") -> list[Tensor]:
    """The coordinates of a grid's points, one tensor for each axis.

    Args:
        x: the coordinates along each axis, 1-D tensors.
        indexing: `"xy"` (the first axis runs along the columns, as in plots) or `"ij"` (along
            the rows, as in matrices).

    >>> import hornbill as hb
    >>> [g.tolist() for g in hb.ops.meshgrid([1, 2], [3, 4])]
    [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    return list(jnp.meshgrid(*x, indexing=indexing))


# Windows: weights that taper a stretch of `x` samples before a Fourier transform.


@op
def bartlett(x: int) -> Tensor:
    """The triangular window of `x` points, 0 at its ends.

    >>> import hornbill as hb
    >>> hb.ops.bartlett(5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return jnp.bartlett(x).astype(floatx())


@op
def blackman(x: int) -> Tensor:
    """The Blackman window of `x` points: `0.42 - 0.5 cos(2 pi t) + 0.08 cos(4 pi t)`.

    >>> import hornbill as hb
    >>> [f"{w:.2f}" for w in hb.ops.blackman(4).tolist()]
    ['-0.00', '0.63', '0.63', '-0.00']
    """
    return jnp.blackman(x).astype(floatx())


@op
def hamming(x: int) -> Tensor:
    """The Hamming window of `x` points: `0.54 - 0.46 cos(2 pi t)`.

    >>> import hornbill as hb
    >>> [f"{w:.2f}" for w in hb.ops.hamming(4).tolist()]
    ['0.08', '0.77', '0.77', '0.08']
    """
    return jnp.hamming(x).astype(floatx())


@op
def hanning(x: int) -> Tensor:
    """The Hann window of `x` points: `0.5 - 0.5 cos(2 pi t)`.

    >>> import hornbill as hb
    >>> [f"{w:.2f}" for w in hb.ops.hanning(4).tolist()]
    ['0.00', '0.75', '0.75', '0.00']
    """
    return jnp.hanning(x).astype(floatx())


@op
def kaiser(x: int, beta: Tensor) -> Tensor:
    """The Kaiser window of `x` points: the larger `beta`, the narrower.

    >>> import hornbill as hb
    >>> hb.ops.kaiser(4, 0.0).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    return jnp.kaiser(x, beta).astype(floatx())


__all__ = public(globals())
