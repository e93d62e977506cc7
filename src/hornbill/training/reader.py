"""Hands out a dataset epoch by epoch, in chunks of rows or batch by batch."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.random_state import random_state
from .data.arrays import ArrayData


class EpochReader:
    """Hands out one epoch after the other of a dataset, in chunks or batch by batch.

    Attributes:
        taken: how many batches of this epoch were handed out.
    """

    def __init__(self, data, steps: int | None):
        self.data, self.steps, self.taken = data, steps, 0
        self._rest = iter(())  # what is left when an epoch is shorter than the data
        self._random: dict | None = None  # the random state when `_rest` was begun
        self._rows: tuple | None = None  # this epoch's, of data on the device
        self._queue: list = []  # what is left of that

    @property
    def chunked(self) -> bool:
        """Whether the data lies on the device and whole runs of steps can be compiled."""
        return isinstance(self.data, ArrayData) and self.data.resident

    def end_epoch(self) -> None:
        """The next batch is the first of a new epoch."""
        self.taken, self._rows = 0, None

    def rows(self):
        """This epoch as `(matrix of whole batches, rows of the partial last batch)`.

        With fewer steps than the data has, the next epoch goes on where this one stopped.
        """
        if self._rows is None:
            self._rows = self.draw()
        return self._rows

    def draw(self):
        """The rows of a new epoch."""
        size, whole = self.data.batch_size, self.data.size // self.data.batch_size
        if self.steps is None or self.steps == self.data.steps:
            order = self.data.order()
            return order[: whole * size].reshape(whole, size), order[whole * size :]
        while len(self._queue) < self.steps:
            order = self.data.order()
            self._queue += [order[i : i + size] for i in range(0, len(order), size)]
        rows, self._queue = self._queue[: self.steps], self._queue[self.steps :]
        full = [r for r in rows if len(r) == size]
        rest = [r for r in rows if len(r) < size]
        if not full:
            return np.empty((0, size), np.int32), rest[0]
        # A short batch in the midst of an epoch comes last: it is a program of its own.
        return np.stack(full), np.concatenate(rest) if rest else full[0][:0]

    def single(self):
        """What is left of this epoch as `(data, rows)` for each step; rows is None for streams."""
        if self.chunked:
            matrix, rest = self.rows()
            for rows in [*matrix, *([rest] if len(rest) else [])][self.taken :]:
                self.taken += 1
                yield self.data.batch(rows)
            return
        while self.steps is None or self.taken < self.steps:
            batch = next(self._rest, None)
            if batch is None:
                if self.taken and self.steps is None:
                    return  # only the end of the data says how long an epoch is
                self._open()
                batch = next(self._rest, None)
                if batch is None:
                    if self.taken and self.steps is not None:
                        warnings.warn(
                            f"The data ended after {self.taken} of {self.steps} steps. Make the "
                            "generator repeat, or pass fewer steps.",
                            stacklevel=2,
                        )
                    return
            self.taken += 1
            yield jax.tree.map(jnp.asarray, batch), None
        if self.steps == self.data.length:
            # The data's epoch ends here, not at the first step of the next one.
            self._rest = iter(())

    def _open(self) -> None:
        if self._random is None or not self.data.endless:
            self._random = random_state()
        self._rest = iter(self.data.batches())

    def get_state(self) -> dict:
        """The place in the epoch and in the data, as plain data."""
        if self.chunked:
            return {"taken": self.taken, "rows": self._rows, "queue": self._queue}
        return {"taken": self.taken, "data": self.data.get_state(), "random": self._random}

    def set_state(self, state: dict) -> dict | None:
        """Goes back to where `get_state` stood.

        Returns:
            The random state (see `random_state`) in which the data must be read up to its place
            again, where that is how it gets there; else None.
        """
        self.taken, self._rest = state["taken"], iter(())
        if self.chunked:
            self._rows, self._queue = state["rows"], state["queue"]
            return None
        self.data.set_state(state["data"])
        if self.taken and self.steps is None:
            # The epoch ends with this reading, even if nothing is left of it.
            self._rest = iter(self.data.batches(rest=True))
        self._random = state["random"]
        return self._random if self.data.rereads else None
