"""`tf.random`: draws from the library's global generator, or from a `Generator` of one's own."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from .. import random as draws
from ..engine.random import SeedGenerator, draw_key, set_random_seed
from ..engine.scope import current_scope
from .missing import missing
from .named import sizes
from .tensor import Tensor, lift, unwrap

_sequences: dict[int, SeedGenerator] = {}


def set_seed(seed: int) -> None:
    """Seeds all draws."""
    _sequences.clear()
    set_random_seed(int(seed))


def source(seed):
    """What draws with an int as `seed`: a sequence of numbers that starts anew with `set_seed`.

    In compiled code, where it would be a constant, the numbers are those of its start.
    """
    if not isinstance(seed, (int, np.integer)) or current_scope() is not None:
        return seed
    return _sequences.setdefault(int(seed), SeedGenerator(int(seed)))


def normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None) -> Tensor:
    """Draws from the normal distribution."""
    return lift(draws.normal)(sizes(shape), mean, stddev, dtype, source(seed))


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None) -> Tensor:
    """Draws from the normal distribution, cut at two deviations."""
    return lift(draws.truncated_normal)(sizes(shape), mean, stddev, dtype, source(seed))


def uniform(shape, minval=0, maxval=None, dtype="float32", seed=None, name=None) -> Tensor:
    """Draws evenly from `[minval, maxval)`; `maxval` is 1 for floats and must be given for ints."""
    if "int" in str(dtype):
        if maxval is None:
            raise ValueError("tf.random.uniform of ints needs maxval. Received: maxval=None")
        return lift(draws.randint)(sizes(shape), minval, maxval, dtype, source(seed))
    return lift(draws.uniform)(
        sizes(shape), minval, 1.0 if maxval is None else maxval, dtype, source(seed)
    )


def categorical(logits, num_samples, dtype="int32", seed=None, name=None) -> Tensor:
    """Draws classes from unnormalized log-probabilities, `num_samples` for each row."""
    return lift(draws.categorical)(logits, int(num_samples), dtype, source(seed))


def gamma(shape, alpha, beta=None, dtype="float32", seed=None, name=None) -> Tensor:
    """Draws from gamma distributions: the result's shape is `shape` and that of `alpha`."""
    lead = getattr(alpha, "shape", ())
    drawn = lift(draws.gamma)((*sizes(shape), *lead), alpha, dtype, source(seed))
    return drawn if beta is None else drawn / beta


def shuffle(value, seed=None, name=None):
    """The rows in a new order, each as it is."""
    return Tensor(jax.random.permutation(draw_key(source(seed)), unwrap(Tensor(unwrap(value)))))


def _no_algorithm(alg) -> None:
    if alg is not None:
        raise ValueError(f"A Generator has JAX's algorithm. Received: alg={alg!r}")


class Generator:
    """A source of random numbers with a state of its own.

    >>> Generator.from_seed(1).normal((2,)).shape.as_list()
    [2]
    """

    def __init__(self, seed: int | None = None):
        self._seed = SeedGenerator(seed)

    @classmethod
    def from_seed(cls, seed: int, alg=None) -> "Generator":
        """A generator that gives the same numbers for the same seed. `alg` must be None."""
        _no_algorithm(alg)
        return cls(int(seed))

    @classmethod
    def from_non_deterministic_state(cls, alg=None) -> "Generator":
        """A generator that starts anywhere. `alg` must be None."""
        _no_algorithm(alg)
        return cls()

    def normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None) -> Tensor:
        """`tf.random.normal` from this generator."""
        return normal(shape, mean, stddev, dtype, self._seed)

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None) -> Tensor:
        """`tf.random.truncated_normal` from this generator."""
        return truncated_normal(shape, mean, stddev, dtype, self._seed)

    def uniform(self, shape, minval=0, maxval=None, dtype="float32", name=None) -> Tensor:
        """`tf.random.uniform` from this generator."""
        return uniform(shape, minval, maxval, dtype, self._seed)


def _stateless(draw):
    @functools.wraps(draw)
    def stateless(shape, seed, *args, **kwargs):
        key = jnp.asarray(unwrap(seed)).astype("uint32")
        if key.shape != (2,):
            raise ValueError(f"A stateless draw's seed is two ints. Received: seed={seed}")
        return draw(shape, *args, seed=key, **kwargs)

    return stateless


stateless_normal = _stateless(normal)
stateless_truncated_normal = _stateless(truncated_normal)
stateless_uniform = _stateless(uniform)

__getattr__ = missing("tf.random", globals())
