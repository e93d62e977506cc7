"""Generators and iterators: batches that come one at a time."""

import jax
import numpy as np

from .batches import as_array


class StreamData:
    """Batches from an iterable.

    An iterable that starts anew at each `iter()` (a list, a DataLoader) is read once per epoch;
    a generator or iterator goes on where the last epoch stopped.

    Attributes:
        steps: batches per epoch, None where only the end will tell.
        length: batches in one reading of the iterable, likewise.
    """

    resident = False
    batch_size = None

    def __init__(self, source, steps: int | None = None):
        self.source = source
        self.length = length_of(source)
        self.steps = self.length if steps is None else steps
        self.endless = hasattr(source, "__next__")
        self._iterator = source if self.endless else None

    def batches(self):
        """The batches of the next epoch, as NumPy or JAX arrays."""
        iterator = self._iterator if self.endless else iter(self.source)
        for batch in iterator:
            yield convert_batch(batch)


def length_of(source) -> int | None:
    """`len(source)`, None where it has no length or does not know it."""
    try:
        return len(source)
    except TypeError:
        return None


def convert_batch(batch):
    """A batch as a user's iterator gives it, with arrays at its leaves."""
    if isinstance(batch, list):
        batch = tuple(batch)
    if isinstance(batch, tuple) and len(batch) > 3:
        raise ValueError(
            "A generator yields x, (x, y) or (x, y, sample_weight). "
            f"It yielded a tuple of {len(batch)}. Several inputs go into one list: ([a, b], y)."
        )

    def convert(leaf):
        return leaf if isinstance(leaf, jax.Array) else as_array(leaf, "The generator's batch")

    converted = jax.tree.map(convert, batch)
    if isinstance(converted, np.ndarray) and converted.ndim == 0:
        raise ValueError("A generator yields batches of arrays; it yielded a single number.")
    return converted
