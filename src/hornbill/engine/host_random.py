"""Random numbers computed on the host: `jax.random`'s, without its compiler.

Eager `jax.random` compiles a program for each new shape, 0.15 s apiece, and a model's weights are
mostly new shapes; NumPy draws a million of these numbers in 0.02 s. Here the same generator runs
in NumPy: threefry-2x32 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), its
counters laid out as in JAX's partitionable mode, and XLA's polynomial for the inverse error
function (Giles 2010, "Approximating the erfinv function"). Bits and uniform numbers are equal to
JAX's; normal ones to three units in the last place, since NumPy's logarithm rounds differently.

What is not the usual case is left to `jax.random`: a traced key, a dtype other than float32, and
JAX's older counter layout.
"""

import math

import jax
import numpy as np

# Numbers hashed at a time: the working arrays stay in the processor's cache.
BLOCK = 1 << 15

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_SQRT2 = np.float32(np.sqrt(2))

# Giles's coefficients, highest power first: near the centre, and in the tails.
_CENTRE = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_TAILS = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def bits(key, shape) -> np.ndarray:
    """What `jax.random.bits(key, shape)` gives: uint32 numbers, all of them equally likely.

    Args:
        key: a uint32 array of shape `(2,)`.
        shape: a tuple of ints.
    """
    key = np.asarray(key)
    out = np.empty(math.prod(shape), dtype=np.uint32)
    for start in range(0, out.size, BLOCK):
        out[start : start + BLOCK] = _hash(key, start, min(BLOCK, out.size - start))
    return out.reshape(shape)


def _hash(key, start: int, count: int) -> np.ndarray:
    """Threefry-2x32 of the counters from `start` on, its two output words folded into one."""
    keys = (key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
    counter = np.arange(start, start + count, dtype=np.uint64)
    low = counter.astype(np.uint32)
    high = (counter >> np.uint64(32)).astype(np.uint32)
    high += keys[0]
    low += keys[1]
    spare = np.empty_like(low)
    for i in range(5):
        for distance in ROTATIONS[i % 2]:
            high += low
            np.right_shift(low, 32 - distance, out=spare)
            low <<= distance
            low |= spare
            low ^= high
        high += keys[(i + 1) % 3]
        low += keys[(i + 2) % 3]
        low += np.uint32(i + 1)
    return high ^ low


def _on_host(key, shape, dtype) -> bool:
    return (
        not isinstance(key, jax.core.Tracer)
        and np.dtype(dtype) == np.float32
        and jax.config.jax_threefry_partitionable
    )


def uniform(key, shape, dtype="float32", minval=0.0, maxval=1.0):
    """What `jax.random.uniform` gives, as a NumPy array where the host can compute it."""
    if not _on_host(key, shape, dtype):
        return jax.random.uniform(key, shape, dtype, minval, maxval)
    # 23 random bits as the fraction of a float in [1, 2).
    floats = ((bits(key, shape) >> 9) | np.uint32(0x3F800000)).view(np.float32)
    floats -= np.float32(1)
    minval, maxval = np.float32(minval), np.float32(maxval)
    # XLA multiplies and adds in one instruction that rounds once; float64 has room for the same.
    scaled = floats * np.float64(maxval - minval) + np.float64(minval)
    return np.maximum(scaled.astype(np.float32), minval)


def normal(key, shape, dtype="float32"):
    """What `jax.random.normal` gives, as a NumPy array where the host can compute it."""
    if not _on_host(key, shape, dtype):
        return jax.random.normal(key, shape, dtype)
    above_minus_one = np.nextafter(np.float32(-1), np.float32(0))
    return _SQRT2 * erf_inv(uniform(key, shape, minval=above_minus_one, maxval=1))


def truncated_normal(key, shape, dtype="float32"):
    """What `jax.random.truncated_normal` gives between -2 and 2, likewise."""
    if not _on_host(key, shape, dtype):
        return jax.random.truncated_normal(key, -2.0, 2.0, shape, dtype)
    edge = np.float32(math.erf(np.float32(2) / _SQRT2))
    below_two = np.nextafter(np.float32(2), np.float32(0))
    drawn = _SQRT2 * erf_inv(uniform(key, shape, minval=-edge, maxval=edge))
    return np.clip(drawn, -below_two, below_two)


def erf_inv(x: np.ndarray) -> np.ndarray:
    """The inverse error function of float32 numbers inside (-1, 1), by XLA's polynomial."""
    w = -np.log1p(-x * x)
    y = _polynomial(_CENTRE, w - np.float32(2.5))
    far = w >= 5
    if far.any():
        y[far] = _polynomial(_TAILS, np.sqrt(w[far]) - np.float32(3))
    return y * x


def _polynomial(coefficients, x):
    y = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        y *= x
        y += np.float32(c)
    return y
