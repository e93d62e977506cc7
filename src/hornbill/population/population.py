"""Population: many models of one kind, with seeds and hyperparameters of their own."""

import numbers

import jax
import numpy as np

from ..engine import placement
from ..engine.traceback import user_facing
from ..layers import Average, Input
from ..models import Model
from ..models.clone import _compile_settings
from ..training import fitting, loop
from ..training.callbacks import History, LambdaCallback, ProgbarLogger
from ..training.callbacks.callback import Callback
from ..training.callbacks.monitor import MonitorCallback
from .members import Recipe, lasting_state
from .runner import StackReader, StackRunner
from .stack import Stack


class Population:
    """Trains `n` copies of a model at once, in one compiled program.

    Each member has a seed of its own and, where given, a learning rate and other numbers of the
    optimizer. It becomes what it would become alone: the numbers are those of
    `set_random_seed(seed); model = build(); model.fit(...)`, initial weights, dropout and the
    order of the data included, up to the rounding of `float32`.

    What is gained is a program compiled once instead of `n` times, and small products of matrices
    done together. On a CPU that is much for small models, of which groups train side by side on
    all cores (where the number of groups divides `n`, in groups of at least four); a model whose
    single step keeps the processor busy takes about as long as when its copies are trained one
    after the other. An accelerator gains as long as it has room. All members are in memory at once.

    Args:
        build: a function without arguments that returns a new compiled model. What it returns
            may differ from call to call in its random numbers alone.
        n: how many members.
        learning_rate: a number for all, or one for each; None leaves what `build` sets.
        seed: the members' seeds, or one for all; None counts from 0 to `n - 1`.
        **numbers: other numbers of the optimizer (`momentum=[...]`, `weight_decay=[...]`,
            `beta_1=[...]`, `clipnorm=...`), in the same forms. They act as `float32`.

    Attributes:
        n: how many members.
        seeds: their seeds.
        hyperparameters: `{name: array of n numbers}`, those given.
        history: the `History` of the last `fit`: `history.history[name]` has shape `(epochs, n)`.

    Raises:
        TypeError, ValueError: for lengths that do not match, for what is no number of the
            optimizer, and for a `build` whose models are no copies of one another.

    `population[i]` is member `i` as an ordinary model, a copy of its own.

    >>> import hornbill as hb
    >>> def build():
    ...     model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    ...     model.compile("sgd", "mse")
    ...     return model
    >>> population = hb.Population(build, n=3, learning_rate=[0.001, 0.1, 0.01])
    >>> x = hb.ops.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    >>> history = population.fit(x, x[:, :1], epochs=20, verbose=0)
    >>> history.history["loss"].shape
    (20, 3)
    >>> population.predict(x, verbose=0).shape, population.ensemble().predict(x, verbose=0).shape
    ((3, 4, 1), (4, 1))
    >>> best = population.best("loss")
    >>> round(float(best.optimizer.learning_rate), 3)
    0.1
    """

    # What the training loop asks of a model.
    compiled, run_eagerly, jit_compile = True, False, True

    def __init__(self, build, n: int, learning_rate=None, seed=None, **numbers):
        if not callable(build) or isinstance(build, Model):
            raise TypeError(
                "Population takes a function that returns a compiled model: it is called once for "
                f"each member. Received: build={build!r}"
            )
        if placement.plan() is not None:
            raise ValueError(
                "A Population trains on one device. Make it without a distribution: "
                "hornbill.distribution.set_distribution(None)."
            )
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            raise ValueError(f"Population's n is a positive int. Received: n={n!r}")
        self.n = int(n)
        self.seeds = _seeds(range(self.n) if seed is None else seed, self.n)
        if learning_rate is not None:
            numbers = {"learning_rate": learning_rate, **numbers}
        self.hyperparameters = {k: _numbers(k, v, self.n) for k, v in numbers.items()}
        self._stack = Stack(Recipe(build, self.seeds, self.hyperparameters))
        self.name = f"population of {self.n} x {self._stack.template.name}"
        self.steps_per_execution = self._stack.template.steps_per_execution
        self.history: History | None = None
        self.stop_training = False
        self._runners: dict = {}

    def reset_metrics(self) -> None:
        """Sets all members' metrics back to their start."""
        self._stack.template.reset_metrics()
        if self._stack.settled:
            for variable in self._stack.template.metrics_variables:
                self._stack.reset(variable)

    @property
    def output_names(self):
        return self._stack.template.output_names

    def _new_runner(self, mode: str) -> StackRunner:
        return StackRunner(self._stack, mode)

    def _new_reader(self, data, steps: int | None) -> StackReader:
        return StackReader(data, steps, self._stack.randomness)

    def _end_training(self) -> None:
        template = self._stack.template
        if template.optimizer is not None and self._stack.settled:
            state = lasting_state(template)
            self._stack.apply(lambda: Model._end_training(template), state)

    # ---- training ------------------------------------------------------------------------

    @user_facing
    def fit(self, x=None, y=None, batch_size: int | None = None, epochs: int = 1, **options):
        """Trains all members on the same data.

        Args:
            x, y, batch_size, epochs: as in `Model.fit`.
            **options: `Model.fit`'s other arguments but `checkpoint` and `dry_run`. Each member
                shuffles by its own seed. Where data is read batch by batch (iterables, arrays of
                more than 2 GiB), all members see it in one order. Callbacks get arrays of `n`
                values in their logs, and the population as their model; `callbacks` takes
                `LambdaCallback` and classes derived from `Callback` itself.

        Returns:
            A `History` whose `.history` holds arrays of shape `(epochs, n)`.

        Raises:
            ValueError: as `Model.fit`, and for callbacks that handle one model alone.
        """
        unable = [name for name in ("checkpoint", "dry_run") if options.get(name)]
        if unable:
            raise ValueError(f"Population.fit has no {unable[0]}=: it is for single models.")
        callbacks = _check_callbacks(options.pop("callbacks", None))
        names = {"batch_size": batch_size, "epochs": epochs, "callbacks": callbacks}
        history = fitting.fit(self, x, y, **names, **options)
        history.history = {k: np.stack(v) for k, v in history.history.items()}
        return history

    @user_facing
    def evaluate(
        self,
        x=None,
        y=None,
        batch_size: int | None = None,
        verbose="auto",
        sample_weight=None,
        steps: int | None = None,
        callbacks=None,
    ) -> dict:
        """The loss and metrics of each member: `{name: array of n values}`.

        The arguments are those of `Model.evaluate`, the callbacks those of `fit`.
        """
        callbacks = _check_callbacks(callbacks)
        args = x, y, batch_size, verbose, sample_weight, steps, callbacks
        return loop.evaluate(self, *args, return_dict=True)

    @user_facing
    def predict(self, x, batch_size: int | None = None, verbose="auto", steps: int | None = None):
        """Each member's predictions: the structure of a model's, of shape `(n, samples, ...)`.

        The arguments are those of `Model.predict`.
        """
        groups = loop.predict(self, x, batch_size, verbose, steps)
        return jax.tree.map(lambda *a: np.moveaxis(np.concatenate(a, 1), 1, 0), *groups)

    # ---- the members ---------------------------------------------------------------------

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> Model:
        """Member `i` as a model of its own: training it leaves the population as it is."""
        if not isinstance(i, (int, np.integer)) or isinstance(i, bool):
            raise TypeError(f"A population's members are numbered. Received: {i!r}")
        if not -self.n <= i < self.n:
            raise IndexError(f"A population of {self.n} has no member {i}.")
        return self._stack.member(int(i) % self.n)

    def __iter__(self):
        return (self[i] for i in range(self.n))

    def __repr__(self):
        varied = ", ".join(["seed", *self.hyperparameters])
        return f"<Population n={self.n}, model={self._stack.template.name}, by {varied}>"

    def ranking(self, metric: str = "val_loss", mode: str = "auto") -> np.ndarray:
        """The members' numbers, the best first, by the last epoch of the last `fit`.

        Args:
            metric: a name in the history.
            mode: `"min"` or `"max"`, what better means; `"auto"` asks the metric.

        Members whose value is NaN come last.

        Raises:
            ValueError: if there is no such metric, or no telling what better means.
        """
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode is 'auto', 'min' or 'max'. Received: mode={mode!r}")
        recorded = {} if self.history is None else self.history.history
        if metric not in recorded:
            known = f"It has {', '.join(recorded)}" if recorded else "There was no fit"
            raise ValueError(
                f"The population's history has no '{metric}'. {known}; names that start with "
                f"'val_' need fit(..., validation_data=...). Received: metric={metric!r}"
            )
        if mode == "auto":
            monitor = MonitorCallback(metric)
            monitor.set_model(self._stack.template)
            mode = monitor._direction()
        values = np.asarray(recorded[metric][-1])
        return np.argsort(-values if mode == "max" else values, kind="stable")

    def best(self, metric: str = "val_loss", mode: str = "auto") -> Model:
        """The best member as a model of its own, by the last epoch of the last `fit`.

        The arguments are those of `ranking`. It has the member's weights and its optimizer's
        state: it can be trained on, saved, and so on.
        """
        return self[self.ranking(metric, mode)[0]]

    def ensemble(self) -> Model:
        """A model whose output is the mean of all members' outputs, with copies of them inside.

        It is compiled as they are, and can be saved.
        """
        if not self._stack.settled and self._stack.template.inputs is None:
            raise ValueError(
                "The shape of this population's inputs is not known yet: call fit first, or give "
                "its models an Input."
            )
        members = list(self)
        inputs = _new_inputs(self._stack)
        for i, model in enumerate(members):
            model.name = f"member_{i}"
        outputs = [model(inputs) for model in members]
        names = iter(members[0].output_names or ())
        ensemble = Model(inputs, jax.tree.map(lambda *ys: _mean(ys, next(names, None)), *outputs))
        ensemble.compile(**_compile_settings(members[0]))
        return ensemble


