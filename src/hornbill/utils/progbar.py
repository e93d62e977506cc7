"""Progbar: a progress line for loops of one's own."""

import sys
import time
from collections.abc import Iterable

import numpy as np

from ..training.callbacks.callback import write
from ..training.callbacks.progbar import _clock, _duration, _number


class Progbar:
    """Shows how far a loop is, with the values of its metrics.

    On a terminal one line is written over; elsewhere only the finished line is written.

    Args:
        target: the number of steps, None where it is not known.
        width: the width of the bar.
        verbose: 0 silent, 1 a bar, 2 one line at the end.
        interval: the least number of seconds between two drawings.
        stateful_metrics: names of metrics shown as they are; all others are averaged.
        stateless_metrics: names of metrics that are averaged; all others are shown as they are.
            Give at most one of the two.
        unit_name: what a step is called.

    >>> import hornbill as hb
    >>> bar = hb.utils.Progbar(2, verbose=0)
    >>> bar.update(1, [("loss", 0.5)])
    >>> bar.add(1, [("loss", 0.3)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Progbar takes stateful_metrics (all others are averaged) or stateless_metrics "
                f"(only these are averaged), not both. Received: {stateful_metrics=}, "
                f"{stateless_metrics=}"
            )
        if verbose not in (0, 1, 2):
            raise ValueError(f"Progbar's verbose is 0, 1 or 2. Received: verbose={verbose!r}")
        self.target, self.width, self.verbose = target, width, verbose
        self.interval, self.unit_name = interval, unit_name
        self._shown_as_is = set(stateful_metrics or ())
        self._averaged = None if stateless_metrics is None else set(stateless_metrics)
        self._seen = 0
        self._values: dict[str, tuple[float, int]] = {}  # the sum and the count
        self._began = time.perf_counter()
        self._first_done: float | None = None
        self._drawn, self._drawn_width = 0.0, 0

    def update(self, current: int, values=None, finalize: bool | None = None) -> None:
        """Says that `current` steps are done.

        Args:
            current: the number of steps done.
            values: pairs `(name, value of the last steps)`.
            finalize: whether this is the last update, whose values are shown as they are;
                `current >= target` when None.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._record(name, value, max(current - self._seen, 1), finalize)
        self._seen = current
        now = time.perf_counter()
        per_step = self._per_step(now)
        if self.verbose == 1:
            if finalize or (sys.stdout.isatty() and now - self._drawn >= self.interval):
                self._drawn = now
                self._draw(self._line(per_step, now, finalize), finalize)
        elif self.verbose == 2 and finalize and self.target:
            count = f"{current:>{len(str(self.target))}}/{self.target}"
            elapsed = f"{now - self._began:.0f}s - {_duration(per_step)}/{self.unit_name}"
            write(f"{count} - {elapsed}{self._metrics()}")

    def add(self, n: int, values=None) -> None:
        """Says that `n` more steps are done."""
        self.update(self._seen + n, values)

    def _record(self, name, value, steps, finalize):
        value = float(np.mean(value))
        if self._averaged is None:
            average = name not in self._shown_as_is
        else:
            average = name in self._averaged
        if average and not finalize:
            total, count = self._values.get(name, (0.0, 0))
            self._values[name] = (total + value * steps, count + steps)
        else:
            self._values[name] = (value, 1)

    def _per_step(self, now) -> float:
        """Seconds per step; the first one, which often compiles, does not count."""
        if self._seen == 0:
            return 0.0
        if self._first_done is not None and self._seen > 1:
            return (now - self._first_done) / (self._seen - 1)
        if self._seen == 1:
            self._first_done = now
        return (now - self._began) / self._seen

    def _line(self, per_step, now, finalize) -> str:
        if self.target:
            done = min(self._seen / self.target, 1)
            filled = int(self.width * done)
            bar = "━" * filled + "─" * (self.width - filled)
            head = f"{self._seen:>{len(str(self.target))}}/{self.target} {bar}"
        else:
            head = f"{self._seen:>7}/Unknown"
        left = finalize or not self.target
        seconds = now - self._began if left else per_step * (self.target - self._seen)
        time_per = f"{_clock(seconds)} {_duration(per_step)}/{self.unit_name}"
        return f"{head} {time_per}{self._metrics()}"

    def _metrics(self) -> str:
        return "".join(
            f" - {name}: {_number(total / max(count, 1))}"
            for name, (total, count) in self._values.items()
        )

    def _draw(self, line, finalize):
        start = ""
        if sys.stdout.isatty():
            start, padding = "\r", max(0, self._drawn_width - len(line))
            self._drawn_width = len(line)
            line += " " * padding
        write(start + line, end="\n" if finalize else "")
