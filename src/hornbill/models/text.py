"""Strings as data: what the text layers at a model's front make of them, before the step runs.

Strings cannot enter compiled code. So the layers on the host that take a model's strings are found
in its graph and run on the data, batch by batch or all at once; the step gets what they made, as
an `Encoded`, and the layers give it back when they are called there.
"""

import functools
from collections.abc import Iterator

import jax

from ..engine.operation import got_strings
from ..engine.symbolic import Node
from ..layers.preprocessing.host import Encoded, HostLayer
from ..training.data.rows import EncodedRows, is_text, take
from .functional import Graph


def encode(model, x):
    """The data `x`, a structure of arrays, with strings as what the model's text layers make of it.

    That is an `Encoded`; `EncodedRows` where it is as wide as a batch's longest text.

    Raises:
        ValueError: if strings come to anything but text layers.
    """
    graph = _graph_for(model, x)
    leaves, treedef = jax.tree.flatten(x)
    places = graph._match(jax.tree.unflatten(treedef, range(len(leaves))), model.path)
    values = [None if p is None else leaves[p] for p in places]
    texts = [i for i, v in enumerate(values) if is_text(v)]
    _check_dtypes(graph, texts, model.path)
    strings = {id(graph.flat_inputs[i]) for i in texts}
    calls = list(_host_calls(graph, strings, set(map(id, graph.flat_inputs)), model.path))
    if any(None in node.results[0].shape[1:] for node in calls):
        read = _reader(graph, values, model.path)
        made = {i: EncodedRows(values[i], lambda rows, i=i: read(rows)[i]) for i in texts}
    else:
        made = _encoded(graph, values, model.path)
    for i in texts:
        leaves[places[i]] = made[i]
    return jax.tree.unflatten(treedef, leaves)


def _reader(graph: Graph, values: list, path: str):
    """What encodes rows of the data; the columns of one batch together."""
    last: list = [None, None]

    def read(rows) -> list[Encoded | None]:
        if last[0] is not rows:
            batch = [None if v is None else take(v, rows) for v in values]
            last[:] = rows, _encoded(graph, batch, path)
        return last[1]

    return read


def _graph_for(model, x) -> Graph:
    from .sequential import Sequential

    if isinstance(model, Sequential) and model._graph is None and model.layers and is_text(x):
        if model.layers[0].input_dtype != "string":
            raise ValueError(got_strings(model.layers[0], "the model's input"))
        model.build((None, *x.shape[1:]))
    if model._graph is None:
        raise ValueError(
            f"Model '{model.path}' ({type(model).__name__}) got strings, and is neither Sequential "
            "nor functional: which text layers take them is not known before it runs. Put the "
            "text layer in front, Sequential([layer, model]), or into the data, dataset.map(layer)."
        )
    return model._graph


def _check_dtypes(graph: Graph, texts: list[int], path: str) -> None:
    for i in texts:
        dtype = graph.flat_inputs[i].dtype
        if dtype != "string":
            raise ValueError(
                f"Model '{path}': input '{graph.input_names[i]}' is of dtype {dtype} and got "
                "strings. Make it with Input(..., dtype='string') for a text layer, or turn the "
                f"strings into numbers. Received: strings for {dtype}"
            )


def _host_calls(graph: Graph, strings: set[int], known: set[int], path: str) -> Iterator[Node]:
    """The calls of layers on the host that take strings.

    `strings` are the graph's tensors that are strings, and `known` those that are data.
    """
    for node, *_ in graph.steps:
        if not any(id(t) in strings for t in node.inputs):
            continue
        layer = node.operation
        if isinstance(layer, HostLayer):
            if not {id(t) for t in node.inputs} <= known:
                raise ValueError(
                    f"Model '{path}': '{layer.name}' ({type(layer).__name__}) takes strings beside "
                    "what the model computes, which is known in the step alone. Map it over the "
                    f"data first. Received: {', '.join(t.name for t in node.inputs)}"
                )
            yield node
        else:  # a model: nothing else can be made that takes strings
            given = layer._graph._match(node.args[0], layer.path)
            pairs = list(zip(layer._graph.flat_inputs, given, strict=True))
            inner = [{id(t) for t, v in pairs if id(v) in ids} for ids in (strings, known)]
            yield from _host_calls(layer._graph, *inner, layer.path)


def _encoded(graph: Graph, values: list, path: str) -> list[Encoded | None]:
    """What layers on the host make of a batch, for each input that is strings."""
    given = {id(t): (t, v) for t, v in zip(graph.flat_inputs, values, strict=True)}

    @functools.cache
    def known(key):
        tensor, value = given.get(key, (None, None))
        return None if value is None else tensor.history.node.operation.prepare(value, path)

    made = {key: {} for key, (_, value) in given.items() if is_text(value)}
    for node, leaves, treedef, places in graph.steps:
        first = next((key for _, key in places if key in made), None)
        if first is None:
            continue
        filled = list(leaves)
        for i, key in places:
            filled[i] = known(key)
        args, kwargs = jax.tree.unflatten(treedef, filled)
        layer = node.operation
        if isinstance(layer, HostLayer):
            made[first][layer] = layer(*args, **kwargs)
        else:
            keys = {id(known(key)): key for _, key in places if key in made}
            inner = layer._graph._match(args[0], layer.path)
            found = _encoded(layer._graph, inner, layer.path)
            for value, encoded in zip(inner, found, strict=True):
                if encoded is not None:
                    made[keys[id(value)]] |= encoded.results
    return [
        Encoded(known(id(t)).shape[1:], made[id(t)]) if id(t) in made else None
        for t in graph.flat_inputs
    ]
