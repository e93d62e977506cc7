import jax
import numpy as np
import pytest
from jax import lax

from hornbill.kernels import pooling

# Few different values: windows are full of ties.
TIES = np.random.default_rng(0).integers(0, 3, (2, 7, 6, 3)).astype("float32")


def by_reduce_window(x, size, padding="VALID"):
    window = (1, *size, 1)
    return lax.reduce_window(x, -np.inf, lax.max, window, window, padding)


def gradient(function):
    weights = np.random.default_rng(1).normal(size=(2, 7, 6, 3)).astype("float32")

    def loss(x):
        y = function(x)
        return (y * weights[:, : y.shape[1], : y.shape[2]]).sum()

    return jax.jit(jax.grad(loss))(TIES)


@pytest.mark.parametrize("size", [(2, 2), (3, 1), (3, 3), (7, 6)])
def test_ties_belong_to_the_first(size):
    result = gradient(lambda x: pooling.max_pool(x, size))
    assert np.array_equal(result, gradient(lambda x: by_reduce_window(x, size)))


def test_forward_derivatives():
    moves = np.random.default_rng(1).normal(size=TIES.shape).astype("float32")
    value, slope = jax.jvp(lambda x: pooling.max_pool(x, 2), (TIES,), (moves,))
    # Along a move, the value and the gradient say the same.
    _, pullback = jax.vjp(lambda x: pooling.max_pool(x, 2), TIES)
    ones = np.ones_like(value)
    np.testing.assert_allclose((pullback(ones)[0] * moves).sum(), slope.sum(), rtol=1e-5)


def test_ints():
    whole = TIES.astype("int32")
    assert np.array_equal(pooling.max_pool(whole, 2), pooling.max_pool(TIES, 2))
    assert np.array_equal(pooling.max_pool(whole, 2, 1), pooling.max_pool(TIES, 2, 1))
    np.testing.assert_allclose(pooling.average_pool(whole, 2), pooling.average_pool(TIES, 2))


def test_a_window_larger_than_the_input():
    assert pooling.max_pool(TIES, 8).shape == (2, 0, 0, 3)
    assert pooling.max_pool(TIES, 8, padding="same").shape == (2, 1, 1, 3)


@pytest.mark.parametrize("size", [1, 2, 4, 5, 7])
@pytest.mark.parametrize("reduce", ["max", "mean"])
def test_adaptive_windows(size, reduce):
    x = TIES[:, :, 0]
    expected = [
        getattr(x[:, i * 7 // size : -(-(i + 1) * 7 // size)], reduce)(1) for i in range(size)
    ]
    result = pooling.adaptive_pool(x, size, reduce)
    np.testing.assert_allclose(result, np.stack(expected, 1), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pooling.max_pool(TIES[0, 0], 2), "max_pool takes inputs of rank 3, 4 or 5"),
        (lambda: pooling.max_pool(TIES, 0), "pool_size is a positive int"),
        (lambda: pooling.average_pool(TIES, (2, 2, 2)), "pool_size is a positive int, or 2"),
        (lambda: pooling.average_pool(TIES, 2, padding="full"), "'valid' or 'same'"),
        (lambda: pooling.adaptive_pool(TIES, -1, "max"), "output_size is a positive int"),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call()
