"""Runs a model's step over and over: traced once, compiled, on the model's own state.

The step is the model's `train_step`, `test_step` or `predict_step`, run under a scope, so that it
is one pure program from the state and a batch to the new state and the logs.
"""

import collections
import concurrent.futures
import contextlib
import functools
import inspect
import itertools
import signal
import threading
import warnings
import weakref

import jax
import jax.numpy as jnp
import numpy as np
from jax.dtypes import canonicalize_dtype

from ..engine import placement
from ..engine.context import CallContext, enter_context, leave_context
from ..engine.dtypes import struct
from ..engine.errors import CHOICES, NeedsValue, warn_uncompiled
from ..engine.gradients import without_gradient
from ..engine.numerics import all_finite
from ..engine.random import global_generator
from ..engine.scope import StatelessScope
from ..engine.tracking import owned, unique
from ..engine.variable import Variable
from ..layers.logged import logging
from ..optimizers import Optimizer
from .compiled import Compiled, strong
from .data import unpack
from .data.batches import batch_size_of
from .numerics import error_of, run_watched
from .step import forward


@functools.cache
def _takes_state(function) -> bool:
    """Whether a user wrote `train_step(self, state, data)`, Keras 3's form for JAX."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return len([p for p in parameters if p.kind in kinds and p.default is p.empty]) == 3


def call_step(model, mode: str, data):
    """Runs the model's step on a batch, and adds what its layers log. Returns the logs."""
    if mode == "predict":
        return _call_method(model, mode, data)
    with logging(batch_size_of(data) or 1) as logged:
        logs = _call_method(model, mode, data)
    return logged.added_to(logs) if logged.seen else logs


def _call_method(model, mode: str, data):
    """Calls `train_step` or its like, in either form in which people write it."""
    method = getattr(model, f"{mode}_step")
    if not _takes_state(getattr(type(model), f"{mode}_step")):
        return method(data)
    groups = [model.trainable_variables, model.non_trainable_variables]
    if mode == "train":
        groups.append(model.optimizer.variables)
    if mode != "predict":
        groups.append(model.metrics_variables)
    logs, state = method(tuple([v.value for v in g] for g in groups), data)
    for group, values in zip(groups, state, strict=True):
        for variable, value in zip(group, values, strict=True):
            variable.assign(value)
    return logs


def optimizers_of(model) -> list[Optimizer]:
    """The optimizers in the model's and its layers' attributes."""
    return unique(
        thing
        for layer in model._flatten_layers()
        for thing in owned(layer)
        if isinstance(thing, Optimizer)
    )


def state_of(model, mode: str) -> tuple[list[Variable], list[Variable]]:
    """The variables that a step may assign, and those that it only reads."""
    variables = list(model.variables)
    metrics = list(model.metrics_variables)
    seeds = [global_generator().state]
    if mode == "train":
        slots = [v for o in optimizers_of(model) for v in o.variables]
        return unique([*variables, *slots, *metrics, *seeds]), []
    trainable = [v for v in variables if v.made_trainable]
    rest = [v for v in variables if not v.made_trainable]
    return unique([*rest, *metrics, *seeds]), unique(trainable)


class hold_interrupts:
    """Keeps Ctrl-C waiting for the length of a `with`, so that state is never half written."""

    def __enter__(self):
        self.caught = False
        self.main = threading.current_thread() is threading.main_thread()
        if self.main:
            self.previous = signal.getsignal(signal.SIGINT)
            if self.previous in (None, signal.SIG_IGN):
                self.main = False
            else:
                signal.signal(signal.SIGINT, self._catch)
        return self

    def _catch(self, number, frame):
        self.caught = True

    def __exit__(self, *exc):
        if self.main:
            signal.signal(signal.SIGINT, self.previous)
            if self.caught:
                signal.raise_signal(signal.SIGINT)


# So many shapes of batches are worth a warning.
MANY_SHAPES = 9


