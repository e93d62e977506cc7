"""Where and how code runs: devices, printing, Python inside tensors' code, gradients by hand."""

import sys
import types

import jax
import jax.numpy as jnp

from ..engine import device as devices
from ..engine.context import name_scope
from .config import functions_run_eagerly
from .tensor import to_numpy, unwrap, wrap

__all__ = [
    "custom_gradient",
    "device",
    "executing_eagerly",
    "name_scope",
    "numpy_function",
    "print",
    "py_function",
    "saved_model",
]


def executing_eagerly() -> bool:
    """Whether code runs now, and is not being compiled."""
    return functions_run_eagerly() or not isinstance(jnp.zeros(()) + 0, jax.core.Tracer)


def device(device_name: str):
    """A context on a device, named `"/GPU:0"`, `"/device:CPU:0"` or by what `tf.config` lists."""
    name = str(getattr(device_name, "name", device_name)).lower()
    for part in ("/physical_device:", "/job:localhost/replica:0/task:0", "/device:", "/"):
        name = name.removeprefix(part)
    return devices.device(name)


def print(*inputs, output_stream=None, end: str = "\n", sep: str = " ", name=None, summarize=3):
    """Prints values, in compiled code too (there as lines of their own, on standard output).

    Args:
        output_stream: an open file; standard error when None, as in TensorFlow.
        summarize: a hint: NumPy shortens long arrays by itself.
    """
    values = unwrap(list(inputs))
    if any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(values)):
        jax.debug.print(sep.join("{}" for _ in values), *values)
        return
    shown = [x if isinstance(x, str) else str(_readable(x)) for x in values]
    (sys.stderr if output_stream is None else output_stream).write(sep.join(shown) + end)


def _readable(x):
    return to_numpy(x) if hasattr(x, "shape") else x


def numpy_function(func, inp, Tout, stateful: bool = True, name=None):
    """`func` of NumPy arrays, as tensors of the dtypes `Tout`; eagerly only.

    Raises:
        TypeError: in compiled code, which cannot call Python.
    """
    return _python(func, [_concrete(x) for x in inp], Tout)


def py_function(func, inp, Tout, name=None):
    """`func` of tensors that have values, as tensors of the dtypes `Tout`; eagerly only."""
    return _python(func, [wrap(_concrete(x)) for x in inp], Tout)


def _concrete(x):
    if isinstance(unwrap(x), jax.core.Tracer):
        raise TypeError(
            "Compiled code cannot call Python: write it with tf functions, or call it from a "
            f"dataset's map, which runs eagerly. Received: {x!r}"
        )
    return to_numpy(x)


def _python(func, inputs, Tout):
    result = func(*inputs)
    several = isinstance(Tout, (list, tuple))
    parts = result if several else [result]
    dtypes = Tout if several else [Tout]

    def cast(x, dtype):
        array = to_numpy(x)
        return wrap(array if str(dtype) == "string" else array.astype(str(dtype)))

    made = [cast(x, d) for x, d in zip(parts, dtypes, strict=True)]
    return made if several else made[0]


def custom_gradient(f):
    """A function with a gradient of its own.

    Args:
        f: gives `(result, gradient function)`; the latter takes the gradient of the result (one
            for each, if several) and gives that of the argument or a list of those of all.

    >>> @custom_gradient
    ... def reversed_gradient(x):
    ...     return x, lambda upstream: -upstream
    >>> import hornbill.tensorflow as tf
    >>> x = tf.constant(2.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = reversed_gradient(x) * 3.0
    >>> float(tape.gradient(y, x))
    -3.0
    """

    @jax.custom_vjp
    def run(*args):
        return unwrap(f(*wrap(args))[0])

    def forward(*args):
        return run(*args), args

    def backward(args, upstream):
        # The gradient function may hold values of its run, so it is made again here.
        _, gradient = f(*wrap(args))
        several = isinstance(upstream, (list, tuple))
        found = unwrap(gradient(*wrap(upstream)) if several else gradient(wrap(upstream)))
        found = tuple(found) if isinstance(found, (list, tuple)) else (found,)
        return tuple(jnp.asarray(g, x.dtype) for g, x in zip(found, args, strict=True))

    run.defvjp(forward, backward)
    return lambda *args: wrap(run(*(jnp.asarray(unwrap(a)) for a in args)))


def _save(obj, export_dir, signatures=None, options=None) -> None:
    """Writes a model's inference as a program (`Model.export`), a file of Hornbill's."""
    if signatures is not None or options is not None:
        raise ValueError("tf.saved_model.save takes a model and a path, no signatures or options.")
    obj.export(export_dir, verbose=False)


def _load(export_dir):
    """What `tf.saved_model.save` wrote, as a function of tensors."""
    from ..export import load

    program = load(export_dir)
    return lambda *args, **kwargs: wrap(program(*unwrap(args), **unwrap(kwargs)))


saved_model = types.SimpleNamespace(save=_save, load=_load)
