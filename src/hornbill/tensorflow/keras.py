"""`tf.keras`: the library itself, whose functions give tensors to scripts."""

import functools
import types

import hornbill

from .adapt import face
from .missing import missing

# Modules whose functions compute: what scripts call there gives tensors.
_COMPUTING = {"backend", "layers", "losses", "metrics", "ops", "random"}
# Old places of what moved.
_MOVED = {("optimizers", "legacy"): "optimizers"}


class _Namespace(types.ModuleType):
    """A public module of the library, for scripts."""

    def __init__(self, path: str, module):
        super().__init__(f"tf.keras.{path}", module.__doc__)
        self.__dict__.update(_path=path, _module=module)

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        moved = _MOVED.get((self._path, name))
        try:
            found = _namespace(moved) if moved else getattr(self._module, name)
        except AttributeError:
            return missing(f"tf.keras.{self._path}", dir(self._module))(name)
        if isinstance(found, types.ModuleType) and not moved:
            found = _Namespace(f"{self._path}.{name}", found)
        elif isinstance(found, types.FunctionType) and self._path in _COMPUTING:
            found = face(found)
        setattr(self, name, found)
        return found

    def __dir__(self):
        return dir(self._module)


@functools.cache
def _namespace(name: str) -> _Namespace:
    return _Namespace(name, getattr(hornbill, name))


__version__ = "3.0"


def __getattr__(name: str):
    if name.startswith("__") or name not in dir(hornbill):
        return missing("tf.keras", dir(hornbill))(name)
    found = getattr(hornbill, name)
    return _namespace(name) if isinstance(found, types.ModuleType) else found


def __dir__():
    return dir(hornbill)
