"""History: what `fit` returns."""

import os

from .callback import Callback
from .curves import plot_learning_curves


class History(Callback):
    """Records the logs of every epoch.

    Attributes:
        epoch: the numbers of the epochs.
        history: `{name: [value of each epoch]}`.
        epochs_of: `{name: [number of the epoch of each value]}`, which tells where values are
            missing, as with `validation_freq=2`.
    """

    def __init__(self):
        super().__init__()
        self.history: dict[str, list] = {}
        self.epochs_of: dict[str, list[int]] = {}

    def on_train_begin(self, logs=None):
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self.epochs_of.setdefault(name, []).append(epoch)

    def plot(self, metrics=None, path: str | os.PathLike | None = None):
        """Draws the learning curves: a panel for each metric, validation as a dashed line.

        Args:
            metrics: the names of the metrics to draw, in order; all when None.
            path: a file to write the figure to: `.png`, `.svg`, `.pdf`, ...

        Returns:
            The `matplotlib.figure.Figure`, which a notebook shows.

        Raises:
            ImportError: without matplotlib.
            ValueError: where nothing, or no such metric, was recorded.
        """
        return plot_learning_curves(self, metrics, path)
