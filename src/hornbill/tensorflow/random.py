"""`tf.random`: draws from the library's global generator, or from a `Generator` of one's own."""

import jax

from .. import random as draws
from ..engine.random import SeedGenerator, draw_key, set_random_seed
from .missing import missing
from .named import sizes
from .tensor import Tensor, lift, unwrap


def set_seed(seed: int) -> None:
    """Seeds all draws."""
    set_random_seed(int(seed))


def normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None) -> Tensor:
    """Draws from the normal distribution."""
    return lift(draws.normal)(sizes(shape), mean, stddev, dtype, seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None) -> Tensor:
    """Draws from the normal distribution, cut at two deviations."""
    return lift(draws.truncated_normal)(sizes(shape), mean, stddev, dtype, seed)


def uniform(shape, minval=0, maxval=None, dtype="float32", seed=None, name=None) -> Tensor:
    """Draws evenly from `[minval, maxval)`; `maxval` is 1 for floats and must be given for ints."""
    if "int" in str(dtype):
        if maxval is None:
            raise ValueError("tf.random.uniform of ints needs maxval. Received: maxval=None")
        return lift(draws.randint)(sizes(shape), minval, maxval, dtype, seed)
    return lift(draws.uniform)(sizes(shape), minval, 1.0 if maxval is None else maxval, dtype, seed)


def categorical(logits, num_samples, dtype="int32", seed=None, name=None) -> Tensor:
    """Draws classes from unnormalized log-probabilities, `num_samples` for each row."""
    return lift(draws.categorical)(logits, int(num_samples), dtype, seed)


def gamma(shape, alpha, beta=None, dtype="float32", seed=None, name=None) -> Tensor:
    """Draws from gamma distributions: the result's shape is `shape` and that of `alpha`."""
    lead = getattr(alpha, "shape", ())
    drawn = lift(draws.gamma)((*sizes(shape), *lead), alpha, dtype, seed)
    return drawn if beta is None else drawn / beta


def shuffle(value, seed=None, name=None):
    """The rows in a new order, each as it is."""
    return Tensor(jax.random.permutation(draw_key(seed), unwrap(Tensor(unwrap(value)))))


class Generator:
    """A source of random numbers with a state of its own.

    >>> Generator.from_seed(1).normal((2,)).shape.as_list()
    [2]
    """

    def __init__(self, seed: int | None = None):
        self._seed = SeedGenerator(seed)

    @classmethod
    def from_seed(cls, seed: int, alg=None) -> "Generator":
        """A generator that gives the same numbers for the same seed."""
        return cls(int(seed))

    @classmethod
    def from_non_deterministic_state(cls, alg=None) -> "Generator":
        """A generator that starts anywhere."""
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


__getattr__ = missing("tf.random", globals())
