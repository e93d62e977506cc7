"""OrbaxCheckpoint: checkpoints by the package orbax-checkpoint."""

import os

import jax

from .callback import announce, each_batch_if
from .every import Every, check_frequency, saves_by_batch
from .monitor import MonitorCallback


class OrbaxCheckpoint(MonitorCallback):
    """Saves the state of a training with Orbax, in the background and on many hosts.

    Each checkpoint is a folder `directory/step` with the model's state tree as `pytree`, and,
    unless `save_weights_only`, its architecture as `model_config`. To get a state back:

        import orbax.checkpoint as ocp
        tree = ocp.StandardCheckpointer().restore("/runs/a/4/pytree", model.get_state_tree())
        model.set_state_tree(tree)

    Args:
        directory: the folder of all checkpoints.
        monitor: the metric by which the best model is found.
        verbose: 1 to say what is saved.
        save_best_only: whether to save only when the metric is better than ever before.
        mode: `"min"` or `"max"`, what better means; `"auto"` takes it from the metric.
        save_freq: `"epoch"` (a step is then an epoch, from 0), or after how many batches to save
            (a step is then a batch of the whole training).
        initial_value_threshold: the value that the first best model must beat.
        max_to_keep: how many checkpoints are kept, None for all.
        save_on_background: whether training goes on while files are written.
        save_weights_only: whether to leave out the optimizer's and the metrics' state.

    Raises:
        ImportError: where orbax-checkpoint is missing.
        ValueError: for arguments out of range.

    >>> import hornbill as hb
    >>> saver = hb.callbacks.OrbaxCheckpoint("runs/a", max_to_keep=3)  # doctest: +SKIP
    """

    writes = "directory"

    def __init__(
        self,
        directory,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: str = "auto",
        save_freq="epoch",
        initial_value_threshold: float | None = None,
        max_to_keep: int | None = 1,
        save_on_background: bool = True,
        save_weights_only: bool = False,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        check_frequency("OrbaxCheckpoint", "save_freq", save_freq)
        if max_to_keep is not None and (not isinstance(max_to_keep, int) or max_to_keep < 1):
            raise ValueError(
                "OrbaxCheckpoint's max_to_keep is a positive int, or None for all. "
                f"Received: max_to_keep={max_to_keep!r}"
            )
        _orbax()
        self.directory = os.path.abspath(os.fspath(directory))
        self.verbose, self.save_freq, self.save_best_only = verbose, save_freq, save_best_only
        self.max_to_keep, self.save_on_background = max_to_keep, save_on_background
        self.save_weights_only = save_weights_only
        self._every: Every | None = None
        self._manager = None

    def set_model(self, model):
        super().set_model(model)
        if self.save_freq != "epoch":
            self._every = Every(self.save_freq)
            self._before = 0 if model.optimizer is None else int(model.optimizer.iterations)

    @each_batch_if(saves_by_batch)
    def on_train_batch_end(self, batch, logs=None):
        if self._every is not None and self._every.due(batch):
            self._save(self._before + self._every.total, logs or {})

    def on_epoch_end(self, epoch, logs=None):
        if self._every is None:
            self._save(epoch, logs or {})

    def on_train_end(self, logs=None):
        if self._manager is not None:
            self._manager.close()  # waits for what is being written
            self._manager = None

    def wait_until_finished(self) -> None:
        """Waits until all checkpoints are on the disk."""
        if self._manager is not None:
            self._manager.wait_until_finished()

    def is_multihost_enabled(self) -> bool:
        """Whether several processes train together."""
        return jax.process_count() > 1

    def is_primary_host(self) -> bool:
        """Whether this process is the first of them."""
        return jax.process_index() == 0

    def _save(self, step: int, logs: dict) -> None:
        if self.save_best_only:
            value = logs.get(self.monitor)
            if value is None:
                self.missing("finds the best model", logs, stacklevel=4)
                return
            if not self.is_improvement(value, self.best):
                return
            self.best = value
        ocp, manager = _orbax(), self._open()
        state = self.model.get_state_tree()
        items = {}
        if self.save_weights_only:
            state = {k: state[k] for k in ("trainable_variables", "non_trainable_variables")}
        else:
            items["model_config"] = ocp.args.JsonSave({"config": self.model.to_json()})
        if step in manager.all_steps():
            manager.delete(step)  # an earlier training's
        items["pytree"] = ocp.args.StandardSave(state)
        manager.save(step, args=ocp.args.Composite(**items), force=True)
        if self.verbose:
            announce(f"Step {step}: saved in {self.directory}")

    def _open(self):
        if self._manager is None:
            ocp = _orbax()
            options = ocp.CheckpointManagerOptions(
                max_to_keep=self.max_to_keep,
                enable_async_checkpointing=self.save_on_background,
                create=True,
            )
            self._manager = ocp.CheckpointManager(self.directory, options=options)
        return self._manager


def _orbax():
    """The package, loaded at first use."""
    try:
        import orbax.checkpoint as ocp
    except ImportError as error:
        raise ImportError(
            "OrbaxCheckpoint needs the package orbax-checkpoint. Install it with "
            f"`pip install orbax-checkpoint`. Received: {error}"
        ) from None
    return ocp
