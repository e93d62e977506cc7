"""The one door through which computation passes, be its tensors real or symbolic.

`@op` declares a function of arrays. Called with arrays or Variables it simply runs; called
with a SymbolicTensor its result's shape and dtype are inferred and a Node is recorded. Layers
take the same door (`record`).
"""

import functools
import inspect
import math
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np

from .beside import get_mask, set_mask
from .device import from_host
from .dtypes import struct
from .errors import NeedsValue, UnknownDimension, describe_call, explain, known_shape
from .naming import auto_name, to_snake_case, unique_name
from .scope import StatelessScope
from .symbolic import Node, SymbolicTensor, any_symbolic
from .variable import Variable

# Parameters of an @op annotated with these are converted: one array-like, or a structure of them.
Tensor = Annotated[Any, "tensor"]
Tensors = Annotated[Any, "tensors"]


def to_array(x):
    """An array-like as something that `jax.numpy` takes; Python numbers stay weakly typed."""
    if isinstance(x, (jax.Array, bool, int, float, complex)) or x is None:
        return x
    if isinstance(x, Variable):
        return x.value
    return from_host(x) if type(x) is np.ndarray else jnp.asarray(x)


def to_arrays(structure):
    """`to_array` for each array-like of a structure of lists, tuples and dicts."""
    return jax.tree.map(to_array, structure)


def op(function):
    """Declares an op.

    Parameters annotated `Tensor` take arrays, Variables, nested lists of numbers and symbolic
    tensors; those annotated `Tensors` take structures (lists, dicts) of these. All others are
    plain Python settings.
    """
    parameters = inspect.signature(function).parameters
    convert = {}
    positional = []
    for name, parameter in parameters.items():
        metadata = getattr(parameter.annotation, "__metadata__", ())
        convert[name] = {"tensor": to_array, "tensors": to_arrays}.get(metadata and metadata[0])
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest = convert[name]
            break
        positional.append(convert[name])
    else:
        rest = None
    names = list(parameters)
    # "ops.add", "losses.mean_squared_error": how messages call it.
    family = function.__module__.split(".")[1] if "." in function.__module__ else "ops"
    who = f"{family}.{function.__name__}"

    @functools.wraps(function)
    def call(*args, **kwargs):
        if any_symbolic(args, kwargs):
            return record(OpCall(call), args, kwargs)
        try:
            padded = positional + [rest] * (len(args) - len(positional))
            args = [a if f is None else f(a) for a, f in zip(args, padded, strict=False)]
            for name in kwargs:
                if convert.get(name) is not None:
                    kwargs[name] = convert[name](kwargs[name])
            return function(*args, **kwargs)
        except Exception as error:
            received = describe_call(names, args, kwargs)
            new = explain(error, who, received)
            if new is error:
                raise
            raise new from None

    call.is_op = True
    return call


class Operation:
    """Something with a name that can stand in a graph: a layer, or one use of an op.

    Subclasses define `call`. Calling one with symbolic tensors records it.
    """

    def __init__(self, name: str | None = None):
        self.name = auto_name(self) if name is None else name

    def __call__(self, *args, **kwargs):
        if any_symbolic(args, kwargs):
            return record(self, args, kwargs)
        return self.call(*args, **kwargs)

    def run(self, *args, **kwargs):
        """What the graph runs for this operation."""
        return self.call(*args, **kwargs)

    def call(self, *args, **kwargs):
        raise NotImplementedError(
            f"{type(self).__name__} has no call(). Write `def call(self, inputs): ...`."
        )


class OpCall(Operation):
    """One use of an op in a graph."""

    def __init__(self, function, name: str | None = None):
        self.function = function
        self.name = unique_name(to_snake_case(function.__name__)) if name is None else name

    @property
    def path(self) -> str:
        return self.name

    def call(self, *args, **kwargs):
        return self.function(*args, **kwargs)


def record(operation, args, kwargs):
    """Calls `operation` on symbolic tensors: infers the result and leaves a Node behind."""
    for x in jax.tree.leaves((args, kwargs)):
        if isinstance(x, SymbolicTensor) and x.dtype == "string":
            raise ValueError(got_strings(operation, x.name))
    outputs, masks = _infer(operation.run, args, kwargs)
    node = Node(operation, args, kwargs)
    name = operation.name
    node.finish(jax.tree.map(lambda s: SymbolicTensor(s.shape, s.dtype, name=name), outputs))
    for tensor, mask in zip(node.results, masks, strict=True):
        set_mask(tensor, None if mask is None else SymbolicTensor(mask.shape, mask.dtype))
    return node.outputs


