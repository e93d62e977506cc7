"""TensorBoard: curves, histograms, images and embeddings of a training."""

import os
import time
import warnings

import jax
import numpy as np

from ...engine.config import image_data_format
from .callback import Callback, each_batch_if
from .event_file import EventFile, require_tensorboard
from .every import check_frequency
from .graph_config import tensorboard_graph
from .learning_rates import plain_optimizers
from .projector import check_metadata, write_embeddings, write_projector_config


class TensorBoard(Callback):
    """Writes what TensorBoard shows: `tensorboard --logdir logs`.

    Curves of an epoch are called `epoch_loss`, those of batches `batch_loss`, those of an
    evaluation over the optimizer's steps `evaluation_loss_vs_iterations`.

    Args:
        log_dir: the folder; training goes to `train` in it, validation to `validation`.
        histogram_freq: every how many epochs histograms of the weights are written, 0 for never.
        write_graph: whether the model's architecture is written, for functional and Sequential
            models.
        write_images: whether weights are written as images too, with the histograms.
        write_steps_per_second: whether the speed is a curve.
        update_freq: `"epoch"`, or every how many batches curves get a point; `"batch"` is 1.
        profile_batch: the batch, or the first and the last (`(10, 15)` or `"10,15"`), counted from
            1, that JAX's profiler records; 0 for none.
        embeddings_freq: every how many epochs the weights of Embedding layers are written, for
            the projector, 0 for never.
        embeddings_metadata: a file with a label for each row, or `{layer's name: file}`.

    Raises:
        ImportError: where the package tensorboard is missing.
        ValueError: for arguments out of range.

    >>> import hornbill as hb
    >>> board = hb.callbacks.TensorBoard("logs", histogram_freq=1)  # doctest: +SKIP
    """

    writes = "log_dir"

    def __init__(
        self,
        log_dir="logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq: int = 0,
        embeddings_metadata=None,
    ):
        super().__init__()
        self.update_freq = 1 if update_freq == "batch" else update_freq
        check_frequency("TensorBoard", "update_freq", self.update_freq)
        for name, value in {
            "histogram_freq": histogram_freq,
            "embeddings_freq": embeddings_freq,
        }.items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(
                    f"TensorBoard's {name} is a number of epochs, 0 for never. "
                    f"Received: {name}={value!r}"
                )
        self._profiled = _batch_range(profile_batch)
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq, self.write_images = histogram_freq, write_images
        self.write_graph, self.write_steps_per_second = write_graph, write_steps_per_second
        self.embeddings_freq, self.embeddings_metadata = embeddings_freq, embeddings_metadata
        require_tensorboard()
        self._files: dict[str, EventFile] = {}
        self._batches = 0
        self._training = self._profiling = False

    def set_model(self, model):
        super().set_model(model)
        if self.embeddings_freq:
            check_metadata(model, self.embeddings_metadata)

    def _folder(self, run: str) -> str:
        return os.path.join(self.log_dir, run)

    def _file(self, run: str) -> EventFile:
        if run not in self._files:
            self._files[run] = EventFile(self._folder(run))
        return self._files[run]

    def _close(self):
        for file in self._files.values():
            file.close()
        self._files = {}

    def get_state(self):
        return {"_batches": self._batches}

    # ---- training ------------------------------------------------------------------------

    def on_train_begin(self, logs=None):
        self._close()
        self._batches = 0
        self._training = True
        if self.write_graph:
            self._log_graph()
        if self.embeddings_freq:
            write_projector_config(self.model, self.log_dir, self.embeddings_metadata)

    def on_train_end(self, logs=None):
        self._stop_profiler()
        self._training = False
        self._close()

    def _by_batch(self) -> bool:
        return self.update_freq != "epoch" or bool(self._profiled)

    @each_batch_if(_by_batch)
    def on_train_batch_begin(self, batch, logs=None):
        self._batches += 1
        self._batch_began = time.perf_counter()
        if self._profiled and self._batches == self._profiled[0]:
            jax.profiler.start_trace(self._folder("train"))
            self._profiling = True

    @each_batch_if(_by_batch)
    def on_train_batch_end(self, batch, logs=None):
        if self._profiled and self._batches >= self._profiled[1]:
            self._stop_profiler()
        if self.update_freq == "epoch" or self._batches % self.update_freq:
            return
        values = {f"batch_{name}": value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            seconds = time.perf_counter() - self._batch_began
            values["batch_steps_per_second"] = 1 / seconds
        self._scalars("train", values, self._batches)

    def _stop_profiler(self):
        if self._profiling:
            jax.block_until_ready([v.value for v in self.model.variables])
            jax.profiler.stop_trace()
            self._profiling = False

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_began = time.perf_counter(), self._iterations()

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        train = {k: v for k, v in logs.items() if not k.startswith("val_")}
        if self.model.optimizer is not None:
            optimizers = plain_optimizers(self.model, self)
            train |= {name: float(o.learning_rate) for name, o in optimizers.items()}
        if self.write_steps_per_second:
            began, first = self._epoch_began
            seconds = time.perf_counter() - began
            train["steps_per_second"] = (self._iterations() - first) / seconds
        validation = {k[4:]: v for k, v in logs.items() if k.startswith("val_")}
        for run, values in (("train", train), ("validation", validation)):
            self._scalars(run, {f"epoch_{name}": v for name, v in values.items()}, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._log_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            write_embeddings(self.model, self.log_dir)

    # ---- evaluation ----------------------------------------------------------------------

    def on_test_end(self, logs=None):
        values = {f"evaluation_{k}_vs_iterations": v for k, v in (logs or {}).items()}
        self._scalars("validation", values, self._iterations())
        if not self._training:
            self._close()

    # ---- what is written -----------------------------------------------------------------

    def _iterations(self) -> int:
        return 0 if self.model.optimizer is None else int(self.model.optimizer.iterations)

    def _scalars(self, run: str, values: dict, step: int) -> None:
        for name, value in values.items():
            if np.ndim(value) == 0:
                self._file(run).scalar(name, value, step)
        if values:
            self._file(run).flush()

    def _log_graph(self):
        if self.model.inputs is None:
            return  # Python code, which has no graph
        try:
            config = self.model.to_json()
        except (TypeError, ValueError) as error:
            warnings.warn(f"TensorBoard's graph is left out: {error}", stacklevel=2)
            return
        graph = tensorboard_graph(config)
        if graph is not None:
            self._file("train").keras_graph(graph)

    def _log_weights(self, epoch: int):
        file = self._file("train")
        for weight in (w for layer in self.model.layers for w in layer.weights):
            value = weight.numpy().astype("float32")
            file.histogram(f"{weight.path}/histogram", value, epoch)
            images = _as_images(value) if self.write_images else None
            if images is not None:
                file.images(f"{weight.path}/image", images, epoch)
        file.flush()


def _batch_range(value) -> tuple[int, int] | None:
    """The first and the last batch to profile, None for none."""
    given = value
    try:
        if isinstance(value, str):
            value = [int(part) for part in value.split(",")]
        if isinstance(value, (tuple, list)):
            value = value if len(value) == 2 else value * 2
        else:
            value = value, value
        first, last = (int(n) for n in value)
        if not 0 <= first <= last:
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(
            "TensorBoard's profile_batch is a batch, counted from 1, or the first and the last; "
            f"0 for none. Received: profile_batch={given!r}"
        ) from None
    return (max(first, 1), last) if last else None


def _as_images(value: np.ndarray) -> np.ndarray | None:
    """A weight as `(n, height, width, channels)` images, None where it does not look like any."""
    value = np.squeeze(value)
    if value.ndim == 1:
        return value[None, :, None, None]
    if value.ndim == 2:
        lying = value.T if value.shape[0] > value.shape[1] else value
        return lying[None, :, :, None]
    if value.ndim == 3:
        if image_data_format() == "channels_last":
            value = value.transpose(2, 0, 1)
        return value[..., None]
    return value if value.ndim == 4 and value.shape[-1] in (1, 3, 4) else None
