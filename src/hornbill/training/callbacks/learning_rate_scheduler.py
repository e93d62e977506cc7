"""LearningRateScheduler: sets the learning rate before each epoch."""

import inspect

import numpy as np

from .callback import Callback, announce
from .learning_rates import label, log_learning_rates, plain_optimizers


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch, and adds it to the logs.

    Args:
        schedule: a function of the epoch (from 0) and the present learning rate, or of the epoch
            alone, that returns the new one, a float.
        verbose: 1 to say what is set.

    Raises:
        ValueError: if `schedule` is no function; at an epoch's begin, if it returns no float.

    >>> import hornbill as hb
    >>> halve = hb.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    """

    def __init__(self, schedule, verbose: int = 0):
        super().__init__()
        if not callable(schedule):
            raise ValueError(
                "LearningRateScheduler's schedule is a function of (epoch, learning_rate). "
                f"Received: schedule={schedule!r}"
            )
        self.schedule, self.verbose = schedule, verbose
        self._takes_rate = _takes_two(schedule)

    def get_state(self):
        return {}

    def on_epoch_begin(self, epoch, logs=None):
        for name, optimizer in plain_optimizers(self.model, self).items():
            old = float(optimizer.learning_rate)
            rate = self.schedule(epoch, old) if self._takes_rate else self.schedule(epoch)
            if np.asarray(rate).dtype.kind != "f" or np.ndim(rate):
                raise ValueError(
                    "LearningRateScheduler's schedule returns the learning rate as a float. "
                    f"Received: {rate!r} for epoch {epoch}"
                )
            optimizer.learning_rate = float(rate)
            if self.verbose:
                announce(f"Epoch {epoch + 1}: the {label(name)} is set to {float(rate)}.")

    def on_epoch_end(self, epoch, logs=None):
        log_learning_rates(plain_optimizers(self.model, self), logs)


def _takes_two(function) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # functions written in C may not tell
        return True
    return True
