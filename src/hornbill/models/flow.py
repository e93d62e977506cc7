"""The data flow of a subclassed model, found by tracing its `call` once.

Each call of a layer inside marks what it gets and what it gives with `checkpoint_name`, which
computes nothing. In the traced program one walk then tells whose results reach which call, past
all operations in between.
"""

from typing import NamedTuple

import jax
from jax.ad_checkpoint import checkpoint_name
from jax.extend.core import Jaxpr, Literal, jaxprs_in_params

from ..engine.beside import get_mask, set_mask
from ..engine.errors import known_shape
from ..engine.operation import TensorSpec
from ..engine.scope import StatelessScope
from ..layers.calling import is_shape

MARK = "hornbill plot"


class Call(NamedTuple):
    """One call of a layer, or, where `operation` is None, one of the model's inputs."""

    operation: object
    name: str
    inputs: list[TensorSpec]
    outputs: list[TensorSpec]
    sources: set[int]  # the places, in the list of calls, of what its inputs were made from
    given: tuple  # its `(args, kwargs)`, with a `jax.ShapeDtypeStruct` for each array


class Flow(NamedTuple):
    """The model's inputs and the calls of the layers directly inside, in order; and the program."""

    calls: list[Call]
    program: Jaxpr


def traced_flow(model, batch_size: int | None = None) -> Flow | None:
    """The data flow of a model without a graph.

    With a batch size the shapes are those of such a batch, else those that the model was built for.
    None where the model was not called or built yet, or needs more than arrays of those shapes.
    """
    shapes = model._build_shapes
    if not shapes:
        return None
    if batch_size is not None:
        shapes = jax.tree.map(
            lambda shape: (batch_size, *shape[1:]) if shape else shape, shapes, is_leaf=is_shape
        )
    for unknown in (_unknown_dimension(), 2):
        try:
            return _trace(model, shapes, unknown)
        except Exception:  # code that counts with dimensions, or that needs other arguments
            continue
    return None


def _trace(model, shapes: dict, unknown) -> Flow:
    names = [key.removesuffix("_shape") for key in shapes]
    structs = jax.tree.map(
        lambda shape: jax.ShapeDtypeStruct(
            tuple(unknown if n is None else n for n in shape), model.input_dtype
        ),
        list(shapes.values()),
        is_leaf=is_shape,
    )
    leaves, treedef = jax.tree.flatten(structs)
    calls: list[Call] = []

    def program(*tensors):
        for i, tensor in enumerate(tensors):
            name = names[i] if len(names) == len(tensors) else f"{names[0]} {i}"
            calls.append(Call(None, name, [], _specs(tensor), set(), ()))
        with StatelessScope():
            outputs = model.run(*jax.tree.unflatten(treedef, tensors))
        return [x for x in jax.tree.leaves(outputs) if isinstance(x, jax.Array)]

    layers = model._layers()
    for layer in layers:
        vars(layer)["run"] = _marking(layer, layer.run, calls)
    try:
        program = jax.make_jaxpr(program)(*leaves).jaxpr
    finally:
        for layer in layers:
            del vars(layer)["run"]
    _walk(program, [{i} for i in range(len(leaves))], calls)
    return Flow(calls, program)


def _marking(layer, run, calls: list[Call]):
    """`layer.run`, marking what comes in and what goes out."""

    def marked_run(*args, **kwargs):
        place = len(calls)
        given = as_structs((args, kwargs))
        calls.append(Call(layer, layer.name, _specs(given), [], set(), given))
        args, kwargs = _mark((args, kwargs), f"{MARK} in {place}")
        outputs = run(*args, **kwargs)
        calls[place].outputs.extend(_specs(outputs))
        return _mark(outputs, f"{MARK} out {place}")

    return marked_run


def _mark(structure, name: str):
    def mark(x):
        if not isinstance(x, jax.Array):
            return x
        marked = checkpoint_name(x, name)
        set_mask(marked, get_mask(x))
        return marked

    return jax.tree.map(mark, structure)


def as_structs(structure):
    """A structure with a `jax.ShapeDtypeStruct` in the place of each array."""
    return jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype) if isinstance(x, jax.Array) else x,
        structure,
    )


def _specs(structure) -> list[TensorSpec]:
    arrays = jax.Array, jax.ShapeDtypeStruct
    leaves = [x for x in jax.tree.leaves(structure) if isinstance(x, arrays)]
    return [TensorSpec(known_shape(x.shape), x.dtype) for x in leaves]


def _walk(program, given: list[set], calls: list[Call]) -> list[set]:
    """Whose results reach the program's results, where `given` reach its arguments."""
    reach = dict(zip(program.invars, given, strict=True))

    def reaching(variable) -> set:
        return set() if isinstance(variable, Literal) else reach.get(variable, set())

    for equation in program.eqns:
        found = [reaching(v) for v in equation.invars]
        inner = list(jaxprs_in_params(equation.params))
        mark = str(equation.params.get("name", ""))
        if mark.startswith(MARK):
            *_, side, place = mark.split()
            if side == "in":
                calls[int(place)].sources.update(found[0])
            results = [found[0] if side == "in" else {int(place)}]
        elif len(inner) == 1 and len(inner[0].invars) == len(found):
            results = _walk(inner[0], found, calls)
        else:
            results = [set().union(*found)] * len(equation.outvars)
        reach.update(zip(equation.outvars, results, strict=False))
    return [reaching(v) for v in program.outvars]


def _unknown_dimension():
    from jax import export

    return export.symbolic_shape("d", constraints=["d>=2"])[0]
