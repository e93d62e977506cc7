"""Metric: the base of all metrics."""

import inspect
from numbers import Integral

import jax
import jax.numpy as jnp
import numpy as np

from .. import initializers
from ..engine import config, dtypes, serialize
from ..engine.context import current_context, enter_context, leave_context
from ..engine.naming import auto_name
from ..engine.operation import to_array
from ..engine.scope import StatelessScope
from ..engine.tracking import Trackable, owned, unique
from ..engine.variable import Variable


class Metric(Trackable):
    """A number gathered over batches.

    Subclasses make variables with `add_variable` in `__init__`, take a batch in `update_state`
    and give the number (or a dict of numbers) in `result`:

    >>> import hornbill as hb
    >>> class Largest(hb.metrics.Metric):
    ...     def __init__(self, name="largest", dtype=None):
    ...         super().__init__(dtype=dtype, name=name)
    ...         self.peak = self.add_variable((), "zeros", name="peak")
    ...     def update_state(self, values, sample_weight=None):
    ...         self.peak.assign(hb.ops.maximum(self.peak, hb.ops.max(values)))
    ...     def result(self):
    ...         return self.peak.value
    >>> largest = Largest()
    >>> largest.update_state(hb.ops.array([1.0, 7.0, 3.0]))
    >>> float(largest.result())
    7.0

    All state lives in the variables, so the same code runs eagerly and, under a
    `StatelessScope`, inside a compiled step (`stateless_update_state` and kin).

    Args:
        dtype: the dtype of the metric's computations, a name or a `DTypePolicy` (whose compute
            dtype counts); `floatx()` when None, whatever the global policy is.
        name: shown in logs; made from the class's name when None.
    """

    # Whether a better model has a higher ("up") or lower ("down") value; None when unknown.
    # Callbacks with mode="auto" ask for it.
    _direction: str | None = None

    def __init__(self, dtype=None, name: str | None = None):
        self.name = auto_name(self) if name is None else name
        self._dtype_policy = dtypes.get_policy(config.floatx() if dtype is None else dtype)
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """The dtype in which the metric computes."""
        return self._dtype_policy.compute_dtype

    def add_variable(self, shape, initializer, dtype=None, aggregation="sum", name=None):
        """Makes a variable of the metric's state, which `reset_state` sets to zero.

        Args:
            shape: its shape, `()` for a number.
            initializer: how it starts, such as `"zeros"`.
            dtype: its dtype; `floatx()` when None.
            aggregation: how values of several replicas combine.
            name: the last part of its path.
        """
        if "_variables" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}.__init__ must call super().__init__() before it makes "
                f"variables. Received: add_variable(name={name!r})"
            )
        context = current_context()
        path = context.inside(self.name.replace("/", ">"))
        token = enter_context(context._replace(path=path, autocast=None))
        try:
            variable = Variable(
                initializers.get(initializer),
                shape=shape,
                dtype=dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                synchronization="on_read",
                name=name,
            )
        finally:
            leave_context(token)
        self._variables.append(variable)
        return variable

    def add_weight(self, shape=(), initializer=None, dtype=None, name=None):
        """`add_variable` under Keras 2's name; it starts with zeros unless told otherwise."""
        return self.add_variable(shape, initializer or "zeros", dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The metric's variables, then those of the metrics that it holds."""
        mine = owned(self)
        inner = [v for c in mine if isinstance(c, Metric) for v in c.variables]
        return unique([*self._variables, *(c for c in mine if isinstance(c, Variable)), *inner])

    def update_state(self, *args, **kwargs) -> None:
        """Takes a batch into account."""
        raise NotImplementedError(
            f"{type(self).__name__} has no update_state(). Write "
            "`def update_state(self, y_true, y_pred, sample_weight=None): ...`."
        )

    def result(self):
        """The value over all batches since the last `reset_state`: an array, or a dict of them."""
        raise NotImplementedError(
            f"{type(self).__name__} has no result(). Write `def result(self): ...`."
        )

    def reset_state(self) -> None:
        """Forgets all batches: every variable becomes zero."""
        for v in self.variables:
            # Zeros made by NumPy cost a copy; made by JAX they would cost a compile per shape.
            v.assign(np.zeros(v.shape, dtypes.numpy_dtype(v.dtype)))

    def stateless_update_state(self, metric_variables, *args, **kwargs) -> list:
        """The variables' new values after a batch, as a pure function of the old ones."""
        with self._scope(metric_variables) as scope:
            self.update_state(*args, **kwargs)
        return [scope.read(v) for v in self.variables]

    def stateless_result(self, metric_variables):
        """`result()` as a pure function of the variables' values."""
        with self._scope(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list:
        """The values that `reset_state` gives the variables."""
        with StatelessScope() as scope:
            self.reset_state()
        return [scope.read(v) for v in self.variables]

    def _scope(self, values) -> StatelessScope:
        mine, values = self.variables, list(values)
        if len(mine) != len(values):
            raise ValueError(
                f"Metric '{self.name}' has {len(mine)} variables and takes one value for each, in "
                f"the order of `variables`. Received: {len(values)} values"
            )
        return StatelessScope(zip(mine, values, strict=True))

    def __call__(self, *args, **kwargs):
        """`update_state` with the arguments, then `result()`."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict:
        """The constructor's arguments as plain JSON, for `from_config`."""
        overridden = not type(self).get_config.__module__.startswith(__package__)
        base = {"name": self.name, "dtype": self.dtype}
        taken = inspect.signature(type(self).__init__).parameters.values()
        if not any(p.kind is p.VAR_KEYWORD for p in taken):
            base = {k: v for k, v in base.items() if k in {p.name for p in taken}}
        given = serialize.captured_arguments(self, strict=not overridden, skip=base)
        return {**base, **{k: _as_lists(v) for k, v in given.items()}}

    @classmethod
    def from_config(cls, config: dict) -> "Metric":
        """The metric that `get_config` described, with empty state."""
        return cls(**serialize.deserialize_arguments(config))

    def __repr__(self):
        return f"<{type(self).__name__} name={self.__dict__.get('name', '?')}>"


def cast(x, dtype) -> jax.Array:
    """An array-like or a Variable as an array of that dtype."""
    return jnp.asarray(to_array(x), dtype)


def _as_lists(value):
    """Tuples and arrays as lists: Keras's metrics take their config as it is written."""
    kind = value.get("class_name") if isinstance(value, dict) else None
    return {
        "__tuple__": lambda: value["items"],
        "__numpy__": lambda: value["config"]["value"],
    }.get(kind, lambda: value)()


def check_int(value, name: str, who, least: int = 0, optional: bool = False) -> None:
    """Refuses an argument that is not an int of at least `least` (or None, if `optional`)."""
    fine = isinstance(value, Integral) and not isinstance(value, bool) and value >= least
    if not fine and not (optional and value is None):
        raise ValueError(
            f"{type(who).__name__}'s {name} is an int of at least {least}"
            f"{', or None' if optional else ''}. Received: {name}={value!r}"
        )
