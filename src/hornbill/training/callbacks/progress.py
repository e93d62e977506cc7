"""How far a loop is: the line that says so, drawn on a terminal, in a notebook or into a log."""

import math
import shutil
import sys
import time

from .callback import write

WIDTH = 20


class Progress:
    """The progress of one loop.

    On a terminal its line is written over while the loop runs, in a Jupyter notebook the cell's
    output is replaced; elsewhere (a pipe, a file) only the finished line is written, as plain text.

    Args:
        target: the number of steps, None where it is not known.
        unit: what a step is called.
        samples: how many samples a step takes, for the throughput; None where it is not known.
        width: the width of the bar; 0 for none.
        title: what the finished line begins with where it stands alone.
    """

    def __init__(
        self,
        target: int | None,
        unit: str = "step",
        samples: int | None = None,
        width: int = WIDTH,
        title: str = "",
    ):
        self.target, self.unit, self.samples, self.width = target, unit, samples, width
        self.title, self.seen = title, 0
        self.began = time.perf_counter()
        self._first: tuple[int, float] | None = None  # the first news: how far it was, and when
        self._drawn_at = self.began
        self._drawn_width, self._output = 0, None

    def advance(self, seen: int) -> None:
        """Notes that `seen` steps are done."""
        self.seen = seen
        if self._first is None and seen:
            self._first = seen, time.perf_counter()

    def due(self, interval: float) -> bool:
        """Whether the line can be seen live, and was last drawn that many seconds ago."""
        return time.perf_counter() - self._drawn_at >= interval and is_live()

    def draw(self, metrics: str = "") -> None:
        """Draws the line of a loop that goes on."""
        self._put(self.line(metrics), end="")
        self._drawn_at = time.perf_counter()

    def finish(self, metrics: str = "") -> None:
        """Writes the line of a loop that has ended."""
        self._put(self.line(metrics, finished=True), end="\n")
        self._output = None

    def line(self, metrics: str = "", finished: bool = False) -> str:
        """`12/50 ━━━━──────────────── 4s 110ms/step 291 samples/s - loss: 0.1234`.

        The time is what is left; once finished, or where the number of steps is not known, what
        has passed.
        """
        per_step, known = self._seconds_per_step(), self.target is not None
        total = str(self.target) if known else "Unknown"
        parts = [f"{self.seen:>{len(total)}}/{total}"]
        if self.width and known and (is_live() or not finished):
            filled = int(self.width * min(self.seen / max(self.target, 1), 1))
            filled = self.width if finished else filled
            parts.append("━" * filled + "─" * (self.width - filled))
        if finished or not known:
            parts.append(_clock(time.perf_counter() - self.began))
        else:
            parts.append(_clock(per_step * max(self.target - self.seen, 0)))
        parts.append(f"{_duration(per_step)}/{self.unit}")
        if self.samples and per_step:
            parts.append(f"{_short(self.samples / per_step)} samples/s")
        return " ".join(parts) + metrics

    def _seconds_per_step(self) -> float:
        """Without the steps up to the first news, which often compile, once there are others."""
        now, (seen, at) = time.perf_counter(), self._first or (0, self.began)
        if self.seen > seen > 0:
            return (now - at) / (self.seen - seen)
        return (now - self.began) / self.seen if self.seen else 0.0

    def _put(self, line: str, end: str) -> None:
        if _in_notebook():
            self._show(line)
        elif is_live():
            if not end:  # a line that wraps could not be written over
                line = line[: shutil.get_terminal_size().columns - 1]
            padding = " " * max(0, self._drawn_width - len(line))
            self._drawn_width = len(line)
            write(f"\r{line}{padding}", end=end)
        else:
            write(f"{self.title} - {line}" if self.title else line, end=end)

    def _show(self, line):
        from IPython.display import display

        content = {"text/plain": line}
        if self._output is None:
            self._output = display(content, raw=True, display_id=True)
        else:
            self._output.update(content, raw=True)


def is_live() -> bool:
    """Whether a line can be replaced where output goes: on a terminal and in a notebook."""
    from ...engine import config

    return config.is_interactive_logging_enabled() and (sys.stdout.isatty() or _in_notebook())


def _in_notebook() -> bool:
    from ...engine import config

    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return config.is_interactive_logging_enabled() and getattr(shell, "kernel", None) is not None


def metrics_text(metrics) -> str:
    """` - loss: 0.1234 - accuracy: 0.9000` for pairs of a name and a value."""
    return "".join(f" - {name}: {_number(value)}" for name, value in metrics)


def _number(value) -> str:
    if getattr(value, "ndim", 0) == 1 and len(value):  # of many models: from the lowest up
        return f"{_number(float(value.min()))}..{_number(float(value.max()))}"
    if not isinstance(value, (int, float)):
        return str(value)
    plain = value == 0 or math.isnan(value) or abs(value) > 1e-3
    return f"{value:.4f}" if plain else f"{value:.4e}"


def _short(value: float) -> str:
    """The number with k and M for thousands and millions."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.1f}{letter}"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


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
