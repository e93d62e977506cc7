"""Dataset: elements that can be read again and again, and what is done to them on the way."""

import dataclasses
import functools
import itertools
import math
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from ...engine.random import SeedGenerator, default_seed, drawing_from, random_seed
from .buckets import bucketed
from .workers import read_ahead, threaded_map


class Dataset:
    """A sequence of elements that is made anew, lazily, each time it is read.

    Each method returns a new dataset. An element is an array or a structure (tuple, dict) of
    arrays; a batch stacks several. `fit`, `evaluate` and `predict` take a dataset of batches.

    Args:
        make: a function without arguments that returns an iterator of the elements.
        length: the number of elements, None where only the end will tell.

    Attributes:
        class_names: the names of the classes, where the elements come from folders of files.
        file_paths: the files of the elements, likewise.

    >>> import hornbill as hb, numpy as np
    >>> x = np.arange(10)
    >>> data = hb.utils.Dataset.from_arrays((x, x**2)).shuffle(seed=1).batch(4)
    >>> len(data), [y.shape for x, y in data]
    (3, [(4,), (4,), (2,)])
    """

    def __init__(self, make: Callable[[], Iterator], length: int | None = None):
        # Reads from an element on, in the reading with this number: `(reading,)`, or
        # `(reading, repetition)` below a `repeat`. So nothing changes while a dataset is read.
        self._read = lambda start, reading: _without(start, make())
        self._length = length
        self._seeds: list[_Seed] = []
        self._next = 0  # the number of the next reading
        self._start = 0  # elements that it leaves out
        self._place: tuple[int, int] | None = None  # the reading under way, its elements given
        self.class_names: list[str] | None = None
        self.file_paths: list[str] | None = None
        self._batched = False

    @classmethod
    def from_arrays(cls, arrays: Any) -> "Dataset":
        """A dataset of the rows of an array, or of a structure of arrays of equal length."""
        arrays = jax.tree.map(np.asarray, tuple(arrays) if isinstance(arrays, list) else arrays)
        sizes = {np.shape(a)[:1] for a in jax.tree.leaves(arrays)}
        if len(sizes) != 1 or () in sizes:
            raise ValueError(
                "Dataset.from_arrays takes arrays with the same number of rows. Received shapes: "
                f"{[np.shape(a) for a in jax.tree.leaves(arrays)]}"
            )
        size = sizes.pop()[0]

        def rows(start, reading):
            return (jax.tree.map(lambda a, i=i: a[i], arrays) for i in range(start, size))

        new = cls(lambda: rows(0, None), size)
        new._read = rows
        return new

    def __iter__(self) -> Iterator:
        reading, start = self._next, self._start
        self._next, self._start = reading + 1, 0
        self._place = (reading, start)
        return self._follow(self._read(start, (reading,)), reading, start)

    def _follow(self, elements, reading, start):
        for number, element in enumerate(elements, start + 1):
            self._place = (reading, number)
            yield element
        self._place = None

    def get_state(self) -> dict:
        """Where the last `for` over this dataset stands, as plain data that JSON can hold.

        Returns:
            `reading`, the number of the reading; `taken`, how many elements it gave out; `seeds`,
            those of its `shuffle`s and `map`s.

        >>> import hornbill as hb, numpy as np
        >>> data = hb.utils.Dataset.from_arrays(np.arange(6)).shuffle(seed=3)
        >>> elements = iter(data)
        >>> first = [int(next(elements)) for _ in range(4)]
        >>> state = data.get_state()
        >>> state
        {'reading': 0, 'taken': 4, 'seeds': [3]}
        >>> data = hb.utils.Dataset.from_arrays(np.arange(6)).shuffle(seed=3)
        >>> data.set_state(state)
        >>> [int(x) for x in data] == [int(x) for x in elements]
        True
        """
        reading, taken = self._place or (self._next, self._start)
        return {"reading": reading, "taken": taken, "seeds": [s.value for s in self._seeds]}

    def set_state(self, state: dict) -> None:
        """Goes back to where `get_state` stood: the next `for` gives the elements that are left.

        Functions given to `map` should depend on the element alone, and on draws of
        `hornbill.random`: those of NumPy and of Python's `random` are not set back.

        Raises:
            ValueError: if the state is that of a dataset made in another way.
        """
        seeds = state.get("seeds")
        if not isinstance(seeds, list) or len(seeds) != len(self._seeds):
            raise ValueError(
                f"This state is not of a dataset with {len(self._seeds)} shuffles and maps. Call "
                f"set_state on a dataset made as the one that gave it. Received: {state}"
            )
        self._next, self._start, self._place = int(state["reading"]), int(state["taken"]), None
        for own, seed in zip(self._seeds, seeds, strict=True):
            own.value = seed

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("This dataset does not know its length: read it to its end to count.")
        return self._length

    def _then(self, read, length) -> "Dataset":
        new = Dataset(tuple, length)
        new._read, new._seeds = read, self._seeds
        new.class_names, new.file_paths = self.class_names, self.file_paths
        new._batched = self._batched
        return new

    def map(self, function: Callable, workers: int = 1) -> "Dataset":
        """What `function` gives for each element; a tuple goes in as several arguments.

        Draws of `hornbill.random` and of layers in it follow from the global seed and the
        element's place, so they are new in each reading and the same in each run.

        Args:
            function: a function of an element.
            workers: how many threads run it at a time; the order stays.
        """
        _check("map", workers=workers)
        known = random_seed()
        seed = _Seed(secrets.randbelow(2**31) if known is None else known)
        before = len(self._seeds)

        def call(reading, item):
            number, element = item

            @functools.cache  # made at the first draw: most functions draw nothing
            def source():
                place = np.random.SeedSequence((seed.value, before, *reading, number))
                return SeedGenerator(int(place.generate_state(1)[0]), "map")

            with drawing_from(source):
                return function(*element) if isinstance(element, tuple) else function(element)

        def mapped(start, reading):
            items = enumerate(self._read(start, reading), start)
            if workers == 1:
                return map(functools.partial(call, reading), items)
            return threaded_map(functools.partial(call, reading), items, workers, 2 * workers)

        new = self._then(mapped, self._length)
        new._seeds = [*self._seeds, seed]
        return new

    def batch(
        self, batch_size: int, drop_remainder: bool = False, collate: Callable | None = None
    ) -> "Dataset":
        """Batches of `batch_size` elements.

        Args:
            batch_size: elements per batch.
            drop_remainder: whether a last batch with fewer elements is left out.
            collate: a function of a list of elements that makes the batch; stacks when None.
        """
        _check("batch", batch_size=batch_size)
        collate = collate or stack

        def batches(start, reading):
            rows = []
            for element in self._read(start * batch_size, reading):
                rows.append(element)
                if len(rows) == batch_size:
                    yield collate(rows)
                    rows = []
            if rows and not drop_remainder:
                yield collate(rows)

        length = self._length
        if length is not None:
            length = length // batch_size if drop_remainder else math.ceil(length / batch_size)
        new = self._then(batches, length)
        new._batched = True
        return new

    def bucket_by_length(
        self, boundaries: list[int], batch_size: int, value: float = 0, pad_y: bool = False
    ) -> "Dataset":
        """Batches of elements of similar length, padded at their ends to that of their bucket.

        A model compiles once for each bucket instead of once for each length.

        Args:
            boundaries: the lengths of the buckets, growing; an element of length `n` (the first
                axis of the arrays in x) goes into the first bucket of at least `n`.
            batch_size: elements per batch. At the end each bucket gives what it still holds.
            value: what is padded with.
            pad_y: whether the rest of an element `(x, y)` is as long as x and padded as well.

        Raises:
            ValueError: while it is read, for an element longer than the last boundary.

        >>> import hornbill as hb, numpy as np
        >>> words = hb.utils.Dataset.from_arrays(np.arange(1, 7)).map(np.ones)
        >>> [batch.shape for batch in words.bucket_by_length([4, 8], batch_size=2)]
        [(2, 4), (2, 4), (2, 8)]
        """
        _check("bucket_by_length", batch_size=batch_size)
        for boundary in boundaries:
            _check("bucket_by_length", boundaries=boundary)
        if not boundaries or sorted(set(boundaries)) != list(boundaries):
            raise ValueError(
                "Dataset.bucket_by_length takes growing boundaries. "
                f"Received: boundaries={boundaries}"
            )
        boundaries = list(boundaries)

        def batches(start, reading):
            elements = self._read(0, reading)
            return _without(start, bucketed(elements, boundaries, batch_size, value, pad_y, stack))

        new = self._then(batches, None)
        new._batched = True
        return new

    def unbatch(self) -> "Dataset":
        """The elements of the batches."""

        def rows(reading):
            for batch in self._read(0, reading):
                for i in range(len(jax.tree.leaves(batch)[0])):
                    yield jax.tree.map(lambda a, i=i: a[i], batch)

        new = self._then(lambda start, reading: _without(start, rows(reading)), None)
        new._batched = False
        return new

    def shuffle(
        self,
        buffer_size: int | None = None,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
    ) -> "Dataset":
        """The elements in random order.

        Args:
            buffer_size: how many elements are held, from which the next is drawn; None holds all
                and shuffles evenly.
            seed: an int; drawn from Python's `random` (see `set_random_seed`) when None.
            reshuffle_each_iteration: whether each reading has an order of its own. The orders of
                the first, second, ... reading follow from the seed.
        """
        if buffer_size is not None:
            _check("shuffle", buffer_size=buffer_size)
        seed = _Seed(default_seed() if seed is None else int(seed))

        def shuffled(reading):
            rng = np.random.default_rng(
                (seed.value, *(reading if reshuffle_each_iteration else ()))
            )
            buffer = []
            for element in self._read(0, reading):
                buffer.append(element)
                if buffer_size is not None and len(buffer) > buffer_size:
                    place = int(rng.integers(buffer_size))
                    # The newest element takes the place of the one that goes out.
                    buffer[place], buffer[-1] = buffer[-1], buffer[place]
                    yield buffer.pop()
            for place in rng.permutation(len(buffer)):
                yield buffer[place]

        new = self._then(lambda start, reading: _without(start, shuffled(reading)), self._length)
        new._seeds = [*self._seeds, seed]
        return new

    def repeat(self, count: int | None = None) -> "Dataset":
        """The elements `count` times over; without end when None."""
        if count is not None:
            _check("repeat", count=count)

        def repeated(reading, whole=0, start=0):
            for done in itertools.count(whole) if count is None else range(whole, count):
                empty = True
                for element in self._read(start, (*reading, done)):
                    empty = False
                    yield element
                if empty:
                    return
                start = 0

        def read(start, reading):
            if self._length:  # whole repetitions are left out unread
                return repeated(reading, *divmod(start, self._length))
            return _without(start, repeated(reading))

        known = count is not None and self._length is not None
        return self._then(read, self._length * count if known else None)

    def take(self, count: int) -> "Dataset":
        """The first `count` elements."""
        _check("take", count=count, least=0)

        def first(start, reading):
            return itertools.islice(self._read(start, reading), max(count - start, 0))

        return self._then(first, None if self._length is None else min(count, self._length))

    def skip(self, count: int) -> "Dataset":
        """All but the first `count` elements."""
        _check("skip", count=count, least=0)
        return self._then(
            lambda start, reading: self._read(start + count, reading),
            None if self._length is None else max(self._length - count, 0),
        )

    def prefetch(self, buffer_size: int = 2) -> "Dataset":
        """The same elements, up to `buffer_size` of them made ahead by a thread."""
        if buffer_size == -1:  # tf.data.AUTOTUNE
            buffer_size = 2
        _check("prefetch", buffer_size=buffer_size)
        return self._then(
            lambda start, reading: read_ahead(lambda: self._read(start, reading), buffer_size),
            self._length,
        )

    @property
    def batched(self) -> bool:
        """Whether the elements are batches that `batch` made."""
        return self._batched

    def __repr__(self):
        return f"<Dataset length={self._length}>"


def stack(elements: list) -> Any:
    """A batch: the elements' arrays, stacked along a new first axis."""

    def join(*leaves):
        shapes = {np.shape(leaf): None for leaf in leaves}
        if len(shapes) > 1:
            raise ValueError(
                f"A batch stacks elements of one shape. Received shapes: {list(shapes)}. Pad them "
                "with Dataset.map or Dataset.bucket_by_length, or pass batch(collate=...)."
            )
        return np.stack(leaves)

    return jax.tree.map(join, *elements)


@dataclasses.dataclass
class _Seed:
    """The seed of a shuffle or a map, which a state may set anew."""

    value: int


def _without(start: int, elements: Iterable) -> Iterator:
    """The elements but the first `start`, which are made and thrown away."""
    return itertools.islice(elements, start, None)


def _check(method: str, least: int = 1, **setting) -> None:
    ((name, value),) = setting.items()
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(
            f"Dataset.{method}'s {name} is an int of at least {least}. Received: {name}={value!r}"
        )
