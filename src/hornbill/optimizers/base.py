"""Optimizer: one update of all variables, put together from pure pieces."""

import functools
import inspect
import warnings

import jax
import jax.numpy as jnp
import numpy as np

from ..engine import compile as compiler
from ..engine import placement, serialize
from ..engine.config import floatx
from ..engine.naming import auto_name
from ..engine.numerics import look
from ..engine.scope import StatelessScope, current_scope
from ..engine.variable import Variable
from . import transforms
from .options import check, check_count, is_number, refuse_unknown
from .per_variable import PerVariable
from .scheduled import scheduled_momentum, scheduled_name
from .schedules import LearningRateSchedule
from .state import OptimizerState, slot_name


class Optimizer(PerVariable, OptimizerState):
    """Turns gradients into new values of variables.

    A subclass says what it remembers of a variable and how one update goes, both as plain
    formulas; all options below are the base's work.

        class Momentum(hb.optimizers.Optimizer):
            def init(self, variable):
                return {"speed": np.zeros(variable.shape, variable.dtype)}

            def update(self, gradient, value, slots, learning_rate, step):
                speed = 0.9 * slots["speed"] - learning_rate * gradient
                return value + speed, {"speed": speed}

    Keras 3's way works too: override `build(variables)` and `update_step(gradient, variable,
    learning_rate)`, and assign.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        weight_decay: the part of each weight, times the learning rate, taken off before an
            update.
        clipnorm: the highest norm of each variable's gradient.
        clipvalue: the highest absolute value in a gradient.
        global_clipnorm: the highest norm of all gradients together. Only one of these three.
        use_ema: whether a moving average of the weights is kept. `finalize_variable_values`,
            which `fit` calls at its end, puts it in the weights' place.
        ema_momentum: how slowly the average follows the weights, from 0 to 1.
        ema_overwrite_frequency: after how many updates the weights become their average; None
            for only at the end.
        loss_scale_factor: gradients are divided by it: `scale_loss` multiplied the loss.
        gradient_accumulation_steps: how many gradients are averaged for one update, at least 2.
            The moving average and the optimizer's own step count updates, schedules count
            gradients.
        name: made from the class's name when None.

    Attributes:
        iterations: how many updates there have been.
        learning_rate: the present one. It can be set, unless a schedule gives it.
        variables: the optimizer's state: iterations, learning rate, and what `init` named.

    Raises:
        ValueError: for arguments out of range, and for Keras 2's `lr` and `decay`.

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0, 2.0], name="w")
    >>> optimizer = hb.optimizers.SGD(learning_rate=0.5, weight_decay=0.1)
    >>> optimizer.apply([hb.ops.array([1.0, 0.0])], [w])
    >>> print(w.numpy().round(3), int(optimizer.iterations))
    [0.45 1.9 ] 1
    """

    # Slots that follow those of all variables, in this order, instead of standing beside the
    # variable's other slots: the order of `variables` is that of Keras's files.
    separate_slots: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs,
    ):
        refuse_unknown(self, kwargs)
        OptimizerState.__init__(self, auto_name(self) if name is None else name)
        PerVariable.__init__(self)
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {k: v for k, v in clips.items() if v is not None}
        if len(given) > 1:
            raise ValueError(
                f"{type(self).__name__} takes only one of clipnorm, clipvalue and "
                f"global_clipnorm. Received: {given}"
            )
        tiny = np.finfo("float32").tiny
        check(self, tiny, **given)
        check(self, 0, 1, ema_momentum=ema_momentum)
        check_count(self, 1, ema_overwrite_frequency=ema_overwrite_frequency)
        check_count(self, 2, gradient_accumulation_steps=gradient_accumulation_steps)
        if weight_decay is not None:
            check(self, weight_decay=weight_decay)
        if loss_scale_factor is not None:
            check(self, tiny, loss_scale_factor=loss_scale_factor)
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clips.values()
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps

        self._trainable_variables: list[Variable] = []
        self._iterations = self.add_variable((), dtype="int", name="iteration")
        if not callable(learning_rate):
            if not is_number(learning_rate):
                raise ValueError(
                    f"{type(self).__name__}: learning_rate is a number, a LearningRateSchedule or "
                    f"a function without arguments. Received: learning_rate={learning_rate!r}"
                )
            learning_rate = self._add(float(learning_rate), "learning_rate", floatx())
        self._learning_rate = learning_rate

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        # A compiled update holds the settings of its time; the learning rate is its argument.
        if name != "learning_rate":
            self.__dict__["_compiled"] = {}

    # State.

    @property
    def iterations(self):
        """How many updates there have been."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    @property
    def learning_rate(self):
        """The learning rate: the Variable that holds it, or what the schedule gives now."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations.value)
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        held = self._learning_rate
        if callable(learning_rate):
            self._learning_rate = learning_rate
            self._variables = [v for v in self._variables if v is not held]
        elif isinstance(held, Variable):
            held.assign(learning_rate)
        else:
            raise TypeError(
                f"{type(self).__name__} '{self.name}' takes its learning rate from a schedule, so "
                "it cannot be set to a number. Make the optimizer with a number as learning_rate, "
                f"or set another schedule. Received: learning_rate={learning_rate!r}"
            )

    def build(self, variables) -> None:
        """Makes the state for these variables; `apply` does it at its first call."""
        if self.built:
            return
        scheduled_name(self)
        variables = list(variables)
        self._rate_factors = self._resolve(self._rate_factors, variables)
        self._trainable_variables = variables
        self._index = {v: i for i, v in enumerate(variables)}
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulators = [
                self.add_variable_from_reference(v, "gradient_accumulator") for v in variables
            ]
        first = [{} if v.overwrite_with_gradient else self.init(v) for v in variables]
        self._slots = [{} for _ in variables]
        groups = [{n for slots in first for n in slots} - set(self.separate_slots)]
        groups += [{n} for n in self.separate_slots]
        for group in groups:
            for variable, values, slots in zip(variables, first, self._slots, strict=True):
                for n in values:
                    if n in group:
                        layout = placement.like(variable, values[n])
                        slots[n] = self._add(values[n], slot_name(variable, n), layout=layout)
        self.built = True

    def _get_variable_index(self, variable) -> int:
        """Where a variable stands among those that the optimizer was built with."""
        try:
            return self._index[variable]
        except KeyError:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' does not know the variable "
                f"'{variable.path}': it was built with other ones. Make a new optimizer for a "
                f"new set of variables. Received: {variable!r}"
            ) from None

    # The formula of a subclass.

    def init(self, variable) -> dict:
        """What is remembered of a variable: `{name: first value}`."""
        return {}

    def update(self, gradient, value, slots: dict, learning_rate, step):
        """One update of one variable, as a pure function.

        Args:
            gradient, value: of the variable, in its dtype.
            slots: what is remembered of it, by name.
            learning_rate: a scalar of float32 at least.
            step: the number of this update, from 1, of float32 at least.

        Returns:
            The new value and the new slots.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no formula. Write `def update(self, gradient, value, "
            "slots, learning_rate, step): return new_value, new_slots`."
        )

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Updates one variable by assigning to it."""
        self._update_by(self.update, gradient, variable, learning_rate)

    def _update_by(self, update, gradient, variable, learning_rate) -> None:
        dtype = variable.dtype
        # In 16 bits `1 - 0.999**step` is 0, and weights of these would never move.
        precise = jnp.promote_types(dtype, "float32")
        slots = self._slots[self._get_variable_index(variable)]
        value, new = update(
            jnp.asarray(gradient, dtype),
            variable.value,
            {name: slot.value for name, slot in slots.items()},
            jnp.asarray(learning_rate, precise),
            jnp.asarray(self.iterations + 1, precise),
        )
        variable.assign(value)
        for name, slot in slots.items():
            slot.assign(new[name])

    def update_steps(self, gradients, variables, learning_rate) -> None:
        """Updates all variables; overridden where they share state."""
        one = self.update_step
        if type(self).update_step is Optimizer.update_step:
            one = functools.partial(self._update_by, transforms.once_per_shape(self.update))
        for gradient, variable in zip(gradients, variables, strict=True):
            rate = self._rate_of(variable, learning_rate)
            if rate is not None:
                one(gradient, variable, rate)

    def assign(self, variable, value) -> None:
        """Sets a variable."""
        variable.assign(value)

    def assign_add(self, variable, value) -> None:
        """Adds to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable, value) -> None:
        """Subtracts from a variable."""
        variable.assign_sub(value)

    # One step.

    def apply_gradients(self, grads_and_vars):
        """`apply` for pairs of a gradient and its variable. Returns the count of steps."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads, trainable_variables=None) -> None:
        """Updates the variables by their gradients.

        Args:
            grads: one gradient for each variable; None where there is none.
            trainable_variables: the variables, or some of them. None means those that the
                optimizer was built with.

        Raises:
            ValueError: if the two do not match, or no variable has a gradient.
        """
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    f"{type(self).__name__} '{self.name}' does not know its variables yet. Call "
                    "apply(grads, trainable_variables), or build(trainable_variables) first."
                )
            variables = self._trainable_variables
        else:
            variables = list(trainable_variables)
            if not self.built:
                self.build(variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"{type(self).__name__} '{self.name}' takes one gradient for each variable. "
                f"Received: {len(grads)} gradients for {len(variables)} variables"
            )
        self._apply(*self._present(grads, variables))

    def _present(self, grads, variables) -> tuple[list, list]:
        """The gradients that there are, with their variables."""
        missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
        if len(missing) == len(variables):
            raise ValueError(
                f"{type(self).__name__} '{self.name}': no gradients provided for any variable. "
                f"Does the loss depend on them? Received: None for {missing}"
            )
        if missing:
            warnings.warn(
                f"Gradients do not exist for variables {missing} when minimizing the loss: they "
                "stay as they are. Is the loss computed from them?",
                stacklevel=4,
            )
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        grads = [jnp.asarray(g) for g, _ in pairs]
        for gradient, (_, variable) in zip(grads, pairs, strict=True):
            self._get_variable_index(variable)
            if gradient.shape != variable.shape:
                raise ValueError(
                    f"{type(self).__name__} '{self.name}': the gradient of '{variable.path}' has "
                    f"the variable's shape {variable.shape}. Received: shape {gradient.shape}"
                )
        return grads, [v for _, v in pairs]

    def _apply(self, grads, variables) -> None:
        for gradient, variable in zip(reversed(grads), reversed(variables), strict=True):
            # Backwards, as gradients are: the one nearest to the loss had NaN first.
            look("gradient", variable.path, gradient)
        # An update_step of the user's own may do what a compiled function cannot repeat.
        ours = type(self).update_step is Optimizer.update_step
        tracing = any(isinstance(g, jax.core.Tracer) for g in grads)
        rate = self.learning_rate
        rate = rate.value if isinstance(rate, Variable) else jnp.asarray(rate, floatx())
        if not ours or tracing or current_scope() is not None:
            self._run(grads, variables, rate)
            return
        # In a loop of the user's own, one compiled program instead of hundreds of small ones.
        key = tuple(variables)
        if key not in self._compiled:
            cells = [*dict.fromkeys([*variables, *self._trainable_variables]), *self.variables]

            def pure(values, grads, rate):
                with StatelessScope(zip(cells, values, strict=True)) as scope:
                    self._run(grads, variables, rate)
                return [scope.read(cell) for cell in cells]

            self._compiled[key] = cells, compiler.jit(pure)
        cells, run = self._compiled[key]
        for cell, value in zip(cells, run([c.value for c in cells], grads, rate), strict=True):
            cell.assign(value)

    def _run(self, grads, variables, learning_rate) -> None:
        """The whole step, in Keras's order."""
        grads, variables = self._overwrite(grads, variables)
        if variables:
            if self.loss_scale_factor is not None:
                grads = [g / self.loss_scale_factor for g in grads]
            if self.gradient_accumulation_steps:
                self._accumulate(grads, variables, learning_rate)
            else:
                self._step(grads, variables, learning_rate)
            if self.use_ema:
                self._average()
            for variable in variables:
                if variable.constraint is not None:
                    variable.assign(variable.constraint(variable.value))
        self._iterations.assign_add(1)

    def _step(self, grads, variables, learning_rate) -> None:
        if self.clipnorm is not None:
            grads = transforms.clip_by_norm(grads, self.clipnorm)
        elif self.global_clipnorm is not None:
            grads = transforms.clip_by_global_norm(grads, self.global_clipnorm)
        elif self.clipvalue is not None:
            grads = transforms.clip_by_value(grads, self.clipvalue)
        for variable in variables:
            decay = self.weight_decay_of(variable)
            rate = self._rate_of(variable, learning_rate)
            if decay is not None and rate is not None:
                value = variable.value
                variable.assign(value - value * decay * jnp.asarray(rate, value.dtype))
        with scheduled_momentum(self):
            self.update_steps(grads, variables, learning_rate)

    def _due(self):
        return (self._iterations.value + 1) % self.gradient_accumulation_steps == 0

    def _accumulate(self, grads, variables, learning_rate) -> None:
        due, steps = self._due(), self.gradient_accumulation_steps
        sums = [self._accumulators[self._get_variable_index(v)] for v in variables]
        totals = [s.value + g for s, g in zip(sums, grads, strict=True)]
        means = [t / steps for t in totals]
        state = [*variables, *self.variables]
        transforms.when(due, lambda: self._step(means, variables, learning_rate), state)
        for s, total in zip(sums, totals, strict=True):
            s.assign(jnp.where(due, 0, total))

    def _overwrite(self, grads, variables) -> tuple[list, list]:
        """Gives variables their gradient as value that ask for it; returns the others."""
        rest = []
        for gradient, variable in zip(grads, variables, strict=True):
            if not variable.overwrite_with_gradient:
                rest.append((gradient, variable))
            elif self.gradient_accumulation_steps:
                highest = self._accumulators[self._get_variable_index(variable)]
                gradient = jnp.maximum(gradient, highest.value)
                variable.assign(jnp.where(self._due(), gradient, variable.value))
                highest.assign(jnp.where(self._due(), 0, gradient))
            else:
                variable.assign(gradient)
        return [g for g, _ in rest], [v for _, v in rest]

    def _average(self) -> None:
        updates = self.iterations
        for variable, average in zip(self._trainable_variables, self._averages, strict=True):
            if average is None:
                continue
            value = variable.value
            keep = jnp.asarray(updates != 0, value.dtype) * self.ema_momentum
            average.assign(keep * average.value + (1 - keep) * value)
            if self.ema_overwrite_frequency:
                now = (updates + 1) % self.ema_overwrite_frequency == 0
                variable.assign(jnp.where(now, average.value, value))

    def finalize_variable_values(self, var_list) -> None:
        """Ends the training: with `use_ema`, the variables become their averages."""
        if not self.use_ema:
            return
        for variable in var_list:
            average = self._averages[self._get_variable_index(variable)]
            if average is not None:
                variable.assign(average.value)

    def stateless_apply(self, optimizer_variables, grads, trainable_variables) -> tuple:
        """`apply` as a pure function of arrays.

        Args:
            optimizer_variables: the values of `variables`.
            grads: one gradient for each variable that the optimizer was built with.
            trainable_variables: those variables' values.

        Returns:
            The new values of the trainable variables, and of the optimizer's.
        """
        if not self.built:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has no state yet. Call "
                "build(trainable_variables) before stateless_apply."
            )
        groups = {
            "optimizer_variables": (self.variables, optimizer_variables),
            "trainable_variables": (self._trainable_variables, trainable_variables),
        }
        for name, (cells, values) in groups.items():
            if len(cells) != len(values):
                raise ValueError(
                    f"{type(self).__name__} '{self.name}': {name} are {len(cells)} arrays. "
                    f"Received: {len(values)}"
                )
        mapping = [pair for group in groups.values() for pair in zip(*group, strict=True)]
        with StatelessScope(mapping) as scope:
            self.apply(grads)
        own, trained = [[scope.read(c) for c in cells] for cells, _ in groups.values()]
        return trained, own

    def scale_loss(self, loss):
        """The loss times `loss_scale_factor`, which `apply` takes out of the gradients again."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # Saving.

    def get_config(self) -> dict:
        """The constructor's arguments as plain JSON, the learning rate as it is now."""
        rate = self._learning_rate
        rate = float(rate) if isinstance(rate, Variable) else rate
        parameters = inspect.signature(type(self).__init__).parameters
        shared = inspect.signature(Optimizer.__init__).parameters
        config = {
            name: serialize.serialize(rate if name == "learning_rate" else getattr(self, name))
            for name in shared
            if name not in ("self", "kwargs")
        }
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            config = {k: v for k, v in config.items() if k in parameters}
        own = serialize.captured_arguments(self, strict=False, skip=config)
        # Settings may have been changed since.
        config |= {k: serialize.serialize(getattr(self, k, v)) for k, v in own.items()}
        if self._rate_factors:
            config["learning_rate_factors"] = self.learning_rate_factors
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "Optimizer":
        """The optimizer that `get_config` described."""
        factors = config.get("learning_rate_factors")
        config = {k: v for k, v in config.items() if k != "learning_rate_factors"}
        optimizer = cls(**serialize.deserialize_arguments(config, custom_objects))
        if factors:
            optimizer.scale_learning_rate(factors)
        return optimizer

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"
