"""Generators, iterators and datasets: batches that come one at a time."""

import itertools
from collections.abc import Callable

import jax
import numpy as np

from .batches import as_array


class StreamData:
    """Batches from an iterable.

    An iterable that starts anew at each `iter()` (a list, a DataLoader) is read once per epoch;
    a generator or iterator goes on where the last epoch stopped.

    Args:
        source: the iterable. With `get_state` and `set_state` it resumes by itself (`Dataset`,
            `PyDataset`); anything else is read once more up to its place.
        steps: batches per epoch; those of one reading when None.
        transform: what is done to each batch.

    Attributes:
        steps: batches per epoch, None where only the end will tell.
        length: batches in one reading of the iterable, likewise.
    """

    resident = False
    batch_size = None

    def __init__(self, source, steps: int | None = None, transform: Callable | None = None):
        self.source, self.transform = source, transform
        self.length = length_of(source)
        self.steps = self.length if steps is None else steps
        self.endless = hasattr(source, "__next__")
        self._stateful = hasattr(source, "get_state") and hasattr(source, "set_state")
        self._start = 0  # batches that the next reading leaves out
        self._begin()

    def _begin(self) -> None:
        """Notes where the next reading starts."""
        self._note = self.source.get_state() if self._stateful else {}
        self._taken = self._note.get("taken", self._start)

    def batches(self):
        """The batches of the next epoch, as NumPy or JAX arrays."""
        resumed, empty = self._taken > 0, True
        for batch in self._reading():
            empty = False
            yield batch
        if resumed and empty and not self.endless:
            yield from self._reading()  # resumed at the end of an epoch: here is the next one

    def _reading(self):
        batches = iter(self.source)
        if self._stateful:
            self._begin()
        else:
            batches = itertools.islice(batches, self._start, None)
            if not self.endless:
                self._taken = self._start
            self._start = 0
        for batch in map(convert_batch, batches):
            self._taken += 1
            yield batch if self.transform is None else self.transform(batch)
        if not self.endless:
            self._begin()

    def get_state(self) -> dict:
        """Where the reading stands, as plain data that JSON can hold.

        Returns:
            What the source's own `get_state` gave when the epoch began (for `PyDataset` and
            `Dataset`: how its order is made again), and `taken`: how many batches were given out
            since, or for a generator or iterator since it was handed in.
        """
        return {**self._note, "taken": self._taken}

    def set_state(self, state: dict) -> None:
        """Goes back to where `get_state` stood: the rest of that epoch comes next.

        Datasets skip to the place; anything else is read up to it once more, so a generator must
        be a fresh one that yields the same batches again.
        """
        if self._stateful:
            self.source.set_state(state)
        else:
            over = not self.endless and state["taken"] == self.length
            self._start = 0 if over else state["taken"]
        self._begin()


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
