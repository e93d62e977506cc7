"""Turning the engine's errors into ours: one message, where it happened, what came in."""

import re
import sys
import sysconfig
import warnings

import jax


class UnknownDimension(ValueError):
    """A dimension must be known for this, and is None: no other size may be tried instead."""


class NeedsValue(TypeError):
    """Compiled code would need to know a tensor's value here: only uncompiled code can run it."""

    _explained = True

    def __init__(self, text: str):
        super().__init__(text)
        self.place = user_frame()


LIBRARIES = ("hornbill", "jax", "jaxlib", "numpy", "contextlib", "functools")
_INSTALLED = tuple({sysconfig.get_path(n) for n in ("purelib", "platlib")})


def package_of(namespace: dict) -> str:
    """The top package of the code with these globals."""
    return str(namespace.get("__name__", "")).partition(".")[0]


def is_user_code(code, namespace: dict) -> bool:
    """Whether code is a user's: neither this library's nor another installed one's."""
    top = package_of(namespace)
    if top in LIBRARIES or (top in sys.stdlib_module_names and top != "__main__"):
        return False
    return not code.co_filename.startswith(_INSTALLED)


def user_frame(error: BaseException | None = None) -> tuple[str, int]:
    """The file and line of the user's code that runs now, or in which an error was raised."""
    place = ("<unknown>", 0)
    if error is None:
        frame = sys._getframe(1)
        while frame is not None:
            if is_user_code(frame.f_code, frame.f_globals):
                return frame.f_code.co_filename, frame.f_lineno
            frame = frame.f_back
        return place
    trace = error.__traceback__
    while trace is not None:
        if is_user_code(trace.tb_frame.f_code, trace.tb_frame.f_globals):
            place = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    return place


def warn_uncompiled(what: str, error: BaseException) -> None:
    """Warns, at the user's line, that something runs uncompiled because of an error there."""
    if isinstance(error, NeedsValue):
        (filename, line), reason = error.place, str(error)
    else:
        (filename, line), reason = user_frame(error), "Python's choice depends on a tensor."
    warnings.warn_explicit(
        f"{what} cannot be compiled because of line {line} of {filename}, and runs uncompiled, "
        f"slowly. {reason}",
        UserWarning,
        filename,
        line,
    )


def describe(x) -> str:
    """How a message shows a value: tensors by shape and dtype, the rest by `repr`."""
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        return f"shape {known_shape(x.shape)} {getattr(x.dtype, 'name', x.dtype)}"
    if isinstance(x, dict):
        return "{" + ", ".join(f"{k!r}: {describe(v)}" for k, v in x.items()) + "}"
    if isinstance(x, (list, tuple)):
        return "[" + ", ".join(describe(v) for v in x) + "]"
    text = repr(x)
    return text if len(text) <= 60 else text[:57] + "..."


def describe_call(names, args, kwargs) -> str:
    """`x: shape (None, 3) float32, axis: 1` for a call's arguments."""
    names = list(names) + [f"argument {i}" for i in range(len(names), len(args))]
    pairs = [*zip(names, args, strict=False), *kwargs.items()]
    return ", ".join(f"{name}: {describe(value)}" for name, value in pairs if value is not None)


def known_shape(shape) -> tuple:
    """The shape with None at the dimensions that are not known."""
    return tuple(n if isinstance(n, int) else None for n in shape)


def _raised_in(error: BaseException) -> str:
    """The top package of the code that raised the error."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else package_of(trace.tb_frame.f_globals)


def from_engine(error: BaseException) -> bool:
    """Whether JAX raised it (a shape or dtype that does not fit), not a user or this library."""
    if isinstance(error, (KeyboardInterrupt, MemoryError)):
        return False
    return _raised_in(error) in ("jax", "jaxlib", "numpy", "opt_einsum")


TRACER_ERRORS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)

# Those by which Python would choose what to run: `if`, `while`, `range`.
CHOICES = (jax.errors.TracerBoolConversionError, jax.errors.TracerIntegerConversionError)


def explain(error: BaseException, who: str, received: str) -> BaseException:
    """The error to raise in place of `error`, which came out of `who`.

    Errors that are not the engine's, and those explained already, come back as they are.
    """
    if getattr(error, "_explained", False) or not from_engine(error):
        return error
    if isinstance(error, TRACER_ERRORS):
        filename, line = user_frame(error)
        text = (
            f"{who} needs the value of a tensor that has none yet, in line {line} of {filename}: "
            "this code is compiled, and runs with placeholders. "
        )
        if isinstance(error, CHOICES):
            new = NeedsValue(
                f"{text}Python cannot choose by them here: use ops.where, ops.cond, "
                "ops.while_loop, or compile(run_eagerly=True) to look at values. "
                f"Received: {received}"
            )
            new.place = filename, line
            return new
        text += (
            "float(), int(), .item(), .numpy() and NumPy functions cannot take them: compute with "
            "hornbill.ops, return what is to be looked at, or compile(run_eagerly=True). "
            f"Received: {received}"
        )
    else:
        text = f"{who} cannot take these inputs: {_first_lines(error)}\nReceived: {received}"
    new = (TypeError if isinstance(error, TRACER_ERRORS) else ValueError)(text)
    new._explained = True
    return new


def locate(error: BaseException, path: str, kind: str, received: str) -> BaseException:
    """The error to raise in place of `error`, which came out of the call of a layer.

    The engine's errors are explained, this library's get the layer's path in front; a user's own
    come back as they are.
    """
    if getattr(error, "_located", False):
        return error
    new = explain(error, f"Layer '{path}' ({kind})", received)
    if new is error:
        ours = getattr(error, "_explained", False) or _raised_in(error) == "hornbill"
        if type(error) not in (ValueError, TypeError) or not ours:
            return error
        if f"'{path}'" not in str(error):
            new = type(error)(f"Layer '{path}' ({kind}): {error}")
    new._located = True
    return new


def _first_lines(error) -> str:
    text = str(error).strip().split("\n\n")[0].split("\n--------------------")[0].strip()
    return re.sub(r"\bd\b(?=[,)\]])", "None", text)
