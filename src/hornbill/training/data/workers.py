"""Work done ahead of its use, by threads or processes, with the results in order."""

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

_END = object()


def ordered_map(executor: Executor, function: Callable, items: Iterable, ahead: int) -> Iterator:
    """`function(item)` for each item, in order, computed by `executor` up to `ahead` in advance.

    What a call raises is raised where its result would have come. Stopping early cancels what
    has not begun.
    """
    pending: deque = deque()
    try:
        for item in items:
            pending.append(executor.submit(function, item))
            if len(pending) > ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def threaded_map(function: Callable, items: Iterable, workers: int, ahead: int) -> Iterator:
    """`ordered_map` with threads that are gone when the iteration ends, however it ends."""
    with (
        ThreadPoolExecutor(workers, thread_name_prefix="hornbill-data") as executor,
        contextlib.closing(ordered_map(executor, function, items, ahead)) as results,
    ):
        yield from results


def read_ahead(make: Callable[[], Iterable], ahead: int) -> Iterator:
    """The items of `make()`, taken by a thread up to `ahead` before they are asked for."""
    iterator = iter(())

    def take(number):
        nonlocal iterator
        if number == 0:
            iterator = iter(make())
        return next(iterator, _END)

    # One thread, so that the tasks take one item after the other.
    with contextlib.closing(threaded_map(take, itertools.count(), 1, ahead)) as items:
        yield from itertools.takewhile(lambda item: item is not _END, items)
