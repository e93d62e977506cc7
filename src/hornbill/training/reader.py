"""Hands out a dataset epoch by epoch, in chunks of rows or batch by batch."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np

from .data.arrays import ArrayData


class EpochReader:
    """Hands out one epoch after the other of a dataset, in chunks or batch by batch."""

    def __init__(self, data, steps: int | None):
        self.data, self.steps = data, steps
        self._rest = iter(())  # what is left when an epoch is shorter than the data
        self._queue: list = []  # the same for data on the device

    @property
    def chunked(self) -> bool:
        """Whether the data lies on the device and whole runs of steps can be compiled."""
        return isinstance(self.data, ArrayData) and self.data.resident

    def rows(self):
        """The next epoch as `(matrix of whole batches, rows of the partial last batch)`.

        With fewer steps than the data has, the next epoch goes on where this one stopped.
        """
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
        """The next epoch as `(data, rows)` for each step; rows is None for streamed batches."""
        if self.chunked:
            matrix, rest = self.rows()
            arrays = self.data.on_device()
            for rows in [*matrix, *([rest] if len(rest) else [])]:
                yield arrays, rows
            return
        taken = 0
        while self.steps is None or taken < self.steps:
            batch = next(self._rest, None)
            if batch is None:
                if taken and self.steps is None:
                    return  # only the end of the data says how long an epoch is
                self._rest = iter(self.data.batches())
                batch = next(self._rest, None)
                if batch is None:
                    if taken and self.steps is not None:
                        warnings.warn(
                            f"The data ended after {taken} of {self.steps} steps. Make the "
                            "generator repeat, or pass fewer steps.",
                            stacklevel=2,
                        )
                    return
            taken += 1
            yield jax.tree.map(jnp.asarray, batch), None
        if self.steps == self.data.length:
            # The data's epoch ends here, not at the first step of the next one.
            self._rest = iter(())
