"""The state of many models of one kind: each variable's values stacked, member first."""

import contextlib
import dataclasses

import jax
import numpy as np

from ..engine import compile as compiler
from ..engine.device import from_host
from ..engine.dtypes import numpy_dtype
from ..engine.scope import StatelessScope
from ..engine.variable import Variable
from ..training.runner import optimizers_of, state_of
from .members import Recipe, build_state, facts_of, holder_of_numbers, lasting_state

# A smaller group wastes time: a step of one member, alone, takes twice as long as a share of this.
SMALLEST_GROUP = 4


def groups_of(n: int) -> list[slice]:
    """The members cut into groups of one size, of which each trains in a host thread of its own.

    On the CPU a compiled loop runs on one core; an accelerator does all members at once.
    """
    count = 1
    if compiler.platform() == "cpu":
        able = range(2, min(compiler.cores(), n // SMALLEST_GROUP) + 1)
        count = max([g for g in able if n % g == 0], default=1)
    return [slice(i, i + n // count) for i in range(0, n, n // count)]


@dataclasses.dataclass(slots=True)
class Cell:
    """The values of one variable in a group of members, held as a `Variable` holds its own."""

    _value: jax.Array | None = None
    _lent: bool = False  # nobody else holds the array


class Stack:
    """The members' state, and the one model whose steps run on all of it.

    Args:
        recipe: how the members are made.

    Attributes:
        groups: the members, in the groups whose state lies together.
        template: the first member, whose Python code is traced; its own arrays are not used.
        batch: a batch as shapes, once there was one.
    """

    def __init__(self, recipe: Recipe):
        self.recipe, self.n = recipe, len(recipe.seeds)
        self.groups = groups_of(self.n)
        made = [recipe.make(i) for i in range(self.n)]
        # Kept until data has come: some models make their weights only then.
        self._models = [model for model, _ in made]
        self.randomness = [randomness for _, randomness in made]
        self.template = self._models[0]
        self._cells: dict[Variable, list[Cell]] = {}
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
        """Gives each member one of these values."""
        values = np.asarray(values, numpy_dtype(variable.dtype))
        cells = self._cells.setdefault(variable, [Cell() for _ in self.groups])
        for cell, group in zip(cells, self.groups, strict=True):
            cell._value = from_host(values[group])

    def cells(self, variable: Variable) -> list[Cell]:
        """Where each group of members has its values of one of the template's variables."""
        if variable not in self._cells:
            if variable.made_trainable:
                raise ValueError(
                    f"The weight '{variable.path}' was made by the first training step, where no "
                    "member has randomness of its own. Make weights before: give the model an "
                    "Input, or build it."
                )
            self.reset(variable)  # a metric's sum, a slot of a user's own step
        return self._cells[variable]

    def values(self, variable: Variable) -> np.ndarray:
        """A copy of all members' values of one of the template's variables."""
        return np.concatenate([np.asarray(cell._value) for cell in self.cells(variable)])

    def value(self, variable: Variable, i: int) -> np.ndarray:
        """A copy of member `i`'s value of one of the template's variables."""
        group, place = divmod(i, self.n // len(self.groups))
        return np.array(np.asarray(self.cells(variable)[group]._value)[place])

    def reset(self, variable: Variable) -> None:
        """Gives each member the value that the template has."""
        self._put(variable, np.stack([np.asarray(variable.value)] * self.n))

    def apply(self, function, variables: list[Variable]) -> None:
        """Runs code of one model that assigns to these variables, for every member."""

        def pure(values):
            with StatelessScope(zip(variables, values, strict=True)) as scope:
                function()
            return [scope.read(v) for v in variables]

        new = jax.vmap(pure)([self.values(v) for v in variables])
        for variable, values in zip(variables, new, strict=True):
            self._put(variable, values)

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
            mine.assign(self.value(v, i))
        return model
