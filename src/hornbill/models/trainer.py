"""What a model can do once it is compiled: fit, evaluate, predict, and the steps they run."""

import jax
import jax.numpy as jnp

from .. import losses, optimizers
from ..engine import config
from ..engine.placement import on_its_devices, plan
from ..engine.scope import StatelessScope
from ..engine.traceback import user_facing
from ..engine.tracking import unique
from ..layers.logged import Logged
from ..metrics import Mean
from ..training import fitting, loop, step, tuning
from ..training.agreement import check_loss_weights
from ..training.reader import EpochReader
from ..training.runner import StepRunner
from ..training.spec import CompileLoss, CompileMetrics
from . import text


class Trainer:
    """The training half of `Model`, which is its only subclass.

    It records what `compile` got and hands the work to `hornbill.training`.
    """

    def _start_untrained(self) -> None:
        self.compiled = False
        self.optimizer = None
        self.loss = None
        self.stop_training = self.stop_evaluating = self.stop_predicting = False
        self.history = None
        self._run_eagerly = False
        self._jit_compile = True
        self._check_numerics: bool | None = None
        self.steps_per_execution = 1
        self._loss_tracker: Mean | None = None
        self._compile_loss: CompileLoss | None = None
        self._compile_metrics: CompileMetrics | None = None
        self._compile_settings: dict | None = None
        self._runners: dict = {}
        self._plan = plan()  # of the devices

    # ---- compile -------------------------------------------------------------------------

    @user_facing
    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile="auto",
        auto_scale_loss: bool = True,
        check_numerics: bool | None = None,
    ) -> None:
        """Sets how the model is trained.

        Args:
            optimizer: a name, an object or a config.
            loss: a name, an object or a function of `(y_true, y_pred)`; for several outputs a
                list in their order or a dict by their names. None leaves `add_loss` losses.
            loss_weights: factors of the outputs' losses, in the form of `loss`.
            metrics: a list of names, objects or functions; for several outputs a list of lists
                or a dict. `"accuracy"` picks the kind that suits the output.
            weighted_metrics: the same, with `sample_weight` and `class_weight` applied.
            run_eagerly: whether steps run uncompiled, for a debugger.
            steps_per_execution: the fewest steps that run between two batch hooks.
            jit_compile: False is the same as `run_eagerly=True`.
            auto_scale_loss: whether `mixed_float16` wraps the optimizer in a
                `LossScaleOptimizer`.
            check_numerics: whether each step is checked for NaN and infinity, as
                `hornbill.config.check_nans` describes it; None follows that setting. A file does
                not keep it.

        >>> import hornbill as hb
        >>> model = hb.Sequential([hb.layers.Dense(1)])
        >>> model.compile("adam", loss="mse", metrics=["mae"])
        """
        if isinstance(steps_per_execution, bool) or not isinstance(steps_per_execution, int):
            raise TypeError(f"steps_per_execution is an int. Received: {steps_per_execution!r}")
        if steps_per_execution < 1:
            raise ValueError(f"steps_per_execution is positive. Received: {steps_per_execution}")
        if check_numerics not in (None, True, False):
            raise TypeError(f"check_numerics is True, False or None. Received: {check_numerics!r}")
        given = optimizer = optimizers.get(optimizer)
        if auto_scale_loss and optimizer is not None and self.compute_dtype == "float16":
            if self.dtype_policy.name == "mixed_float16":
                optimizer = optimizers.LossScaleOptimizer(optimizer)
        compile_metrics = CompileMetrics(metrics, weighted_metrics, self.output_names, loss)
        if loss_weights is not None and loss is None:
            raise ValueError(
                "compile(loss_weights=...) needs loss=...: there is nothing to weight."
            )
        check_loss_weights(loss_weights)
        compile_loss = None
        if loss is not None:
            _check_losses(loss)
            compile_loss = CompileLoss(loss, loss_weights, self.output_names)
        self.optimizer, self.loss = optimizer, loss
        self._compile_metrics, self._compile_loss = compile_metrics, compile_loss
        self._loss_tracker = Mean(name="loss")
        self._run_eagerly = bool(run_eagerly)
        self.jit_compile = jit_compile
        self.steps_per_execution = steps_per_execution
        self._check_numerics = check_numerics
        self._runners = {}
        self.stop_training = False
        self.compiled = True
        self._compile_settings = {
            "optimizer": given,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }

    @property
    def _resolved(self) -> bool:
        """Whether the losses and metrics of `compile` have met the outputs they are for."""
        compiled = self._compile_loss, self._compile_metrics
        return all(c is None or c.entries is not None for c in compiled)

    def _resolve(self, y_true, y_pred) -> None:
        """Makes the losses and metrics of `compile`, which depend on the outputs' shapes."""
        for compiled in (self._compile_loss, self._compile_metrics):
            if compiled is not None and compiled.entries is None and y_true is not None:
                compiled.resolve(y_true, y_pred)

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run uncompiled."""
        return self._run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value):
        self._run_eagerly = bool(value)

    @property
    def checks_numerics(self) -> bool:
        """Whether steps are checked for NaN and infinity."""
        ours = self._check_numerics
        return config.is_check_nans_enabled() if ours is None else ours

    @property
    def jit_compile(self) -> bool:
        """Whether steps are compiled."""
        return self._jit_compile

    @jit_compile.setter
    def jit_compile(self, value):
        if value not in ("auto", True, False):
            raise ValueError(f"jit_compile is True, False or 'auto'. Received: {value!r}")
        self._jit_compile = bool(value)

    @property
    def metrics(self) -> list:
        """The loss tracker, the compiled metrics, and those kept by layers."""
        mine = [self._loss_tracker] if self._loss_tracker is not None else []
        if self._compile_loss is not None:
            mine += self._compile_loss.metrics
        if self._compile_metrics is not None:
            mine += self._compile_metrics.metrics
        return unique([*mine, *super().metrics])

    @property
    def metrics_names(self) -> list[str]:
        """The names of the logs, in the order in which `evaluate` lists their values."""
        names = ["loss"] if self._loss_tracker is not None else []
        if self._compile_loss is not None:
            names += [m.name for m in self._compile_loss.metrics]
        if self._compile_metrics is not None:
            names += [e.name for e in self._compile_metrics.entries or ()]
        return names + [m.name for m in self.metrics if m.name not in names]

    @property
    def metrics_variables(self) -> list:
        """The variables of all metrics, compiled ones included."""
        return unique(v for m in self.metrics for v in m.variables)

    def reset_metrics(self) -> None:
        """Sets all metrics back to their start."""
        for metric in self.metrics:
            metric.reset_state()

    # ---- the step, to be overridden ------------------------------------------------------

    @step.usual
    def train_step(self, data):
        """One training step on a batch `x`, `(x, y)` or `(x, y, sample_weight)`.

        Override it for training of your own. It is plain code over variables, and `fit`
        compiles it:

            def train_step(self, data):
                x, y = data
                def loss_fn():
                    return self.compute_loss(x, y, self(x, training=True))
                loss, gradients = hornbill.value_and_grad(loss_fn, self.trainable_variables)
                self.optimizer.apply(gradients, self.trainable_variables)
                return {"loss": loss}

        Keras 3's form for JAX, `train_step(self, state, data)` returning `(logs, state)`, works
        as well.

        Returns:
            The logs: a dict of scalars.
        """
        return step.train_step(self, data)

    @step.usual
    def test_step(self, data):
        """One step of evaluation; the form is that of `train_step`."""
        return step.test_step(self, data)

    @step.usual
    def predict_step(self, data):
        """The predictions for one batch."""
        return step.predict_step(self, data)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The total loss of a batch, a scalar: the compiled losses and those of `add_loss`."""
        total = None
        if self._compile_loss is not None:
            total = self._compile_loss(y, y_pred, sample_weight)
        for extra in self.losses:
            extra = jnp.sum(jnp.asarray(extra))
            total = extra if total is None else total + extra
        if total is None:
            if training:
                raise ValueError(
                    f"Model '{self.name}' has no loss to minimize. Pass loss= to compile, call "
                    "add_loss in a layer, or override compute_loss or train_step."
                )
            return jnp.zeros(())
        return total

    def compute_metrics(self, x, y, y_pred, sample_weight=None) -> dict:
        """Updates the compiled metrics with a batch and returns all results so far."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict:
        """`{name: value}` of all metrics."""
        logs = {}
        if self._loss_tracker is not None:
            logs["loss"] = self._loss_tracker.result()
        if self._compile_metrics is not None:
            logs |= self._compile_metrics.results()
        known = {id(m) for m in self._compile_metrics.metrics} if self._compile_metrics else set()
        for metric in self.metrics:
            logged = isinstance(metric, Logged)
            if metric is not self._loss_tracker and id(metric) not in known and not logged:
                value = metric.result()
                logs |= value if isinstance(value, dict) else {metric.name: value}
        return logs

    def stateless_compute_loss(
        self,
        trainable_variables,
        non_trainable_variables,
        metrics_variables,
        x=None,
        y=None,
        y_pred=None,
        sample_weight=None,
        training=True,
    ):
        """`compute_loss` as a pure function of the variables.

        Returns:
            `(loss, (trainable, non-trainable, metrics values))`.
        """
        groups = (self.trainable_variables, self.non_trainable_variables, self.metrics_variables)
        values = (trainable_variables, non_trainable_variables, metrics_variables)
        pairs = [
            pair for g, vs in zip(groups, values, strict=True) for pair in zip(g, vs, strict=True)
        ]
        with StatelessScope(pairs) as scope:
            loss = step.compute_loss(self, x, y, y_pred, sample_weight, training)
        return loss, tuple([scope.read(v) for v in g] for g in groups)

    @step.usual
    def make_train_function(self, force: bool = False):
        """The function that takes an iterator over batches, runs one training step, returns logs.

        `fit` runs many steps at once and does without it; where a class overrides this method,
        `fit` calls what it returns, once for each step, and stops at StopIteration.
        """
        self.train_function = loop.step_function(self, "train", force)
        return self.train_function

    @step.usual
    def make_test_function(self, force: bool = False):
        """The same for `evaluate` and validation."""
        self.test_function = loop.step_function(self, "test", force)
        return self.test_function

    @step.usual
    def make_predict_function(self, force: bool = False):
        """The same for `predict`; the function returns the batch's outputs."""
        self.predict_function = loop.step_function(self, "predict", force)
        return self.predict_function

    # ---- training ------------------------------------------------------------------------

    lr_find = on_its_devices(tuning.lr_find)
    find_batch_size = on_its_devices(tuning.find_batch_size)

    _encode_text = text.encode

    # What the loop asks of whatever it trains; a Population answers for many models at once.

    def _new_runner(self, mode: str) -> StepRunner:
        return StepRunner(self, mode)

    def _new_reader(self, data, steps: int | None) -> EpochReader:
        return EpochReader(data, steps)

    def _end_training(self) -> None:
        if self.optimizer is not None:
            self.optimizer.finalize_variable_values(self.trainable_variables)

    @user_facing
    @on_its_devices
    def fit(
        self,
        x=None,
        y=None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose="auto",
        callbacks=None,
        validation_split: float = 0.0,
        validation_data=None,
        shuffle=True,
        class_weight: dict | list | None = None,
        sample_weight=None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq=1,
        *,
        checkpoint=None,
        max_time=None,
        max_steps: int | None = None,
        dry_run: bool = False,
    ):
        """Trains the model.

        Args:
            x: arrays, or lists and dicts of them: of NumPy, JAX, pandas, torch, TensorFlow, SciPy
                (sparse), lists of numbers, and an `np.memmap` or an h5py dataset, which are read
                batch by batch. Or an iterable of batches `(x, y)` or `(x, y, sample_weight)`: a
                generator, a `PyDataset`, a `utils.Dataset`, a torch DataLoader, a dataset of
                tf.data or grain. Large arrays stream: see `config.set_max_device_data`.
            y: the targets, in the structure of the outputs.
            batch_size: samples per step, 32 when None.
            epochs: the number of the last epoch.
            verbose: 0 silent, 1 a progress line, 2 a line per epoch, `"auto"` is 1.
            callbacks: `Callback` objects.
            validation_split: the share of the last samples to validate on.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or an iterable of batches.
            shuffle: whether samples are drawn in a new order each epoch; `"batch"` keeps
                batches together.
            class_weight: `{class: weight}`, turned into sample weights; for several outputs
                `{output: {class: weight}}`, or a list of such dicts (None for no weights).
            sample_weight: a weight per sample, or per time step (`(samples, steps)`).
            initial_epoch: the number of the first epoch, to go on with a training.
            steps_per_epoch: steps per epoch, needed for an endless iterable.
            validation_steps, validation_batch_size: the same for the validation.
            validation_freq: every how many epochs to validate, or a list of epochs from 1.
            checkpoint: a folder, or a `hornbill.Checkpoint`: the state is saved there, and the
                same call goes on from it. See below.
            max_time: seconds of this call, or a `datetime.timedelta`, after which it ends.
            max_steps: training steps after which it ends; those before an interruption count.
            dry_run: whether to try all out on one batch and leave no trace. See below.

        `max_time` and `max_steps` end the epoch under way after a step, with its validation and the
        callbacks' `on_epoch_end`: the history has what was done.

        With `checkpoint` the whole state (weights, optimizers, metrics, seeds, Python's and NumPy's
        random state, the place in the data, the history, the callbacks' `get_state`) is saved at
        the ends of epochs and in between, each time in a new file with a checksum. After a crash
        or a kill at any moment, the same call goes on, and its weights and history are bit for bit
        those of a run without interruption, on the same machine with the same versions:

        - Ctrl-C and SIGTERM are held back until the next step's end and saved before they act; a
          second one does not wait.
        - A damaged file is passed over with a warning, and the one before it used. If all are
          damaged, that is an error.
        - A run that has come to its end returns its history at once. More `epochs` (or another
          limit) go on; a run that a callback stopped stays stopped.
        - Another model, optimizer, batch size or number of samples is an error. The learning rate
          is part of the state.
        - A generator or iterator is read up to its place once more, so it must be a new one that
          gives the same batches. `Dataset` and `PyDataset` go to their place (see their
          `get_state`).
        - Callbacks are told by class and order. One that was not there before starts anew.

        With `dry_run` one batch of training, one of validation and all hooks of the callbacks run.
        Then weights, optimizers, metrics, seeds, random states, data, the callbacks' attributes and
        `model.history` are what they were; weights not yet made are made and keep their first
        values. No checkpoint is read or written, and callbacks that write files do it in a
        temporary folder (what other objects or servers were told, they know).

        Returns:
            A `History`, whose `.history` holds the logs of each epoch.

        Raises:
            ValueError: when the model is not compiled, the data does not fit it, or a checkpoint
                is of another training.
            TypeError: when a callback's `get_state` returns what is no plain data.
        """
        return fitting.fit(
            self,
            x,
            y,
            batch_size,
            epochs,
            verbose,
            callbacks,
            validation_split,
            validation_data,
            shuffle,
            class_weight,
            sample_weight,
            initial_epoch,
            steps_per_epoch,
            validation_steps,
            validation_batch_size,
            validation_freq,
            checkpoint=checkpoint,
            max_time=max_time,
            max_steps=max_steps,
            dry_run=dry_run,
        )

    @user_facing
    @on_its_devices
    def evaluate(
        self,
        x=None,
        y=None,
        batch_size: int | None = None,
        verbose="auto",
        sample_weight=None,
        steps: int | None = None,
        callbacks=None,
        return_dict: bool = False,
    ):
        """The loss and the metrics on data; the arguments are as in `fit`.

        Returns:
            The loss alone when there are no metrics, else a list in the order of
            `metrics_names`; a dict by name with `return_dict=True`.
        """
        return loop.evaluate(
            self, x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict
        )

    @user_facing
    @on_its_devices
    def predict(self, x, batch_size: int | None = None, verbose="auto", steps=None, callbacks=None):
        """The outputs for `x` as NumPy arrays, in the structure that the model returns."""
        return loop.predict(self, x, batch_size, verbose, steps, callbacks)

    @user_facing
    @on_its_devices
    def train_on_batch(
        self, x, y=None, sample_weight=None, class_weight=None, return_dict: bool = False
    ):
        """One training step on exactly this batch. Returns its loss and metrics."""
        loop.require_compiled(self, "train_on_batch")
        logs = loop.on_batch(self, "train", x, y, sample_weight, class_weight)
        return self._batch_logs(logs, return_dict)

    @user_facing
    @on_its_devices
    def test_on_batch(self, x, y=None, sample_weight=None, return_dict: bool = False):
        """The loss and metrics of exactly this batch."""
        loop.require_compiled(self, "test_on_batch")
        return self._batch_logs(loop.on_batch(self, "test", x, y, sample_weight), return_dict)

    @user_facing
    @on_its_devices
    def predict_on_batch(self, x):
        """The outputs for exactly this batch, as NumPy arrays."""
        return jax.device_get(loop.on_batch(self, "predict", x))

    def _batch_logs(self, logs, return_dict):
        logs = loop.python_epoch_logs(logs)
        return logs if return_dict else loop.in_order(self, logs)


def _check_losses(loss) -> None:
    """Refuses unknown names in `compile` rather than at the first batch."""
    if isinstance(loss, dict):
        for one in loss.values():
            _check_losses(one)
    elif isinstance(loss, (list, tuple)):
        for one in loss:
            _check_losses(one)
    elif loss is not None and not (
        isinstance(loss, str) and loss.lower() in ("crossentropy", "ce")
    ):
        losses.get(loss)
