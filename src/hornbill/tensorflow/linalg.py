"""`tf.linalg`."""

import jax
import jax.numpy as jnp

from .. import ops
from . import math
from .arrays import einsum, eye
from .missing import missing
from .named import named
from .tensor import Tensor, lift, unwrap

__all__ = ["einsum", "eye"]

inv = named(ops.inv, "input")
det = named(ops.det, "input")
cholesky = named(ops.cholesky, "input")
solve = named(ops.solve, "matrix rhs")
qr = named(ops.qr, "input")
eigh = named(ops.eigh, "tensor")
lstsq = named(ops.lstsq, "matrix rhs")
norm = named(ops.norm, "tensor ord axis keepdims")
trace = named(lambda x: jnp.trace(jnp.asarray(x), axis1=-2, axis2=-1), "x")
diag_part = named(lambda x: jnp.diagonal(jnp.asarray(x), axis1=-2, axis2=-1), "input")
tensordot = named(ops.tensordot, "a b axes")
l2_normalize = math.l2_normalize


def matmul(a, b, transpose_a: bool = False, transpose_b: bool = False, name=None):
    """The matrix product over the last two axes."""
    a, b = (jnp.asarray(unwrap(m)) if isinstance(m, list) else unwrap(m) for m in (a, b))
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    b = ops.swapaxes(b, -1, -2) if transpose_b else b
    return lift(ops.matmul)(a, b)


def matvec(a, b, transpose_a: bool = False, name=None):
    """The product of matrices and vectors."""
    return matmul(a, jnp.asarray(unwrap(b))[..., None], transpose_a)[..., 0]


def matrix_transpose(a, name: str = "matrix_transpose"):
    """The last two axes swapped."""
    return lift(ops.swapaxes)(a, -1, -2)


def diag(diagonal, name: str = "diag"):
    """Matrices with the last axis on their diagonals."""
    x = jnp.asarray(unwrap(diagonal))
    return Tensor(x[..., None] * jnp.eye(x.shape[-1], dtype=x.dtype))


def band_part(input, num_lower: int, num_upper: int, name=None):
    """The matrices with zeros outside a band around the diagonal; -1 keeps a whole side."""
    x = jnp.asarray(unwrap(input))
    rows, columns = jnp.indices(x.shape[-2:])
    kept = (num_lower < 0) | (rows - columns <= num_lower)
    kept &= (num_upper < 0) | (columns - rows <= num_upper)
    return Tensor(jnp.where(kept, x, 0))


def svd(tensor, full_matrices: bool = False, compute_uv: bool = True, name=None):
    """`(s, u, v)` with `tensor = u @ diag(s) @ transpose(v)`, or only `s`."""
    x = jnp.asarray(unwrap(tensor))
    if not compute_uv:
        return Tensor(jnp.linalg.svd(x, compute_uv=False))
    u, s, vh = jnp.linalg.svd(x, full_matrices)
    return Tensor(s), Tensor(u), Tensor(jnp.swapaxes(vh, -1, -2).conj())


def triangular_solve(matrix, rhs, lower: bool = True, adjoint: bool = False, name=None):
    """Solves with a triangular matrix."""
    a, b = jnp.asarray(unwrap(matrix)), jnp.asarray(unwrap(rhs))
    return Tensor(jax.scipy.linalg.solve_triangular(a, b, trans=2 if adjoint else 0, lower=lower))


def global_norm(t_list, name=None):
    """The norm of all the tensors together."""
    return Tensor(jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in unwrap(list(t_list)))))


def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """The tensor limited to a range."""
    return lift(ops.clip)(t, clip_value_min, clip_value_max)


def clip_by_norm(t, clip_norm, axes=None, name=None):
    """The tensor scaled down to a norm that it exceeds."""
    x = jnp.asarray(unwrap(t))
    squares = jnp.sum(jnp.square(x), axis=axes, keepdims=axes is not None)
    # The root of 0 has no slope; where there is nothing to clip its place is taken by 1.
    norms = jnp.sqrt(jnp.where(squares > 0, squares, 1))
    return Tensor(x * clip_norm / jnp.maximum(norms, clip_norm))


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """`(tensors scaled down together to a norm that they exceed, the norm)`; None stays None."""
    grads = unwrap(list(t_list))
    norm = use_norm if use_norm is not None else global_norm([g for g in grads if g is not None])
    scale = clip_norm / jnp.maximum(jnp.asarray(unwrap(norm)), clip_norm)
    return [None if g is None else Tensor(g * scale) for g in grads], norm


__getattr__ = missing("tf.linalg", globals())