def got_strings(operation, tensor: str) -> str:
    """What is said where strings come to something that computes."""
    return (
        f"'{operation.name}' ({type(operation).__name__}) got strings, which only text layers take "
        "(TextVectorization, StringLookup, Hashing, HashedCrossing). Put one in front of it, or "
        f"turn the strings into numbers first. Received: '{tensor}' of dtype string"
    )


class TensorSpec:
    """A shape, None for unknown dimensions, and a dtype."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple, dtype):
        self.shape, self.dtype = shape, dtype


class _Unknown:
    """How an unknown dimension is written for the engine."""

    @staticmethod
    @functools.cache
    def symbol():
        from jax import export

        return export.symbolic_shape("d", constraints=["d>=2"])[0]


def infer(function, args, kwargs):
    """The shapes and dtypes that `function(*args, **kwargs)` gives, without computing.

    Unknown dimensions are one symbol `d`. Code that the symbol cannot pass (it compares or
    counts with the dimension) is traced for two sizes instead; dimensions that differ
    between the two are unknown. Assignments to variables are dropped.

    Returns:
        The result's structure, with `TensorSpec` leaves whose unknown dimensions are None.
    """
    return _infer(function, args, kwargs)[0]


def _infer(function, args, kwargs):
    """What `infer` returns, and for each of its leaves the mask that it carries, or None."""
    leaves, treedef = jax.tree.flatten((args, kwargs))
    places = [i for i, x in enumerate(leaves) if isinstance(x, SymbolicTensor)]

    def abstract(tensors, masks):
        filled = list(leaves)
        for i, tensor, mask in zip(places, tensors, masks, strict=True):
            filled[i] = tensor
            set_mask(tensor, mask)
        a, k = jax.tree.unflatten(treedef, filled)
        with StatelessScope():
            result = function(*a, **k)
        result = jax.tree.map(lambda x: x.value if isinstance(x, Variable) else x, result)
        return result, [_mask_of(x) for x in jax.tree.leaves(result)]

    def trace(unknown):
        def sized(x):
            return struct(tuple(unknown if n is None else n for n in x.shape), x.dtype)

        tensors = [leaves[i] for i in places]
        masks = [get_mask(t) for t in tensors]
        masks = [None if m is None else sized(m) for m in masks]
        return jax.eval_shape(abstract, [sized(t) for t in tensors], masks)

    def compute(unknown):
        # Python chooses by values that no placeholder has: numbers of some kind show the shapes.
        def some(x):
            shape = [unknown if n is None else n for n in x.shape]
            return jnp.asarray(np.linspace(-1, 1, math.prod(shape)).reshape(shape), x.dtype)

        tensors = [leaves[i] for i in places]
        masks = [get_mask(t) for t in tensors]
        return abstract([*map(some, tensors)], [None if m is None else some(m) for m in masks])

    if all(n is not None for i in places for n in leaves[i].shape):
        try:
            result = trace(None)
        except NeedsValue:
            result = compute(None)
        return jax.tree.map(lambda s: TensorSpec(s.shape, s.dtype), result)
    try:
        result = trace(_Unknown.symbol())
        return jax.tree.map(lambda s: TensorSpec(known_shape(s.shape), s.dtype), result)
    except UnknownDimension:
        raise
    except Exception as error:
        try:
            # Sizes that divide by what shapes are usually divided by: reshape((-1, 4)) passes.
            return jax.tree.map(_merge, trace(240), trace(480))
        except NeedsValue:
            return jax.tree.map(_merge, compute(4), compute(6))
        except Exception:
            raise error from None


def _mask_of(x):
    """The mask of a tensor, where it is one tensor as well."""
    mask = get_mask(x) if isinstance(x, jax.Array) else None
    return mask if isinstance(mask, (jax.Array, np.ndarray)) else None


def _merge(a, b):
    shape = tuple(m if m == n else None for m, n in zip(a.shape, b.shape, strict=True))
    return TensorSpec(shape, a.dtype)


def convert_to_numpy(x) -> np.ndarray:
    """A NumPy copy of a tensor or Variable."""
    return np.array(x.value if isinstance(x, Variable) else x)
