"""Layer normalization against its formula, whose derivatives are JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kernel_parity import check_kernel, normal

import hornbill as hb
from hornbill.kernels.normalization import normalize

CASES = [((4, 7), (-1,)), ((2, 3, 8), (2,)), ((2, 5, 3, 4), (1, 3)), ((3, 1, 6), (1, 2))]


def plain(x, gamma, beta, axes):
    off = x - x.mean(axes, keepdims=True)
    return off / jnp.sqrt((off * off).mean(axes, keepdims=True) + 1e-3) * gamma + beta


def weights(shape, axes):
    places = [a % len(shape) for a in axes]
    kept = [n if a in places else 1 for a, n in enumerate(shape)]
    return normal(1, *kept), normal(2, *kept)


@pytest.mark.parametrize(("shape", "axes"), CASES)
def test_value_and_gradients(shape, axes):
    def kernel(x, gamma, beta):
        return hb.ops.layer_normalization(x, gamma, beta, axes, 1e-3)

    check_kernel(
        kernel, lambda *args: plain(*args, axes), [normal(0, *shape), *weights(shape, axes)]
    )


@pytest.mark.parametrize(("shape", "axes"), CASES[:3])
def test_derivatives_forwards_and_second_ones(shape, axes):
    def of(function):
        return lambda *args: jnp.sum(jnp.sin(function(*args)))

    args = normal(0, *shape), *weights(shape, axes)
    functions = of(lambda *a: normalize(*a, axes, 1e-3)), of(lambda *a: plain(*a, axes))
    every = 0, 1, 2
    for way in (jax.jacfwd, lambda f, argnums: jax.jacfwd(jax.grad(f), argnums)):
        got, right = (way(f, argnums=every)(*args) for f in functions)
        for one, other in zip(got, right, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_without_weights():
    x = normal(0, 3, 5)
    got = jax.grad(lambda x: hb.ops.layer_normalization(x, epsilon=1e-3)[0, 0])(x)
    right = jax.grad(lambda x: plain(x, 1.0, 0.0, (-1,))[0, 0])(x)
    np.testing.assert_allclose(got, right, rtol=1e-4, atol=1e-6)
