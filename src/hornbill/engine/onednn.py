"""oneDNN's convolutions as calls in a program for the CPU.

Where XLA's convolutions reach 70 to 110 Gflop/s on two cores, and their gradients for the kernel
50 to 100, oneDNN's reach 200 to 270 (float32, channels last). `native/onednn.cc` is the bridge;
the library comes with the package `onednn-cpu-gomp`. Where either is missing, XLA's own stay.

Reference: https://uxlfoundation.github.io/oneDNN/dev_guide_convolution.html
"""

import contextlib
import ctypes
import functools
import importlib.metadata
import os
from pathlib import Path

import jax
import numpy as np

from .. import native

PACKAGE = "onednn-cpu-gomp"
BRIDGE = Path(native.__file__).with_name("onednn.so")
TARGET = "hornbill_convolution"
FORWARD, DATA, KERNEL = range(3)


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


def installed() -> bool:
    """Whether the library and the bridge to it are there."""
    return library() is not None and BRIDGE.exists()


@functools.cache
def available() -> bool:
    """Whether programs of this process may call oneDNN; opens the library at the first call."""
    if not installed() or jax.default_backend() != "cpu":
        return False
    try:
        opened = ctypes.CDLL(str(BRIDGE))
        opened.hornbill_open.restype = ctypes.c_bool
        with _sleeping_threads():
            if not opened.hornbill_open(os.fsencode(library())):
                return False
        handler = jax.ffi.pycapsule(opened.hornbill_convolution)
        jax.ffi.register_ffi_target(TARGET, handler, platform="cpu")
    except (OSError, jax.errors.JaxRuntimeError):
        return False  # another processor's file, or an interface that this jaxlib does not have
    return True


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


def convolution(kind: int, shape, a, b, groups: int, strides, dilation, padding):
    """A convolution or one of its gradients, with `x` and `y` `(batch, *space, channels)`.

    Args:
        kind: `FORWARD` `(x, kernel) -> y`, `DATA` `(kernel, dy) -> dx`, or `KERNEL`
            `(x, dy) -> d kernel`. Kernels are `(*space, channels in / groups, channels out)`.
        shape: the result's.
        a, b: the two arguments, float32.
        groups: of how many groups of channels each output reads one.
        strides, dilation, padding: of the forward convolution, one (pair) for each dimension.
    """
    before, behind = zip(*padding, strict=True)
    gaps = [d - 1 for d in dilation]  # oneDNN's dilation counts the places left out
    settings = np.array([kind, groups, *strides, *gaps, *before, *behind], np.int64)
    call = jax.ffi.ffi_call(TARGET, jax.ShapeDtypeStruct(shape, np.float32))
    return call(a, b, settings=settings)
