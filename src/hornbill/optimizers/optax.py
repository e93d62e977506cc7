"""An optax transformation as an Optimizer. Optax itself is not needed."""

import jax
import jax.numpy as jnp

from .base import Optimizer
from .options import options


def is_transformation(x) -> bool:
    """Whether `x` looks like an `optax.GradientTransformation`."""
    return not isinstance(x, (Optimizer, type)) and all(
        callable(getattr(x, name, None)) for name in ("init", "update")
    )


class OptaxOptimizer(Optimizer):
    """Updates with an `optax.GradientTransformation`.

    The transformation sees one dict `{path: array}` of all variables, so masks and labels
    (`optax.masked`, `optax.partition`) can go by path. Variables without a gradient count as
    having a gradient of zero, and stay as they are.

    Args:
        transformation: what `optax.adam(...)` and its like return.
        learning_rate: the factor on the transformation's updates, which bring their own rate;
            1 leaves them as they are.
        **options: see `Optimizer`.

    `optimizer=optax.adam(0.001)` is all it takes in `compile`. What it does, with a transformation
    of our own:

    >>> from types import SimpleNamespace
    >>> import hornbill as hb
    >>> down = SimpleNamespace(
    ...     init=lambda values: (),
    ...     update=lambda gradients, state, values: ({k: -g for k, g in gradients.items()}, state),
    ... )
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.get(down).apply([hb.ops.array([0.5])], [w])
    >>> w.numpy().tolist()
    [0.5]
    """

    @options
    def __init__(self, transformation, learning_rate=1.0, **options):
        if not is_transformation(transformation):
            raise ValueError(
                "OptaxOptimizer takes an object with init and update, as optax.adam(0.001) "
                f"returns. Received: transformation={transformation!r}"
            )
        super().__init__(learning_rate, **options)
        self.transformation = transformation

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        paths = [v.path for v in self._trainable_variables]
        # Two variables may have the same path outside a model.
        again = [paths[:i].count(path) for i, path in enumerate(paths)]
        self._keys = [f"{p}#{n}" if n else p for p, n in zip(paths, again, strict=True)]
        state = self.transformation.init(self._values())
        leaves, self._structure = jax.tree_util.tree_flatten_with_path(state)
        # Random keys are kept as the numbers that they are made of.
        self._keyed = [jax.random.key_impl(x) if _is_key(x) else None for _, x in leaves]
        self._state = [self._add(_plain(x), _name(path)) for path, x in leaves]

    def _values(self) -> dict:
        return {k: v.value for k, v in zip(self._keys, self._trainable_variables, strict=True)}

    def update_steps(self, gradients, variables, learning_rate):
        values = self._values()
        keys = [self._keys[self._get_variable_index(v)] for v in variables]
        given = dict(zip(keys, gradients, strict=True))
        gradients = {
            k: jnp.asarray(given[k], v.dtype) if k in given else jnp.zeros_like(v)
            for k, v in values.items()
        }
        state = [
            v.value if impl is None else jax.random.wrap_key_data(v.value, impl=impl)
            for v, impl in zip(self._state, self._keyed, strict=True)
        ]
        state = jax.tree.unflatten(self._structure, state)
        updates, state = self.transformation.update(gradients, state, values)
        for key, variable in zip(keys, variables, strict=True):
            rate = self._rate_of(variable, learning_rate)
            if rate is not None:
                variable.assign_add(updates[key] * jnp.asarray(rate, variable.dtype))
        for variable, value in zip(self._state, jax.tree.leaves(state), strict=True):
            variable.assign(_plain(value))

    def get_config(self):
        raise TypeError(
            "An optax transformation is code and cannot be written as JSON. To save this model, "
            "compile it with one of hornbill.optimizers, or save its weights only. "
            f"Received: transformation={type(self.transformation).__name__}"
        )


def _name(path) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="_").replace("/", "_")


def _is_key(x) -> bool:
    return jax.dtypes.issubdtype(jnp.result_type(x), jax.dtypes.prng_key)


def _plain(x):
    return jax.random.key_data(x) if _is_key(x) else x
