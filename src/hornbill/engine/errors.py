"""Turning the engine's errors into ours: one message, where it happened, what came in."""

import re

import jax


class UnknownDimension(ValueError):
    """A dimension must be known for this, and is None: no other size may be tried instead."""


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
    name = "" if trace is None else trace.tb_frame.f_globals.get("__name__", "")
    return name.partition(".")[0]


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


def explain(error: BaseException, who: str, received: str) -> BaseException:
    """The error to raise in place of `error`, which came out of `who`.

    Errors that are not the engine's, and those explained already, come back as they are.
    """
    if getattr(error, "_explained", False) or not from_engine(error):
        return error
    if isinstance(error, TRACER_ERRORS):
        text = (
            f"{who} needs the value of a tensor that has none yet: this code is compiled, and "
            "runs with placeholders. Python's `if`, `while`, float(), int(), bool(), .item() and "
            "NumPy functions cannot take them: use ops.where, ops.cond, ops.while_loop and "
            f"hornbill.ops, or compile(run_eagerly=True) to look at values. Received: {received}"
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
