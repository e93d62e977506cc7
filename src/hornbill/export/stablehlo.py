"""A model as a StableHLO program, by `jax.export`: one file, for any batch size."""

import importlib.util
import os

import jax
import jax.export

from ..engine.atomic import atomic_path
from .signature import signature_of, symbolic

FORMATS = ("stablehlo",)
PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def export_model(
    model,
    filepath,
    format: str = "stablehlo",
    verbose=None,
    input_signature=None,
    platforms=PLATFORMS,
) -> None:
    """Writes a model's inference as a program; see `Model.export`."""
    if format not in FORMATS:
        raise ValueError(
            f"Hornbill exports to the formats {list(FORMATS)} now; 'onnx' and 'tf_saved_model' are "
            f"not supported. Received: format={format!r}"
        )
    if not platforms or not set(platforms) <= set(PLATFORMS):
        raise ValueError(f"platforms names some of {PLATFORMS}. Received: {platforms!r}")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' must be built before it is exported. Call it on data, or build "
            "it with model.build(input_shape)."
        )
    _require_flatbuffers()
    path = os.fspath(filepath)
    arguments = symbolic(signature_of(model, input_signature))
    program = jax.export.export(jax.jit(_inference(model)), platforms=tuple(platforms))
    data = program(*arguments).serialize()
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        file.write(data)
    if verbose or verbose is None:
        shapes = jax.tree.map(lambda a: f"{a.dtype}[{', '.join(map(str, a.shape))}]", arguments)
        print(f"Saved artifact at '{path}': {len(data)} bytes, takes {shapes}.")


def _inference(model):
    """The model's call as a pure function; its weights are part of the program."""
    trainable = [v.value for v in model.trainable_variables]
    rest = [v.value for v in model.non_trainable_variables]

    def inference(*args):
        return model.stateless_call(trainable, rest, *args, training=False)[0]

    return inference


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
