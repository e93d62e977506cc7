"""Optimizers by name, by config, and from optax."""

from ..engine import serialize as engine
from .base import Optimizer
from .optax import OptaxOptimizer, is_transformation


def _classes() -> dict:
    """Hornbill's optimizers by their names in lower case, as Keras knows them."""
    from .. import optimizers

    public = [v for v in vars(optimizers).values() if isinstance(v, type)]
    return {c.__name__.lower(): c for c in public}


def serialize(optimizer) -> dict:
    """An optimizer as plain JSON: its class and its config; its state is not part of it.

    >>> import hornbill as hb
    >>> hb.optimizers.serialize(hb.optimizers.SGD(0.5))["config"]["learning_rate"]
    0.5
    """
    return engine.serialize(optimizer)


def deserialize(config: dict, custom_objects: dict | None = None):
    """The optimizer that `serialize` wrote; the class's name may be in lower case.

    >>> import hornbill as hb
    >>> hb.optimizers.deserialize({"class_name": "sgd", "config": {"momentum": 0.9}}).momentum
    0.9
    """
    known = _classes().get(str(config.get("class_name")).lower())
    if known is not None and config.get("registered_name") is None:
        config = {**config, "class_name": known.__name__, "module": "keras.optimizers"}
    return engine.deserialize(config, custom_objects)


def get(identifier) -> Optimizer | None:
    """The optimizer that a name, a config, an object or an optax transformation stands for.

    Args:
        identifier: a name in any case (`"adam"`), a config dict, an Optimizer or its class, an
            `optax.GradientTransformation`, or None.

    Raises:
        ValueError: for anything else, and for unknown names.

    >>> import hornbill as hb
    >>> hb.optimizers.get("AdamW").weight_decay
    0.004
    """
    if isinstance(identifier, dict):
        found = deserialize(identifier)
    elif is_transformation(identifier):
        found = OptaxOptimizer(identifier)
    else:
        from .. import optimizers

        if isinstance(identifier, str):
            identifier = _classes().get(identifier.lower(), identifier)
        found = engine.find(identifier, optimizers, "optimizer", Optimizer)
    if found is not None and not isinstance(found, Optimizer):
        raise ValueError(
            "An optimizer is a name such as 'adam', a config, an Optimizer or an optax "
            f"transformation. Received: {identifier!r} of type {type(identifier).__name__}"
        )
    return found
