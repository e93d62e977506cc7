"""The state of many models of one kind as one: each variable's values stacked, member first."""

import contextlib

import jax
import numpy as np

from ..engine.scope import StatelessScope
from ..engine.variable import Variable
from ..training.reader import EpochReader
from ..training.runner import StepRunner, optimizers_of, state_of
from .members import Recipe, build_state, facts_of, holder_of_numbers, lasting_state


class Stack:
    """The members' state, and the one model whose steps run on all of it.

    Args:
        recipe: how the members are made.

    Attributes:
        template: the first member, whose Python code is traced; its own arrays are not used.
        batch: a batch as shapes, once there was one.
    """

    def __init__(self, recipe: Recipe):
        self.recipe, self.n = recipe, len(recipe.seeds)
        made = [recipe.make(i) for i in range(self.n)]
        # Kept until data has come: some models make their weights only then.
        self._models = [model for model, _ in made]
        self.randomness = [randomness for _, randomness in made]
        self.template = self._models[0]
        self._stacked: dict[Variable, Variable] = {}
        self._numbers: dict[str, Variable] = {}
        self.batch = None
        self.settled = False
        if len({id(m) for m in self._models}) < self.n:
            raise ValueError("Population's build must return a new model at each call.")
        self._check_facts()

    def _check_facts(self) -> None:
        first = facts_of(self.template, self.recipe.numbers)
        for i, model in enumerate(self._models[1:], 1):
            facts = facts_of(model, self.recipe.numbers)
            if facts != first:
                name = next(k for k in [*first, *facts] if first.get(k) != facts.get(k))
                raise ValueError(
                    "The members of a population are one program and differ in numbers of the "
                    f"optimizer alone, given as in Population(build, n, weight_decay=[...]). "
                    f"build made '{name}' {facts.get(name)!r} in member {i} and "
                    f"{first.get(name)!r} in member 0."
                )

    def settle(self, batch) -> None:
        """Stacks the members' state; at the first batch, which says the shapes of weights."""
        if self.settled:
            return
        self.batch = batch
        states = []  # of each member: the paths and values of its variables
        for i, (model, randomness) in enumerate(zip(self._models, self.randomness, strict=True)):
            build_state(model, batch, randomness)
            variables = state_of(model, "train")[0]
            with randomness:  # for the generator that all models share
                states.append([(v.path, np.array(v.value)) for v in variables])
            shapes, first = ([(p, a.shape, a.dtype) for p, a in s] for s in (states[i], states[0]))
            if shapes != first:
                pairs = zip(shapes, first, strict=False)
                odd = next(((a, b) for a, b in pairs if a != b), (len(shapes), len(first)))
                raise ValueError(
                    "The members of a population have the same variables. "
                    f"Member {i} has {odd[0]} where member 0 has {odd[1]}"
                )
        for v, *parts in zip(state_of(self.template, "train")[0], *states, strict=True):
            self._put(v, np.stack([array for _, array in parts]))
        self._take_numbers()
        self._models, self.settled = [], True

    def _take_numbers(self) -> None:
        """Makes state of the optimizer's numbers that vary: Variables that it owns."""
        for name, values in self.recipe.numbers.items():
            if name != "learning_rate":  # that is state already
                self._numbers[name] = number = Variable(
                    values[0], dtype="float32", trainable=False, autocast=False, name=name
                )
                self._put(number, values)
        if self._numbers:
            holder_of_numbers(self.template.optimizer)._varied = self._numbers

    @contextlib.contextmanager
    def numbers_from(self, state: dict):
        """Gives the template's optimizer its numbers from one member's state, for a `with`."""
        present = {n: state[v] for n, v in self._numbers.items() if v in state}
        optimizer = holder_of_numbers(self.template.optimizer)
        usual = {name: getattr(optimizer, name) for name in present}
        try:
            for name, value in present.items():
                setattr(optimizer, name, value)
            yield
        finally:
            for name, value in usual.items():
                setattr(optimizer, name, value)

    def _put(self, variable: Variable, values) -> None:
        self._stacked[variable] = Variable(
            values, dtype=variable.dtype, trainable=False, autocast=False, name=variable.name
        )

    def holder(self, variable: Variable) -> Variable:
        """The Variable that holds all members' values of one of the template's."""
        if variable not in self._stacked:
            if variable.made_trainable:
                raise ValueError(
                    f"The weight '{variable.path}' was made by the first training step, where no "
                    "member has randomness of its own. Make weights before: give the model an "
                    "Input, or build it."
                )
            self.reset(variable)  # a metric's sum, a slot of a user's own step
        return self._stacked[variable]

    def reset(self, variable: Variable) -> None:
        """Gives each member the value that the template has."""
        values = np.broadcast_to(np.asarray(variable.value), (self.n, *variable.shape))
        if variable in self._stacked:
            self._stacked[variable].assign(values)
        else:
            self._put(variable, values)

    def apply(self, function, variables: list[Variable]) -> None:
        """Runs code of one model that assigns to these variables, for every member."""

        def pure(values):
            with StatelessScope(zip(variables, values, strict=True)) as scope:
                function()
            return [scope.read(v) for v in variables]

        holders = [self.holder(v) for v in variables]
        new = jax.vmap(pure)([h.value for h in holders])
        for holder, value in zip(holders, new, strict=True):
            holder.assign(value)

    def member(self, i: int):
        """Member `i` as a model of its own, with its weights and its optimizer's state."""
        model, randomness = self.recipe.make(i)
        if not self.settled:
            return model
        build_state(model, self.batch, randomness)
        same = dict(zip(self.template.variables, model.variables, strict=True))
        pairs = zip(optimizers_of(self.template), optimizers_of(model), strict=True)
        for known, new in pairs:  # those that only a step of a user's own knows
            if known.built and not new.built:
                new.build([same[v] for v in known._trainable_variables])
        theirs = lasting_state(self.template, without=self._numbers.values())
        for mine, v in zip(lasting_state(model), theirs, strict=True):
            mine.assign(np.array(self.holder(v).value[i]))
        return model


