"""RunLogger: writes a run down as it trains, for `hornbill ui`."""

import logging
import os
import re
import time
import weakref
from pathlib import Path

import jax

from .. import __version__
from ..training.callbacks.callback import Callback, at_chunk_ends
from ..training.callbacks.learning_rates import plain_optimizers
from .events import FILE, PICTURE, Record
from .statistics import Probe, WeightWatch

NAME = re.compile(r"[^/\\\x00-\x1f.][^/\\\x00-\x1f]*")


class RunLogger(Callback):
    """Writes a run down as it trains; `hornbill ui RUNDIR` shows it live, with others beside it.

    A run is a folder in `rundir` with the file `events.jsonl`, one JSON object a line, only ever
    appended to (docs/ui.md names the fields), and `model.svg`, the model's picture. The record
    holds the settings, the summary, the logs of each epoch and of the running one, the throughput,
    statistics of each weight, and the messages that Python's root logger gets, from the beginning
    of the training to its end (or, where an error ended it, to the next one's beginning).

    A training that is resumed by `fit(checkpoint=)` goes on in its run, and so does a second `fit`
    with the same object.

    Args:
        rundir: the folder of all runs; it is made.
        name: the run's name. A run of that name is continued; what it had written of later steps
            gives way to what comes. None makes one of the model's name and the time.
        seconds: after how many seconds, at the soonest, the logs are written in the midst of an
            epoch; None for at the ends of epochs alone. Looking at them waits for the device.
        weights_freq: every how many epochs the weights are described, 0 for never. A description
            reads all weights, and keeps a copy to tell how far they move.
        probe: a batch, `(x, y)` or `(x, y, sample_weight)`, on which the compiled loss's gradients
            are taken with each description: the same each time, so that what changes is the
            model. None leaves gradients out.
        picture: whether the model is drawn once, where matplotlib (`hornbill[plot]`) is installed.

    Raises:
        ValueError: for arguments out of range, and for names that are no name of a folder.

    >>> import hornbill as hb
    >>> log = hb.callbacks.RunLogger("runs", name="wide", seconds=2)
    """

    writes = "rundir"

    def __init__(
        self,
        rundir: str | os.PathLike = "runs",
        name: str | None = None,
        *,
        seconds: float | None = 1.0,
        weights_freq: int = 1,
        probe=None,
        picture: bool = True,
    ):
        super().__init__()
        if name is not None and not (isinstance(name, str) and NAME.fullmatch(name)):
            raise ValueError(
                "RunLogger's name is the name of a folder: text without slashes that does not "
                f"begin with a dot. Received: name={name!r}"
            )
        number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if seconds is not None and not (number and seconds >= 0):
            raise ValueError(
                "RunLogger's seconds is a number from 0 on, or None for at the ends of epochs. "
                f"Received: seconds={seconds!r}"
            )
        whole = isinstance(weights_freq, int) and not isinstance(weights_freq, bool)
        if not (whole and weights_freq >= 0):
            raise ValueError(
                "RunLogger's weights_freq is a number of epochs, 0 for never. "
                f"Received: weights_freq={weights_freq!r}"
            )
        if probe is not None and not weights_freq:
            raise ValueError(
                "RunLogger(probe=...) takes gradients when weights are described, which "
                "weights_freq=0 turns off. Set weights_freq=1, or leave probe out."
            )
        self.rundir, self.name, self.seconds = os.fspath(rundir), name, seconds
        self.weights_freq, self.picture = weights_freq, bool(picture)
        self.probe = None if probe is None else Probe(probe)
        self._run = name  # the run's name, once it has one
        self._step, self._last = 0, -1  # the steps done, and the epoch's last batch
        self._record: Record | None = None

    def get_state(self):
        return {"run": self._run, "step": self._step, "last": self._last}

    def set_state(self, state):
        if self._run != state["run"]:
            self._close()
        self._run, self._step, self._last = state["run"], state["step"], state["last"]

    def write(self, text: str) -> None:
        """Adds a message to the log of the run that trains.

        Raises:
            RuntimeError: while nothing trains.
        """
        if self._record is None:
            raise RuntimeError("RunLogger.write works while fit runs. No run is open.")
        self._record.add("log", level="NOTE", text=str(text))

    # ---- hooks ---------------------------------------------------------------------------

    def on_train_begin(self, logs=None):
        self._close()
        self._weights, self._shown = WeightWatch(), False
        optimizer = self.model.optimizer
        if optimizer is not None:
            self._step = int(optimizer.iterations)

    def on_epoch_begin(self, epoch, logs=None):
        if self._record is None:
            self._open(epoch)
        self._epoch, self._last = epoch, -1
        self._began = self._epoch_mark = self._mark = (self._step, time.perf_counter())
        self._trained_until = None

    @at_chunk_ends
    def on_train_batch_end(self, batch, logs=None):
        self._step += batch - self._last
        self._last = batch
        now = time.perf_counter()
        if not self._shown:
            self._show_model()
            # The first steps compiled: the clock starts behind them.
            dict(logs or {})
            self._epoch_mark = self._mark = (self._step, time.perf_counter())
        elif self.seconds is not None and now - self._mark[1] >= self.seconds:
            self._write_steps(dict(logs or {}))

    def on_test_begin(self, logs=None):
        if self._record is not None and self._trained_until is None:
            self._trained_until = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        if not self._shown:
            self._show_model()
        now = time.perf_counter()
        content = {"epoch": epoch, "step": self._step, "logs": self._logs(logs)}
        speed = self._speed(self._epoch_mark, self._trained_until or now)
        self._record.add("epoch", **content, seconds=now - self._began[1], **speed)
        if self.weights_freq and epoch % self.weights_freq == 0:
            self._write_weights(epoch)

    def on_train_end(self, logs=None):
        if self._record is not None:
            self._record.add("end", step=self._step, stopped=bool(self.model.stop_training))
        self._close()

    # ---- what is written -----------------------------------------------------------------

    def _open(self, epoch: int) -> None:
        self._run = self._run or self._new_name()
        self._record = Record(Path(self.rundir) / self._run)
        handler = _ToRecord(self._record)
        logging.getLogger().addHandler(handler)
        # An error that ends the training calls no hook: then it goes with this object.
        self._stop_listening = weakref.finalize(self, logging.getLogger().removeHandler, handler)
        model = self.model
        self._record.add(
            "start",
            step=self._step,
            epoch=epoch,
            model=model.name,
            fit={k: v for k, v in self.params.items() if k != "verbose"},
            compile=model.get_compile_config(),
            versions={"hornbill": __version__, "jax": jax.__version__},
            devices=[str(d) for d in jax.devices()],
        )

    def _close(self) -> None:
        if self._record is not None:
            self._stop_listening()
            self._record = None

    def _new_name(self) -> str:
        safe = re.sub(r"[^\w-]+", "_", self.model.name)
        name = wanted = f"{safe}-{time.strftime('%Y%m%d-%H%M%S')}"
        number = 2
        while (Path(self.rundir) / name / FILE).exists():
            name, number = f"{wanted}-{number}", number + 1
        return name

    def _show_model(self) -> None:
        """Writes what can be said once the model has weights."""
        self._shown = True
        lines: list[str] = []
        self.model.summary(print_fn=lines.append, line_length=98)
        picture = self.picture and _draw(self.model, self._record.folder / PICTURE)
        self._record.add("model", summary="\n".join(lines), picture=picture)
        if self.weights_freq:
            self._weights.describe(self.model)  # what the first epoch's changes start from
        if self.probe is not None:
            try:
                self.probe.gradients(self.model)  # compiles it, and shows at once if it fits
            except ValueError as error:
                self._close()
                raise ValueError(
                    f"RunLogger(probe=...) takes gradients of the loss of model "
                    f"'{self.model.name}' on the batch given, which fails: {error}"
                ) from error

    def _write_steps(self, logs: dict) -> None:
        now = time.perf_counter()
        speed = self._speed(self._mark, now)
        self._mark = (self._step, now)
        self._record.add("steps", epoch=self._epoch, step=self._step, logs=_scalars(logs), **speed)

    def _write_weights(self, epoch: int) -> None:
        found = self._weights.describe(self.model)
        if self.probe is not None:
            for path, size in self.probe.gradients(self.model).items():
                found.setdefault(path, {})["gradient"] = size
        self._record.add("weights", epoch=epoch, step=self._step, weights=found)

    def _logs(self, logs) -> dict:
        logs = _scalars(logs or {})
        if self.model.optimizer is not None:
            optimizers = plain_optimizers(self.model, self)
            logs |= {name: float(o.learning_rate) for name, o in optimizers.items()}
        return logs

    def _speed(self, mark, until: float) -> dict:
        """Steps, and where the batch size is known samples, a second since a mark."""
        steps, seconds = self._step - mark[0], until - mark[1]
        if steps <= 0 or seconds <= 0:
            return {}
        speed = {"steps_per_second": steps / seconds}
        if self.params.get("batch_size"):
            speed["samples_per_second"] = speed["steps_per_second"] * self.params["batch_size"]
        return speed


class _ToRecord(logging.Handler):
    """Writes what Python's `logging` lets through into a run's record."""

    def __init__(self, record: Record):
        super().__init__()
        self._record = record

    def emit(self, record):
        try:
            self._record.add("log", level=record.levelname, text=self.format(record))
        except Exception:
            self.handleError(record)


def _scalars(logs: dict) -> dict:
    """The logs as numbers: one that holds several, such as one a class, has a name for each."""
    found = {}
    for name, value in logs.items():
        if getattr(value, "ndim", 0):
            numbers = enumerate(value.ravel().tolist())
            found |= {f"{name}[{i}]": float(number) for i, number in numbers}
        else:
            found[name] = float(value)
    return found


def _draw(model, path: Path) -> bool:
    """Draws the model's picture, if that can be done here. A training does not end over it."""
    from ..utils import plot_model

    try:
        plot_model(model, to_file=str(path), show_shapes=True, show_layer_names=True)
    except ImportError:
        return False  # without the plot extra
    except Exception as error:
        logging.getLogger("hornbill").warning("RunLogger could not draw the model: %s", error)
        return False
    return True
