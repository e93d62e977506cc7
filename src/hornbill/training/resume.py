"""A `fit` that can be killed and goes on, bit for bit; and one that ends at a limit."""

import dataclasses
import datetime
import os
import time
from typing import Any, NamedTuple

import jax

from . import store
from .callbacks import BackupAndRestore
from .loop import CHUNK_SECONDS, QUIET, Pulse, python_epoch_logs
from .signals import Signals
from .state import capture, put_back


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """Where and how often `fit` saves its state, to go on from there when it is called again.

    Args:
        folder: the folder of one training's checkpoints; it is made.
        every_epochs: after every how many epochs to save. The last one is always saved.
        every_seconds: after how many seconds to save in the midst of an epoch, None for never.
        every_steps: after how many steps to do so. Steps run in chunks of about 50 ms; it is saved
            at the end of one.
        keep: how many checkpoints stay in the folder.

    Raises:
        ValueError: for numbers that are not positive.

    >>> import hornbill as hb
    >>> saving = hb.Checkpoint("runs/a", every_seconds=60, keep=2)
    """

    folder: str | os.PathLike
    every_epochs: int = 1
    every_seconds: float | None = 300.0
    every_steps: int | None = None
    keep: int = 3

    def __post_init__(self):
        if not isinstance(self.folder, (str, os.PathLike)) or not os.fspath(self.folder):
            raise ValueError(f"Checkpoint's folder is a path. Received: folder={self.folder!r}")
        for name in ("every_epochs", "every_steps", "keep"):
            check_positive("Checkpoint's", int, **{name: getattr(self, name)})
        check_positive("Checkpoint's", (int, float), every_seconds=self.every_seconds)


def check_positive(whose: str, kinds, **setting) -> None:
    """Raises unless the value is a positive number of these kinds, or None where that is usual."""
    ((name, value),) = setting.items()
    if value is None and name not in ("every_epochs", "keep"):
        return
    if isinstance(value, bool) or not isinstance(value, kinds) or not value > 0:
        kind = "int" if kinds is int else "number"
        raise ValueError(f"{whose} {name} is a positive {kind}. Received: {name}={value!r}")


def as_checkpoint(checkpoint) -> Checkpoint | None:
    """What `fit(checkpoint=...)` means: a folder stands for the defaults."""
    if checkpoint is None or isinstance(checkpoint, Checkpoint):
        return checkpoint
    if isinstance(checkpoint, (str, os.PathLike)):
        return Checkpoint(checkpoint)
    raise TypeError(
        f"fit's checkpoint is a folder, or a hornbill.Checkpoint. Received: {checkpoint!r}"
    )


def as_seconds(max_time) -> float | None:
    """What `fit(max_time=...)` means: seconds, or a `timedelta`."""
    seconds = max_time
    if isinstance(max_time, datetime.timedelta):
        seconds = max_time.total_seconds()
    check_positive("fit's", (int, float), max_time=seconds)
    return seconds


class Plan(NamedTuple):
    """What a `fit` is to do."""

    epochs: int
    initial_epoch: int
    validation: Any
    validation_steps: int | None
    validation_freq: Any

    def validates(self, epoch: int) -> bool:
        """Whether there is a validation after an epoch."""
        if self.validation is None:
            return False
        if isinstance(self.validation_freq, (list, tuple, set)):
            return epoch + 1 in self.validation_freq
        return (epoch + 1) % self.validation_freq == 0


