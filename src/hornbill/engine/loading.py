"""What is different about variables while a model is made from a file.

They are about to be loaded, so drawing their initial values would be wasted: zeros stand in for
them. And since somebody else's file says how large they are, they take only so much memory.
"""

import contextlib
import contextvars
import math
import weakref

import jax
import numpy as np

from .dtypes import numpy_dtype


class Loading:
    """The variables of one model that is being loaded.

    Args:
        size: how many bytes they may take in all.
    """

    def __init__(self, size: int):
        self.size = self.left = size
        self._waiting: list = []

    def stand_in(self, variable, initializer, shape: tuple, dtype: str):
        """Zeros for a variable's first value."""
        size = math.prod(shape) * numpy_dtype(dtype).itemsize
        self.left -= size
        if self.left < 0:
            raise ValueError(
                "The file describes a model with far larger weights than it holds: those up to "
                f"'{variable.path}' take more than {self.size} bytes. "
                f"Received: shape {shape} of {dtype}"
            )
        # Aligned as JAX wants it, the zeros are not copied; untouched, they take no memory.
        memory = np.zeros(size + 64, "uint8")
        start = -memory.ctypes.data % 64
        values = memory[start : start + size].view(numpy_dtype(dtype)).reshape(shape)
        zeros = jax.device_put(values, may_alias=True)
        # Weakly: zeros that a loaded array replaces are memory for the next one.
        self._waiting.append((variable, weakref.ref(zeros), initializer, shape, dtype))
        return zeros

    def finish(self) -> None:
        """Gives the variables that were not loaded their initial values after all."""
        for variable, zeros, initializer, shape, dtype in self._waiting:
            if variable._stored() is zeros():
                variable.assign(initializer(shape, dtype=dtype))
            variable._place()
        self._waiting = []


_current: contextvars.ContextVar[Loading | None] = contextvars.ContextVar("loading", default=None)


def current_loading() -> Loading | None:
    """The loading that goes on, if any."""
    return _current.get()


@contextlib.contextmanager
def loading(size: int):
    """Yields a `Loading`; variables made inside belong to it. Finishes it when all went well."""
    token = _current.set(Loading(size))
    try:
        yield _current.get()
        _current.get().finish()
    finally:
        _current.reset(token)
