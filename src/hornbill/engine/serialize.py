"""Objects to plain JSON and back.

An object becomes `{"module", "class_name", "config", "registered_name"}`, Keras 3's form. Back,
only two kinds of class are built: Hornbill's own, found in its public namespace by name, and
classes that the caller registered or passes. Nothing in a file names a module to import.
"""

import inspect
import json
import types

import numpy as np

from . import dtypes

_custom: dict[str, object] = {}
_custom_names: dict[object, str] = {}

# Where a class of Keras's module path is looked up in Hornbill.
NAMESPACES = (
    "layers",
    "models",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "dtype_policies",
    "callbacks",
    "random",
    "ops",
)


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


def get_registered_name(thing) -> str:
    """The name under which a class or function was registered, else its own name."""
    return _custom_names.get(thing, thing.__name__)


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


def _is_builtin(thing) -> bool:
    return (thing.__module__ or "").partition(".")[0] == "hornbill"


def serialize(value):
    """A value as plain JSON: objects with `get_config` by class name and config.

    Raises:
        TypeError: for what has no such form (an array, an open file, ...).
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        return value.item()
    if isinstance(value, (list, tuple, set)):  # Keras's files, too, hold tuples as lists
        return [serialize(v) for v in value]
    if isinstance(value, dict):
        return {k: serialize(v) for k, v in value.items()}
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, slice):
        parts = [serialize(p) for p in (value.start, value.stop, value.step)]
        return {"class_name": "__slice__", "config": parts}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, (np.ndarray, np.generic)) or type(value).__module__.startswith("jax"):
        array = np.asarray(value)
        return {
            "class_name": "__numpy__",
            "config": {"value": array.tolist(), "dtype": dtypes.standardize_dtype(array.dtype)},
        }
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType)):
        return _serialize_function(value)
    if isinstance(value, type) or not hasattr(value, "get_config"):
        raise TypeError(
            f"{value!r} of type {type(value).__name__} cannot be written as JSON. Give the class a "
            "get_config() that returns its constructor's arguments as numbers, strings, lists, "
            "dicts or serializable objects."
        )
    cls = type(value)
    builtin = _is_builtin(cls)
    return {
        "module": _public_module(cls) if builtin else cls.__module__,
        "class_name": cls.__name__,
        "config": value.get_config(),
        "registered_name": None if builtin else get_registered_name(cls),
    }


def captured_arguments(thing, strict: bool = True, skip=()) -> dict:
    """What the constructor of a Trackable was given, defaults included, serialized.

    `strict=False` leaves out what has no JSON form, for classes that say it themselves in an
    overridden `get_config`.
    """
    args, kwargs = thing._arguments
    bound = inspect.signature(type(thing).__init__).bind(thing, *args, **kwargs)
    bound.apply_defaults()
    found: dict = {}
    for parameter in list(bound.signature.parameters.values())[1:]:
        value = bound.arguments[parameter.name]
        if parameter.kind is parameter.VAR_KEYWORD:
            found.update(value)
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            found[parameter.name] = value
    config = {}
    for name, value in found.items():
        if name in skip:
            continue
        try:
            config[name] = serialize(value)
        except TypeError as error:
            if strict:
                raise TypeError(
                    f"{type(thing).__name__} '{getattr(thing, 'name', '')}' cannot be described: "
                    f"argument '{name}': {error}"
                ) from None
    return config


def _public_module(cls) -> str:
    # The file says Keras's module, so that Keras opens it.
    part = cls.__module__.split(".")[1] if "." in cls.__module__ else ""
    part = {"engine": "", "training": ""}.get(part, part)
    if cls.__name__ in ("Functional",):
        return "keras.src.models.functional"
    if part == "models":
        return "keras"
    if ".schedules." in cls.__module__:
        return "keras.optimizers.schedules"
    if cls.__name__ == "DTypePolicy":
        return "keras"
    return f"keras.{part}" if part else "keras"


def _serialize_function(function):
    if function.__name__ == "<lambda>":
        raise TypeError(
            "A lambda cannot be saved: a file holds data, never code. Write a named function, "
            "register it with @hornbill.saving.register_keras_serializable(), and use that."
        )
    if _is_builtin(function):
        return function.__name__
    return {
        "module": "builtins",
        "class_name": "function",
        "config": function.__name__,
        "registered_name": get_registered_name(function),
    }


def deserialize(config, custom_objects: dict | None = None):
    """The value that `serialize` wrote.

    Args:
        config: plain JSON, with objects as `{"class_name": ..., "config": ...}`.
        custom_objects: `{name: class or function}` that are not registered.

    Raises:
        ValueError: when it names a class that is neither Hornbill's nor registered.
    """
    if isinstance(config, list):
        return [deserialize(c, custom_objects) for c in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if not isinstance(name, str) or not ({"config", "items"} & config.keys()):
        return {k: deserialize(v, custom_objects) for k, v in config.items()}
    inner = config.get("config", {})
    if name == "__tuple__":
        items = config["items"] if "items" in config else inner["value"]
        return tuple(deserialize(c, custom_objects) for c in items)
    if name == "__slice__":
        parts = inner if isinstance(inner, list) else [inner[k] for k in ("start", "stop", "step")]
        return slice(*[deserialize(p, custom_objects) for p in parts])
    if name == "__ellipsis__":
        return Ellipsis
    if name in ("__numpy__", "__tensor__"):
        return np.array(inner["value"], dtype=dtypes.numpy_dtype(inner["dtype"]))
    space = (config.get("module") or "").removeprefix("keras.")
    if name == "function":
        return _find(config.get("registered_name") or inner, inner, custom_objects, space)
    cls = _find(config.get("registered_name") or name, name, custom_objects, space)
    if not isinstance(cls, type) or not hasattr(cls, "from_config"):
        raise ValueError(f"'{name}' in the config is no class that can be built from a config.")
    build_config = config.get("build_config")
    with custom_object_scope(custom_objects or {}):
        instance = cls.from_config(inner)
    if build_config and hasattr(instance, "build_from_config") and not instance.built:
        instance.build_from_config(build_config)
    return instance


def _find(registered: str, name: str, custom_objects, space: str = ""):
    builtin = builtin_object(name, space) if registered in (name, None) else None
    found = builtin or get_registered_object(registered, custom_objects)
    found = found or get_registered_object(name, custom_objects)
    if found is None:
        raise ValueError(
            f"Unknown class or function '{registered}'. If it is yours, register it with "
            "@hornbill.saving.register_keras_serializable(), or pass "
            f"custom_objects={{'{name}': {name}}}."
        )
    return found


def builtin_object(name: str, first: str = ""):
    """Hornbill's public class or function of that name, or None.

    Some names are a loss and a metric (`MeanSquaredError`): `first` is the namespace that the
    file says, looked up before the others.
    """
    import hornbill

    for space in sorted(NAMESPACES, key=lambda space: space != first):
        module = hornbill
        for part in space.split("."):
            module = getattr(module, part, None)
        found = getattr(module, name, None) if module is not None else None
        if found is not None and not isinstance(found, types.ModuleType):
            return found
    return getattr(hornbill, name, None) if name in ("Variable",) else None


def find(identifier, module, kind: str, base: type | None = None, functions: bool = False):
    """What a user means by a string, a config, an object or a function.

    Each family's `get` is this: `"relu"` or `"HeNormal"` is looked up in the family's public
    `module`; strings make an instance of a class with its defaults.

    Args:
        identifier: a name, a config dict, an instance, a class, a function, or None.
        module: the public module that holds the family.
        kind: how messages call the family, such as `"initializer"`.
        base: the family's base class.
        functions: whether names stand for functions first (`"relu"`, `"mse"`).
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        found = get_registered_object(identifier) or _lookup(module, identifier)
        if found is None:
            raise ValueError(f"Unknown {kind} '{identifier}'. {_nearest(identifier, module)}")
        identifier = found
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier) or (base is not None and isinstance(identifier, base)):
        return identifier
    raise ValueError(
        f"Cannot make a {kind} from {identifier!r}: give a name, an object or a function."
    )


def _lookup(module, name: str):
    found = getattr(module, name, None)
    if found is None and name.lower() == name:
        camel = "".join(part.capitalize() for part in name.split("_"))
        found = getattr(module, camel, None)
    return None if isinstance(found, types.ModuleType) or name.startswith("_") else found


def _nearest(name: str, module) -> str:
    import difflib

    names = [n for n in dir(module) if not n.startswith("_")]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(n) for n in near)}?" if near else f"Known: {names}"


def to_json(value, **kwargs) -> str:
    """`serialize(value)` as JSON text."""
    return json.dumps(serialize(value), **kwargs)
