"""What an optimizer remembers: its variables, how they are made, named and saved."""

import warnings

import jax
import numpy as np

from ..engine import placement
from ..engine.context import current_context, enter_context, leave_context
from ..engine.dtypes import numpy_dtype, standardize_dtype
from ..engine.tracking import Trackable, owned
from ..engine.variable import Variable


class OptimizerState(Trackable):
    """The base of Optimizer that holds its variables."""

    # The model's variables are not the optimizer's.
    _untracked = Trackable._untracked | {"_trainable_variables", "_undecayed", "_compiled"}

    built = False

    def __init__(self, name: str):
        self.name = name
        self._variables: list[Variable] = []

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables, in the order in which files hold them."""
        return [v for v in owned(self) if isinstance(v, Variable)]

    def _add(
        self, value, name: str | None, dtype=None, aggregation: str = "none", layout=None
    ) -> Variable:
        token = enter_context(current_context()._replace(path=self.name, autocast=None))
        try:
            variable = Variable(
                value,
                dtype=dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
                layout=placement.whole() if layout is None else layout,
            )
        finally:
            leave_context(token)
        self._variables.append(variable)
        return variable

    def add_variable(
        self, shape, initializer="zeros", dtype=None, aggregation="none", layout=None, name=None
    ) -> Variable:
        """Makes a variable that belongs to the optimizer's state.

        Args:
            shape: its shape.
            initializer: an initializer or its name.
            dtype: its dtype; `floatx()` when None.
            aggregation: kept on the variable.
            layout: a `jax.sharding.Sharding`, or a layout that holds one.
            name: the last part of its path.
        """
        dtype = standardize_dtype(dtype)
        if initializer == "zeros":
            # NumPy makes zeros of any shape without a compilation.
            value = np.zeros(shape, numpy_dtype(dtype))
        else:
            from .. import initializers

            # In a trace, too, the first state is made of numbers.
            with jax.ensure_compile_time_eval():
                value = initializers.get(initializer)(tuple(shape), dtype=dtype)
        return self._add(value, name, dtype, aggregation, layout)

    def add_variable_from_reference(
        self, reference_variable, name: str | None = None, initializer="zeros"
    ) -> Variable:
        """Makes a variable of the same shape and dtype as a weight, named after it."""
        return self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            layout=placement.like(reference_variable, reference_variable),
            name=slot_name(reference_variable, name or "var"),
        )

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """Makes one variable, or several, for each weight.

        Args:
            trainable_variables: the weights.
            name: the name of what is made, or a list of names.
            initializer: an initializer for all, or a list with one for each name.

        Returns:
            A list with one variable for each weight (None for those that take their gradient
            as their value); for several names, a tuple of such lists.
        """
        names = [name] if isinstance(name, str) else list(name)
        each = isinstance(initializer, (list, tuple))
        initializers = list(initializer) if each else [initializer] * len(names)
        if len(initializers) != len(names):
            raise ValueError(
                "add_optimizer_variables takes one initializer for each name. "
                f"Received: name={name}, initializer={initializer}"
            )
        made = tuple([] for _ in names)
        for variable in trainable_variables:
            for column, n, init in zip(made, names, initializers, strict=True):
                skip = variable.overwrite_with_gradient
                column.append(None if skip else self.add_variable_from_reference(variable, n, init))
        return made[0] if isinstance(name, str) else made

    def set_weights(self, weights) -> None:
        """Sets all `variables`, in their order."""
        variables = self.variables
        if not self.built:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has no state yet. Call "
                "build(trainable_variables) before set_weights."
            )
        if len(weights) != len(variables):
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has {len(variables)} variables. "
                f"Received: {len(weights)} weights"
            )
        for variable, weight in zip(variables, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store) -> None:
        """Puts the state into a dict-like store under "0", "1", ..."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = np.asarray(variable.value)  # no copy: the file takes it at once

    def load_own_variables(self, store) -> None:
        """Takes the state from a store; one with another number of variables is passed over."""
        variables = self.variables
        if len(store.keys()) != len(variables):
            warnings.warn(
                f"{type(self).__name__} '{self.name}' has {len(variables)} variables and the saved "
                f"one {len(store.keys())}: its state is not loaded. Build the optimizer with the "
                "same variables and options first.",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(variables):
            variable.assign(store[str(i)])


def slot_name(variable, name: str) -> str:
    """The name of what an optimizer remembers of a variable."""
    return f"{variable.path.replace('/', '_')}_{name}"


def zeros(variable, *names: str) -> dict:
    """Slots of a variable's shape and dtype that start as zeros."""
    # NumPy makes them without a compilation for each shape.
    return {n: np.zeros(variable.shape, numpy_dtype(variable.dtype)) for n in names}


def full(variable, value: float) -> np.ndarray:
    """The first value of a slot that starts as a constant."""
    return np.full(variable.shape, value, numpy_dtype(variable.dtype))
