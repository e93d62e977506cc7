"""Metric: the base of all metrics, and Mean and Sum, from which most are made."""

import jax.numpy as jnp

from ..engine import dtypes, serialize
from ..engine.context import current_context, enter_context, leave_context
from ..engine.naming import auto_name
from ..engine.scope import StatelessScope
from ..engine.tracking import Trackable, owned, unique
from ..engine.variable import Variable


class Metric(Trackable):
    """A number summed up over batches.

    Subclasses make variables with `add_variable`, take a batch in `update_state` and give the
    number in `result`. `reset_state` sets all variables to what they started as.

    Args:
        dtype: the dtype of its variables; `floatx()` when None.
        name: shown in logs; made from the class's name when None.
    """

    def __init__(self, dtype=None, name: str | None = None):
        self.name = auto_name(self) if name is None else name
        self._dtype_policy = dtypes.get_policy(dtype)
        self._variables: list[Variable] = []

    dtype = property(lambda self: self._dtype_policy.variable_dtype)

    def add_variable(self, shape, initializer="zeros", dtype=None, aggregation="sum", name=None):
        """Makes a variable that `reset_state` sets back to zero."""
        from .. import initializers

        context = current_context()
        token = enter_context(context._replace(path=context.inside(self.name), autocast=None))
        try:
            variable = Variable(
                initializers.get(initializer),
                shape=shape,
                dtype=self.dtype if dtype is None else dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
            )
        finally:
            leave_context(token)
        self._variables.append(variable)
        return variable

    def add_weight(self, shape=(), initializer=None, dtype=None, name=None):
        """The same as `add_variable`, for people who come from Keras 2."""
        return self.add_variable(shape, initializer or "zeros", dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The metric's variables, those of metrics inside it included."""
        inner = [v for c in owned(self) if isinstance(c, Metric) for v in c.variables]
        direct = [c for c in owned(self) if isinstance(c, Variable)]
        return unique([*self._variables, *direct, *inner])

    def update_state(self, *args, **kwargs):
        """Takes a batch into account."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state().")

    def result(self):
        """The metric's value so far."""
        raise NotImplementedError(f"{type(self).__name__} has no result().")

    def reset_state(self) -> None:
        """Forgets everything: all variables become zero."""
        for v in self.variables:
            v.assign(jnp.zeros(v.shape, v.dtype))

    def stateless_update_state(self, metric_variables, *args, **kwargs) -> list:
        """The variables' new values after a batch, as a pure function of the old ones."""
        with StatelessScope(zip(self.variables, metric_variables, strict=True)) as scope:
            self.update_state(*args, **kwargs)
        return [scope.read(v) for v in self.variables]

    def stateless_result(self, metric_variables):
        """The result, as a pure function of the variables."""
        with StatelessScope(zip(self.variables, metric_variables, strict=True)):
            return self.result()

    def stateless_reset_state(self) -> list:
        """The values that `reset_state` gives the variables."""
        with StatelessScope() as scope:
            self.reset_state()
        return [scope.read(v) for v in self.variables]

    def __call__(self, *args, **kwargs):
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict:
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict) -> "Metric":
        return cls(**{k: serialize.deserialize(v) for k, v in config.items()})

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"


def reduce_to_samples(values, sample_weight):
    """The values and the weights, reduced and broadcast against each other for a weighted sum."""
    values = jnp.asarray(values)
    if sample_weight is None:
        return values, None
    weight = jnp.asarray(sample_weight, values.dtype)
    while weight.ndim < values.ndim:
        # One weight per sample: average what each sample holds.
        values = values.mean(-1)
    if weight.ndim > values.ndim and weight.shape[-1] == 1:
        weight = weight[..., 0]
    return values, jnp.broadcast_to(weight, values.shape)


class Sum(Metric):
    """The (weighted) sum of all values.

    >>> import hornbill as hb
    >>> m = hb.metrics.Sum()
    >>> m.update_state([1.0, 3.0, 5.0])
    >>> float(m.result())
    9.0
    """

    def __init__(self, name: str = "sum", dtype=None):
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values, sample_weight=None):
        values, weight = reduce_to_samples(jnp.asarray(values, self.dtype), sample_weight)
        self.total.assign_add(jnp.sum(values if weight is None else values * weight))

    def result(self):
        return self.total.value


class Mean(Metric):
    """The (weighted) mean of all values.

    >>> import hornbill as hb
    >>> m = hb.metrics.Mean()
    >>> m.update_state([1.0, 3.0, 5.0, 7.0], sample_weight=[1, 1, 0, 0])
    >>> float(m.result())
    2.0
    """

    def __init__(self, name: str = "mean", dtype=None):
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values, sample_weight=None):
        values, weight = reduce_to_samples(jnp.asarray(values, self.dtype), sample_weight)
        if weight is None:
            self.total.assign_add(jnp.sum(values))
            self.count.assign_add(values.size)
        else:
            self.total.assign_add(jnp.sum(values * weight))
            self.count.assign_add(jnp.sum(weight))

    def result(self):
        count = self.count.value
        return jnp.where(count > 0, self.total.value / jnp.where(count > 0, count, 1), 0.0)


class MeanMetricWrapper(Mean):
    """The mean of a function `fn(y_true, y_pred, **kwargs)` of each sample.

    >>> import hornbill as hb
    >>> def spread(y_true, y_pred):
    ...     return abs(y_true - y_pred)
    >>> m = hb.metrics.MeanMetricWrapper(spread, name="spread")
    >>> m.update_state(hb.ops.array([1.0, 2.0]), hb.ops.array([2.0, 4.0]))
    >>> float(m.result())
    1.5
    """

    def __init__(self, fn, name: str | None = None, dtype=None, **kwargs):
        super().__init__(name=name or getattr(fn, "__name__", "mean"), dtype=dtype)
        self._fn, self._fn_kwargs = fn, kwargs

    def update_state(self, y_true, y_pred, sample_weight=None):
        from ..engine.masks import get_mask

        mask = get_mask(y_pred)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        if mask is not None:
            mask = jnp.asarray(mask, values.dtype)
            while mask.ndim > values.ndim:
                mask = mask[..., 0]
            sample_weight = mask if sample_weight is None else sample_weight * mask
        super().update_state(values, sample_weight=sample_weight)

    def get_config(self) -> dict:
        config = {"name": self.name, "dtype": self.dtype}
        if type(self) is MeanMetricWrapper:
            config["fn"] = serialize.serialize(self._fn)
            config.update(serialize.serialize(self._fn_kwargs))
        return config
