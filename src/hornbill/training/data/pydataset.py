"""PyDataset: batches that Python code makes, by threads or processes."""

import contextlib
import hashlib
import itertools
import multiprocessing
import os
import pickle
import tempfile
import weakref
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import numpy as np

from .order import EpochOrder
from .workers import ordered_map, threaded_map


class PyDataset:
    """The base of datasets written in Python: `dataset[i]` is the batch number `i`.

    Subclasses define `__getitem__(self, index)`, which returns a batch `x`, `(x, y)` or
    `(x, y, sample_weight)`, and `__len__`, the number of batches (or the property `num_batches`,
    None for a dataset without end). `fit` reads the batches in random order, or in order with
    `shuffle=False`; the arguments say how it reads them. A plain `for` reads them one by one.

    A dataset that changes from epoch to epoch (in `on_epoch_end`) and is to resume exactly also
    defines `get_state(self)`, plain data that JSON can hold, and `set_state(self, state)`.

    Args:
        workers: how many threads or processes make batches; 0 or 1 thread is the caller's own.
        use_multiprocessing: whether they are processes, which also compute at the same time.
            The dataset is then pickled, so its class must stand at the top of a module, and a
            script must run its own code under `if __name__ == "__main__":`.
        max_queue_size: the most batches that wait ready.

    >>> import hornbill as hb, numpy as np
    >>> class Squares(hb.utils.PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         x = np.arange(4.0)[:, None] + 4 * index
    ...         return x, x**2
    >>> [float(y[0, 0]) for x, y in Squares(workers=2)]
    [0.0, 16.0, 64.0]
    """

    # On the class, so that a subclass need not call our constructor.
    _workers, _use_multiprocessing, _max_queue_size = 1, False, 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ):
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """How many threads or processes make batches."""
        return self._workers

    @workers.setter
    def workers(self, value):
        self._workers = _count(value, "workers", least=0)

    @property
    def use_multiprocessing(self) -> bool:
        """Whether the workers are processes."""
        return self._use_multiprocessing

    @use_multiprocessing.setter
    def use_multiprocessing(self, value):
        self._use_multiprocessing = bool(value)

    @property
    def max_queue_size(self) -> int:
        """The most batches that wait ready."""
        return self._max_queue_size

    @max_queue_size.setter
    def max_queue_size(self, value):
        self._max_queue_size = _count(value, "max_queue_size", least=1)

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has no __getitem__. Write `def __getitem__(self, index): ...` "
            "that returns the batch number `index`."
        )

    @property
    def num_batches(self) -> int | None:
        """The number of batches, None for a dataset without end."""
        if not hasattr(self, "__len__"):
            raise NotImplementedError(
                f"{type(self).__name__} has no length. Write `def __len__(self): ...` that "
                "returns the number of batches."
            )
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before the batches of an epoch are made."""

    def on_epoch_end(self) -> None:
        """Called when the batches of an epoch are used: the place to reorder the samples."""

    def __iter__(self) -> Iterator:
        number = self.num_batches
        for index in itertools.count() if number is None else range(number):
            yield self[index]


def _count(value, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(
            f"PyDataset's {name} is an int of at least {least}. Received: {name}={value!r}"
        )
    return int(value)


class PyDatasetReader:
    """Reads a PyDataset once for each `iter()`, with its workers and its epoch hooks.

    Args:
        dataset: the PyDataset.
        shuffle: whether each epoch has an order of batches of its own.
    """

    def __init__(self, dataset: PyDataset, shuffle: bool = False):
        self.dataset, self.shuffle = dataset, bool(shuffle)
        self._order, self._inner = EpochOrder(), self._dataset_state()
        self._taken = 0  # batches given out in this epoch; without end, in all
        self._processes: _Processes | None = None

    def __len__(self) -> int:
        number = self.dataset.num_batches
        if number is None:
            raise TypeError(f"{type(self.dataset).__name__} has no end, and so no length.")
        return number

    def __iter__(self) -> Iterator:
        self._inner = self._dataset_state()
        self.dataset.on_epoch_begin()
        number, first = self.dataset.num_batches, self._taken
        if number is None:
            order = itertools.count(first)
        elif self.shuffle:
            order = self._order.generator().permutation(number)[first:].tolist()
        else:
            order = range(first, number)
        return self._epoch(order, endless=number is None)

    def _epoch(self, order, endless: bool) -> Iterator:
        dataset = self.dataset
        try:
            with contextlib.closing(self._batches(order)) as batches:
                for batch in batches:
                    if batch is None:
                        raise ValueError(
                            f"{type(dataset).__name__}.__getitem__ returns a batch: x, (x, y) or "
                            "(x, y, sample_weight). Received: None"
                        )
                    self._taken += 1
                    yield batch
        finally:
            if not endless:
                self._taken = 0
            dataset.on_epoch_end()
            self._inner = self._dataset_state()

    def _dataset_state(self):
        return self.dataset.get_state() if hasattr(self.dataset, "get_state") else None

    def get_state(self) -> dict:
        """The epoch under way, as plain data: its order, the batches given out, and what the
        dataset's own `get_state` gave before it."""
        return {"order": self._order.note, "taken": self._taken, "dataset": self._inner}

    def set_state(self, state: dict) -> None:
        """The rest of that epoch comes next."""
        if state["dataset"] is not None:
            self.dataset.set_state(state["dataset"])
        self._inner, self._taken = state["dataset"], state["taken"]
        self._order.again(state["order"] if self._taken else None)

    def _batches(self, order) -> Iterator:
        dataset, ahead = self.dataset, self.dataset.max_queue_size
        if dataset.use_multiprocessing and dataset.workers > 0:
            if self._processes is None:
                self._processes = _Processes(dataset.workers)
            yield from self._processes.batches(dataset, order, ahead)
        elif dataset.workers > 1:
            yield from threaded_map(dataset.__getitem__, order, dataset.workers, ahead)
        else:
            yield from map(dataset.__getitem__, order)


