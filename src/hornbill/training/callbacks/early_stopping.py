"""EarlyStopping: ends the training when a metric no longer gets better."""

from .callback import announce
from .monitor import MonitorCallback, check_not_negative


class EarlyStopping(MonitorCallback):
    """Ends the training when a metric no longer gets better.

    Args:
        monitor: the metric's name in the logs.
        min_delta: changes of at most this much are no improvement.
        patience: after how many epochs without improvement to stop.
        verbose: 1 to say when it stops.
        mode: `"min"` or `"max"`, what better means; `"auto"` takes it from the metric.
        baseline: epochs count as improvements only while they beat this value.
        restore_best_weights: whether the model ends with the weights of its best epoch, instead
            of those of the last.
        start_from_epoch: epochs before this one are not looked at.

    Attributes:
        stopped_epoch: the epoch in which it stopped, 0 if it did not.
        best, best_epoch: the best value and its epoch.

    Raises:
        ValueError: for arguments out of range, and, at the end of the first epochs, for a metric
            that `mode="auto"` does not know.

    >>> import hornbill as hb
    >>> stop = hb.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        check_not_negative(
            type(self).__name__, patience=patience, start_from_epoch=start_from_epoch
        )
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._restart()

    def _restart(self):
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def get_state(self):
        return {**super().get_state(), "best_weights": self.best_weights}

    def on_train_begin(self, logs=None):
        self._restart()

    def on_epoch_end(self, epoch, logs=None):
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        improved = self.is_improvement(current, self.best)
        if improved:
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.stopped_epoch and self.verbose:
            announce(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                announce(f"Restoring the weights of the best epoch, {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs):
        """The monitored metric's value; None, with a warning, where it is missing."""
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None:
            self.missing("stops", logs)
        return value
