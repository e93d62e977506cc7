"""Arrays in memory: kept on the device, gathered by index inside the compiled step."""

import jax
import numpy as np

from .order import EpochOrder

# Arrays up to this size (bytes) live on the device whole; larger ones are sent batch by batch.
RESIDENT_LIMIT = 2 << 30


class ArrayData:
    """Batches of a structure of arrays of equal length.

    Attributes:
        arrays: the batch structure (`x`, `(x, y)`, ...) with whole arrays at its leaves.
        steps, length: batches per epoch, a partial last one included.
    """

    def __init__(self, arrays, batch_size: int, shuffle=False):
        self.size = jax.tree.leaves(arrays)[0].shape[0]
        self.arrays, self.batch_size, self.shuffle = arrays, batch_size, shuffle
        self.steps = self.length = -(-self.size // batch_size)
        self._device = None
        self._order, self._taken = EpochOrder(), 0

    @property
    def resident(self) -> bool:
        return sum(a.nbytes for a in jax.tree.leaves(self.arrays)) <= RESIDENT_LIMIT

    def on_device(self):
        """The arrays on the device, sent once; on the CPU they are used where they lie."""
        if self._device is None:
            self._device = jax.device_put(self.arrays)
        return self._device

    def order(self) -> np.ndarray:
        """The samples' indices in the order of the next epoch."""
        indices = np.arange(self.size, dtype=np.int32)
        if not self.shuffle:
            return indices
        draw = self._order.generator()
        if self.shuffle == "batch":
            whole = self.size - self.size % self.batch_size
            rows = indices[:whole].reshape(-1, self.batch_size)
            rows = rows[draw.permutation(len(rows))]
            return np.concatenate([rows.ravel(), indices[whole:]])
        return draw.permutation(indices)

    def batches(self):
        """One epoch of batches on the host, for data that does not fit on the device."""
        order = self.order()
        first, self._taken = self._taken % self.steps, 0
        for step in range(first, self.steps):
            place = slice(step * self.batch_size, (step + 1) * self.batch_size)
            rows = order[place] if self.shuffle else place
            self._taken = step + 1
            yield jax.tree.map(lambda a, rows=rows: a[rows], self.arrays)

    def get_state(self) -> dict:
        """Where the reading stands, as plain data that JSON can hold.

        Returns:
            `order`: how the order of the epoch that was begun last is drawn again, None where
            there is none; `taken`: how many of its batches `batches` has given out. Data on the
            device is read by `order`: there the reader knows its place.
        """
        return {"order": self._order.note, "taken": self._taken}

    def set_state(self, state: dict) -> None:
        """Goes back to where `get_state` stood: that epoch's order comes next, from its place on.

        An epoch that was at its end is over: a new one comes next.
        """
        over = state["taken"] == self.steps
        self._order.again(None if over else state["order"])
        self._taken = 0 if over else state["taken"]
