"""oneDNN's convolutions, LSTM and attention, and Adam, as calls in a program for the CPU.

Where XLA's convolutions reach 70 to 110 Gflop/s on two cores, and their gradients for the kernel
50 to 100, oneDNN's reach 200 to 270 (float32, channels last). The files in `native/` are the
bridge; the library comes with the package `onednn-cpu-gomp`. Where either is missing, XLA's own
stay.

Reference: https://uxlfoundation.github.io/oneDNN/
"""

import contextlib
import ctypes
import functools
import importlib.metadata
import os
from contextvars import ContextVar
from pathlib import Path

import jax
import numpy as np

PACKAGE = "onednn-cpu-gomp"
BRIDGE = Path(__file__).parents[1] / "native" / "onednn.so"
FORWARD, DATA, KERNEL = range(3)
TRAIN, GRADIENTS, INFER = range(3)
RELU, ADD, MULTIPLY, SUBTRACT = range(4)

_threads: ContextVar[int] = ContextVar("hornbill_onednn_threads", default=0)


def library() -> Path | None:
    """Where oneDNN's library lies; None where it is not installed.

    `$HORNBILL_ONEDNN` names another one (version 3), or says `off`.
    """
    chosen = os.environ.get("HORNBILL_ONEDNN", "")
    if chosen:
        return None if chosen.lower() == "off" else Path(chosen)
    try:
        files = importlib.metadata.files(PACKAGE) or ()
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((Path(f.locate()) for f in files if f.name == "libdnnl.so.3"), None)


@functools.cache
def available() -> bool:
    """Whether programs of this process may call oneDNN; opens the library at the first call."""
    path = library()
    if path is None or not BRIDGE.exists() or jax.default_backend() != "cpu":
        return False
    try:
        with _sleeping_threads():
            if not _bridge().hornbill_open(os.fsencode(path)):
                return False
        for name in ("convolution", "lstm", "attention", "adam"):
            handler = jax.ffi.pycapsule(getattr(_bridge(), f"hornbill_{name}"))
            jax.ffi.register_ffi_target(f"hornbill_{name}", handler, platform="cpu")
    except (OSError, jax.errors.JaxRuntimeError):
        return False  # another processor's file, or an interface that this jaxlib does not have
    return True


@functools.cache
def _bridge() -> ctypes.CDLL:
    opened = ctypes.CDLL(str(BRIDGE))
    opened.hornbill_open.restype = ctypes.c_bool
    opened.hornbill_lstm_workspace.restype = ctypes.c_size_t
    opened.hornbill_lstm_workspace.argtypes = [ctypes.c_int64] * 4
    return opened


@contextlib.contextmanager
def tracing_a_step(threads: int):
    """Layers that are traced inside may call oneDNN, on so many threads.

    The program is this process's alone. A user's own may be differentiated forwards or exported,
    which a call cannot be.
    """
    token = _threads.set(threads)
    try:
        yield
    finally:
        _threads.reset(token)


def threads() -> int:
    """On how many threads a layer may call oneDNN here; 0 where it may not."""
    return _threads.get() if available() else 0


@contextlib.contextmanager
def _sleeping_threads():
    """OpenMP's threads sleep between two primitives: by default they take XLA's their cores.

    OpenMP reads the setting when its library is opened.
    """
    name = "OMP_WAIT_POLICY"
    given = os.environ.get(name)
    if given is None:
        os.environ[name] = "passive"
    try:
        yield
    finally:
        if given is None:
            del os.environ[name]


def convolution(
    threads: int,
    kind: int,
    shape,
    a,
    b,
    groups: int,
    strides,
    dilation,
    padding,
    then=(),
    with_=(),
):
    """A convolution or one of its gradients, with `x` and `y` `(batch, *space, channels)`.

    Args:
        threads: on how many it runs. Calls that use all cores wait for each other.
        kind: `FORWARD` `(x, kernel) -> y`, `DATA` `(kernel, dy) -> dx`, or `KERNEL`
            `(x, dy) -> d kernel`. Kernels are `(*space, channels in / groups, channels out)`.
        shape: the result's.
        a, b: the two arguments, float32.
        groups: of how many groups of channels each output reads one.
        strides, dilation, padding: of the forward convolution, one (pair) for each dimension.
        then: what is done to the results of `FORWARD` before they are written: `RELU`, or `ADD`,
            `MULTIPLY` or `SUBTRACT` with the next operand.
        with_: the operands, of the result's shape or with one value for each channel and ones in
            front.
    """
    before, behind = zip(*padding, strict=True)
    gaps = [d - 1 for d in dilation]  # oneDNN's dilation counts the places left out
    settings = np.array([threads, kind, groups, *strides, *gaps, *before, *behind, *then], np.int64)
    call = jax.ffi.ffi_call("hornbill_convolution", jax.ShapeDtypeStruct(shape, np.float32))
    return call(a, b, *with_, settings=settings)


def lstm(threads: int, kind: int, shapes, *args):
    """An LSTM over all steps, or its gradients: `native/lstm.cc` has the arguments' order.

    Args:
        threads: on how many it runs, at most one for each part of the batch.
        kind: `INFER`, `TRAIN` (results and a workspace for the way back) or `GRADIENTS`.
        shapes: those of the results, `jax.ShapeDtypeStruct`s.
        args: `(time, batch, n)` inputs, `(batch, units)` states and Keras's weights, float32.
    """
    call = jax.ffi.ffi_call("hornbill_lstm", shapes, vmap_method="sequential")
    return call(*args, settings=np.array([threads, kind], np.int64))


def attention(threads: int, scale: float, shapes, *args, back: bool = False):
    """Attention for each head, or its gradients: `native/attention.cc` has the arguments' order.

    Args:
        threads: on how many it runs.
        scale: of the scores.
        shapes: that of the result, or those of the gradients.
        args: `(batch, steps, heads, dim)`, and what is added to the scores, float32.
        back: whether it is the way back.
    """
    call = jax.ffi.ffi_call("hornbill_attention", shapes, vmap_method="sequential")
    return call(*args, settings=np.array([threads, back, *_bits(scale)], np.int64))


def adam(one_minus_beta_1: float, one_minus_beta_2: float, epsilon: float, *args):
    """One step of Adam for one weight, on one thread; not oneDNN's, but called like the others.

    Args:
        args: the value, its gradient, the averages of the gradient and of its square, and the
            learning rate, float32.

    Returns:
        The new value and averages.
    """
    like = jax.ShapeDtypeStruct(args[0].shape, np.float32)
    call = jax.ffi.ffi_call(
        "hornbill_adam",
        [like] * 3,
        vmap_method="sequential",
        input_output_aliases={0: 0, 2: 1, 3: 2},
    )
    bits = _bits(one_minus_beta_1, one_minus_beta_2, epsilon)
    return tuple(call(*args, settings=np.array(bits, np.int64)))


def _bits(*numbers: float) -> list[int]:
    """Numbers as settings, which are ints: the bits of each as a float32."""
    return np.array(numbers, np.float32).view(np.int32).tolist()


@functools.cache
def lstm_workspace(steps: int, batch: int, inputs: int, units: int) -> int:
    """How many bytes the way back needs of the way forwards; 0 where there is no such LSTM."""
    return _bridge().hornbill_lstm_workspace(steps, batch, inputs, units)
