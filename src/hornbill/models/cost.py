"""What a model costs: multiply-adds and memory of each layer, for a batch of a given size."""

import math
from typing import NamedTuple

import jax
import numpy as np

from ..engine.dtypes import struct
from ..engine.products import multiply_adds
from ..engine.scope import StatelessScope
from ..engine.symbolic import SymbolicTensor
from .flow import traced_flow


class Cost(NamedTuple):
    """The cost of all calls of an operation: counts of multiply-adds, and bytes of its outputs."""

    multiply_adds: int = 0
    activations: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(*(a + b for a, b in zip(self, other, strict=True)))


def costs(model, batch_size: int) -> dict[int, Cost | None]:
    """`{id(operation): Cost}` for everything directly inside a model.

    None stands for what is not known: a layer that was not called or built, a dimension that is
    open beside the batch's, or code that arrays of these shapes do not suffice for.
    """
    found: dict[int, Cost | None] = {}
    for operation, given in _calls(model, batch_size):
        before = found.get(id(operation), Cost())
        now = _of_call(operation, given, batch_size)
        found[id(operation)] = None if before is None or now is None else before + now
    return found


def all_multiply_adds(model, batch_size: int) -> int | None:
    """Those of a whole model without a graph, with what its `call` does beside its layers.

    None where the model has a graph, or cannot be traced.
    """
    flow = None if model._graph is not None else traced_flow(model, batch_size)
    return None if flow is None else multiply_adds(flow.program)


def _calls(model, batch_size: int):
    """Each call inside the model: the operation, and `(args, kwargs)` of structs."""
    if model._graph is not None:
        for node in model._graph.nodes:
            if node.inputs:
                yield node.operation, _sized((node.args, node.kwargs), batch_size)
    else:
        flow = traced_flow(model, batch_size)
        for call in [] if flow is None else flow.calls:
            if call.operation is not None:
                yield call.operation, call.given


def _sized(structure, batch_size: int):
    def size(x):
        if not isinstance(x, SymbolicTensor):
            return x
        first = (batch_size if n is None else n for n in x.shape[:1])
        return struct((*first, *(n or -1 for n in x.shape[1:])), x.dtype)

    return jax.tree.map(size, structure)


def _of_call(operation, given, batch_size: int) -> Cost | None:
    leaves, treedef = jax.tree.flatten(given)
    places = [i for i, x in enumerate(leaves) if isinstance(x, jax.ShapeDtypeStruct)]
    if any(n < 0 for i in places for n in leaves[i].shape):
        return None

    def program(*tensors):
        filled = list(leaves)
        for i, tensor in zip(places, tensors, strict=True):
            filled[i] = tensor
        args, kwargs = jax.tree.unflatten(treedef, filled)
        with StatelessScope():
            outputs = operation.run(*args, **kwargs)
        return [x for x in jax.tree.leaves(outputs) if isinstance(x, jax.Array)]

    try:
        traced = jax.make_jaxpr(program)(*(leaves[i] for i in places)).jaxpr
    except Exception:  # the table says "?" of what cannot be traced
        return None
    inner = costs(operation, batch_size).values() if hasattr(operation, "_graph") else ()
    if inner and all(inner):
        activations = sum(cost.activations for cost in inner)
    else:
        activations = sum(_bytes(v.aval.shape, v.aval.dtype) for v in traced.outvars)
    return Cost(multiply_adds(traced), activations)


def _bytes(shape, dtype) -> int:
    return math.prod(shape) * np.dtype(dtype).itemsize
