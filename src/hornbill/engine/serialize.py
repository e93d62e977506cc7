"""Objects to plain JSON and back.

An object becomes `{"module", "class_name", "config", "registered_name"}`, Keras 3's form. Back,
only two kinds of class are built: Hornbill's own, found in its public namespace by name (`allowed`
says which, and where), and classes that the caller registered or passes. Nothing in a file names
a module to import, and no code is ever read from one.
"""

import contextlib
import contextvars
import inspect
import json
import types

import numpy as np

from . import dtypes
from .allowed import builtin_class, builtin_function, is_builtin
from .registry import (
    callers_own,
    custom_object_scope,
    custom_objects_in_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    telling_what_is_called,
)

__all__ = [
    "callers_own",
    "captured_arguments",
    "custom_object_scope",
    "custom_objects_in_scope",
    "deserialize",
    "deserialize_arguments",
    "find",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "object_sharing",
    "register_keras_serializable",
    "serialize",
    "to_json",
]

# Objects met more than once while a model is written or read: {id: (object, its first config,
# its number)} while writing, {number in the file: object} while reading.
_shared: contextvars.ContextVar[dict | None] = contextvars.ContextVar("shared", default=None)


@contextlib.contextmanager
def object_sharing():
    """Inside it, an object that appears twice stays one object."""
    token = _shared.set({})
    try:
        yield
    finally:
        _shared.reset(token)


def serialize(obj):
    """A value as plain JSON: objects with `get_config` by class name and config.

    Raises:
        TypeError: for what has no such form (an array, an open file, ...).
    """
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, (np.bool_, np.integer, np.floating)):
        return obj.item()
    if isinstance(obj, (list, tuple, set)):  # Keras's files, too, hold tuples as lists
        return [serialize(v) for v in obj]
    if isinstance(obj, dict):
        return {k: serialize(v) for k, v in obj.items()}
    if isinstance(obj, np.dtype):
        return obj.name
    if isinstance(obj, slice):
        parts = {name: serialize(getattr(obj, name)) for name in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, (np.ndarray, np.generic)) or type(obj).__module__.startswith("jax"):
        array = np.asarray(obj)
        return {
            "class_name": "__numpy__",
            "config": {"value": array.tolist(), "dtype": dtypes.standardize_dtype(array.dtype)},
        }
    if isinstance(obj, (types.FunctionType, types.BuiltinFunctionType)):
        return _serialize_function(obj)
    if isinstance(obj, type) or not hasattr(obj, "get_config"):
        raise TypeError(
            f"{obj!r} of type {type(obj).__name__} cannot be written as JSON. Give the class a "
            "get_config() that returns its constructor's arguments as numbers, strings, lists, "
            "dicts or serializable objects."
        )
    cls = type(obj)
    builtin = is_builtin(cls)
    config = {
        "module": _public_module(cls) if builtin else cls.__module__,
        "class_name": cls.__name__,
        "config": obj.get_config(),
        "registered_name": None if builtin else get_registered_name(cls),
    }
    for part in ("build_config", "compile_config"):
        # What a layer was built with, and how a model was compiled.
        described = getattr(obj, f"get_{part}", dict)()
        if described:
            config[part] = serialize(described)
    return _note_shared(obj, config)


def _note_shared(value, config: dict) -> dict:
    shared = _shared.get()
    if shared is not None:
        # The value is kept, so that its id cannot pass to another one.
        _, first, number = shared.setdefault(id(value), (value, config, len(shared) + 1))
        if first is not config:
            first["shared_object_id"] = config["shared_object_id"] = number
    return config


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
    if part == "applications":  # layers of an architecture, which are not public
        return f"keras.src.{cls.__module__.removeprefix('hornbill.')}"
    if ".schedules." in cls.__module__:
        return "keras.optimizers.schedules"
    if cls.__name__ == "DTypePolicyMap":
        return "keras.dtype_policies"
    return f"keras.{part}" if part else "keras"


def _serialize_function(function):
    if function.__name__ == "<lambda>":
        raise TypeError(
            "A lambda cannot be saved: a file holds data, never code. Write a named function, "
            "register it with @hornbill.saving.register_keras_serializable(), and use that."
        )
    if is_builtin(function):
        return function.__name__
    return {
        "module": "builtins",
        "class_name": "function",
        "config": get_registered_name(function),
        "registered_name": "function",
    }


