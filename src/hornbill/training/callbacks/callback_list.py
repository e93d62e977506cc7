"""CallbackList: several callbacks called as one."""

import functools
import inspect

import jax

from .callback import Callback, LazyLogs, python_logs
from .history import History
from .progbar import ProgbarLogger

BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


class CallbackList(Callback):
    """Several callbacks called as one: each hook calls the same hook of all of them.

    `fit`, `evaluate` and `predict` make one; a training loop of your own can as well.

    Args:
        callbacks: a callback, a (nested) list of them, or None.
        add_history: whether a `History` is added where there is none.
        add_progbar: whether a `ProgbarLogger` is added where there is none.
        model: handed to each callback.
        params: handed to each callback: `verbose`, `epochs`, `steps`, `batch_size`.

    Raises:
        ValueError: for what is no callback.

    >>> import hornbill as hb
    >>> tell = hb.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: print("at", epoch))
    >>> hb.callbacks.CallbackList([tell, tell]).on_epoch_begin(3)
    at 3
    at 3
    """

    def __init__(
        self,
        callbacks=None,
        add_history: bool = False,
        add_progbar: bool = False,
        model=None,
        **params,
    ):
        super().__init__()
        self.callbacks = jax.tree.leaves(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ValueError(
                    "callbacks takes hornbill.callbacks.Callback objects. "
                    f"Received: {callback!r}"
                    + (" (a class: write its name with parentheses)" * isinstance(callback, type))
                )
        self.history = next((c for c in self.callbacks if isinstance(c, History)), None)
        # The history comes before the progress line, and both after the user's callbacks: what
        # those add to the logs is recorded and shown.
        if add_history and self.history is None:
            self.history = History()
            self.callbacks.append(self.history)
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        self.set_model(model)
        self.set_params(params)

    def set_model(self, model) -> None:
        if model is None:
            return
        super().set_model(model)
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: dict) -> None:
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def wants_batches(self, mode: str) -> bool:
        """Whether a callback must be called at each single batch."""
        return any(
            _overrides(callback, hook) and _needs_each_batch(callback, hook)
            for callback in self.callbacks
            for hook in BATCH_HOOKS[mode]
        )

    def call(self, hook: str, *args, logs=None) -> None:
        """Calls one hook of every callback, with logs as floats."""
        logs = python_logs(logs)
        for callback in self.callbacks:
            getattr(callback, hook)(*args, logs)

    def call_batch(self, hook: str, batch: int, logs=None) -> None:
        """Calls a batch hook where a callback overrides it; the logs are fetched when it reads."""
        mode, moment = hook.split("_")[1], hook.rsplit("_", 1)[1]
        hooks = [name for name in BATCH_HOOKS[mode] if name.endswith(moment)]
        wanting = [c for c in self.callbacks if any(_overrides(c, name) for name in hooks)]
        if wanting:
            logs = logs if mode == "predict" else LazyLogs(logs or {})
            for callback in wanting:
                getattr(callback, hook)(batch, logs)


def _hook_of(callback, name: str):
    """A hook as a plain function; it may lie on the class or on the instance."""
    hook = getattr(callback, name)
    return getattr(hook, "__func__", hook)


def _overrides(callback, name: str) -> bool:
    return _hook_of(callback, name) is not getattr(Callback, name)


def _needs_each_batch(callback, name: str) -> bool:
    condition = getattr(_hook_of(callback, name), "each_batch_if", None)
    return condition is None or bool(condition(callback))


def _on_all(name: str, hook):
    """The list's own form of a hook."""
    signature = inspect.signature(hook)
    by_batch = name.endswith(("_batch_begin", "_batch_end")) and not name.startswith("on_batch")

    @functools.wraps(hook)
    def method(self, *args, **kwargs):
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        _, *where, logs = bound.args
        if by_batch:
            self.call_batch(name, *where, logs)
        else:
            self.call(name, *where, logs=logs)

    return method


for _name, _hook in list(vars(Callback).items()):
    if _name.startswith("on_"):
        setattr(CallbackList, _name, _on_all(_name, _hook))
