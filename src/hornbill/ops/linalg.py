"""Linear algebra: on the last two axes, the others are a batch."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from ..engine.operation import Tensor, Tensors, op
from .common import Axis, hashable, public, to_float


def _matrices(x, who: str, square: bool = False):
    """Checks that `x` holds matrices (square ones), and gives them as floats."""
    shape = jnp.shape(x)
    if len(shape) < 2 or (square and shape[-1] != shape[-2]):
        raise ValueError(
            f"{who} takes {'square ' if square else ''}matrices, shape (..., "
            f"{'n, n' if square else 'm, n'}). Received: shape {shape}"
        )
    return to_float(x)


@op
def cholesky(x: Tensor, upper: bool = False):
    """The triangular `L` of a positive definite matrix `x = L @ Lᵀ`.

    Args:
        upper: whether the upper factor `U`, with `x = Uᵀ @ U`, is given instead.

    Raises:
        ValueError: if a matrix is not positive definite (in compiled code: NaN instead).

    >>> import hornbill as hb
    >>> hb.ops.cholesky([[4.0, 0.0], [0.0, 9.0]]).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    factor = jnp.linalg.cholesky(_matrices(x, "cholesky", True), upper=upper)
    if not isinstance(factor, jax.core.Tracer) and bool(jnp.isnan(factor).any()):
        raise ValueError(
            "cholesky takes positive definite matrices: add a small multiple of the unit matrix "
            f"if it should be one. Received: x={x}"
        )
    return factor


@op
def cholesky_inverse(x: Tensor, upper: bool = False):
    """The inverse of a matrix from its Cholesky factor: of `x @ xᵀ`, or `xᵀ @ x` if `upper`.

    >>> import hornbill as hb
    >>> hb.ops.cholesky_inverse([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.25, 0.0], [0.0, 0.0625]]
    """
    x = _matrices(x, "cholesky_inverse", True)
    unit = jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), x.shape)
    inverse = jax.scipy.linalg.solve_triangular(x, unit, lower=not upper)
    return inverse @ inverse.mT if upper else inverse.mT @ inverse


@op
def det(x: Tensor):
    """The determinant of each matrix.

    >>> import hornbill as hb
    >>> float(hb.ops.det([[2.0, 0.0], [0.0, 3.0]]))
    6.0
    """
    return jnp.linalg.det(_matrices(x, "det", True))


@op
def eig(x: Tensor):
    """Eigenvalues and (as columns) eigenvectors, both complex. On the CPU only.

    >>> import hornbill as hb
    >>> hb.ops.eig([[2.0, 0.0], [0.0, 3.0]])[0].tolist()
    [(2+0j), (3+0j)]
    """
    return tuple(jnp.linalg.eig(_matrices(x, "eig", True)))


@op
def eigh(x: Tensor):
    """Eigenvalues (rising) and, as columns, eigenvectors of symmetric or Hermitian matrices.

    >>> import hornbill as hb
    >>> hb.ops.eigh([[3.0, 0.0], [0.0, 2.0]])[0].tolist()
    [2.0, 3.0]
    """
    return tuple(jnp.linalg.eigh(_matrices(x, "eigh", True)))


@op
def inv(x: Tensor):
    """The inverse of each matrix.

    >>> import hornbill as hb
    >>> hb.ops.inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return jnp.linalg.inv(_matrices(x, "inv", True))


@op
def lu_factor(x: Tensor):
    """The LU factorization with row exchanges.

    Returns:
        `(lu, pivots)`: both triangles in one matrix (the lower one's diagonal of ones left
        out), and with which row each row was exchanged.

    >>> import hornbill as hb
    >>> [v.tolist() for v in hb.ops.lu_factor([[4.0, 2.0], [2.0, 3.0]])]
    [[[4.0, 2.0], [0.5, 2.0]], [0, 1]]
    """
    lu, pivots, _ = jax.lax.linalg.lu(_matrices(x, "lu_factor"))
    return lu, pivots


@op
def norm(x: Tensor, ord=None, axis: Axis = None, keepdims: bool = False):
    """A norm of vectors or matrices.

    Args:
        ord: for vectors a number or `inf`; for matrices also `"fro"` and `"nuc"`. None is the
            Euclidean length, of matrices the Frobenius norm.
        axis: one axis for vectors, two for matrices; None takes all of `x`.
        keepdims: whether the reduced axes stay, with size 1.

    >>> import hornbill as hb
    >>> float(hb.ops.norm([3.0, 4.0])), float(hb.ops.norm([3.0, 4.0], 1))
    (5.0, 7.0)
    """
    return jnp.linalg.norm(jnp.asarray(to_float(x)), ord, hashable(axis), keepdims)


@op
def qr(x: Tensor, mode: str = "reduced"):
    """`x = q @ r`, with orthonormal columns in `q` and an upper triangular `r`.

    Args:
        x: `(..., m, n)`.
        mode: `"reduced"` for `q` of shape `(..., m, min(m, n))`, `"complete"` for `(..., m, m)`.

    >>> import hornbill as hb
    >>> [v.shape for v in hb.ops.qr(hb.ops.ones((3, 2)))]
    [(3, 2), (2, 2)]
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr's mode is 'reduced' or 'complete'. Received: mode={mode!r}")
    return tuple(jnp.linalg.qr(_matrices(x, "qr"), mode))


