"""CSVLogger: the logs of each epoch as a line of a file."""

import csv
import os
from collections.abc import Iterable

import numpy as np

from .callback import Callback


class CSVLogger(Callback):
    """Writes the logs of each epoch as a line of a CSV file, under a line of names.

    Args:
        filename: the file.
        separator: what stands between two values, one character.
        append: whether lines are added to a file that is there, instead of starting anew.

    Raises:
        ValueError: if `separator` is not one character.

    >>> import hornbill as hb
    >>> log = hb.callbacks.CSVLogger("training.csv", append=True)
    """

    def __init__(self, filename, separator: str = ",", append: bool = False):
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(
                f"CSVLogger's separator is one character. Received: separator={separator!r}"
            )
        self.filename = os.fspath(filename)
        self.sep, self.append = separator, append
        self.keys: list[str] | None = None
        self.csv_file = self.writer = None

    def on_train_begin(self, logs=None):
        self._close()
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115
        self._has_header = self.csv_file.tell() > 0
        self.keys = None

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.writer is None:
            self.keys = _columns(logs)
            self.writer = csv.DictWriter(self.csv_file, ["epoch", *self.keys], delimiter=self.sep)
            if not self._has_header:
                self.writer.writeheader()
        row = {name: _cell(logs.get(name, "NA")) for name in self.keys}
        self.writer.writerow({"epoch": epoch, **row})
        self.csv_file.flush()

    def on_train_end(self, logs=None):
        self._close()

    def _close(self):
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = self.writer = None


def _columns(logs: dict) -> list[str]:
    """The columns, validation's included where the first epoch had none."""
    names = sorted(logs)
    if any(name.startswith("val_") for name in names):
        return names
    return names + [f"val_{name}" for name in names]


def _cell(value):
    if isinstance(value, str) or not isinstance(value, Iterable) or np.ndim(value) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
