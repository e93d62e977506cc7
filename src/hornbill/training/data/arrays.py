"""Arrays: kept on the device and gathered inside the compiled step, or sent batch by batch."""

import jax
import numpy as np

from ...engine import config
from ...engine.placement import send_batch, send_whole
from .loaders import AHEAD
from .order import EpochOrder
from .rows import Rows, take
from .workers import read_ahead


def resident_limit() -> int:
    """Bytes of arrays that are kept on the device whole; larger data is sent batch by batch.

    `config.set_max_device_data` sets it. Else it is a quarter of an accelerator's memory, and
    2 GiB on the CPU.
    """
    if config.max_device_data() is not None:
        return config.max_device_data()
    device = jax.devices()[0]
    if device.platform == "cpu":
        return 2 << 30
    return (device.memory_stats() or {}).get("bytes_limit", 8 << 30) // 4


class ArrayData:
    """Batches of a structure of arrays of equal length.

    Attributes:
        arrays: the batch structure (`x`, `(x, y)`, ...) with whole arrays at its leaves.
        steps, length: batches per epoch, a partial last one included.
    """

    rereads = endless = False  # see StreamData

    def __init__(self, arrays, batch_size: int, shuffle=False):
        self.size = jax.tree.leaves(arrays)[0].shape[0]
        self.arrays, self.batch_size, self.shuffle = arrays, batch_size, shuffle
        self.steps = self.length = -(-self.size // batch_size)
        self._device = None
        self._order = EpochOrder()
        self._taken = self._start = 0  # batches given out, and left out of the next epoch

    @property
    def resident(self) -> bool:
        """Whether the arrays are kept on the device: all are in memory, and small enough."""
        leaves = [a for a in jax.tree.leaves(self.arrays) if not isinstance(a, jax.Array)]
        if any(isinstance(a, Rows) and a.streams for a in leaves):
            return False
        return sum(a.nbytes for a in leaves) <= resident_limit()

    def on_device(self):
        """The arrays on the device, sent once; on the CPU they are used where they lie."""
        if self._device is None:
            dense = jax.tree.map(lambda a: a.read() if isinstance(a, Rows) else a, self.arrays)
            self._device = _send(dense)
        return self._device

    def batch(self, rows: np.ndarray):
        """A batch as the arguments of `StepRunner.run`: `(data, rows of it)`, or `(batch, None)`.

        The latter where the data is not on the device yet and its order is that of the arrays, so
        that a batch is a slice of them: the whole is not copied for a single look at each sample.
        """
        leaves = jax.tree.leaves(self.arrays)
        apart = rows[-1] - rows[0] != len(rows) - 1
        if self.shuffle or apart or not all(isinstance(a, np.ndarray) for a in leaves):
            return self.on_device(), rows
        if self._device is not None:
            return self._device, rows
        place = slice(rows[0], rows[-1] + 1)
        return _send(self.arrays, place), None

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
        """One epoch of batches, gathered on the host and sent to the device by a thread."""
        order = self.order()
        first, self._start = self._start, 0
        self._taken = first

        def gather(step):
            place = slice(step * self.batch_size, (step + 1) * self.batch_size)
            rows = order[place] if self.shuffle else place
            return send_batch(jax.tree.map(lambda a: take(a, rows), self.arrays))

        batches = read_ahead(lambda: map(gather, range(first, self.steps)), AHEAD)
        for step, batch in enumerate(batches, first + 1):
            self._taken = step
            yield batch

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
        self._taken = self._start = 0 if over else state["taken"]


def _send(arrays, rows=slice(None)):
    """Rows of the arrays on the device; an array that is there twice is sent once."""
    sent = send_whole({id(a): a[rows] for a in jax.tree.leaves(arrays)})
    return jax.tree.map(lambda a: sent[id(a)], arrays)
