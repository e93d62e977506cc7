"""Dtype policies: in which dtype layers compute, and in which they keep their weights."""

from .engine.dtype_map import DTypePolicyMap
from .engine.dtypes import DTypePolicy
from .engine.dtypes import get_policy as get

FloatDTypePolicy = DTypePolicy


def serialize(dtype_policy: DTypePolicy) -> dict:
    """The policy as plain JSON."""
    from .engine.serialize import serialize

    return serialize(dtype_policy)


def deserialize(config, custom_objects: dict | None = None) -> DTypePolicy:
    """The policy that `serialize` wrote."""
    from .engine.serialize import deserialize

    return deserialize(config, custom_objects)