class StepRunner:
    """Runs one of a model's steps over and over, on the model's own state.

    Args:
        model: the model.
        mode: `"train"`, `"test"` or `"predict"`.

    Attributes:
        pace: seconds that a step took in the last chunk, None before the first.
        example: what the last new kind of batch looked like, for `prepare`.
    """

    members = 1  # how many models of one kind a step advances

    def __init__(self, model, mode: str):
        self.model, self.mode = model, mode
        self.asked_eager = self.eager = model.run_eagerly or not model.jit_compile
        self.programs: dict = {}
        self._shapes: dict = {}  # of the batches, in the order in which they came
        self._warned = False
        self.pace: float | None = None
        self.epoch: int | None = None
        self._told: set[str] = set()
        self._labeled = None  # a weak reference to what `_check_labels` saw last
        self.example: dict | None = None
        self.begin()

    def begin(self) -> None:
        """Starts an epoch: counts steps from 0, and looks at the settings of a program."""
        self.steps = 0
        placement.follow(global_generator().state)
        self._note_settings()

    def _note_settings(self) -> None:
        """What is frozen, scaled, checked: another choice is another program."""
        model = self.model
        self.checks = model.checks_numerics
        self._settings = (self.checks, placement.plan())
        self._settings += tuple(v.trainable for v in model.variables)
        if self.mode == "train":
            self._settings += tuple(str(o.learning_rate_factors) for o in optimizers_of(model))

    def _prepare(self, data, index) -> tuple[Compiled, list, list]:
        """The program for a batch, and the variables it works on."""
        found = self._program(data, index)
        # Of streamed data the first batch of each shape: a look at each would wait for each.
        if self.mode != "predict" and (index is not None or self._labeled is None):
            self._check_labels(data, jax.tree.leaves(data)[-1])
        return found

    def _program(self, data, index) -> tuple[Compiled, list, list]:
        """The same for a batch of which only the shapes need be known."""
        leaves, treedef = jax.tree.flatten(data)
        shapes = tuple((_shape(a, index), canonicalize_dtype(a.dtype)) for a in leaves)
        each = for_each(index)
        key = (treedef, shapes, each, self._settings)
        if key not in self.programs:
            batch = _batch(data, index)
            self.note(batch)
            self._build(batch, each)
            self._note_settings()  # weights may just have been made
            key = (*key[:3], self._settings)
            self.programs[key] = self._trace(batch, each)
            self._note_shapes(jax.tree.leaves(batch))
            self._labeled = None
        return self.programs[key]

    def _compiled(self, data, index):
        """What `_prepare` gives; None where the step runs uncompiled, as asked or as it must."""
        if self.eager:
            return None
        try:
            return self._prepare(data, index)
        except (NeedsValue, *CHOICES) as error:
            if self.members > 1:
                raise
            self.eager = True
            warn_uncompiled(f"The {self.mode} step of '{self.model.name}'", error)
            self._build(gather_eager(data, index), for_each(index))
            return None

    def _check_labels(self, data, leaf) -> None:
        """Looks at the labels of resident data, once for each data."""
        if self._labeled is None or self._labeled() is not leaf:
            loss, (_, y, sample_weight) = self.model._compile_loss, unpack(data)
            if loss is not None and y is not None:
                loss.check_labels(y, sample_weight)
            self._labeled = weakref.ref(leaf)

    def _note_shapes(self, leaves) -> None:
        """Warns, once, where batches have so many shapes that compiling takes the time."""
        self._shapes.setdefault(tuple(a.shape for a in leaves))
        if len(self._shapes) == MANY_SHAPES and not self._warned:
            self._warned = True
            told = "; ".join(" and ".join(map(str, shapes)) for shapes in self._shapes)
            warnings.warn(
                f"The {self.mode} step of '{self.model.name}' was compiled for {MANY_SHAPES} "
                f"shapes of batches, and each new one takes time again: {told}. Pad to a few "
                "lengths, with Dataset.bucket_by_length or hornbill.utils.pad_sequences("
                "maxlen=...), and keep to one batch size.",
                stacklevel=2,
            )

    def note(self, data, index=None) -> None:
        """Keeps what a batch looks like as plain data."""
        leaves, treedef = jax.tree.flatten(_batch(data, index))
        self.example = {
            "structure": jax.tree.unflatten(treedef, range(len(leaves))),
            "arrays": [[list(a.shape), a.dtype.name] for a in leaves],
        }

    def prepare(self, example: dict) -> None:
        """Makes the weights, slots and metrics that a step on such a batch works on."""
        arrays = [struct(s, d) for s, d in example["arrays"]]
        batch = jax.tree.map(lambda i: arrays[i], example["structure"])
        if not self.eager:
            with contextlib.suppress(NeedsValue, *CHOICES):  # the first step tells
                self._program(batch, None)
                return
        self._build(batch)
        with contextlib.suppress(Exception):  # an eager step may do what cannot be traced
            self._trace(batch)

    def _trace(self, batch, each=False):
        for _ in range(3):
            cells, fixed = state_of(self.model, self.mode)
            held = self._holders(cells), self._holders(fixed)
            abstract = [[_struct(v._value) for v in group] for group in held]
            # The old state of a checked step is kept until the new one is known to be good.
            spread = placement.mesh_of([v._value for group in held for v in group]) is not None
            kind = self.mode, self.members, self.checks, spread
            program = Compiled(self._pure(cells, fixed, each), [*abstract, batch], *kind)
            # A first run of a user's step may have made variables (optimizer slots, metrics).
            if [*map(id, cells)] == [*map(id, state_of(self.model, self.mode)[0])]:
                self._check_gradients(program.traced)
                return program, *held
        raise RuntimeError(
            f"{type(self.model).__name__}.{self.mode}_step makes new variables at each call. "
            "Make them in __init__ or build."
        )

    def _check_gradients(self, traced) -> None:
        """Tells, once, which weights the loss does not depend on."""
        missing, trained = without_gradient(traced.jaxpr.jaxpr)
        if missing and len(missing) == trained:
            raise ValueError(
                f"The loss of model '{self.model.name}' depends on none of its weights: there is "
                "nothing to train. Is it computed from the model's outputs, by operations that "
                f"have a derivative? Received: no gradient for {missing}"
            )
        new = [path for path in missing if path not in self._told]
        self._told.update(new)
        if new:
            warnings.warn(
                f"Gradients do not exist for variables {new} when minimizing the loss: it does not "
                "depend on them, and only weight decay can change them. Is an output or a layer "
                "left out of the loss? If it is meant, set `trainable = False` on the layer.",
                stacklevel=2,
            )

    def _build(self, data, each=False):
        """Makes the weights, metrics and slots of the usual step, so that one trace is enough.

        Args:
            data: a batch, or what it looks like.
            each: whether each of a population's members has a batch of its own.
        """
        model = self.model
        method = getattr(type(model), f"{self.mode}_step")
        if not hasattr(method, "usual") and not _takes_state(method):
            return  # a step of a user's own may do anything: it is traced to find out
        if not model.built or (self.mode != "predict" and not model._resolved):

            def run(batch):
                x, y, _ = unpack(batch)
                with StatelessScope():
                    y_pred = model.output if model.built and model.outputs else None
                    y_pred = forward(model, x, training=False) if y_pred is None else y_pred
                    if self.mode != "predict":
                        model._resolve(y, y_pred)

            if self.eager and not isinstance(jax.tree.leaves(data)[0], jax.ShapeDtypeStruct):
                run(data)  # it may do what cannot be traced
            else:
                jax.eval_shape(run, jax.tree.map(_struct, data))
        if self.mode == "train" and model.optimizer is not None and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)

    def _pure(self, cells, fixed, each: bool):
        model, mode, checks = self.model, self.mode, self.checks

        def pure(values, fixed_values, batch):
            state = zip([*cells, *fixed], [*values, *fixed_values], strict=True)
            token = enter_context(CallContext())
            try:
                with StatelessScope(state) as scope:
                    logs = call_step(model, mode, batch)
                    # While the scope stands: outside, a variable has its old value.
                    logs = jax.tree.map(lambda x: x.value if isinstance(x, Variable) else x, logs)
            finally:
                leave_context(token)
            new = [strong(scope.read(v)) for v in cells]
            if not checks:
                return new, logs
            metrics = set(model.metrics_variables)
            kept = [a for v, a in zip(cells, new, strict=True) if v not in metrics]
            return new, (logs, all_finite((kept, logs)))

        return pure

    def _holders(self, variables) -> list[Variable]:
        """The cells that hold the step's state, one for each of the model's variables."""
        return variables

    def run(self, data, index=None):
        """One step on a batch, or on the rows `index` of resident data. Returns its logs."""
        self.steps += 1
        if self.eager and self.example is None:
            self.note(data, index)
            self._build(gather_eager(data, index))
        if self.checks:
            return self._run_checked(data, index)
        program = self._compiled(data, index)
        if program is None:
            return call_step(self.model, self.mode, gather_eager(data, index))
        return self._step(*program, data, index)

    def run_each(self, batches, together: bool = True):
        """Yields the results of one step after the other, and how many samples each was for.

        Args:
            batches: what `run` takes, as pairs.
            together: whether the next batches may be under way meanwhile, where that is faster.
                Not where something is done between two steps that a step could notice.
        """
        batches, begun = iter(batches), collections.deque()
        # A batch that is alone has all cores.
        first = list(itertools.islice(batches, 2)) if together and self.mode != "train" else []
        together = len(first) == 2
        try:
            for data, index in itertools.chain(first, batches):
                size = batch_size_of(data) if index is None else len(index)
                prepared = None if self.checks else self._compiled(data, index)
                if together and prepared is not None and prepared[0].lanes > 1:
                    program, cells, fixed = prepared
                    future = program.begin(arrays(cells), arrays(fixed), data, index)
                    begun.append((program, cells, future, size))
                    yield from self._finished(begun, program.lanes)
                    continue
                yield from self._finished(begun, 0)
                if prepared is None:
                    yield self.run(data, index), size
                else:
                    self.steps += 1
                    yield self._step(*prepared, data, index), size
            yield from self._finished(begun, 0)
        finally:
            concurrent.futures.wait([future for *_, future, _ in begun])

    def _finished(self, begun, left: int):
        """Yields the results of steps that were begun, up to the last `left` ones."""
        while len(begun) > left:
            program, cells, future, size = begun.popleft()
            self.steps += 1
            concurrent.futures.wait([future])
            with hold_interrupts():
                new, logs = program.finish(_own(cells), future)
                store(cells, new)
            yield logs, size

    def _step(self, program, cells, fixed, data, index):
        with hold_interrupts():
            new, logs = program.step(_own(cells), arrays(fixed), data, index)
            store(cells, new)
        return logs

    def _run_checked(self, data, index):
        """One step that leaves the state as it was and raises where its results are not finite."""
        prepared = self._compiled(data, index)
        if prepared is not None:
            program, cells, fixed = prepared
            values = arrays(cells), arrays(fixed)
            new, (logs, fine) = program.step(*values, data, index)
            if fine:
                with hold_interrupts():
                    store(cells, new)
                return logs
        batch = gather_eager(data, index)

        def step():
            return call_step(self.model, self.mode, batch)

        logs, updates, places, fine = run_watched(self.model, self.mode, batch, step)
        if not (self.eager and fine):
            raise error_of(self.model, self.mode, places, self.epoch, self.steps - 1)
        for variable, value in updates:
            variable.assign(value)
        return logs

    def loops(self, data, order) -> bool:
        """Whether steps over these batches go into one program."""
        if self.checks:
            return False
        prepared = self._compiled(data, order[0])
        return prepared is not None and prepared[0].loops

    def run_many(self, data, order, start: int, stop: int, results=None):
        """The steps `start` to `stop` of an epoch in one program, for steps that `loops`.

        Args:
            data: the arrays.
            order: the rows of them that each step of the epoch works on.
            start, stop: the steps to run.
            results: in mode `"predict"` what the call before returned.

        Returns:
            The last step's logs; in mode `"predict"` the outputs so far.
        """
        program, cells, fixed = self._program(data, order[0])
        if results is None:
            results = program.start(len(order))
        with hold_interrupts():
            rest = arrays(fixed), data, order, np.int32(start), np.int32(stop)
            new, results = program.loop(_own(cells), results, *rest)
            store(cells, new)
        return results


