"""A model as a chart: cards that say what is there, and edges between them. Plain data."""

from collections import Counter
from typing import NamedTuple

from ...layers.wrapper import Wrapper
from ..flow import traced_flow
from ..functional import Graph
from ..kinds import kind


class Show(NamedTuple):
    """What a card says: the switches of `plot_model`."""

    shapes: bool = False
    dtype: bool = False
    names: bool = False
    activations: bool = False
    trainable: bool = False
    nested: bool = False


class Card(NamedTuple):
    """What is written on a box. `kind` is "input", "op", "layer", "shared" or "model"."""

    title: str
    lines: tuple[str, ...]
    kind: str
    inside: "Chart | None" = None


class Chart(NamedTuple):
    """Cards by key, in the order in which they run, and `(from, to)` pairs of keys."""

    cards: dict
    edges: list[tuple]


def chart(model, show: Show) -> Chart:
    """The chart of a model: its graph; without one, its calls or else its parts.

    A subclassed model that was built is traced, and the cards are the calls of the layers inside;
    one that was not built has no data flow yet, so the cards are what it is made of.
    """
    if model._graph is not None:
        return _of_graph(model._graph, show)
    if hasattr(model, "_sequence"):
        return _of_sequence(model, show)
    flow = traced_flow(model)
    return _of_parts(model, show) if flow is None else _of_calls(flow.calls, show)


def _of_graph(graph: Graph, show: Show) -> Chart:
    counts = Counter(id(node.operation) for node in graph.nodes)
    seen, cards, made, edges = Counter(), {}, {}, []
    for tensor in graph.flat_inputs:  # also one that leads nowhere, or is cut out of another graph
        made[id(tensor)] = key = f"input {len(cards)}"
        operation = tensor.history.node.operation
        title = _title(operation, show, "InputLayer")
        cards[key] = Card(title, _facts(operation, [], [tensor], show), "input")
    for number, node in enumerate(n for n in graph.nodes if n.inputs):
        operation, key = node.operation, f"call {number}"
        seen[id(operation)] += 1
        calls = seen[id(operation)], counts[id(operation)]
        cards[key] = _card(operation, node.inputs, node.results, show, calls)
        made |= {id(tensor): key for tensor in node.results if id(tensor) not in made}
        edges += [(made[id(tensor)], key) for tensor in node.inputs]
    return Chart(cards, edges)


def _of_calls(calls, show: Show) -> Chart:
    counts = Counter(id(call.operation) for call in calls)
    seen, cards, edges = Counter(), {}, []
    for key, call in enumerate(calls):
        if call.operation is None:
            title = f"{call.name} (input)" if show.names else "Input"
            cards[key] = Card(title, _facts(None, [], call.outputs, show), "input")
            continue
        seen[id(call.operation)] += 1
        many = seen[id(call.operation)], counts[id(call.operation)]
        cards[key] = _card(call.operation, call.inputs, call.outputs, show, many)
        edges += [(source, key) for source in sorted(call.sources)]
    return Chart(cards, edges)


def _of_sequence(model, show: Show) -> Chart:
    cards = {i: _card(layer, [], [], show) for i, layer in enumerate(model._sequence)}
    return Chart(cards, [(i, i + 1) for i in range(len(cards) - 1)])


def _of_parts(model, show: Show) -> Chart:
    cards = {"model": Card(_title(model, show), _facts(model, [], [], show), "model")}
    edges = []
    for i, layer in enumerate(model._layers()):
        cards[i] = _card(layer, [], [], show)
        edges.append(("model", i))
    return Chart(cards, edges)


def _card(operation, inputs, outputs, show: Show, calls=(1, 1)) -> Card:
    number, of = calls
    lines = _facts(operation, inputs, outputs, show)
    if of > 1:
        shared = f"shared: call {number} of {of}"
        lines = (f"{shared} of {operation.name}" if not show.names else shared, *lines)
    is_model = hasattr(operation, "_graph")
    inside = None
    if is_model and show.nested:
        inside = chart(operation, show)
        inside = inside if inside.cards else None
    what = "model" if is_model else "layer" if hasattr(operation, "_layers") else "op"
    return Card(_title(operation, show), lines, "shared" if of > 1 else what, inside)


def _title(operation, show: Show, name: str | None = None) -> str:
    name = name or kind(operation)
    if isinstance(operation, Wrapper):
        name += f" of {kind(operation.layer)}"
    return f"{operation.name} ({name})" if show.names else name


def _facts(operation, inputs, outputs, show: Show) -> tuple[str, ...]:
    """The lines below the title; `inputs` and `outputs` are things with a shape and a dtype."""
    lines = []
    activation = getattr(operation, "activation", None)
    if show.activations and activation is not None:
        lines.append(f"activation: {getattr(activation, '__name__', kind(activation))}")
    if show.shapes:
        lines += [f"input shape: {_several([str(t.shape) for t in inputs])}"] if inputs else []
        lines += [f"output shape: {_several([str(t.shape) for t in outputs])}"] if outputs else []
        if not (inputs or outputs):
            lines.append("output shape: ?")
    if show.dtype:
        dtypes = list(dict.fromkeys(str(t.dtype) for t in outputs))
        lines.append(f"output dtype: {', '.join(dtypes) or '?'}")
    if show.trainable and getattr(operation, "weights", ()):
        lines.append("trainable" if operation.trainable_weights else "not trainable")
    return tuple(lines)


def _several(texts: list[str]) -> str:
    """The texts side by side, those beyond the third as a number."""
    more = f", and {len(texts) - 3} more" if len(texts) > 4 else ""
    return ", ".join(texts[:3] if more else texts) + more
