"""FlaxLayer: a Flax module as a layer."""

import inspect

from ..engine import serialize
from ..engine.random import default_seed, draw_key
from .base import Layer
from .jax_layer import JaxLayer


class FlaxLayer(JaxLayer):
    """A `flax.linen.Module` as a layer; Flax must be installed.

    Args:
        module: the module.
        method: which of its methods to call: a name, a bound method or a function of
            `(module, inputs)`; None is `__call__`. It takes `inputs` and, if it names it,
            `training`.
        variables: the first values, as `module.init` gives them; None calls `module.init` when
            the layer is built.

    The collection `"params"` is trained; all others are state that the module updates. In training
    the module gets a key for `"dropout"`.

    To be saved, the module's class needs `get_config` and `from_config` and must be registered
    with `@hornbill.saving.register_keras_serializable()`.

    Input and output shape: the module's.
    Weights: those of the module, in JAX's order.

    Raises:
        ImportError: if Flax is not installed.
    """

    def __init__(self, module, method=None, variables: dict | None = None, **kwargs):
        try:
            from flax.linen import DenyList
        except ImportError:
            raise ImportError(
                "FlaxLayer needs Flax: pip install flax. JaxLayer takes any JAX function."
            ) from None

        called = getattr(module, method) if isinstance(method, str) else method
        takes_training = "training" in inspect.signature(called or module.__call__).parameters

        def call_fn(params, state, rng, inputs, training):
            more = {"training": training} if takes_training else {}
            return module.apply(
                {**(params or {}), **(state or {})},
                inputs,
                rngs=rng,
                method=called,
                mutable=DenyList(["params"]),
                **more,
            )

        def init_fn(rng, inputs, training):
            more = {"training": training} if takes_training else {}
            return _split(module.init(rng, inputs, method=called, **more))

        params, state = (None, None) if variables is None else _split(variables)
        super().__init__(call_fn, init_fn, params, state, **kwargs)
        self.module, self.method = module, method

    def get_config(self) -> dict:
        """The module, which must be registered, and the method. The values are weights."""
        config = {k: v for k, v in Layer.get_config(self).items() if k != "variables"}
        method = self.method
        if getattr(method, "__self__", None) is self.module and method is not None:
            method = method.__name__
        module = serialize.serialize(self.module)
        return {**config, "module": module, "method": serialize.serialize(method)}

    def _init_rng(self):
        return {name: draw_key(default_seed()) for name in ("params", "dropout")}

    def _call_rng(self, training):
        return {"dropout": self.seed_generator.next()} if training else {}


def _split(variables) -> tuple[dict, dict]:
    """The trained collection and all others."""
    trained = {k: v for k, v in variables.items() if k == "params"}
    return trained, {k: v for k, v in variables.items() if k != "params"}
