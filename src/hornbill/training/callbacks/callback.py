"""Callback: hooks that `fit`, `evaluate` and `predict` call."""

import functools
import inspect
import sys

import jax
import numpy as np

from ...engine.plain import is_plain


class Callback:
    """Base of all callbacks: override the hooks that you need.

    Every hook gets `logs`, a dict of floats. `self.model` is the model, `self.params` holds
    `verbose`, `epochs`, `steps` and `batch_size` (None where batches come ready). Overriding a
    batch hook makes `fit` stop after each batch; leave them alone where epoch hooks will do, since
    training in long chunks is faster. Where the state after some steps is all that a hook needs,
    mark it with `each_batch_if`.

    `fit(checkpoint=...)` keeps what `get_state` gives, and hands it to `set_state` when it goes on.

    Attributes:
        writes: on the class: the name of the attribute that holds the path of a file or folder that
            the callback writes; `fit(dry_run=True)` sets it to a temporary one.

    >>> import hornbill as hb
    >>> class Note(hb.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, sorted(logs))
    """

    writes: str | None = None

    def __init__(self):
        self.params: dict = {}
        self._model = None

    @property
    def model(self):
        return self._model

    def set_params(self, params: dict) -> None:
        self.params = params

    def set_model(self, model) -> None:
        self._model = model

    def get_state(self) -> dict:
        """What a checkpoint of `fit` keeps of this callback, by name, as plain data.

        These are the attributes that hold numbers, text, or lists, tuples and dicts of such, and
        those with a `get_state` and `set_state` of their own; not those that are named after an
        argument of the constructor. Arrays are left out, since they may be data: a callback that
        remembers some defines both methods itself. Arrays may stand in what `get_state` returns.
        """
        given = {"params", *inspect.signature(type(self).__init__).parameters}
        found = {k: v for k, v in vars(self).items() if k not in given}
        own = {k: v.get_state() for k, v in found.items() if hasattr(v, "set_state")}
        return {k: v for k, v in found.items() if is_plain(v)} | own

    def set_state(self, state: dict) -> None:
        """Takes up what `get_state` gave; called after `on_train_begin`, when `fit` goes on.

        In the midst of an epoch it is called after that epoch's `on_epoch_begin` once more.
        """
        for name, value in state.items():
            if hasattr(getattr(self, name, None), "set_state"):
                getattr(self, name).set_state(value)
            else:
                setattr(self, name, value)

    def on_train_begin(self, logs=None):
        """Called once before training."""

    def on_train_end(self, logs=None):
        """Called once after training, with the logs of the last epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        """Called before each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        """Called after each epoch, with its logs and those of the validation (`val_...`)."""

    def on_batch_begin(self, batch, logs=None):
        """The older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch, logs=None):
        """The older name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch, logs=None):
        """Called before each batch of training."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        """Called after each batch of training, with the logs so far in the epoch."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs=None):
        """Called before an evaluation, validation in `fit` included."""

    def on_test_end(self, logs=None):
        """Called after an evaluation."""

    def on_test_batch_begin(self, batch, logs=None):
        """Called before each batch of an evaluation."""

    def on_test_batch_end(self, batch, logs=None):
        """Called after each batch of an evaluation."""

    def on_predict_begin(self, logs=None):
        """Called before a prediction."""

    def on_predict_end(self, logs=None):
        """Called after a prediction."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Called before each batch of a prediction."""

    def on_predict_batch_end(self, batch, logs=None):
        """Called after each batch of a prediction, with `{"outputs": ...}`."""


def each_batch_if(condition):
    """Marks a batch hook for whose sake `fit` runs single steps only if `condition(callback)`.

    Otherwise the hook is called at the end of each chunk of steps, about every 50 ms.
    """

    def mark(hook):
        hook.each_batch_if = condition
        return hook

    return mark


def at_chunk_ends(hook):
    """Marks a batch hook that is well served at the end of each chunk of steps."""
    return each_batch_if(lambda callback: False)(hook)


def python_logs(logs) -> dict:
    """Logs with Python floats in place of arrays, fetched from the device in one go."""
    if not logs:
        return {}
    return {k: _python(v) for k, v in jax.device_get(dict(logs)).items()}


class LazyLogs(dict):
    """The logs of a batch: floats, which wait on the device until somebody reads them.

    So a callback that looks at its logs now and then costs nothing in between.
    """

    def _settle(self) -> None:
        if not getattr(self, "_settled", False):
            self._settled = True
            self.update(python_logs(dict.copy(self)))


def _settled(name: str):
    method = getattr(dict, name)

    @functools.wraps(method)
    def read(self, *args):
        self._settle()
        return method(self, *args)

    return read


# All that gives out values. `dict(logs)` and `{**logs}` go through `__iter__` and `__getitem__`.
for _name in """__getitem__ __iter__ __eq__ __ne__ __or__ __ror__ __ior__ __repr__ __reversed__
        __reduce_ex__ copy get items pop popitem setdefault values""".split():
    setattr(LazyLogs, _name, _settled(_name))


def _python(value):
    if isinstance(value, (np.ndarray, np.generic)) and np.ndim(value) == 0:
        return float(value)
    return value


def write(text: str, end: str = "\n") -> None:
    """Prints progress, or logs it where interactive logging is off."""
    from ...engine import config

    if config.is_interactive_logging_enabled():
        sys.stdout.write(text + end)
        sys.stdout.flush()
    else:
        import logging

        logging.getLogger("hornbill").info(text.strip("\r"))


def announce(text: str) -> None:
    """Writes a line of its own, also where a progress line is being drawn."""
    write(f"\n{text}" if sys.stdout.isatty() else text)
