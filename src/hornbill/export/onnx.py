"""A program as ONNX, by `jax2onnx`: one file for onnxruntime and others, for any batch size."""

import contextlib
import logging

import jax
import jax.numpy as jnp

from ..engine.atomic import atomic_path
from .plain import plain
from .program import Program
from .signature import is_spec

MAX_BYTES = 2**31 - 1  # of a protocol buffer


def write(program: Program, path: str, opset_version: int | None = None) -> None:
    """Writes a program with its weights into one file.

    Args:
        program: what to write. Its inputs are named as a functional model's, else `input_0`, ...;
            its outputs are `output_0`, ..., in the order of `jax.tree.leaves`.
        path: the file.
        opset_version: the version of ONNX's operators; None takes jax2onnx's, 23 in version 0.17.

    Raises:
        ValueError: if something in the program has no ONNX form (yet), or is over 2 GiB.
        ImportError: without `jax2onnx`.
    """
    if opset_version is not None and (type(opset_version) is not int or opset_version < 1):
        raise ValueError(f"opset_version is a positive int. Received: {opset_version!r}")
    arguments, structure = jax.tree.flatten(program.arguments)
    function = program.closed()

    def flat(*args) -> list:
        outputs = jax.tree.leaves(function(*jax.tree.unflatten(structure, args)))
        # An array that is returned twice is two outputs, each with its name.
        seen: set[int] = set()
        return [jnp.copy(x) if id(x) in seen or seen.add(id(x)) else x for x in outputs]

    steps = plain(flat, arguments)
    count = len(jax.eval_shape(flat, *arguments))
    settings = {} if opset_version is None else {"opset": opset_version}
    with _converter() as to_onnx:
        try:
            model = to_onnx(
                steps,
                arguments,
                model_name=program.name,
                input_names=_input_names(program),
                output_names=[f"output_{i}" for i in range(count)],
                **settings,
            )
        except Exception as error:  # what a converter cannot do, it says in many ways
            raise ValueError(
                f"'{program.name}' has no ONNX form that jax2onnx knows{_culprit(error)}: "
                f"{type(error).__name__}: {error}\nFormats that hold everything are 'stablehlo' "
                "and 'tf_saved_model'."
            ) from error
    if model.ByteSize() > MAX_BYTES:
        raise ValueError(
            f"An ONNX file holds at most {MAX_BYTES} bytes; export to 'stablehlo' instead. "
            f"Received: a program of {model.ByteSize()} bytes"
        )
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        file.write(model.SerializeToString())


def _culprit(error: Exception) -> str:
    """The primitive that was being converted, and the layer that it belongs to."""
    eqn, traceback = None, error.__traceback__
    while traceback is not None:
        eqn = traceback.tb_frame.f_locals.get("eqn", eqn)
        traceback = traceback.tb_next
    if eqn is None:
        return ""
    return f", at the primitive '{eqn.primitive.name}' ({eqn.source_info.name_stack})"


def _input_names(program: Program) -> list[str]:
    specs = jax.tree.leaves(program.signature, is_leaf=is_spec)
    names = [spec.name for spec in specs]
    if None in names or len(set(names)) < len(names):
        return [f"input_{i}" for i in range(len(specs))]
    return names


@contextlib.contextmanager
def _converter():
    """Yields `jax2onnx.to_onnx`, and leaves JAX as it was: version 0.17 replaces `jnp.cumsum`."""
    try:
        from jax2onnx import to_onnx
    except ImportError as error:
        raise ImportError(
            "Exporting to ONNX needs 'jax2onnx', which is not installed: "
            "pip install 'hornbill[export]'."
        ) from error
    log = logging.getLogger("onnx_ir")  # it warns of values whose type nobody asked for
    level = log.level
    log.setLevel(logging.ERROR)
    before = {name: value for name, value in vars(jnp).items() if callable(value)}
    try:
        yield to_onnx
    finally:
        vars(jnp).update(before)
        log.setLevel(level)
