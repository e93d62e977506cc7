"""BackupAndRestore: goes on where a training was interrupted."""

import os
import shutil
import warnings

from .callback import Callback, each_batch_if
from .every import Every, check_frequency, saves_by_batch


class BackupAndRestore(Callback):
    """Goes on where a training was interrupted: at the beginning of the epoch it was in.

    While `fit` runs, the weights, the optimizer's state and the place are kept in a folder. When
    the same `fit` is called again, they are put back. The file is replaced as a whole, so that a
    crash at any moment leaves a good one.

    Args:
        backup_dir: the folder, for one training alone.
        save_freq: `"epoch"`, or after how many batches to save.
        double_checkpoint: whether the backup before the last is kept as well, for the case that
            the last cannot be read.
        delete_checkpoint: whether the folder is deleted when `fit` has come to its end.

    Raises:
        ValueError: for an empty `backup_dir` or another frequency, and in `fit` for a model that
            is not built, or that is not the one of the backup.

    >>> import hornbill as hb
    >>> backup = hb.callbacks.BackupAndRestore("runs/backup")
    """

    writes = "backup_dir"

    def __init__(
        self,
        backup_dir,
        save_freq="epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ):
        super().__init__()
        if not backup_dir:
            raise ValueError(
                f"BackupAndRestore's backup_dir is a folder. Received: backup_dir={backup_dir!r}"
            )
        check_frequency("BackupAndRestore", "save_freq", save_freq)
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._every = None if save_freq == "epoch" else Every(save_freq)
        self._epoch = 0

    def _file(self, name: str) -> str:
        return os.path.join(self.backup_dir, f"{name}.weights.h5")

    def on_train_begin(self, logs=None):
        if not self.model.built:
            raise ValueError(
                f"BackupAndRestore needs the weights of model '{self.model.name}' before the first "
                "batch: build it with an Input, or with model.build(input_shape)."
            )
        latest, previous = self._file("latest"), self._file("previous")
        if not os.path.exists(latest):
            # A crash between two renames leaves only the previous one.
            if os.path.exists(previous):
                self._restore(previous)
            return
        try:
            self._restore(latest)
        except (OSError, ValueError) as error:
            if not os.path.exists(previous):
                raise
            warnings.warn(f"The backup before the last is used: {error}", stacklevel=2)
            self._restore(previous)

    def _restore(self, path: str) -> None:
        import h5py

        model = self.model
        if model.optimizer is not None:
            model.optimizer.build(model.trainable_variables)
        model.load_weights(path)
        with h5py.File(path, "r") as file:
            model._initial_epoch = int(file.attrs["epoch"])

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    @each_batch_if(saves_by_batch)
    def on_train_batch_end(self, batch, logs=None):
        if self._every is not None and self._every.due(batch):
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        if self._every is None:
            self._save(epoch + 1, 0)

    def _save(self, epoch: int, batch: int) -> None:
        """Keeps the state: `batch` steps into `epoch`."""
        import h5py

        os.makedirs(self.backup_dir, exist_ok=True)
        latest, new = self._file("latest"), self._file("new")
        self.model.save_weights(new)
        # The place lies in the same file: the two can never be of different moments.
        with h5py.File(new, "a") as file:
            file.attrs["epoch"], file.attrs["batch"] = epoch, batch
        with open(new, "rb") as file:
            os.fsync(file.fileno())
        if self.double_checkpoint and os.path.exists(latest):
            os.replace(latest, self._file("previous"))
        os.replace(new, latest)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint and os.path.isdir(self.backup_dir):
            shutil.rmtree(self.backup_dir)
