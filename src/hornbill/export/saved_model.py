"""Programs as TensorFlow's SavedModel, by `jax2tf`: a folder that TensorFlow runs by itself."""

import os
import tempfile

import jax
import numpy as np

from ..saving.container import write_folder
from .program import Program
from .signature import is_spec
from .stablehlo import check_platforms

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def write(
    programs: list[Program],
    path: str,
    platforms=("cpu", "cuda", "tpu"),
    collections=None,
    options=None,
) -> None:
    """Writes programs as the functions of one SavedModel; the first one is its default.

    Weights that several programs read are in the folder once.

    Args:
        programs: what to write.
        path: the folder; one that is there already is replaced if it holds a SavedModel.
        platforms: those that it will run on, some of `PLATFORMS`.
        collections: `{name: variables}`, lists of variables that the loaded object will have.
        options: a `tf.saved_model.SaveOptions`.

    Raises:
        ValueError: if something else is at `path`, or for other platforms.
        ImportError: without TensorFlow.
    """
    check_platforms(platforms, PLATFORMS)
    _check_place(path)
    tf, jax2tf = _tensorflow()
    cells: dict = {}

    def cell(variable):
        if variable not in cells:
            value = np.asarray(variable.value)
            cells[variable] = tf.Variable(value, variable.trainable, name=variable.name)
        return cells[variable]

    # A Checkpoint is TensorFlow's plainest object that takes attributes to save.
    root = tf.train.Checkpoint()
    for program in programs:
        own = list(map(cell, program.variables))
        setattr(root, program.name, _function(tf, jax2tf, program, own, platforms))
    for name, variables in (collections or {}).items():
        setattr(root, name, list(map(cell, variables)))
    root.variables = list(cells.values())
    signatures = {"serving_default": _signature(tf, getattr(root, programs[0].name))}
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(root, folder, signatures, options)
        write_folder(path, folder)


def _function(tf, jax2tf, program: Program, cells: list, platforms):
    """A `tf.function` of the program's arguments, which reads its weights from `cells`."""
    specs = jax.tree.map(
        lambda spec: tf.TensorSpec(spec.shape, spec.dtype, spec.name),
        program.signature,
        is_leaf=is_spec,
    )
    shapes = jax.tree.map(lambda a: f"({', '.join(map(str, a.shape))})", program.arguments)
    converted = jax2tf.convert(
        program.pure,
        polymorphic_shapes=[None, *shapes],
        with_gradient=False,
        native_serialization_platforms=tuple(platforms),
    )

    def function(*args):
        return converted(cells, *args)

    return tf.function(function, specs, autograph=False)


def _signature(tf, function):
    """The function as a signature, whose outputs TensorFlow wants as a flat dict."""

    def flat(*args):
        outputs = function(*args)
        if isinstance(outputs, dict) and all(map(tf.is_tensor, outputs.values())):
            return outputs
        return {f"output_{i}": x for i, x in enumerate(jax.tree.leaves(outputs))}

    return tf.function(flat, function.input_signature, autograph=False)


def _tensorflow():
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "Exporting to a SavedModel needs TensorFlow, which is not installed: "
            "pip install tensorflow."
        ) from error
    from jax.experimental import jax2tf

    return tf, jax2tf


def _check_place(path: str) -> None:
    """Only a SavedModel, or an empty folder, is replaced: a folder may hold anything."""
    if not os.path.exists(path):
        return
    if not os.path.isdir(path) or (os.listdir(path) and "saved_model.pb" not in os.listdir(path)):
        raise ValueError(
            f"'{path}' is there already and is no SavedModel, so it is not replaced. "
            "Export to another path."
        )