class StackRunner(StepRunner):
    """Runs one model's step for all members at once, by `jax.vmap`."""

    def __init__(self, stack: Stack, mode: str):
        super().__init__(stack.template, mode)
        self.stack, self.members = stack, stack.n

    def _note_settings(self):
        super()._note_settings()
        if self.checks:
            raise ValueError(
                "Steps of a population are not checked for NaN: where one member fails, the others "
                "go on. Look for NaN in its history; to find the place, train population[i] with "
                "check_numerics. Switch check_nans and check_numerics off for the population."
            )

    def _build(self, data, each=False):
        shape = slice(1 if each else 0, None)  # a member's
        batch = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape[shape], a.dtype), data)
        self.stack.settle(batch)
        super()._build(batch)

    def _holders(self, variables):
        return [self.stack.holder(v) for v in variables]

    def _pure(self, cells, fixed, each):
        one = super()._pure(cells, fixed, each)

        def member(values, *rest):
            with self.stack.numbers_from(dict(zip(cells, values, strict=True))):
                return one(values, *rest)

        # Outputs keep the samples first, so that the loop joins batches as always.
        axis = 1 if self.mode == "predict" else 0
        return jax.vmap(member, in_axes=(0, 0, 0 if each else None), out_axes=(0, axis))

    def _trace(self, batch, each=False):
        try:
            return super()._trace(batch, each)
        except jax.errors.ConcretizationTypeError as error:
            names = [n for n in self.stack.recipe.numbers if n != "learning_rate"]
            if names:
                raise ValueError(
                    f"{type(self.model.optimizer).__name__}, or the model, decides in Python by a "
                    f"number that differs from member to member. These were given: {names}"
                ) from error
            raise


class StackReader(EpochReader):
    """Gives each member the order of samples that it would draw alone."""

    def __init__(self, data, steps: int | None, randomness: list):
        super().__init__(data, steps)
        self._randomness = randomness
        self._readers = [EpochReader(data, steps) for _ in randomness]

    def draw(self):
        """The next epoch: rows of indices `(steps, members, batch)`, and of the partial batch."""
        if not self.data.shuffle:
            return super().draw()  # one order, and one gathering, for all
        matrices, rests = [], []
        for reader, randomness in zip(self._readers, self._randomness, strict=True):
            with randomness:
                matrix, rest = reader.draw()
            matrices.append(matrix)
            rests.append(rest)
        return np.stack(matrices, axis=1), np.stack(rests) if len(rests[0]) else rests[0]
