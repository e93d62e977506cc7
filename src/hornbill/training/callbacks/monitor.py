"""What callbacks that watch a metric have in common."""

import operator
import warnings

import numpy as np

from .callback import Callback


class MonitorCallback(Callback):
    """Base of callbacks that act on whether a metric got better.

    Args:
        monitor: the name of an entry of the logs.
        mode: `"min"` or `"max"`, what better means; `"auto"` takes it from the metric.
        baseline: the value to beat at first; None for none.
        min_delta: changes of at most this much are no improvement.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ):
        super().__init__()
        who = type(self).__name__
        if not isinstance(monitor, str):
            raise ValueError(
                f"{who}'s monitor is the name of a metric, such as 'val_loss'. "
                f"Received: monitor={monitor!r}"
            )
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{who}'s mode is 'min', 'max' or 'auto', and is taken as 'auto'. "
                f"Received: mode={mode!r}",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor, self.mode = monitor, mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        # Found at the first comparison: the metrics are known when a batch has been seen.
        self.monitor_op = None

    def is_improvement(self, value, reference) -> bool:
        """Whether a value is better than a reference by more than `min_delta`."""
        if reference is None:
            return True
        if self.monitor_op is None:
            self.monitor_op = {"min": operator.lt, "max": operator.gt}[self._direction()]
        margin = self.min_delta if self.monitor_op is operator.gt else -self.min_delta
        # In float32, as metrics are computed: 0.9 - 0.3 is 0.6 there.
        return bool(self.monitor_op(np.float32(value - margin), np.float32(reference)))

    def _direction(self) -> str:
        if self.mode != "auto":
            return self.mode
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return "min"
        for metric in self.model.metrics:
            if metric.name == name:
                # A metric of one output of several stands inside another one.
                direction = getattr(metric, "metric", metric)._direction
                if direction is not None:
                    return {"up": "max", "down": "min"}[direction]
        raise ValueError(
            f"{type(self).__name__} cannot tell whether '{self.monitor}' should rise or fall. "
            f"Pass mode='max' or mode='min'. Received: mode={self.mode!r}"
        )

    def missing(self, what: str, logs: dict, stacklevel: int = 3) -> None:
        """Warns that the monitored metric is not among the logs."""
        warnings.warn(
            f"{type(self).__name__} {what} by '{self.monitor}', which is not among the logs: "
            f"{', '.join(logs) or 'none'}.",
            stacklevel=stacklevel,
        )


def check_not_negative(who: str, **values) -> None:
    """Raises unless each value is a number of at least 0."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise ValueError(
                f"{who}'s {name} is a number of at least 0. Received: {name}={value!r}"
            )
