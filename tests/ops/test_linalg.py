import jax.numpy as jnp
import keras
import numpy as np
import pytest

import hornbill as hb

from .comparison import Case, check_again, floats, ids, of

compare = of(keras.ops.linalg, hb.ops.linalg)
again = of(keras.ops.linalg, hb.ops.linalg, check_again, dtype="float32")

A = floats(3, 4, 4)
TALL = floats(3, 5, 4)
POSITIVE = np.einsum("bij,bkj->bik", A, A) + np.eye(4, dtype="float32")
TRIANGLE = np.triu(POSITIVE)
LOWER = np.tril(POSITIVE)
SIDES = floats(3, 4, 2)

CASES = [
    Case("cholesky_inverse", (np.linalg.cholesky(POSITIVE)[0],), {}, (), (0,), 1e-4),
    Case("cholesky_inverse", (TRIANGLE[0],), {"upper": True}, (), (0,), 1e-4),
    Case("det", (A,), tolerance=1e-4),
    Case("eigh", (POSITIVE,), {}, (0,), (0,), 1e-3),
    Case("inv", (POSITIVE,), tolerance=1e-4),
    Case("lu_factor", (A,)),
    Case("norm", (A,), {}, ()),
    Case("norm", (A,), {"ord": 1, "axis": 2}),
    Case("norm", (A,), {"ord": "nuc", "axis": (1, 2), "keepdims": True}, tolerance=1e-4),
    Case("norm", (A,), {"ord": np.inf, "axis": -1}),
    Case("qr", (TALL,), tolerance=1e-4),
    Case("qr", (TALL,), {"mode": "complete"}, (0,), ()),
    Case("solve", (POSITIVE, SIDES), {}, (0, 1), (0, 1), 1e-4),
    Case("solve", (POSITIVE[0], SIDES[0, :, 0]), {}, (), (0, 1), 1e-4),
    Case("solve_triangular", (TRIANGLE, SIDES), {}, (0, 1), (0, 1), 1e-4),
    Case("solve_triangular", (LOWER, SIDES), {"lower": True}, (0, 1), (0, 1), 1e-4),
    Case("svd", (TALL,), {}, (0,), (), 1e-4),
    Case("svd", (TALL,), {"full_matrices": False}, (0,), (), 1e-4),
    Case("svd", (TALL,), {"compute_uv": False}, tolerance=1e-4),
    Case("lstsq", (TALL[0], floats(5)), {}, (), (), 1e-4),
    Case("matrix_rank", (A,), {}, (0,), ()),
    Case("pinv", (TALL,), {}, (0,), (), 1e-4),
]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_values(case):
    compare(case)


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky(upper):
    factor = np.asarray(hb.ops.cholesky(POSITIVE, upper=upper))
    np.testing.assert_allclose(
        factor, keras.ops.linalg.cholesky(POSITIVE, upper=upper), rtol=1e-5, atol=1e-6
    )
    product = factor.mT @ factor if upper else factor @ factor.mT
    np.testing.assert_allclose(product, POSITIVE, rtol=1e-4, atol=1e-4)


def test_eig():
    values, vectors = (np.asarray(v) for v in hb.ops.eig(A))
    np.testing.assert_allclose(A @ vectors, vectors * values[:, None], atol=1e-4)


def test_cholesky_inverse_of_a_batch():
    factors = np.linalg.cholesky(POSITIVE)
    np.testing.assert_allclose(
        hb.ops.cholesky_inverse(factors), np.linalg.inv(POSITIVE), rtol=1e-2, atol=1e-3
    )


def test_matrix_rank_with_a_tolerance():
    assert hb.ops.matrix_rank(np.diag([3.0, 2.0, 1.0]), tol=1.5) == 2


def test_ints_become_floats():
    assert float(hb.ops.det([[2, 0], [0, 3]])) == 6.0


def test_jvp():
    def function(x, y):
        return x * jnp.sin(y), {"x": x}

    value, slope, aux = hb.ops.jvp(function, (A, A), (A, A * 2), has_aux=True)
    np.testing.assert_allclose(value, A * np.sin(A), rtol=1e-5)
    np.testing.assert_allclose(slope, A * np.sin(A) + 2 * A * A * np.cos(A), rtol=1e-4, atol=1e-5)
    assert np.array_equal(aux["x"], A)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: hb.ops.inv(TALL), "inv takes square matrices"),
        (lambda: hb.ops.det([1.0, 2.0]), r"shape \(\.\.\., n, n\)"),
        (lambda: hb.ops.cholesky(-POSITIVE), "positive definite"),
        (lambda: hb.ops.qr(A, mode="raw"), "'reduced' or 'complete'"),
        (lambda: hb.ops.solve(A, TALL), "as many rows in b as in a"),
        (lambda: hb.ops.solve_triangular(A[0], np.ones(3)), "as many rows in b as in a"),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_another_shape_and_dtype(case):
    again(case)
