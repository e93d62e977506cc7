"""`tf.summary`: curves, histograms and images for TensorBoard."""

import contextlib

import numpy as np

from ..training.callbacks.event_file import EventFile, require_tensorboard
from .missing import missing
from .tensor import to_numpy

# The writers inside whose `as_default` the program is, and their steps.
_active: list = []


class _Writer:
    def __init__(self, logdir):
        require_tensorboard()
        self._file = EventFile(str(logdir))

    @contextlib.contextmanager
    def as_default(self, step=None):
        """A context whose summaries go to this file, at `step` unless they say another one."""
        _active.append((self, step))
        try:
            yield self
        finally:
            _active.pop()
            self.flush()

    def set_as_default(self, step=None) -> None:
        """`as_default` for the rest of the program."""
        _active.append((self, step))

    def flush(self) -> None:
        """Puts all that was written on the disk."""
        self._file.flush()

    def close(self) -> None:
        """Ends the file."""
        self._file.close()


def create_file_writer(logdir, name=None) -> _Writer:
    """A writer of a new file in a folder. It needs the package `tensorboard`."""
    return _Writer(logdir)


def _write(kind: str, name: str, data, step) -> bool:
    if not _active:
        return False  # as in TensorFlow: nobody listens
    writer, usual = _active[-1]
    step = usual if step is None else step
    if step is None:
        raise ValueError(f"tf.summary.{kind}('{name}') needs a step. Received: step=None")
    getattr(writer._file, kind)(name, data, int(to_numpy(step)))
    return True


def scalar(name: str, data, step=None, description=None) -> bool:
    """A point of a curve. Returns whether it was written; `description` is left out."""
    return _write("scalar", name, float(to_numpy(data)), step)


def histogram(name: str, data, step=None, buckets=None, description=None) -> bool:
    """The distribution of values; the number of buckets is TensorBoard's own."""
    if buckets is not None:
        raise ValueError(f"tf.summary.histogram takes no buckets. Received: buckets={buckets}")
    return _write("histogram", name, to_numpy(data), step)


def image(name: str, data, step=None, max_outputs: int = 3, description=None) -> bool:
    """Up to three of `(n, height, width, channels)` images: floats in [0, 1], or uint8."""
    images = to_numpy(data)
    if images.dtype == np.uint8:
        images = images / np.float32(255)
    return _write("images", name, images[:max_outputs], step)


def flush(writer=None) -> None:
    """Puts all that was written on the disk."""
    for one in [w for w, _ in _active] if writer is None else [writer]:
        one.flush()


__getattr__ = missing("tf.summary", globals())
