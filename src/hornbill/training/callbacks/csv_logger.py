"""CSVLogger: the logs of each epoch as a line of a file."""

import csv
import os
import warnings
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

    writes = "filename"

    def __init__(self, filename, separator: str = ",", append: bool = False):
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(
                f"CSVLogger's separator is one character. Received: separator={separator!r}"
            )
        self.filename = os.fspath(filename)
        self.sep, self.append = separator, append
        self.keys: list[str] | None = None
        self._end: int | None = None  # where the first line goes; None for the file's end

    def get_state(self):
        return {"keys": self.keys, "end": self._size() if self._end is None else self._end}

    def set_state(self, state):
        self.keys, self._end = state["keys"], state["end"]

    def on_train_begin(self, logs=None):
        self.keys, self._end = None, None if self.append else 0

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self._end is not None:
            self._cut(self._end)
            self._end = None
        self.keys = self.keys or _columns(logs)
        row = {name: _cell(logs.get(name, "NA")) for name in self.keys}
        new = self._size() == 0
        with open(self.filename, "a", newline="") as file:
            writer = csv.DictWriter(file, ["epoch", *self.keys], delimiter=self.sep)
            if new:
                writer.writeheader()
            writer.writerow({"epoch": epoch, **row})

    def _size(self) -> int:
        return os.path.getsize(self.filename) if os.path.exists(self.filename) else 0

    def _cut(self, end: int) -> None:
        """Takes off what an earlier training wrote, or this one before it was interrupted."""
        if end > self._size():
            warnings.warn(
                f"CSVLogger's '{self.filename}' has {self._size()} of the {end} bytes that were "
                "written before: lines are lost.",
                stacklevel=5,
            )
        elif end < self._size():
            os.truncate(self.filename, end)


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
