"""Datasets of other libraries: how they are read, and which may be read ahead by a thread."""

import sys
from collections.abc import Iterator, Mapping

from .foreign import library

# Batches that a thread makes while steps run.
AHEAD = 2

# Whose batches a thread may make: each is memory of its own, and asks for nothing of ours. A
# generator or a class of the user's stays in the caller's thread: it may use the model that is
# being trained, would lose the batches read ahead when `fit` ends, and may fill one array again
# and again.
_READ_AHEAD = {
    ("hornbill", "Dataset"),
    ("torch", "DataLoader"),
    ("tensorflow", "DatasetV2"),
    ("grain", "MapDataset"),
    ("grain", "IterDataset"),
    ("grain", "DataLoader"),
}


def reads_ahead(source) -> bool:
    """Whether batches of `source` are made by a thread, and need not be copied."""
    bases = type(source).__mro__
    return any((c.__module__.partition(".")[0], c.__name__) in _READ_AHEAD for c in bases)


def open_batches(source) -> Iterator:
    """Starts a reading of an iterable of batches."""
    if library(source) == "tensorflow" and hasattr(source, "as_numpy_iterator"):
        return source.as_numpy_iterator()  # TensorFlow's own memory, seen as arrays
    return iter(source)


def generators_of(source) -> list:
    """The random generators of its own that a torch DataLoader or its sampler was given."""
    batches = getattr(source, "batch_sampler", None)
    holders = (source, getattr(source, "sampler", None), batches, getattr(batches, "sampler", None))
    found = [getattr(holder, "generator", None) for holder in holders]
    return list({id(g): g for g in found if library(g) == "torch"}.values())


def state_of_generator(generator) -> str:
    """Where a torch generator stands, as text."""
    return generator.get_state().numpy().tobytes().hex()


def set_state_of_generator(generator, state: str) -> None:
    """Sets it to what `state_of_generator` gave."""
    torch = sys.modules["torch"]
    generator.set_state(torch.frombuffer(bytearray.fromhex(state), dtype=torch.uint8))


# A length that stands for no end: grain's `repeat()` says `sys.maxsize`, divided by batch sizes.
_ENDLESS = 1 << 40


def length_of(source) -> int | None:
    """`len(source)`, None where it has no length, does not know it, or has no end."""
    try:
        length = len(source)
    except TypeError:
        return None
    return None if length >= _ENDLESS else length


def is_iterable_of_batches(x) -> bool:
    """Whether `x` yields batches (a generator, an iterator, a dataset) rather than being data."""
    if x is None or isinstance(x, (list, tuple, Mapping, str)) or hasattr(x, "__array__"):
        return False
    if hasattr(x, "shape") or library(x) == "pandas":
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__next__")
