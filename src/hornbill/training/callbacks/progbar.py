"""The progress line: Keras's familiar one on a terminal, whole lines elsewhere."""

import math
import sys
import time

from .callback import Callback, at_chunk_ends, write

WIDTH = 20


class ProgbarLogger(Callback):
    """Shows the progress of `fit`, `evaluate` and `predict`.

    `verbose=1` draws one line that is written over while the epoch runs, `verbose=2` writes one
    line per epoch. Where the output is no terminal (a file, a pipe), only the finished line is
    written, without carriage returns.
    """

    def __init__(self):
        super().__init__()
        self.epochs = 1

    def set_params(self, params):
        super().set_params(params)
        self.verbose = {"auto": 1}.get(params.get("verbose", 1), params.get("verbose", 1))
        self.epochs = params.get("epochs") or 1
        self.target = params.get("steps")

    def on_epoch_begin(self, epoch, logs=None):
        self._start()
        if self.verbose and self.epochs > 1:
            write(f"Epoch {epoch + 1}/{self.epochs}")

    @at_chunk_ends
    def on_train_batch_end(self, batch, logs=None):
        self._show(batch + 1, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._finish(logs)

    def on_test_begin(self, logs=None):
        self._nested = hasattr(self, "_in_training") and self._in_training
        if not self._nested:
            self._start()

    @at_chunk_ends
    def on_test_batch_end(self, batch, logs=None):
        if not self._nested:
            self._show(batch + 1, logs)

    def on_test_end(self, logs=None):
        if not self._nested:
            self._finish(logs)

    def on_train_begin(self, logs=None):
        self._in_training = True

    def on_train_end(self, logs=None):
        self._in_training = False

    def on_predict_begin(self, logs=None):
        self._start()

    @at_chunk_ends
    def on_predict_batch_end(self, batch, logs=None):
        self._show(batch + 1, None)

    def on_predict_end(self, logs=None):
        self._finish(None)

    def _start(self):
        self.began = self.shown = time.perf_counter()
        self.seen = 0
        self.width = 0

    def _show(self, seen, logs):
        self.seen = seen
        now = time.perf_counter()
        if self.verbose == 1 and sys.stdout.isatty() and now - self.shown > 0.05:
            self.shown = now
            self._draw(self._line(logs, finished=False), end="")

    def _finish(self, logs):
        if self.target is None:
            self.target = self.seen
        if self.verbose == 1:
            self._draw(self._line(logs, finished=True), end="\n")
        elif self.verbose == 2:
            write(self._line(logs, finished=True, bar=False))

    def _draw(self, line, end):
        if sys.stdout.isatty():
            padding = " " * max(0, self.width - len(line))
            self.width = len(line)
            write(f"\r{line}{padding}", end=end)
        else:
            write(line, end=end)

    def _line(self, logs, finished, bar=True):
        elapsed = time.perf_counter() - self.began
        per_step = elapsed / max(self.seen, 1)
        target = self.target
        total = "Unknown" if target is None else str(target)
        parts = [f"{self.seen:>{len(total)}}/{total}"]
        if bar and target is not None:
            filled = WIDTH if finished else int(WIDTH * self.seen / max(target, 1))
            parts.append("━" * filled + ("" if finished else "─" * (WIDTH - filled)))
        if finished or target is None:
            parts.append(f"{_clock(elapsed)} {_duration(per_step)}/step")
        else:
            parts.append(f"{_clock(per_step * (target - self.seen))} {_duration(per_step)}/step")
        line = " ".join(parts)
        for name, value in sorted((logs or {}).items(), key=_log_order):
            line += f" - {name}: {_number(value)}"
        return line


def _log_order(item):
    return (item[0].startswith("val_"), item[0])


def _number(value) -> str:
    if not isinstance(value, (int, float)):
        return str(value)
    return (
        f"{value:.4f}" if value == 0 or math.isnan(value) or abs(value) > 1e-3 else f"{value:.4e}"
    )


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f}s"
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"
