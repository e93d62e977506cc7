"""Generators, iterators and datasets: batches that come one at a time."""

import itertools
from collections.abc import Callable, Iterator

from ...engine.placement import send_batch
from .batches import convert_batch
from .dataset import Dataset
from .loaders import (
    AHEAD,
    generators_of,
    length_of,
    open_batches,
    reads_ahead,
    set_state_of_generator,
    state_of_generator,
)
from .pydataset import PyDatasetReader
from .workers import read_ahead


class StreamData:
    """Batches from an iterable.

    An iterable that starts anew at each `iter()` (a list, a DataLoader) is read once per epoch;
    a generator or iterator goes on where the last epoch stopped. The datasets of libraries and
    our own are read ahead by a thread, which also sends the batches to the device.

    Args:
        source: the iterable. A `Dataset` or `PyDataset` resumes by itself; anything else is read
            once more up to its place.
        steps: batches per epoch; those of one reading when None.
        transform: what is done to each batch of arrays.
        encode: what encodes strings among the inputs.

    Attributes:
        steps: batches per epoch, None where only the end will tell.
        length: batches in one reading of the iterable, likewise.
    """

    resident = False
    batch_size = None

    def __init__(
        self,
        source,
        steps: int | None = None,
        transform: Callable | None = None,
        encode: Callable | None = None,
    ):
        self.source, self.transform, self.encode = source, transform, encode
        self.length = length_of(source)
        self.steps = self.length if steps is None else steps
        self.endless = hasattr(source, "__next__")
        self._stateful = isinstance(source, (Dataset, PyDatasetReader))
        self._ahead = reads_ahead(source)
        self._generators = generators_of(source)
        self._start = 0  # batches that the next reading leaves out
        self._begin()

    def _begin(self) -> None:
        """Notes where the next reading starts."""
        self._note = self.source.get_state() if self._stateful else self._random()
        self._taken = self._note.get("taken", self._start)

    def _random(self) -> dict:
        states = list(map(state_of_generator, self._generators))
        return {"generators": states} if states else {}

    @property
    def rereads(self) -> bool:
        """Whether the next reading begins with batches that are read for nothing."""
        return self._start > 0

    def batches(self, rest: bool = False):
        """The batches of the next epoch, as NumPy or JAX arrays.

        Args:
            rest: after `set_state`, whether the epoch's end is the end, also where none is left.
        """
        resumed, empty = self._taken > 0 and not rest, True
        for batch in self._reading():
            empty = False
            yield batch
        if resumed and empty and not self.endless:
            yield from self._reading()  # resumed at the end of an epoch: here is the next one

    def _reading(self):
        if self._stateful:
            batches = open_batches(self.source)
            self._begin()
        else:
            if not self.endless:
                self._begin()  # before it is opened, which may draw
            batches = itertools.islice(open_batches(self.source), self._start, None)
            self._start = 0
        converted = map(self._convert, batches)
        if self._ahead:
            ahead = read_ahead(lambda: map(send_batch, map(self._convert, batches)), AHEAD)
            converted = _last_at_the_end(ahead)
        for batch in converted:
            self._taken += 1
            yield batch
        if not self.endless:
            self._begin()

    def _convert(self, batch):
        batch = convert_batch(batch, not self._ahead, self.encode)
        return batch if self.transform is None else self.transform(batch)

    def get_state(self) -> dict:
        """Where the reading stands, as plain data that JSON can hold.

        Returns:
            What the source's own `get_state` gave when the epoch began (for `PyDataset` and
            `Dataset`: how its order is made again), and `taken`: how many batches were given out
            since, or for a generator or iterator since it was handed in.
        """
        note = self._note
        if self._generators and self._taken == self.length:
            note = self._random()  # for the next reading
        return {**note, "taken": self._taken}

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
            places = state.get("generators", ())
            for generator, place in zip(self._generators, places, strict=False):
                set_state_of_generator(generator, place)
        self._begin()


def _last_at_the_end(batches: Iterator) -> Iterator:
    """The same batches, the last of them only when the end behind it is reached.

    A torch sampler draws there, too: let it not depend on a thread whether it has.
    """
    for batch, _ in itertools.pairwise(itertools.chain(batches, [None])):
        yield batch
