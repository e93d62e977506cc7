"""A `fit` of one batch that leaves no trace."""

import contextlib
import os
import tempfile
import warnings

import jax

from ..engine import plain
from ..engine.random_state import random_state, set_random_state
from .callbacks import CallbackList
from .loop import runner_for
from .reader import EpochReader
from .runner import state_of


class OneBatch:
    """A reader whose only epoch is one batch that was read already."""

    chunked = False
    steps = 1

    def __init__(self, data, batch, rows):
        self.data, self.batch, self.rows, self.taken = data, batch, rows, 0

    def single(self):
        self.taken = 1
        yield self.batch, self.rows

    def end_epoch(self) -> None:
        """There is none after it."""


@contextlib.contextmanager
def undone(model, callbacks, data, validation):
    """Yields a reader of the first batch; at the end all is as it was, whatever happened.

    Weights, slots and metrics that were not made yet are made first, as `fit` would make them, and
    stay. Callbacks whose class names in `writes` the attribute that holds their path write to a
    temporary folder.
    """
    sources = [data] if validation is None else [data, validation]
    places, before = [s.get_state() for s in sources], random_state()
    first = next(EpochReader(data, 1).single(), None)
    if first is None:
        raise ValueError("There was no data for the dry run: the dataset gave no batch.")
    set_random_state(before)
    runner = runner_for(model, "train")
    runner.note(*first)
    runner.prepare(runner.example)
    made = random_state()  # initializers may have drawn, and will not again
    values = [(v, v.value) for v in state_of(model, "train")[0]]
    history, stopping = model.history, model.stop_training
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hornbill-dry-run-"))
        for callback in _single(callbacks):
            stack.enter_context(_undone_callback(callback, folder))
        try:
            yield OneBatch(data, *first)
        finally:
            for variable, value in values:
                variable.assign(value)
            model.history, model.stop_training = history, stopping
            for source, place in zip(sources, places, strict=True):
                if getattr(source, "endless", False):
                    warnings.warn(
                        "The dry run has taken a batch from a generator or iterator, which cannot "
                        "be put back. Make a new one for fit.",
                        stacklevel=5,
                    )
                else:
                    source.set_state(place)
            set_random_state(made)


def _single(callbacks) -> list:
    return [
        inner
        for callback in jax.tree.leaves(callbacks)
        for inner in (callback.callbacks if isinstance(callback, CallbackList) else [callback])
    ]


@contextlib.contextmanager
def _undone_callback(callback, folder: str):
    own = dict(vars(callback))
    counters = [(v, v.get_state()) for v in own.values() if hasattr(v, "set_state")]
    # The hooks change copies of lists and dicts, which somebody else may hold.
    vars(callback).update({name: plain.copied(value) for name, value in own.items()})
    path = getattr(type(callback), "writes", None)
    if path is not None:
        setattr(callback, path, os.path.join(folder, os.path.basename(own[path])))
    try:
        yield
    finally:
        vars(callback).clear()
        vars(callback).update(own)
        for counter, state in counters:
            counter.set_state(state)
