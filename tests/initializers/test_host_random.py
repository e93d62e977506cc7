"""The host's random numbers are jax.random's."""

import jax
import jax.extend.random
import numpy as np
import pytest

from hornbill.engine import host_random

KEY = np.array([1337, 5], dtype="uint32")
SHAPES = [(), (5,), (0, 3), (3, 7), (2, 3, 4), (70_001,)]


def ulps(a, b) -> int:
    """How many float32 numbers lie between, at most."""
    a, b = (np.asarray(x).view(np.int32).astype(np.int64) for x in (a, b))
    return int(np.abs(a - b).max(initial=0))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bits(shape):
    expected = np.asarray(jax.random.bits(KEY, shape))
    found = host_random.bits(KEY, shape)
    assert found.dtype == np.uint32
    np.testing.assert_array_equal(found, expected)


def test_counters_beyond_32_bits():
    """No array is that large in a test: the hash itself, against JAX's."""
    start = 2**32 - 2
    counter = np.arange(start, start + 4, dtype=np.uint64)
    words = np.concatenate([counter >> np.uint64(32), counter & np.uint64(0xFFFFFFFF)])
    both = jax.extend.random.threefry_2x32(KEY, words.astype(np.uint32))
    high, low = np.split(np.asarray(both), 2)
    np.testing.assert_array_equal(host_random._hash(KEY, start, 4), high ^ low)


@pytest.mark.parametrize("shape", SHAPES[::2] + SHAPES[-1:], ids=str)
def test_distributions(shape):
    uniform = host_random.uniform(KEY, shape, "float32", -0.08, 0.05)
    assert ulps(uniform, jax.random.uniform(KEY, shape, minval=-0.08, maxval=0.05)) == 0
    assert ulps(host_random.normal(KEY, shape), jax.random.normal(KEY, shape)) <= 4
    truncated = host_random.truncated_normal(KEY, shape)
    assert ulps(truncated, jax.random.truncated_normal(KEY, -2.0, 2.0, shape)) <= 4


def test_erf_inv_in_the_tails():
    x = np.array([-0.9999999, -0.9999, -0.99, 0.0, 0.5, 0.9966, 0.99999], dtype="float32")
    assert ulps(host_random.erf_inv(x), jax.lax.erf_inv(x)) <= 4


def test_it_is_drawn_on_the_host():
    assert isinstance(host_random.normal(KEY, (3,)), (np.ndarray, np.generic))


def test_what_the_host_does_not_draw():
    half = host_random.normal(KEY, (5,), "float16")
    np.testing.assert_array_equal(half, jax.random.normal(KEY, (5,), "float16"))
    traced = jax.jit(lambda key: host_random.uniform(key, (5,)))(KEY)
    np.testing.assert_allclose(traced, host_random.uniform(KEY, (5,)), rtol=1e-6)
