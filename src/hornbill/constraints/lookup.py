"""Constraints by name: from and to what files and users write."""

import sys

from ..engine import serialize as serialization
from .projections import Constraint


def get(identifier):
    """The constraint that a user means.

    Args:
        identifier: a name, a config, a constraint or its class, a function of the weight,
            or None, which stays None.

    Raises:
        ValueError: for an unknown name, or what is none of these.

    >>> import hornbill as hb
    >>> hb.constraints.get("UnitNorm")
    UnitNorm(axis=0)
    """
    return serialization.find(identifier, sys.modules[__package__], "constraint", Constraint)


def serialize(constraint) -> dict:
    """A constraint's class and config, as plain JSON.

    >>> import hornbill as hb
    >>> hb.constraints.serialize(hb.constraints.UnitNorm())["config"]
    {'axis': 0}
    """
    return serialization.serialize(constraint)


def deserialize(config, custom_objects: dict | None = None):
    """The constraint that `serialize` wrote.

    Args:
        config: a config, or a name.
        custom_objects: `{name: class}` that are not registered.

    >>> import hornbill as hb
    >>> hb.constraints.deserialize({"class_name": "UnitNorm", "config": {"axis": 1}})
    UnitNorm(axis=1)
    """
    with serialization.custom_object_scope(custom_objects or {}):
        return get(config)
