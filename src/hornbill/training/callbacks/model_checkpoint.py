"""ModelCheckpoint: saves the model while it trains."""

import os
import warnings

import numpy as np

from .callback import announce, each_batch_if
from .every import Every, check_frequency, saves_by_batch
from .monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, while it trains.

    Args:
        filepath: the file, which may name the epoch (from 1), the batch and the logs:
            `"{epoch:02d}-{val_loss:.2f}.keras"`. It ends in `.keras` (or `.h5`), with
            `save_weights_only` in `.weights.h5`. Folders are made.
        monitor: the metric by which the best model is found.
        verbose: 1 to say what is saved.
        save_best_only: whether to save only when the metric is better than ever before.
        save_weights_only: whether to save the weights (and the optimizer's state) alone.
        mode: `"min"` or `"max"`, what better means; `"auto"` takes it from the metric.
        save_freq: `"epoch"`, or after how many batches to save.
        initial_value_threshold: the value that the first best model must beat.

    Raises:
        ValueError: for another suffix or frequency.
        KeyError: when `filepath` names what is not among the logs.
        OSError: when the file cannot be written, or is a folder.

    >>> import hornbill as hb
    >>> best = hb.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
    >>> each = hb.callbacks.ModelCheckpoint("{epoch:02d}.weights.h5", save_weights_only=True)
    """

    writes = "filepath"

    def __init__(
        self,
        filepath,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq="epoch",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        suffixes = (".weights.h5",) if save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(suffixes):
            raise ValueError(
                f"ModelCheckpoint's filepath ends in {' or '.join(suffixes)} with "
                f"save_weights_only={save_weights_only}. Received: filepath={self.filepath!r}"
            )
        check_frequency("ModelCheckpoint", "save_freq", save_freq)
        self.verbose, self.save_freq = verbose, save_freq
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self._every = None if save_freq == "epoch" else Every(save_freq)
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    @each_batch_if(saves_by_batch)
    def on_train_batch_end(self, batch, logs=None):
        if self._every is not None and self._every.due(batch):
            self._save(self._epoch, {"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch, logs=None):
        if self._every is None:
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: dict) -> None:
        path = self._path(epoch, logs)
        if not self._worth_saving(epoch, logs):
            return
        if os.path.isdir(path):
            raise IsADirectoryError(f"ModelCheckpoint's filepath is a folder. Received: {path!r}")
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)
        if self.verbose:
            announce(f"Epoch {epoch + 1}: saved to {path}")

    def _path(self, epoch: int, logs: dict) -> str:
        try:
            return self.filepath.format(epoch=epoch + 1, **logs)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint's filepath names {error}. There are: {['epoch', *logs]}. "
                f"Received: filepath={self.filepath!r}"
            ) from None

    def _worth_saving(self, epoch: int, logs: dict) -> bool:
        if not self.save_best_only:
            return True
        value = logs.get(self.monitor)
        if value is None:
            self.missing("finds the best model", logs, stacklevel=4)
            return True
        if np.ndim(value):
            warnings.warn(
                f"ModelCheckpoint finds the best model by a scalar, and saves each time. "
                f"Received: {self.monitor}={value}",
                stacklevel=4,
            )
            return True
        best = self.best
        improved = self.is_improvement(value, best)
        if improved:
            self.best = value
        if self.verbose:
            before = "" if best is None else f" from {best:.5f}"
            verb = f"improved{before} to {value:.5f}" if improved else f"did not improve{before}"
            announce(f"Epoch {epoch + 1}: {self.monitor} {verb}")
        return improved
