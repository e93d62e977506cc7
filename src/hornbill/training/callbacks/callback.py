"""Callback: hooks that `fit`, `evaluate` and `predict` call."""

import sys

import jax
import numpy as np


class Callback:
    """Base of all callbacks: override the hooks that you need.

    Every hook gets `logs`, a dict of floats. `self.model` is the model, `self.params` holds
    `verbose`, `epochs` and `steps`. Overriding a batch hook makes `fit` stop after each batch;
    leave them alone where epoch hooks will do, since training in long chunks is faster.

    >>> import hornbill as hb
    >>> class Note(hb.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, sorted(logs))
    """

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


BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


class CallbackList:
    """Several callbacks called as one.

    Args:
        callbacks: a callback, a list of them, or None.
        add_history: whether a `History` is added where there is none.
        add_progbar: whether a `ProgbarLogger` is added where there is none.
        model: handed to each callback.
        params: handed to each callback: `verbose`, `epochs`, `steps`.
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        from .history import History
        from .progbar import ProgbarLogger

        if callbacks is None:
            callbacks = []
        elif not isinstance(callbacks, (list, tuple)):
            callbacks = [callbacks]
        for callback in callbacks:
            if not isinstance(callback, Callback):
                raise ValueError(
                    "callbacks takes hornbill.callbacks.Callback objects. "
                    f"Received: {callback!r}"
                    + (" (a class: write its name with parentheses)" * isinstance(callback, type))
                )
        self.callbacks = list(callbacks)
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        self.history = next((c for c in self.callbacks if isinstance(c, History)), None)
        if add_history and self.history is None:
            self.history = History()
            self.callbacks.append(self.history)
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def set_model(self, model) -> None:
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: dict) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def wants_batches(self, mode: str) -> bool:
        """Whether a callback must be called at each single batch."""
        return any(
            getattr(type(c), hook) is not getattr(Callback, hook)
            for c in self.callbacks
            for hook in BATCH_HOOKS[mode]
            if not getattr(c, "follows_chunks", False)
        )

    def call(self, hook: str, *args, logs=None) -> None:
        """Calls one hook of every callback, with logs as floats."""
        logs = python_logs(logs)
        for callback in self.callbacks:
            getattr(callback, hook)(*args, logs)

    def call_batch(self, hook: str, batch: int, logs=None) -> None:
        """Calls a batch hook where a callback overrides it; only then are the logs read."""
        mode = hook.split("_")[1]
        hooks = [h for h in BATCH_HOOKS[mode] if h.endswith(hook.rsplit("_", 1)[1])]
        wanting = [
            c
            for c in self.callbacks
            if any(getattr(type(c), h) is not getattr(Callback, h) for h in hooks)
        ]
        if wanting:
            logs = logs if mode == "predict" else python_logs(logs)
            for callback in wanting:
                getattr(callback, hook)(batch, logs)


def python_logs(logs) -> dict:
    """Logs with Python floats in place of arrays, fetched from the device in one go."""
    if not logs:
        return {}
    return {k: _python(v) for k, v in jax.device_get(dict(logs)).items()}


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
