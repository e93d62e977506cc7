"""What a model that is exported takes: the shapes and dtypes of its call's arguments."""

import jax

from ..engine import dtypes
from ..engine.symbolic import SymbolicTensor
from ..layers import InputSpec
from ..layers.calling import as_shapes, is_shape


def signature_of(model, given=None) -> list:
    """The arguments of a model's call as a list of structures of `InputSpec`.

    Args:
        model: a built model.
        given: `input_signature` of `Model.export`; None takes what the model says of itself.

    Raises:
        ValueError: if the model does not know what it takes, or a spec lacks its shape or dtype.
        TypeError: if `given` is no list, or holds something else than specs, tensors and arrays.
    """
    if given is not None:
        if not isinstance(given, (list, tuple)):
            raise TypeError(
                "input_signature is a list with one entry for each argument of the model's call. "
                f"Received: {given!r}"
            )
        if model is not None and model.inputs is not None and len(given) == len(model.inputs) > 1:
            given = [list(given)]  # the flat list of a functional model's inputs
        return jax.tree.map(_spec, list(given), is_leaf=is_spec)
    if model.inputs is not None:
        return [jax.tree.map(_spec, model.input)]
    shapes = model._build_shapes
    if not shapes:
        raise ValueError(
            f"Model '{model.name}' does not know yet what it takes. Call it on data once, or pass "
            "input_signature=[hornbill.InputSpec(shape=(None, ...), dtype=...)]."
        )
    return [
        jax.tree.map(lambda s: _open(s, model.input_dtype), as_shapes(shape), is_leaf=is_shape)
        for shape in shapes.values()
    ]


def symbolic(signature: list) -> list:
    """The same as `jax.ShapeDtypeStruct`s, with a symbol for each dimension that is None.

    The first one is `b` in all inputs, the size of the batch; each other one is its own.
    """
    specs = jax.tree.leaves(signature, is_leaf=is_spec)
    scope, count = jax.export.SymbolicScope(), 0
    made = []
    for spec in specs:
        sizes = []
        for axis, size in enumerate(spec.shape):
            if size is None and axis > 0:
                count += 1
            sizes.append(str(size) if size is not None else "b" if axis == 0 else f"d{count}")
        shape = jax.export.symbolic_shape(", ".join(sizes), scope=scope)
        made.append(dtypes.struct(shape, spec.dtype))
    treedef = jax.tree.structure(signature, is_leaf=is_spec)
    return jax.tree.unflatten(treedef, made)


def is_spec(value) -> bool:
    """Whether a part of a signature is one of its leaves."""
    return isinstance(value, InputSpec)


def _spec(value) -> InputSpec:
    if isinstance(value, InputSpec):
        if value.shape is None or value.dtype is None:
            raise ValueError(
                f"An InputSpec to export with has a shape and a dtype. Received: {value}"
            )
        dtype = dtypes.standardize_dtype(value.dtype)
        return InputSpec(shape=value.shape, dtype=dtype, name=value.name)
    if isinstance(value, SymbolicTensor):
        return InputSpec(shape=value.shape, dtype=value.dtype, name=value.name)
    if not hasattr(value, "dtype"):
        raise TypeError(
            "input_signature holds InputSpecs, symbolic tensors or arrays. "
            f"Received: {value!r} of type {type(value).__name__}"
        )
    return _open(tuple(value.shape), value.dtype)


def _open(shape, dtype) -> InputSpec:
    """A spec whose first dimension, the batch, is open."""
    return InputSpec(
        shape=(None, *shape[1:]) if shape else (), dtype=dtypes.standardize_dtype(dtype)
    )