def deserialize(
    config, custom_objects: dict | None = None, safe_mode: bool = True, slot: str | None = None
):
    """The value that `serialize` wrote.

    Args:
        config: plain JSON, with objects as `{"class_name": ..., "config": ...}`.
        custom_objects: `{name: class or function}` that are not registered.
        safe_mode: code in a config is refused either way. With False it is printed which of the
            caller's classes and functions are called: registered ones, and `custom_objects`.
        slot: the argument that the value is for, such as `"kernel_initializer"`: what may stand
            there is then checked.

    Raises:
        ValueError: when it names a class that is neither Hornbill's nor registered, puts an
            object where it does not belong, or holds code.
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize(config, None, safe_mode, slot)
    if not safe_mode:
        with telling_what_is_called("deserialize(safe_mode=False)"):
            return deserialize(config, slot=slot)
    if isinstance(config, (list, tuple)):
        return [deserialize(c, slot=slot) for c in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if not isinstance(name, str) or not ({"config", "items"} & config.keys()):
        return {k: deserialize(v, slot=slot) for k, v in config.items()}
    inner = config.get("config") or {}
    if name in _PLAIN:
        try:
            return _PLAIN[name](config, inner)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"Malformed '{name}' in the config. Received: {inner!r}") from error
    if name == "__lambda__":
        raise ValueError(
            "The config holds a Python lambda, stored as bytecode. Hornbill never runs code from "
            "files. Register a named function and pass it with custom_objects={name: function}, "
            "or build the model from its source and load only the weights."
        )
    module = config.get("module")
    if name == "function":
        return _function(inner, config.get("registered_name"), slot)
    cls = _class(name, config.get("registered_name") or name, module, slot)
    if not isinstance(inner, dict):
        raise ValueError(f"The config of a '{name}' is a dict. Received: {inner!r}")
    shared, number = _shared.get(), config.get("shared_object_id")
    if shared is not None and isinstance(number, int) and type(shared.get(number)) is cls:
        return shared[number]
    instance = cls.from_config(inner)
    build_config = config.get("build_config")
    if build_config and hasattr(instance, "build_from_config") and not instance.built:
        instance.build_from_config(build_config)
    if config.get("compile_config") and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(config["compile_config"])
    if shared is not None and isinstance(number, int):
        shared[number] = instance
    return instance


def deserialize_arguments(config: dict, custom_objects: dict | None = None) -> dict:
    """A constructor's arguments from its config, each checked to suit its name."""
    return {
        name: in_place_of_code(config, name, f"{config.get('name')}/{name}", custom_objects)
        if is_code(value)
        else deserialize(value, custom_objects, slot=name)
        for name, value in config.items()
    }


def is_code(value) -> bool:
    """Whether a part of a config is a Python lambda's bytecode."""
    match value:
        case {"class_name": "__lambda__"}:
            return True
        case {"value": [str(), _, _], **rest}:  # as Keras writes an activation: code, defaults, ...
            return not rest
    return False


def in_place_of_code(config: dict, argument: str, name: str, custom_objects: dict | None = None):
    """The caller's function of this name for an argument that a config holds as bytecode.

    Raises:
        ValueError: if there is none.
    """
    found = callers_own(name, custom_objects)
    if not callable(found) or isinstance(found, type):
        raise ValueError(
            f"The '{argument}' of '{config.get('name')}' is a Python lambda, stored as bytecode. "
            "Hornbill never runs code from files, with safe_mode=False neither: pass the function "
            f"as custom_objects={{'{name}': function}}, or build the model from its source and "
            "load the weights with load_weights()."
        )
    return found


def _slice(config, inner):
    parts = inner if isinstance(inner, list) else [inner[k] for k in ("start", "stop", "step")]
    return slice(*[deserialize(p) for p in parts])


def _array(config, inner):
    dtype = dtypes.numpy_dtype(dtypes.standardize_dtype(inner["dtype"]))
    return np.array(inner["value"], dtype=dtype)


def _tuple(config, inner):
    items = config["items"] if "items" in config else inner["value"]
    return tuple(deserialize(c) for c in items)


_PLAIN = {
    "__tuple__": _tuple,
    "__slice__": _slice,
    "__ellipsis__": lambda config, inner: Ellipsis,
    "__numpy__": _array,
    "__tensor__": _array,
    "__bytes__": lambda config, inner: inner["value"].encode(),
}


def _class(name: str, registered: str, module, slot):
    """The class that a config names: ours by name, or one that the caller gave."""
    # What says that it is ours is ours: no custom class can stand in for it.
    ours = module is None or str(module).partition(".")[0] in ("keras", "hornbill", "builtins")
    cls = builtin_class(name, module, slot) if ours and registered in (name, None) else None
    cls = cls or callers_own(registered) or callers_own(name)
    if cls is None:
        raise _unknown("class", registered, name)
    if not isinstance(cls, type) or not hasattr(cls, "from_config"):
        raise ValueError(
            f"'{registered}' in the config is no class that can be built from a config. "
            f"Received: {cls!r}"
        )
    return cls


def _function(name, registered, slot):
    if not isinstance(name, str):
        raise ValueError(f"A function in a config is given by its name. Received: {name!r}")
    found = builtin_function(name, slot) or callers_own(name)
    if found is None and isinstance(registered, str):
        found = callers_own(registered)
    if found is None:
        raise _unknown("function", name, name.rpartition(">")[2])
    if isinstance(found, type) or not callable(found):
        raise ValueError(f"The config names a function '{name}'. Received: {found!r}")
    return found


def _unknown(kind: str, registered: str, name: str) -> ValueError:
    return ValueError(
        f"Unknown {kind} '{registered}'. If it is yours, register it with "
        "@hornbill.saving.register_keras_serializable(), or pass "
        f"custom_objects={{'{name}': {name}}}."
    )


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
        found = callers_own(identifier) or _lookup(module, identifier)
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
