"""Dropout's mask, against `jax.random`'s."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import hornbill as hb
from hornbill.kernels.random_bits import bernoulli

KEYS = [[0, 0], [7, 3], [2**32 - 1, 2**31], [2**32 - 1, 2**32 - 1]]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("p", [0.0, 0.1, 1 / 3, 0.5, 0.999999, 1.0])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 5), (2, 1, 70_001)])
def test_the_same_draws(shape, p, compiled):
    for key in jnp.array(KEYS, "uint32"):
        draw = jax.jit(bernoulli, static_argnums=(1, 2)) if compiled else bernoulli
        got = draw(key, p, shape)
        assert got.dtype == bool
        np.testing.assert_array_equal(got, random.bernoulli(key, p, shape))


def test_a_batch_of_keys():
    keys = jnp.array(KEYS, "uint32")
    got = jax.jit(jax.vmap(lambda key: bernoulli(key, 0.4, (5, 7))))(keys)
    np.testing.assert_array_equal(
        got, jax.vmap(lambda key: random.bernoulli(key, 0.4, (5, 7)))(keys)
    )


def test_other_generators_of_jax_stay():
    """Whoever chose one for all keys has it."""
    key = jnp.array([3, 4], "uint32")
    with jax.threefry_partitionable(False):
        got, right = bernoulli(key, 0.5, (101,)), random.bernoulli(key, 0.5, (101,))
    np.testing.assert_array_equal(got, right)
    assert (got != bernoulli(key, 0.5, (101,))).any()


def test_derivatives_of_all_orders():
    x = jnp.linspace(-2, 2, 40)

    def kept(x):
        return (hb.random.dropout(x, 0.25, seed=3) ** 3).sum()

    mask = np.asarray(random.bernoulli(jnp.array([3, 0], "uint32"), 0.75, (40,)))
    scaled = np.where(mask, np.asarray(x) / 0.75, 0)
    first, second = jax.grad(kept), jax.grad(lambda x: jax.grad(kept)(x).sum())
    np.testing.assert_allclose(first(x), 3 * scaled**2 / 0.75, rtol=1e-5)
    np.testing.assert_allclose(second(x), 6 * scaled / 0.75**2, rtol=1e-5)
    _, slope = jax.jvp(kept, [x], [jnp.ones(40)])
    np.testing.assert_allclose(slope, (3 * scaled**2 / 0.75).sum(), rtol=1e-5)
