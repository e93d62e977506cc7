"""History: what `fit` returns."""

from .callback import Callback


class History(Callback):
    """Records the logs of every epoch.

    Attributes:
        epoch: the numbers of the epochs.
        history: `{name: [value of each epoch]}`.
    """

    def __init__(self):
        super().__init__()
        self.history: dict[str, list] = {}

    def on_train_begin(self, logs=None):
        self.epoch: list[int] = []

    def get_state(self):
        return {"epoch": self.epoch, "history": self.history}

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
