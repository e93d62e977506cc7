"""Random bits written out, against `jax.random`'s own: the same ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

from hornbill.kernels.random_bits import fast

KEYS = [[0, 0], [7, 3], [2**32 - 1, 2**31]]


def both(draw, key, compiled):
    """What a function draws with a key of ours and with JAX's."""
    draw = jax.jit(draw) if compiled else draw
    return draw(fast(key)), draw(key)


@pytest.fixture(params=KEYS, ids=str)
def key(request):
    return jnp.array(request.param, "uint32")


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 5), (2, 1, 70_001)])
def test_bits(key, shape, dtype, compiled):
    got, right = both(lambda key: random.bits(key, shape, dtype), key, compiled)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, right)


DRAWS = {
    "uniform": lambda key: random.uniform(key, (5, 7)),
    "half": lambda key: random.uniform(key, (5, 7), "bfloat16"),
    "normal": lambda key: random.normal(key, (33,)),
    "bernoulli": lambda key: random.bernoulli(key, 0.3, (64,)),
    "permutation": lambda key: random.permutation(key, jnp.arange(20)),
    "gamma": lambda key: random.gamma(key, 0.7, (9,)),
    "binomial": lambda key: random.binomial(key, 10.0, 0.4, (9,)),
    "integers": lambda key: random.randint(key, (9,), -3, 300_000),
    "halves": lambda key: random.normal(random.split(key)[1], (4,)),
    "folded": lambda key: random.normal(random.fold_in(key, 9), (4,)),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_what_is_made_of_them(draw, key):
    got, right = both(draw, key, compiled=True)
    np.testing.assert_allclose(got.astype("float32"), right.astype("float32"), rtol=1e-6)


def test_a_batch_of_keys():
    keys = jnp.array(KEYS, "uint32")

    def draw(key):
        return random.normal(key, (6,))

    got = jax.jit(jax.vmap(lambda key: draw(fast(key))))(keys)
    np.testing.assert_array_equal(got, jax.jit(jax.vmap(draw))(keys))


def test_other_generators_of_jax_stay():
    """Whoever chose one for all keys has it."""
    key = jnp.zeros(4, "uint32")
    with jax.default_prng_impl("rbg"):
        assert fast(key) is key
    with jax.threefry_partitionable(False):
        assert fast(key) is key