class Run(Pulse):
    """One `fit` as it goes: where it stands, when it is saved, and whether it ends early.

    As a `with` it holds Ctrl-C and SIGTERM back until the state is saved, if it is to be.

    Attributes:
        epoch, step: the epoch under way and how many of its steps are done.
        before: the steps of the epochs before.
        logs: of the last step; between epochs, of the last epoch.
    """

    def __init__(self, model, callbacks, reader, plan: Plan):
        self.model, self.callbacks, self.reader = model, callbacks, reader
        self.parts = model, callbacks, reader, plan.validation
        self.epochs, self.epoch = plan.epochs, plan.initial_epoch
        self.step, self.before, self.logs = 0, 0, {}
        self.checkpoint: Checkpoint | None = None
        self.max_steps: int | None = None
        self.max_seconds: float | None = None
        self.began = self.saved_at = self.waited = time.monotonic()
        self.saved_steps = 0
        self.stopped = self.cut = False  # by a callback; by a limit, within an epoch
        self.resumed = False
        self.signals = Signals()
        self._state: dict | None = None

    def __enter__(self):
        if self.checkpoint is not None:
            self.signals.__enter__()
        return self

    def __exit__(self, *exc):
        self.signals.__exit__(*exc)

    # ---- where it stands -----------------------------------------------------------------

    @property
    def steps(self) -> int:
        """All steps so far, those of earlier calls that this one goes on from included."""
        return self.before + self.step

    def goes_on(self) -> bool:
        """Whether there is an epoch to run, or the rest of one."""
        over = self.stopped or self.cut or self._at_limit()
        return self.epoch < self.epochs and (self.step > 0 or not over)

    def _at_limit(self) -> bool:
        if self.max_steps is not None and self.steps >= self.max_steps:
            return True
        passed = time.monotonic() - self.began
        return self.max_seconds is not None and passed >= self.max_seconds

    def room(self) -> int | None:
        return None if self.max_steps is None else max(self.max_steps - self.steps, 1)

    def stops(self, step: int, logs) -> bool:
        self.step, self.logs = step, logs
        if self.model.stop_training:
            return True
        if self.max_seconds is not None and time.monotonic() - self.waited > CHUNK_SECONDS:
            # Steps are only sent to the device; their time is that of their results.
            jax.block_until_ready(logs)
            self.waited = time.monotonic()
        # Where the data says how long it is, its last step ends the epoch as always.
        self.cut = self._at_limit() and self.reader.taken != self.reader.steps
        if self.checkpoint is not None:
            if self.cut or self.signals.caught is not None or self._due():
                self._save()
            self._act_on_signals()
        return self.cut

    def end_epoch(self, logs: dict) -> None:
        """Takes note that an epoch is done, its validation and callbacks included."""
        self.logs = logs
        self.reader.end_epoch()
        if self.cut:  # what was saved goes on within it
            self.step = 0
            return
        self.epoch, self.before, self.step = self.epoch + 1, self.steps, 0
        self.stopped = self.model.stop_training
        if self.checkpoint is not None:
            last = not self.goes_on() or self.signals.caught is not None
            if last or self.epoch % self.checkpoint.every_epochs == 0:
                self._save()
            self._act_on_signals()

    def validation_pulse(self, logs: dict) -> Pulse:
        """What the validation asks between its steps; `logs` are the training's."""
        self.logs = logs
        return QUIET if self.checkpoint is None else _Held(self, self._capture())

    # ---- saving --------------------------------------------------------------------------

    def _due(self) -> bool:
        every = self.checkpoint.every_steps
        if every is not None and self.steps - self.saved_steps >= every:
            return True
        seconds = self.checkpoint.every_seconds
        return seconds is not None and time.monotonic() - self.saved_at >= seconds

    def _capture(self) -> dict:
        return {
            "epoch": self.epoch,
            "step": self.step,
            "before": self.before,
            "logs": python_epoch_logs(self.logs),
            "stopped": self.stopped,
            "about": self._about(),
            **capture(*self.parts),
        }

    def _about(self) -> dict:
        data = self.reader.data
        about = {"batch_size": data.batch_size, "steps_per_epoch": self.reader.steps}
        return {"samples": getattr(data, "size", None), **about}

    def _save(self) -> None:
        if self.step == 0 or self.steps != self.saved_steps:
            self.write(self._capture())

    def write(self, state: dict) -> None:
        """Puts a state into the folder."""
        store.save(os.fspath(self.checkpoint.folder), state, self.checkpoint.keep)
        self.saved_at, self.saved_steps = time.monotonic(), self.steps

    def _act_on_signals(self) -> None:
        if self.signals.caught is not None:
            self.signals.deliver()

    # ---- going on ------------------------------------------------------------------------

    def resume(self) -> None:
        """Goes to where the newest checkpoint was saved; there may be none."""
        if self.checkpoint is None:
            return
        if any(isinstance(c, BackupAndRestore) for c in self.callbacks.callbacks):
            raise ValueError(
                "fit(checkpoint=...) and BackupAndRestore would both put the state back. Leave "
                "BackupAndRestore out."
            )
        folder = os.fspath(self.checkpoint.folder)
        store.clean(folder)
        state = store.load(folder)
        if state is None:
            return
        if state["about"] != self._about():
            raise ValueError(
                f"The checkpoint in '{folder}' was made with other data: {state['about']}. Pass "
                "the same, or another folder. "
                f"Received: {self._about()}"
            )
        self._state, self.resumed = state, True
        self.saved_steps = state["before"] + state["step"]
        self.put_back()

    def put_back(self) -> None:
        """Sets all to the checkpoint's state again, after hooks of callbacks that began anew."""
        if self._state is None:
            return
        put_back(self._state, *self.parts)
        for name in ("epoch", "step", "before", "logs", "stopped"):
            setattr(self, name, self._state[name])
        self.model.stop_training = self.stopped

    def begin_epoch(self) -> None:
        """Called when the callbacks know of the epoch."""
        if self.step:
            self.put_back()
        self._state = None


class _Held(Pulse):
    """Saves the state before a validation if a signal comes in its midst."""

    def __init__(self, run: Run, state: dict):
        self.run, self.state = run, state

    def stops(self, step: int, logs) -> bool:
        if self.run.signals.caught is not None:
            self.run.write(self.state)
            self.run.signals.deliver()
        return False
