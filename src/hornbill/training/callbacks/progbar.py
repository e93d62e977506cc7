"""The progress line: Keras's familiar one on a terminal, whole lines elsewhere."""

from .callback import Callback, at_chunk_ends, write
from .progress import WIDTH, Progress, is_live, metrics_text

INTERVAL = 0.05


class ProgbarLogger(Callback):
    """Shows the progress of `fit`, `evaluate` and `predict`.

    `verbose=1` draws one line that is written over while the epoch runs, in Jupyter as well:
    steps, a bar, the time left (in the end, the time taken), the time per step, samples per
    second where the batch size is known, and the logs. `verbose=2` writes one line per epoch.
    Where the output is neither (a file, a pipe), both write one line of plain text per epoch,
    without carriage returns.
    """

    def __init__(self):
        super().__init__()
        self.epochs = 1
        self.progress: Progress | None = None
        self._in_training = False

    def set_params(self, params):
        super().set_params(params)
        self.verbose = {"auto": 1}.get(params.get("verbose", 1), params.get("verbose", 1))
        self.epochs = params.get("epochs") or 1
        self.target = params.get("steps")

    def on_train_begin(self, logs=None):
        self._in_training = True

    def on_train_end(self, logs=None):
        self._in_training = False

    def get_state(self):
        return {}  # a line begins anew

    def on_epoch_begin(self, epoch, logs=None):
        title = f"Epoch {epoch + 1}/{self.epochs}" if self.epochs > 1 else ""
        if self.verbose and title and is_live():
            write(title)
        self._start(title)

    @at_chunk_ends
    def on_train_batch_end(self, batch, logs=None):
        self._show(batch + 1, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._finish(logs)

    def on_test_begin(self, logs=None):
        if not self._in_training:
            self._start()

    @at_chunk_ends
    def on_test_batch_end(self, batch, logs=None):
        if not self._in_training:
            self._show(batch + 1, logs)

    def on_test_end(self, logs=None):
        if not self._in_training:
            self._finish(logs)

    def on_predict_begin(self, logs=None):
        self._start()

    @at_chunk_ends
    def on_predict_batch_end(self, batch, logs=None):
        self._show(batch + 1, None)

    def on_predict_end(self, logs=None):
        self._finish(None)

    def _start(self, title=""):
        width = WIDTH if self.verbose == 1 else 0
        samples = self.params.get("batch_size")
        self.progress = Progress(self.target, samples=samples, width=width, title=title)

    def _show(self, seen, logs):
        self.progress.advance(seen)
        if self.verbose == 1 and self.progress.due(INTERVAL):
            self.progress.draw(_logs_text(logs))

    def _finish(self, logs):
        if self.target is None:
            self.target = self.progress.target = self.progress.seen
        if self.verbose:
            self.progress.finish(_logs_text(logs))


def _logs_text(logs) -> str:
    logs = (logs or {}).items()
    return metrics_text(sorted(logs, key=lambda item: (item[0].startswith("val_"), item[0])))
