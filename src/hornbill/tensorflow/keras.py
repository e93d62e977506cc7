"""`tf.keras`: the library's own names, whose classes and functions speak tensors with scripts."""

import functools
import types

import hornbill

from . import backend, preprocessing
from .faces import adopt, faced, from_script, hand_in, to_script
from .missing import missing

# What scripts find instead of the library's modules, or where it has none.
_MODULES = {"backend": backend, "preprocessing": preprocessing}
# Old places of what moved.
_MOVED = {
    "experimental": "optimizers.schedules",
    "layers.experimental": "layers",
    "layers.preprocessing": "layers",  # `layers.experimental.preprocessing`
    "optimizers.experimental": "optimizers",
    "optimizers.legacy": "optimizers",
}
# Old names of what has another: a step over several devices is one program, and its batch
# normalization that of the whole batch as it is.
_RENAMED = {"SyncBatchNormalization": "BatchNormalization"}


def _register(package: str = "Custom", name: str | None = None):
    register = hornbill.saving.register_keras_serializable(package, name)

    def decorate(thing):
        register(thing)
        if isinstance(thing, types.FunctionType):
            register(from_script(thing))  # what files that name it will get
        return thing

    return decorate


class _Scope(hornbill.saving.custom_object_scope):
    def __init__(self, custom_objects: dict):
        super().__init__(hand_in(custom_objects))


_register.__doc__ = hornbill.saving.register_keras_serializable.__doc__


def _input(*args, **kwargs):
    tensor = hornbill.Input(*args, **kwargs)
    adopt(tensor.history.node.operation)
    return tensor


# What is not simply the library's: by its name, wherever it stands.
_OWN = {
    "register_keras_serializable": _register,
    "custom_object_scope": _Scope,
    "CustomObjectScope": _Scope,
    "Input": functools.wraps(hornbill.Input)(_input),
}


class _Namespace(types.ModuleType):
    """A public module of the library, for scripts."""

    def __init__(self, path: str, module):
        super().__init__(f"tf.keras.{path}", module.__doc__)
        self.__dict__.update(_path=path, _module=module)

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        found = _find(self._module, f"tf.keras.{self._path}", self._path, name)
        setattr(self, name, found)
        return found

    def __dir__(self):
        return dir(self._module)


@functools.cache
def _namespace(path: str) -> _Namespace:
    module = hornbill
    for part in path.split("."):
        module = getattr(module, part)
    return _Namespace(path, module)


def _find(module, called: str, path: str, name: str):
    inner = f"{path}.{name}".lstrip(".")
    if inner in _MODULES:
        return _MODULES[inner]
    if inner in _MOVED:
        return _namespace(_MOVED[inner])
    if name in _OWN:
        return _OWN[name]
    name = _RENAMED.get(name, name) if path == "layers" else name
    public = name in dir(hornbill) or module is not hornbill
    found = getattr(module, name, None) if public else None
    if found is None:
        return missing(called, dir(module))(name)
    if isinstance(found, types.ModuleType):
        return _namespace(inner)
    if isinstance(found, type):
        return faced(found)
    return to_script(found) if isinstance(found, types.FunctionType) else found


__version__ = "3.0"
__all__ = dir(hornbill)


def __getattr__(name: str):
    if name.startswith("__"):
        raise AttributeError(name)
    return globals().setdefault(name, _find(hornbill, "tf.keras", "", name))


def __dir__():
    return dir(hornbill)
