"""A program as StableHLO, by `jax.export`: one file, for any batch size."""

import importlib.util
import os

import jax
import jax.export

from ..engine.atomic import atomic_path
from .program import Program

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def write(program: Program, path: str, platforms=PLATFORMS) -> None:
    """Writes a program with its weights into one file.

    Args:
        program: what to write.
        path: the file.
        platforms: those that it will run on, some of `PLATFORMS`.

    Raises:
        ValueError: for other platforms.
        ImportError: without `flatbuffers`.
    """
    check_platforms(platforms, PLATFORMS)
    _require_flatbuffers()
    exported = jax.export.export(jax.jit(program.closed()), platforms=tuple(platforms))
    data = exported(*program.arguments).serialize()
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        file.write(data)


def check_platforms(platforms, known) -> None:
    """Raises a ValueError unless `platforms` names some of the known ones."""
    if not platforms or not set(platforms) <= set(known):
        raise ValueError(f"platforms names some of {known}. Received: {platforms!r}")


def load(filepath):
    """A program that `Model.export` wrote, as a function.

    It needs JAX alone (and `flatbuffers`, for `jax.export`), not the model's code. In a program
    without Hornbill, `jax.export.deserialize(bytearray(open(filepath, "rb").read())).call` is the
    same. A program is code, which XLA runs: load those of people whom you trust.

    Args:
        filepath: the file.

    Returns:
        A function that takes what the model's call takes, in the same structure and with the same
        dtypes, for any batch size, and returns JAX arrays. Each batch size is compiled once.

    Raises:
        ValueError: if the file is not there, or holds no such program.
        ImportError: without `flatbuffers`.

    >>> import hornbill as hb, hornbill.export, os, tempfile
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(2, kernel_initializer="ones")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.export(os.path.join(folder, "m.stablehlo"), verbose=False)
    ...     program = hb.export.load(os.path.join(folder, "m.stablehlo"))
    >>> program(hb.ops.ones((1, 3))).tolist()
    [[3.0, 3.0]]
    """
    path = os.fspath(filepath)
    if not os.path.isfile(path):
        raise ValueError(f"There is no file '{path}' to load a program from.")
    _require_flatbuffers()
    with open(path, "rb") as file:
        data = bytearray(file.read())
    try:
        program = jax.export.deserialize(data)
    except Exception as error:  # jax's reader has no error of its own for damage
        raise ValueError(
            f"'{path}' is no program that Model.export wrote: {type(error).__name__}: {error}"
        ) from error
    return jax.jit(program.call)


def _require_flatbuffers() -> None:
    if importlib.util.find_spec("flatbuffers") is None:
        raise ImportError(
            "jax.export writes and reads its files with 'flatbuffers', which is not installed: "
            "pip install 'hornbill[export]'."
        )
