"""How much memory the variables of a model may take that somebody else's file describes."""

import contextlib
import contextvars
import math

from .dtypes import numpy_dtype

_room: contextvars.ContextVar[list | None] = contextvars.ContextVar("room", default=None)


@contextlib.contextmanager
def limited_memory(size: int):
    """Inside it, making variables of more than `size` bytes in all is a ValueError."""
    token = _room.set([size, size])
    try:
        yield
    finally:
        _room.reset(token)


def take_memory(shape: tuple, dtype: str, path: str) -> None:
    """Counts a variable that is about to be made."""
    room = _room.get()
    if room is None:
        return
    room[0] -= math.prod(shape) * numpy_dtype(dtype).itemsize
    if room[0] < 0:
        raise ValueError(
            f"The file describes a model with far larger weights than it holds: those up to "
            f"'{path}' take more than {room[1]} bytes. Received: shape {shape} of {dtype}"
        )
