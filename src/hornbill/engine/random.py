"""Seeds and keys.

A key is two uint32: the seed and a counter. `SeedGenerator` holds one in a Variable and counts
it up at each draw, so that randomness is state like any other: it is compiled, checkpointed and
resumed with the rest.
"""

import contextlib
import contextvars
import random as python_random

import jax
import jax.numpy as jnp
import numpy as np

from .device import from_host
from .random_state import random_state, set_random_state
from .tracking import Trackable
from .variable import Variable

_global: dict = {"seed": None, "generator": None}


class SeedGenerator(Trackable):
    """Hands out a fresh key at each `next()`.

    Args:
        seed: an int; None draws one from Python's `random`.

    >>> import hornbill as hb
    >>> generator = hb.random.SeedGenerator(7)
    >>> generator.next().tolist(), generator.next().tolist()
    ([7, 0], [7, 1])
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs):
        if kwargs:
            raise TypeError(f"SeedGenerator got unknown arguments: {sorted(kwargs)}")
        if seed is None:
            seed = default_seed()
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise TypeError(f"SeedGenerator's seed is an int or None. Received: seed={seed!r}")
        if seed < 0:
            raise ValueError(f"SeedGenerator's seed is not negative. Received: seed={seed}")
        self.name = "seed_generator" if name is None else name
        self.seed = int(seed)
        key = np.array([self.seed & 0xFFFFFFFF, 0], dtype="uint32")
        self.state = Variable(key, name="seed_generator_state", trainable=False)

    def next(self, ordered: bool = True):
        """A key (a uint32 array of shape `(2,)`) that was not handed out before."""
        key = self.state.value
        self.state.assign(key + np.array([0, 1], dtype="uint32"))
        return key

    def get_config(self) -> dict:
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config: dict) -> "SeedGenerator":
        return cls(**config)


def default_seed() -> int:
    """A seed for what was given none, drawn from Python's `random`."""
    return python_random.randint(1, int(1e9))


def set_random_seed(seed: int) -> None:
    """Seeds Python's, NumPy's and Hornbill's randomness.

    Call it first: weights, dropout, shuffling and noise are then the same at each run.

    >>> import hornbill as hb
    >>> hb.utils.set_random_seed(1)
    >>> a = hb.random.normal((2,))
    >>> hb.utils.set_random_seed(1)
    >>> bool((a == hb.random.normal((2,))).all())
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"set_random_seed takes a non-negative int. Received: seed={seed!r}")
    python_random.seed(int(seed))
    np.random.seed(int(seed) % 2**32)
    _global["seed"] = int(seed)
    if _global["generator"] is not None:
        # The same cell goes on, so that compiled steps that hold it see the new seed.
        _global["generator"].state.assign(np.array([int(seed) & 0xFFFFFFFF, 0], dtype="uint32"))


class RandomState:
    """Randomness of its own for the length of a `with`: Hornbill's, Python's, NumPy's and torch's.

    It starts as a copy of the present state and goes on at each `with` where it stopped; what
    stands outside is as it was.
    """

    def __init__(self):
        self._mine = _all_random_state()

    def __enter__(self):
        self._outer = _all_random_state()
        _set_all_random_state(self._mine)
        return self

    def __exit__(self, *exc):
        self._mine = _all_random_state()
        _set_all_random_state(self._outer)


def _all_random_state() -> tuple:
    return random_state(), _global["seed"], np.array(global_generator().state.value)


def _set_all_random_state(state: tuple) -> None:
    others, seed, key = state
    set_random_state(others)
    _global["seed"] = seed
    global_generator().state.assign(key)


def random_seed() -> int | None:
    """What `set_random_seed` was last given, or None."""
    return _global["seed"]


def global_generator() -> SeedGenerator:
    """The generator behind all draws that are given no seed."""
    if _global["generator"] is None:
        _global["generator"] = SeedGenerator(_global["seed"], name="global_seed_generator")
    return _global["generator"]


_source: contextvars.ContextVar = contextvars.ContextVar("source", default=global_generator)


@contextlib.contextmanager
def drawing_from(source):
    """Inside it, draws that are given no seed come from the generator that `source()` returns.

    It is for code that runs in a thread beside a training, such as that which makes its batches:
    the global generator is part of the compiled step meanwhile, which takes over its memory.
    """
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def draw_key(seed=None):
    """A key from what users pass as `seed`: an int, a SeedGenerator, a key, or None."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return _source.get()().next()
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return from_host([int(seed) & 0xFFFFFFFF, 0], np.dtype("uint32"))
    if hasattr(seed, "dtype") and jax.dtypes.issubdtype(seed.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(seed)
    if hasattr(seed, "shape") and seed.shape == (2,):
        return jnp.asarray(seed, dtype="uint32")
    raise ValueError(
        f"A seed is an int, a hornbill.random.SeedGenerator or None. Received: seed={seed!r}"
    )
