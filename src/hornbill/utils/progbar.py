"""Progbar: a progress line for loops of one's own."""

from collections.abc import Iterable

import numpy as np

from ..training.callbacks.progress import Progress, metrics_text


class Progbar:
    """Shows how far a loop is, with the values of its metrics.

    On a terminal, and in a notebook, one line is written over; elsewhere only the finished line
    is written, without the bar.

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
        self._values: dict[str, tuple[float, int]] = {}  # the sum and the count
        self._progress = Progress(target, unit=unit_name, width=width if verbose == 1 else 0)

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
        steps = max(current - self._progress.seen, 1)
        for name, value in values or ():
            self._record(name, value, steps, finalize)
        self._progress.target = self.target  # it may be known late
        self._progress.advance(current)
        if finalize and self.verbose and (self.verbose == 1 or self.target):
            self._progress.finish(self._metrics())
        elif self.verbose == 1 and self._progress.due(self.interval):
            self._progress.draw(self._metrics())

    def add(self, n: int, values=None) -> None:
        """Says that `n` more steps are done."""
        self.update(self._progress.seen + n, values)

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

    def _metrics(self) -> str:
        return metrics_text(
            (n, total / max(count, 1)) for n, (total, count) in self._values.items()
        )
