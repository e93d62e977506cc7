"""JaxLayer: a model written as JAX functions, as a layer."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np

from ..engine import serialize
from ..engine.dtypes import dtype_of, is_float
from ..engine.random import SeedGenerator, default_seed, draw_key
from ..engine.variable import Variable
from .base import Layer
from .calling import is_shape


class JaxLayer(Layer):
    """A function of parameters and inputs, of Haiku, Equinox or your own, as a layer.

    Args:
        call_fn: the model. It takes `inputs` and any of `params` (trained), `state` (updated, not
            trained), `rng` (a key in training, else None) and `training`, by these names and in any
            order. With `state` it returns `(outputs, new_state)`, else `outputs`.
        init_fn: makes the first values. It takes `inputs` (ones of the right shape) and any of
            `rng` and `training` (True), and returns what `call_fn` needs: `params`, or
            `(params, state)` if that takes `state`.
        params: the first parameters, a pytree of arrays, in place of `init_fn`.
        state: the first state, a pytree of arrays, in place of `init_fn`.
        seed: of `rng`; None draws one.
        native_serialization_platforms: must stay None: it belongs to TensorFlow.

    Input and output shape: the function's.
    Weights: the leaves of `params`, then those of `state`, in JAX's order.

    Raises:
        ValueError: if a function takes other arguments, or nothing says how to start.

    >>> import jax, hornbill as hb
    >>> def linear(params, inputs):
    ...     return inputs @ params["w"]
    >>> def start(rng, inputs):
    ...     return {"w": jax.random.normal(rng, (inputs.shape[-1], 4))}
    >>> layer = hb.layers.JaxLayer(linear, start)
    >>> layer(hb.ops.ones((2, 3))).shape, [w.name for w in layer.weights]
    ((2, 4), ['w'])
    """

    def __init__(
        self,
        call_fn,
        init_fn=None,
        params=None,
        state=None,
        seed: int | None = None,
        native_serialization_platforms=None,
        **kwargs,
    ):
        if native_serialization_platforms is not None:
            raise ValueError(
                "JaxLayer's native_serialization_platforms belongs to TensorFlow; leave it out. "
                f"Received: native_serialization_platforms={native_serialization_platforms!r}"
            )
        super().__init__(**kwargs)
        self.call_fn, self.init_fn = call_fn, init_fn
        self._call_names = _names(
            "call_fn", call_fn, ("params", "state", "rng", "inputs", "training")
        )
        self._init_names = None
        if init_fn is not None:
            self._init_names = _names("init_fn", init_fn, ("rng", "inputs", "training"))
        given = params is not None or state is not None
        if init_fn is None and not given and {"params", "state"} & {*self._call_names}:
            raise ValueError(
                "JaxLayer needs init_fn, or the first values as params and state, since call_fn "
                f"takes {self._call_names}. Received: init_fn=None, params=None, state=None"
            )
        self.seed_generator = SeedGenerator(seed) if "rng" in self._call_names else None
        self._given = (params, state) if given else None
        self.params = self.state = None
        if given:
            self.build(None)

    def build(self, input_shape):
        values, self._given = self._given, None
        # A real run, also while a trace goes on: weights are made of numbers.
        with jax.ensure_compile_time_eval():
            if values is None and self._init_names is not None:
                values = self._initial(input_shape)
                values = values if "state" in self._call_names else (values, None)
            params, state = values or (None, None)
            self.params = self._variables_of(params, trainable=True)
            self.state = self._variables_of(state, trainable=False)

    def call(self, inputs, training=False):
        given = {
            "params": _values(self.params),
            "state": _values(self.state),
            "rng": self._call_rng(training) if self.seed_generator is not None else None,
            "inputs": inputs,
            "training": training,
        }
        result = self.call_fn(*[given[name] for name in self._call_names])
        if "state" not in self._call_names:
            return result
        outputs, new_state = result
        if jax.tree.structure(new_state) != jax.tree.structure(self.state):
            raise ValueError(
                f"The state that call_fn of layer '{self.path}' returns has another structure than "
                f"the first one: expected {jax.tree.structure(self.state)}. "
                f"Received: {jax.tree.structure(new_state)}"
            )
        jax.tree.map(lambda v, new: v.assign(new), self.state, new_state)
        return outputs

    def get_config(self) -> dict:
        """The functions, which must be registered, and the settings. The values are weights."""
        config = {k: v for k, v in super().get_config().items() if k not in ("params", "state")}
        functions = {"call_fn": self.call_fn, "init_fn": self.init_fn}
        return {**config, **{k: serialize.serialize(f) for k, f in functions.items()}}

    def _initial(self, input_shape):
        """What `init_fn` gives for inputs of that shape (or structure of shapes)."""

        def ones(shape):
            return jnp.ones([1 if n is None else n for n in shape])

        given = {
            "rng": self._init_rng(),
            "inputs": jax.tree.map(ones, input_shape, is_leaf=is_shape),
            "training": True,
        }
        return self.init_fn(*[given[name] for name in self._init_names])

    def _init_rng(self):
        """What `init_fn` gets as `rng`."""
        return draw_key(default_seed())

    def _call_rng(self, training):
        """What `call_fn` gets as `rng`."""
        return self.seed_generator.next() if training else None

    def _variables_of(self, values, trainable: bool):
        """The pytree with a weight in place of each number or array."""

        def weight(path, value):
            if not isinstance(value, (jax.Array, np.ndarray, np.generic, bool, int, float)):
                return value  # a setting of the model, which stays as it is
            value = jnp.asarray(value)
            name = jax.tree_util.keystr(path, simple=True, separator=".").replace("/", "_")
            # Floats are kept in the layer's dtype, all else in its own.
            dtype = None if is_float(dtype_of(value)) else dtype_of(value)
            return self.add_weight(
                value.shape,
                lambda shape, dtype: value.astype(dtype),
                dtype=dtype,
                trainable=trainable,
                name=name or "value",
            )

        return jax.tree_util.tree_map_with_path(weight, values)


def _values(variables):
    return jax.tree.map(lambda v: v.value if isinstance(v, Variable) else v, variables)


def _names(which: str, function, allowed: tuple[str, ...]) -> list[str]:
    """The names of a function's parameters, which must be among those allowed."""
    names = list(inspect.signature(function).parameters)
    if "inputs" not in names or not {*names} <= {*allowed}:
        raise ValueError(
            f"JaxLayer's {which} takes 'inputs' and any of "
            f"{[name for name in allowed if name != 'inputs']}, by these names. Received: {names}"
        )
    return names
