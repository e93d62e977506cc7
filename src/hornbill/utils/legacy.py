"""The older form of a config: `{"class_name", "config"}`, and names for functions."""

import inspect
from typing import Any

from ..engine.serialize import custom_object_scope, get_registered_name, get_registered_object


def serialize_keras_object(instance: Any) -> Any:
    """An object as Keras 2 wrote it: class name and config, or just a function's name.

    >>> import hornbill as hb
    >>> hb.utils.legacy.serialize_keras_object(hb.ops.relu)
    'relu'
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        config = {
            key: serialize_keras_object(value) if hasattr(value, "get_config") else value
            for key, value in instance.get_config().items()
        }
        return {"class_name": get_registered_name(type(instance)), "config": config}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ValueError(
        "serialize_keras_object takes an object with get_config(), or a function. "
        f"Received: {instance!r}"
    )


def deserialize_keras_object(
    identifier: Any,
    module_objects: dict | None = None,
    custom_objects: dict | None = None,
    printable_module_name: str = "object",
) -> Any:
    """What `serialize_keras_object` wrote, as an object again.

    Args:
        identifier: a config, a name, a function (returned as it is), or None.
        module_objects: `{name: class or function}` to look up names in.
        custom_objects: the same, looked up first.
        printable_module_name: what messages call the thing.

    Raises:
        ValueError: if the name is in neither dict, nor registered.

    >>> import hornbill as hb
    >>> config = {"class_name": "Dense", "config": {"units": 3}}
    >>> hb.utils.legacy.deserialize_keras_object(config, vars(hb.layers)).units
    3
    """
    if identifier is None or inspect.isfunction(identifier):
        return identifier
    if isinstance(identifier, str):
        found = _find(identifier, module_objects, custom_objects, printable_module_name)
        return found() if inspect.isclass(found) else found
    if not isinstance(identifier, dict) or not {"class_name", "config"} <= identifier.keys():
        raise ValueError(
            f"A {printable_module_name} in the older form is a name or "
            f"{{'class_name': ..., 'config': ...}}. Received: {identifier!r}"
        )
    name, config = identifier["class_name"], identifier["config"]
    cls = _find(name, module_objects, custom_objects, printable_module_name)
    with custom_object_scope(custom_objects or {}):
        return cls.from_config(config) if hasattr(cls, "from_config") else cls(**config)


def _find(name, module_objects, custom_objects, kind):
    found = (custom_objects or {}).get(name)
    found = found or get_registered_object(name, module_objects=module_objects)
    if found is None:
        raise ValueError(
            f"Unknown {kind} '{name}'. Pass custom_objects={{'{name}': ...}}, or register it with "
            f"@hornbill.utils.register_keras_serializable(). Received: {name!r}"
        )
    return found
