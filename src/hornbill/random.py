"""Random numbers: the same seed gives the numbers of Keras on JAX.

`seed` is everywhere an int (the same numbers at each call), a `SeedGenerator` (new numbers at
each call, and state that is compiled and saved with the rest) or None (the global generator,
which `hornbill.utils.set_random_seed` seeds).
"""

import jax
import jax.numpy as jnp

from .engine.dtypes import is_float, is_int, standardize_dtype
from .engine.operation import Tensor, op, to_array
from .engine.random import SeedGenerator, draw_key
from .kernels.random_bits import bernoulli

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]


def _shape(shape, who: str) -> tuple:
    shape = tuple(shape) if hasattr(shape, "__iter__") else (shape,)
    if None in [n for n in shape if not hasattr(n, "dimension_as_value")]:
        raise ValueError(
            f"random.{who} needs a shape that is known. In a layer's call() take it from "
            f"ops.shape(x). Received: shape={shape}"
        )
    return shape


def _float_dtype(dtype, who: str) -> str:
    name = standardize_dtype(dtype)
    if not is_float(name):
        raise ValueError(f"random.{who} draws floats. Received: dtype={dtype!r}")
    return name


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draws from the normal distribution.

    Args:
        shape: the shape of the result.
        mean, stddev: numbers or arrays that broadcast to `shape`.
        dtype: a float dtype; `floatx()` when None.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> hb.random.normal((2, 3), seed=1).shape
    (2, 3)
    """
    dtype = _float_dtype(dtype, "normal")
    sample = jax.random.normal(draw_key(seed), _shape(shape, "normal"), dtype)
    return sample * to_array(stddev) + to_array(mean)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draws from the normal distribution, without what lies beyond two deviations.

    Args:
        shape: the shape of the result.
        mean, stddev: of the distribution before it is cut.
        dtype: a float dtype; `floatx()` when None.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> bool((abs(hb.random.truncated_normal((100,), seed=1)) <= 2).all())
    True
    """
    dtype = _float_dtype(dtype, "truncated_normal")
    shape = _shape(shape, "truncated_normal")
    sample = jax.random.truncated_normal(draw_key(seed), -2.0, 2.0, shape, dtype)
    return sample * to_array(stddev) + to_array(mean)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Draws evenly from `[minval, maxval)`.

    Args:
        shape: the shape of the result.
        minval, maxval: numbers or arrays that broadcast to `shape`.
        dtype: a float dtype (`randint` draws ints); `floatx()` when None.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> hb.random.uniform((2,), 3.0, 3.0, seed=1).tolist()
    [3.0, 3.0]
    """
    dtype = _float_dtype(dtype, "uniform")
    shape = _shape(shape, "uniform")
    return jax.random.uniform(draw_key(seed), shape, dtype, to_array(minval), to_array(maxval))


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Draws ints evenly from `minval` to `maxval - 1`.

    Args:
        shape: the shape of the result.
        minval, maxval: ints or arrays of ints that broadcast to `shape`.
        dtype: an int dtype.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> hb.random.randint((3,), 5, 6, seed=1).tolist()
    [5, 5, 5]
    """
    name = standardize_dtype(dtype)
    if not is_int(name):
        raise ValueError(f"random.randint draws ints. Received: dtype={dtype!r}")
    shape = _shape(shape, "randint")
    return jax.random.randint(draw_key(seed), shape, to_array(minval), to_array(maxval), name)


@op
def categorical(logits: Tensor, num_samples: int, dtype="int32", seed=None):
    """Draws classes, with probabilities `softmax(logits)`.

    Args:
        logits: `(batch, classes)`, unnormalized log-probabilities.
        num_samples: how many classes are drawn for each row.
        dtype: an int dtype.
        seed: an int, a `SeedGenerator` or None.

    Returns:
        Ints of shape `(batch, num_samples)`.

    >>> import hornbill as hb
    >>> hb.random.categorical([[-1e9, 0.0]], 3, seed=1).tolist()
    [[1, 1, 1]]
    """
    if jnp.ndim(logits) != 2:
        raise ValueError(
            "random.categorical takes logits of shape (batch, classes). "
            f"Received: logits.shape={jnp.shape(logits)}"
        )
    shape = (logits.shape[0], num_samples)
    drawn = jax.random.categorical(draw_key(seed), logits[..., None], axis=1, shape=shape)
    return drawn.astype(standardize_dtype(dtype))