def _check_sides(a, b, who: str):
    """Checks `a @ x = b`; `b` holds vectors when it has one axis less than `a`."""
    a = _matrices(a, who, True)
    rows = jnp.shape(b)[-1 if jnp.ndim(b) == a.ndim - 1 else -2 :][:1]
    if rows != a.shape[-1:]:
        raise ValueError(
            f"{who} takes as many rows in b as in a: (..., n) or (..., n, k) for a of shape "
            f"(..., n, n). Received: a.shape={a.shape}, b.shape={jnp.shape(b)}"
        )
    return a, to_float(b)


@op
def solve(a: Tensor, b: Tensor):
    """The `x` with `a @ x = b`.

    Args:
        a: `(..., n, n)`.
        b: `(..., n)` or `(..., n, k)`.

    >>> import hornbill as hb
    >>> hb.ops.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
    [1.0, 0.5]
    """
    a, b = _check_sides(a, b, "solve")
    if b.ndim == a.ndim - 1:
        return jnp.linalg.solve(a, b[..., None])[..., 0]
    return jnp.linalg.solve(a, b)


@op
def solve_triangular(a: Tensor, b: Tensor, lower: bool = False):
    """The `x` with `a @ x = b`, for a triangular `a`; the other triangle is not looked at.

    Args:
        a: `(..., n, n)`.
        b: `(..., n)` or `(..., n, k)`.
        lower: whether `a` is lower triangular.

    >>> import hornbill as hb
    >>> hb.ops.solve_triangular([[2.0, 2.0], [0.0, 4.0]], [4.0, 4.0]).tolist()
    [1.0, 1.0]
    """
    a, b = _check_sides(a, b, "solve_triangular")
    if b.ndim == a.ndim - 1:
        return jax.scipy.linalg.solve_triangular(a, b[..., None], lower=lower)[..., 0]
    return jax.scipy.linalg.solve_triangular(a, b, lower=lower)


@op
def svd(x: Tensor, full_matrices: bool = True, compute_uv: bool = True):
    """The singular value decomposition `x = u @ diag(s) @ vh`.

    Args:
        x: `(..., m, n)`.
        full_matrices: whether `u` and `vh` are square, rather than `min(m, n)` wide and high.
        compute_uv: False gives `s` alone.

    Returns:
        `(u, s, vh)`, the singular values falling.

    >>> import hornbill as hb
    >>> hb.ops.svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False).tolist()
    [4.0, 3.0]
    """
    result = jnp.linalg.svd(_matrices(x, "svd"), full_matrices, compute_uv)
    return tuple(result) if compute_uv else result


@op
def lstsq(a: Tensor, b: Tensor, rcond: float | None = None):
    """The `x` for which `a @ x` is nearest to `b`, and among those the shortest.

    Args:
        a: `(m, n)`.
        b: `(m,)` or `(m, k)`.
        rcond: singular values below this share of the largest count as 0; by default the
            machine precision times `max(m, n)`.

    >>> import hornbill as hb
    >>> round(float(hb.ops.lstsq([[1.0], [1.0]], [1.0, 3.0])[0]), 4)
    2.0
    """
    return jnp.linalg.lstsq(_matrices(a, "lstsq"), to_float(b), rcond)[0]


@op
def matrix_rank(x: Tensor, tol: float | None = None):
    """How many singular values of each matrix are above `tol`.

    Args:
        tol: by default the largest singular value times `max(m, n)` times the precision.

    >>> import hornbill as hb
    >>> int(hb.ops.matrix_rank([[1.0, 1.0], [1.0, 1.0]]))
    1
    """
    x = _matrices(x, "matrix_rank")
    if tol is None:
        return jnp.linalg.matrix_rank(x).astype("int32")
    values = jnp.linalg.svd(x, compute_uv=False)
    return (values > jnp.asarray(tol)[..., None]).sum(-1).astype("int32")


@op
def pinv(x: Tensor, rcond: float | None = None):
    """The Moore-Penrose inverse of each matrix.

    Args:
        rcond: singular values below this share of the largest count as 0; by default ten times
            the machine precision times `max(m, n)`.

    >>> import hornbill as hb
    >>> hb.ops.pinv([[2.0], [0.0]]).tolist()
    [[0.5, 0.0]]
    """
    return jnp.linalg.pinv(_matrices(x, "pinv"), rcond)


@op
def jvp(fun: Callable, primals: Tensors, tangents: Tensors, has_aux: bool = False):
    """The value of a function and its derivative in a direction.

    Args:
        fun: a function of tensors.
        primals: a tuple of its arguments.
        tangents: a tuple of the direction, one tensor for each argument.
        has_aux: whether `fun` returns `(output, other things)`.

    Returns:
        `(output, derivative)`, with `has_aux` also the other things.

    >>> import hornbill as hb
    >>> [float(v) for v in hb.ops.jvp(lambda x: x**2, (3.0,), (1.0,))]
    [9.0, 6.0]
    """
    return jax.jvp(fun, tuple(primals), tuple(tangents), has_aux=has_aux)


__all__ = public(globals())
