"""The classes and functions that users make known by name, so that files may refer to them."""

import contextlib
import contextvars
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


# While what a file calls is told: who loads it, and what was told already.
_telling: contextvars.ContextVar[tuple[str, set] | None] = contextvars.ContextVar(
    "telling", default=None
)


@contextlib.contextmanager
def telling_what_is_called(who: str):
    """Inside it, each class and function of the caller's is printed once, before it is called."""
    token = None if _telling.get() else _telling.set((who, set()))
    try:
        yield
    finally:
        if token:
            _telling.reset(token)


def callers_own(name: str, custom_objects=None):
    """`get_registered_object` for what a file names and is called next."""
    found = get_registered_object(name, custom_objects)
    telling = _telling.get()
    if found is not None and telling is not None and name not in telling[1]:
        who, told = telling
        told.add(name)
        kind = "class" if inspect.isclass(found) else "function"
        place = f"{found.__module__}.{found.__qualname__}" if hasattr(found, "__qualname__") else ""
        print(f"{who} calls your {kind} '{name}': {place or repr(found)}", flush=True)
    return found


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
