"""The classes and functions that users make known by name, so that files may refer to them."""

import inspect

_custom: dict[str, object] = {}
_custom_names: dict[object, str] = {}


def register_keras_serializable(package: str = "Custom", name: str | None = None):
    """Registers a class or function under `package>name`, so that files may refer to it.

    >>> import hornbill as hb
    >>> @hb.saving.register_keras_serializable("mine")
    ... class Scale(hb.layers.Layer):
    ...     def call(self, x):
    ...         return x * 2
    >>> hb.saving.get_registered_name(Scale)
    'mine>Scale'
    """

    def decorate(thing):
        full = f"{package}>{name or thing.__name__}"
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise ValueError(
                f"Cannot register {thing.__name__}: a serializable class has a get_config() "
                "that returns its constructor's arguments."
            )
        _custom[full] = thing
        _custom_names[thing] = full
        return thing

    return decorate


def get_registered_name(obj) -> str:
    """The name under which a class or function was registered, else its own name."""
    return _custom_names.get(obj, obj.__name__)


def get_registered_object(name: str, custom_objects=None, module_objects=None):
    """The class or function of that name from the scope, the registry, or the dicts given."""
    for table in (custom_objects_in_scope(), _custom, custom_objects, module_objects):
        if table and name in table:
            return table[name]
    return None


_scopes: list[dict] = []


def custom_objects_in_scope() -> dict:
    """All names that the active `custom_object_scope`s hold, the innermost first."""
    merged = {}
    for scope in _scopes:
        merged.update(scope)
    return merged


class custom_object_scope:
    """Makes classes and functions known by name for the length of a `with`.

    >>> import hornbill as hb
    >>> with hb.saving.custom_object_scope({"double": lambda x: 2 * x}):
    ...     layer = hb.layers.Activation("double")
    """

    def __init__(self, custom_objects: dict):
        if not isinstance(custom_objects, dict):
            raise TypeError(
                "custom_object_scope takes {name: class or function}. "
                f"Received: {custom_objects!r}"
            )
        self.custom_objects = custom_objects

    def __enter__(self):
        _scopes.append(self.custom_objects)
        return self

    def __exit__(self, *exc):
        _scopes.remove(self.custom_objects)


def get_custom_objects() -> dict:
    """The registry itself, `{name: class or function}`."""
    return _custom
