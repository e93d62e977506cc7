"""ReduceLROnPlateau: lowers the learning rate when a metric no longer gets better."""

import numpy as np

from .callback import announce
from .learning_rates import label, log_learning_rates, plain_optimizers
from .monitor import MonitorCallback, check_not_negative


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a metric no longer gets better.

    The learning rate is added to the logs, and so to the history.

    Args:
        monitor: the metric's name in the logs.
        factor: what the learning rate is multiplied with, below 1.
        patience: after how many epochs without improvement to lower it.
        verbose: 1 to say when it does.
        mode: `"min"` or `"max"`, what better means; `"auto"` takes it from the metric.
        min_delta: changes of at most this much are no improvement.
        cooldown: how many epochs after that are not counted.
        min_lr: the lowest learning rate.

    Raises:
        ValueError: for arguments out of range.
        TypeError: for unknown arguments.

    >>> import hornbill as hb
    >>> slower = hb.callbacks.ReduceLROnPlateau(factor=0.2, patience=5, min_lr=1e-5)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        who = type(self).__name__
        if kwargs:
            fix = " (epsilon is called min_delta)" if "epsilon" in kwargs else ""
            raise TypeError(f"{who} has no such arguments{fix}. Received: {kwargs}")
        check_not_negative(who, factor=factor, patience=patience, cooldown=cooldown, min_lr=min_lr)
        if factor >= 1:
            raise ValueError(
                f"{who}'s factor is below 1, for the learning rate to fall. "
                f"Received: factor={factor}"
            )
        self.factor, self.min_lr = factor, min_lr
        self.patience, self.cooldown, self.verbose = patience, cooldown, verbose
        self.wait = self.cooldown_counter = 0

    def on_train_begin(self, logs=None):
        self.best = None
        self.wait = self.cooldown_counter = 0

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        optimizers = plain_optimizers(self.model, self)
        log_learning_rates(optimizers, logs)
        current = logs.get(self.monitor)
        if current is None:
            self.missing("lowers the learning rate", logs)
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                lowered = [self._lower(name, o, epoch) for name, o in optimizers.items()]
                if any(lowered):
                    self.cooldown_counter = self.cooldown
                    self.wait = 0

    def _lower(self, name: str, optimizer, epoch: int) -> bool:
        old = float(optimizer.learning_rate)
        # The learning rate is kept in float32, where min_lr may round to a larger number.
        if old <= np.float32(self.min_lr):
            return False
        optimizer.learning_rate = new = max(old * self.factor, self.min_lr)
        if self.verbose:
            announce(f"Epoch {epoch + 1}: {type(self).__name__} lowers the {label(name)} to {new}.")
        return True

    def in_cooldown(self) -> bool:
        """Whether the learning rate was lowered less than `cooldown` epochs ago."""
        return self.cooldown_counter > 0
