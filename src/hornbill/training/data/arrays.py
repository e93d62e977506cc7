"""Arrays in memory: kept on the device, gathered by index inside the compiled step."""

import jax
import numpy as np

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
        if self.shuffle == "batch":
            whole = self.size - self.size % self.batch_size
            rows = indices[:whole].reshape(-1, self.batch_size)
            rows = rows[np.random.permutation(len(rows))]
            return np.concatenate([rows.ravel(), indices[whole:]])
        return np.random.permutation(indices) if self.shuffle else indices

    def batches(self):
        """One epoch of batches on the host, for data that does not fit on the device."""
        order = self.order()
        for start in range(0, self.size, self.batch_size):
            rows = order[start : start + self.batch_size]
            if not self.shuffle:
                rows = slice(start, start + self.batch_size)
            yield jax.tree.map(lambda a, rows=rows: a[rows], self.arrays)