def _mean(tensors, name):
    return Average(name=name)(list(tensors)) if len(tensors) > 1 else tensors[0]


def _new_inputs(stack: Stack):
    """Inputs like those of the members; like the data where they say nothing."""
    template = stack.template
    if template.inputs is not None:
        layers = template._graph.input_names
        names = dict(zip(map(id, template.inputs), layers, strict=True))
        return jax.tree.map(
            lambda t: Input(batch_shape=t.shape, dtype=t.dtype, name=names[id(t)]), template.input
        )
    x = stack.batch[0] if isinstance(stack.batch, tuple) else stack.batch
    return jax.tree.map(lambda a: Input(a.shape[1:], dtype=str(a.dtype)), x)


def _check_callbacks(callbacks):
    """Raises for callbacks of ours that watch, change or save one model."""
    for callback in jax.tree.leaves(callbacks):
        if isinstance(callback, (LambdaCallback, ProgbarLogger)):
            continue
        ours = [
            c.__name__
            for c in type(callback).__mro__
            if c not in (Callback, object) and c.__module__.startswith("hornbill.")
        ]
        if ours:
            raise ValueError(
                f"{ours[0]} handles one model, and a population has many. Its callbacks are "
                "LambdaCallback and classes derived from Callback itself; their logs hold an "
                f"array with a value for each member. Received: {callback!r}"
            )
    return callbacks


def _each(name: str, values, n: int) -> list:
    """One value for each member."""
    if np.ndim(values) == 0:
        return [values] * n
    values = list(values)
    if len(values) != n:
        raise ValueError(
            f"Population(n={n}) takes one {name} for all members, or {n} of them. "
            f"Received: {len(values)}"
        )
    return values


def _seeds(values, n: int) -> list[int]:
    seeds = _each("seed", values, n)
    for s in seeds:
        if isinstance(s, bool) or not isinstance(s, (int, np.integer)) or s < 0:
            raise ValueError(f"Population's seeds are ints of at least 0. Received: {s!r}")
    return [int(s) for s in seeds]


def _numbers(name: str, values, n: int) -> np.ndarray:
    values = _each(name, values, n)
    for v in values:
        if isinstance(v, bool) or not isinstance(v, (numbers.Real, np.number)):
            raise ValueError(f"Population's {name} is a number, or one each. Received: {v!r}")
    return np.array(values, "float64")
