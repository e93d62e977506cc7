"""A run's record: a folder with `events.jsonl`, one JSON object a line, only ever appended to.

Each line has `kind` and `time` (seconds since 1970). JSON has no NaN and no infinity: they stand
as the texts `"NaN"`, `"Infinity"` and `"-Infinity"`, which JavaScript's `Number` reads.
"""

import json
import math
import os
import threading
import time
from pathlib import Path

import numpy as np

FILE, PICTURE = "events.jsonl", "model.svg"


class Record:
    """Appends to the record of one run.

    A line is written by one call of the system, so that a reader sees whole lines and a process
    that dies loses at most the line that it was writing.

    Args:
        folder: the run's folder, which is made.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._path = folder, folder / FILE
        self._lock = threading.Lock()  # messages may come from any thread

    def add(self, kind: str, **content) -> None:
        """Appends a line."""
        line = json.dumps(_plain({"kind": kind, "time": time.time(), **content}), allow_nan=False)
        with self._lock, open(self._path, "ab+", buffering=0) as file:
            file.write(_line_break_missing(file) + line.encode() + b"\n")


def _line_break_missing(file) -> bytes:
    """A line break where the last line was cut off when its process died."""
    if file.seek(0, os.SEEK_END) == 0:
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def _plain(value):
    """The value as JSON can say it; what is no data as its text."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    if hasattr(value, "__array__"):
        return _plain(np.asarray(value).tolist())
    return str(value)