class _Processes:
    """Worker processes, kept from epoch to epoch: each starts a Python of its own.

    They come from a fork server (or are spawned), since a fork of this process, whose JAX runs
    threads, may hang. The dataset reaches them through a file, anew where it has changed.
    """

    def __init__(self, workers: int):
        methods = multiprocessing.get_all_start_methods()
        start = "forkserver" if "forkserver" in methods else "spawn"
        context = multiprocessing.get_context(start)
        self.executor = ProcessPoolExecutor(workers, mp_context=context)
        self.folder = tempfile.TemporaryDirectory(prefix="hornbill-data-")
        self.digest, self.path = b"", ""
        weakref.finalize(self, _stop, self.executor, self.folder)

    def batches(self, dataset, order, ahead: int) -> Iterator:
        try:
            payload = pickle.dumps(dataset)
        except Exception as error:
            raise ValueError(
                f"{type(dataset).__name__} cannot be sent to worker processes ({error}). Define "
                "its class at the top of a module and keep no open files or locks in it, or pass "
                "use_multiprocessing=False. Received: use_multiprocessing=True"
            ) from None
        digest = hashlib.sha256(payload).digest()
        if digest != self.digest:
            if self.path:
                os.unlink(self.path)
            handle, self.path = tempfile.mkstemp(dir=self.folder.name)
            with os.fdopen(handle, "wb") as file:
                file.write(payload)
            self.digest = digest
        tasks = ((self.path, index) for index in order)
        try:
            yield from ordered_map(self.executor, _make_batch, tasks, ahead)
        except BrokenProcessPool:
            raise RuntimeError(
                f"A worker process of {type(dataset).__name__} died. Worker processes import the "
                "script anew: put what it runs under `if __name__ == '__main__':`. Otherwise look "
                "for crashes and memory in __getitem__, or pass use_multiprocessing=False. "
                f"Received: workers={dataset.workers}, use_multiprocessing=True"
            ) from None


def _stop(executor, folder) -> None:
    executor.shutdown(wait=True, cancel_futures=True)
    folder.cleanup()


# In a worker process: the dataset that it read last, and from which file.
_loaded: tuple[str, Any] = ("", None)


def _make_batch(task):
    global _loaded
    path, index = task
    if _loaded[0] != path:
        with open(path, "rb") as file:
            _loaded = (path, pickle.load(file))
    return _loaded[1][index]