@op
def dropout(inputs: Tensor, rate: float, noise_shape=None, seed=None):
    """Sets values to 0 with probability `rate`; scales the others so that the mean stays.

    Args:
        rate: between 0 and 1.
        noise_shape: the shape of the decisions, broadcast to the inputs' (None in it: the
            inputs' size): `(None, 1, None)` drops the same at all places of axis 1.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> sorted(set(hb.random.dropout(hb.ops.ones((100,)), 0.5, seed=1).tolist()))
    [0.0, 2.0]
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"random.dropout's rate is between 0 and 1. Received: rate={rate}")
    x = jnp.asarray(inputs)
    if rate == 0:
        return x
    if rate == 1:
        return jnp.zeros_like(x)
    if noise_shape is None:
        shape = x.shape
    elif len(noise_shape) == x.ndim:
        sizes = zip(noise_shape, x.shape, strict=True)
        shape = tuple(n if asked is None else asked for asked, n in sizes)
    else:
        raise ValueError(
            f"random.dropout's noise_shape has one entry for each of the {x.ndim} axes. "
            f"Received: noise_shape={noise_shape}, inputs.shape={x.shape}"
        )
    keep = 1.0 - rate
    kept = bernoulli(draw_key(seed), keep, shape)
    return jnp.where(kept, x / keep, jnp.zeros_like(x))


@op
def shuffle(x: Tensor, axis: int = 0, seed=None):
    """Shuffles the values along an axis, those of each place of the other axes by themselves.

    Args:
        axis: the axis along which values move.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> sorted(hb.random.shuffle([1, 2, 3], seed=1).tolist())
    [1, 2, 3]
    """
    return jax.random.permutation(draw_key(seed), x, axis, independent=True)


def gamma(shape, alpha, dtype=None, seed=None):
    """Draws from the gamma distribution with shape `alpha` and scale 1.

    Args:
        shape: the shape of the result.
        alpha: a positive number, or an array that broadcasts to `shape`.
        dtype: a float dtype; `floatx()` when None.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> bool((hb.random.gamma((5,), 2.0, seed=1) > 0).all())
    True
    """
    dtype, shape = _float_dtype(dtype, "gamma"), _shape(shape, "gamma")
    return jax.random.gamma(draw_key(seed), to_array(alpha), shape, dtype)


def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """Draws how many of `counts` trials succeed, each with probability `probabilities`.

    Args:
        shape: the shape of the result.
        counts, probabilities: numbers or arrays that broadcast to `shape`.
        dtype: a float dtype; `floatx()` when None.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> hb.random.binomial((2,), 5, 1.0, seed=1).tolist()
    [5.0, 5.0]
    """
    dtype, shape = _float_dtype(dtype, "binomial"), _shape(shape, "binomial")
    n, p = jnp.asarray(to_array(counts)), jnp.asarray(to_array(probabilities))
    return jax.random.binomial(draw_key(seed), n, p, shape, dtype)


def beta(shape, alpha, beta, dtype=None, seed=None):
    """Draws from the beta distribution, values between 0 and 1.

    Args:
        shape: the shape of the result.
        alpha, beta: positive numbers, or arrays that broadcast to `shape`.
        dtype: a float dtype; `floatx()` when None.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> bool((hb.random.beta((5,), 2.0, 3.0, seed=1) < 1).all())
    True
    """
    dtype, shape = _float_dtype(dtype, "beta"), _shape(shape, "beta")
    a, b = jnp.asarray(to_array(alpha)), jnp.asarray(to_array(beta))
    return jax.random.beta(draw_key(seed), a, b, shape, dtype)