def _shape(array, index) -> tuple[int, ...]:
    """The shape of an array's part of a batch: its own, or that of its rows `index`."""
    return array.shape if index is None else (*index.shape, *array.shape[1:])


def _struct(array, index=None):
    return struct(_shape(array, index), array.dtype)


def _batch(data, index):
    """What a batch looks like: `data`, or its rows `index`."""
    return jax.tree.map(lambda a: _struct(a, index), data)


def for_each(index) -> bool:
    """Whether the rows are those of a population's members, one batch for each."""
    return index is not None and index.ndim == 2


def gather_eager(data, index):
    """A batch out of resident data, or the batch itself where `index` is None."""
    if index is None:
        return jax.tree.map(jnp.asarray, data)
    return jax.tree.map(lambda a: jnp.asarray(np.asarray(a)[np.asarray(index)]), data)


def _own(cells) -> list:
    """The arrays of the cells, copied where somebody else may hold them."""
    for v in cells:
        if v._lent:
            # One by one: a jnp.array would compile a program for each shape.
            v._value, v._lent = jax.device_put(v._value, may_alias=False), False
    return arrays(cells)


def arrays(cells) -> list:
    """The arrays of the cells."""
    return [v._value for v in cells]


def store(cells, values) -> None:
    """Puts a program's results into the cells that it took over."""
    for v, value in zip(cells, values, strict=True):
        v._value = value
        v._lent = False
