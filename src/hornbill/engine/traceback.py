"""Tracebacks that show a user's lines, and of the library only where the error was raised."""

import functools

from . import config
from .errors import LIBRARIES, package_of


def user_facing(method):
    """Makes a public method leave the library's own frames out of the errors that it raises.

    What stays is the method itself, the user's frames (a `call`, a callback, a data generator) and
    the last one, where the error was raised. `config.disable_traceback_filtering()` keeps all.
    """

    @functools.wraps(method)
    def wrapper(*args, **kwargs):
        try:
            return method(*args, **kwargs)
        except Exception as error:
            if config.is_traceback_filtering_enabled():
                _leave_out_frames(error)
            raise

    return wrapper


def _leave_out_frames(error: BaseException) -> None:
    explained = getattr(error, "_explained", False)  # then the place in the library tells no more
    shown = error.__traceback__
    trace = shown.tb_next
    while trace is not None:
        if not _inside(trace) or (trace.tb_next is None and not explained):
            shown.tb_next = shown = trace
        trace = trace.tb_next
    shown.tb_next = None
    if notes := getattr(error, "__notes__", None):
        # JAX tells that it left out its frames as well.
        notes[:] = [text for text in notes if "JAX has removed its internal frames" not in text]


def _inside(trace) -> bool:
    return package_of(trace.tb_frame.f_globals) in LIBRARIES
