"""The table that `model.summary()` prints: layers, output shapes, numbers of weights."""

import re
from typing import NamedTuple

import numpy as np

from ..layers.input_layer import InputLayer
from .cost import Cost, all_multiply_adds, costs
from .functional import uses
from .kinds import kind

COST_COLUMNS = ("Weights", "Outputs", "Multiply adds")


def print_summary(
    model,
    line_length=None,
    positions=None,
    print_fn=None,
    expand_nested=False,
    show_trainable=False,
    layer_range=None,
    cost: bool = False,
    batch_size: int = 1,
) -> None:
    """The body of `Model.summary`.

    Args:
        line_length: the width in characters; the terminal's when None.
        positions: the columns' right ends, as fractions of the width or in characters.
        print_fn: called with the whole text instead of printing it.
        expand_nested: whether the layers of models inside are listed.
        show_trainable: whether a column says which layers are trained.
        layer_range: `[first, last]` names (or regular expressions) of the layers to list.
        cost: whether columns say the memory of the weights, of the outputs, and the multiply-adds.
        batch_size: the size of the batch that `cost` is told for.
    """
    import rich.box
    from rich.console import Console
    from rich.table import Table

    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(
            "summary(batch_size=...) is a number of samples, 1 or more. "
            f"Received: batch_size={batch_size!r}"
        )
    # With the cost, nothing is left of 80 characters for the connections.
    connected = model._graph is not None and not _is_chain(model) and not cost
    columns = ["Layer (type)", "Output Shape", "Param #"]
    columns += ["Connected to"] * connected + ["Trainable"] * show_trainable
    columns += list(COST_COLUMNS) * cost
    widths = _widths(positions, line_length, len(columns))
    table = Table(box=rich.box.HEAVY_HEAD, show_lines=False, width=line_length)
    for i, name in enumerate(columns):
        right = name in ("Param #", *COST_COLUMNS)
        table.add_column(
            name,
            justify="right" if right else "left",
            overflow="fold",
            width=widths[i] if widths else None,
        )
    shown = _Shown(connected, show_trainable, expand_nested, batch_size if cost else None)
    for row in _rows(model, shown, layer_range):
        table.add_row(*row)
    text = _render(Console, table, line_length, to_screen=print_fn is None)
    head = f'Model: "{model.name}"\n'
    body = head + text + _totals(model)
    if cost:
        body += _total_cost(model, batch_size)
    if print_fn is None:
        print(body)
    else:
        print_fn(body)


def _render(console_class, table, width, to_screen) -> str:
    console = console_class(width=width, highlight=False, force_terminal=False, color_system=None)
    if width is None and not to_screen:
        console = console_class(width=98, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def _widths(positions, line_length, count):
    if positions is None:
        return None
    if len(positions) < count:
        raise ValueError(
            f"summary(positions=...) needs a position for each of {count} columns. "
            f"Received: {positions}"
        )
    total = line_length or 98
    ends = [int(p * total) if p <= 1 else int(p) for p in positions[:count]]
    return [max(4, end - start - 3) for start, end in zip([0, *ends], ends, strict=False)]


class _Shown(NamedTuple):
    """What a row holds beside the name, the output shape and the number of weights."""

    connected: bool
    trainable: bool
    nested: bool
    batch_size: int | None  # None: no cost


def _rows(model, shown: _Shown, layer_range):
    listed = model.layers if model._graph is None else model._graph.operations
    if model._graph is not None and type(model).__name__ == "Sequential":
        listed = model.layers
    found = {} if shown.batch_size is None else costs(model, shown.batch_size)
    for operation in _in_range(listed, layer_range):
        yield from _operation_rows(model, operation, 0, shown, found)


def _operation_rows(model, operation, level, shown: _Shown, found: dict):
    indent = "    " * level + ("└ " if level else "")
    row = [
        f"{indent}{operation.name} ({kind(operation)})",
        _shape_text(model, operation),
        _count_text(operation),
    ]
    if shown.connected:
        row.append(", ".join(_producers(model, operation)) if model._graph is not None else "")
        row[-1] = row[-1] or "-"
    if shown.trainable:
        trainable = getattr(operation, "trainable_variables", ())
        row.append("Y" if trainable else ("N" if getattr(operation, "weights", ()) else "-"))
    if shown.batch_size is not None:
        row += _cost_texts(operation, found)
    yield row
    inner = getattr(operation, "_graph", None)
    if shown.nested and hasattr(operation, "layers"):
        found = {} if shown.batch_size is None else costs(operation, shown.batch_size)
        for child in operation.layers if inner is None else inner.operations:
            yield from _operation_rows(operation, child, level + 1, shown, found)


def _cost_texts(operation, found: dict) -> list[str]:
    weights = memory(_size(getattr(operation, "weights", ()))[1])
    if isinstance(operation, InputLayer):
        return [weights, "-", "-"]
    cost = found.get(id(operation))
    if cost is None:
        return [weights, "?", "?"]
    return [weights, memory(cost.activations), f"{cost.multiply_adds:,}"]


def _total_cost(model, batch_size: int) -> str:
    found = costs(model, batch_size)
    known = sum((cost for cost in found.values() if cost is not None), Cost())
    count = sum(cost is None for cost in found.values())
    unknown = f", without {count} unknown" if count else ""
    if not found:
        return f" Cost of a batch of {batch_size}: unknown before the model is built\n"
    whole, more = all_multiply_adds(model, batch_size), ""
    if whole is not None and whole != known.multiply_adds:
        more = f" in calls of layers, {whole:,} with the model's own operations and loops"
    return (
        f" Memory of outputs, batch of {batch_size}: {memory(known.activations)}{unknown}\n"
        f" Multiply-adds, batch of {batch_size}: {known.multiply_adds:,}{unknown}{more}\n"
    )


def _shape_text(model, operation) -> str:
    graph = model._graph
    nodes = uses(graph, operation) if graph is not None else []
    outputs = [t.shape for node in nodes for t in node.results]
    if not outputs and isinstance(getattr(operation, "batch_shape", None), tuple):
        outputs = [operation.batch_shape]
    if not outputs:
        shape = _derived_shape(operation)
        return "?" if shape is None else str(shape)
    shown = list(dict.fromkeys(map(str, outputs)))
    return ", ".join(shown)


def _derived_shape(layer):
    """The output shape of a layer in a subclassed model, from the shapes it was built for."""
    shapes = getattr(layer, "_build_shapes", None)
    if not shapes:
        return None
    try:
        return layer.compute_output_shape(*shapes.values())
    except Exception:  # a layer whose call needs more than shapes has no shape to show
        return None


def _count_text(operation) -> str:
    if not hasattr(operation, "count_params"):
        return "0"
    if not operation.built:
        return "0 (unbuilt)"
    return f"{operation.count_params():,}"


def _producers(model, operation) -> list[str]:
    names = []
    for node in uses(model._graph, operation):
        for tensor in node.inputs:
            node_index = uses(model._graph, tensor.history.node.operation)
            where = (
                node_index.index(tensor.history.node) if tensor.history.node in node_index else 0
            )
            names.append(f"{tensor.history.node.operation.name}[{where}][{tensor.history.index}]")
    return names


def _is_chain(model) -> bool:
    """Whether each layer has one input, from the layer before it."""
    graph = model._graph
    consumers: dict[int, int] = {}
    for node in graph.nodes:
        if len(node.inputs) > 1:
            return False
        for tensor in node.inputs:
            consumers[id(tensor)] = consumers.get(id(tensor), 0) + 1
    once = all(n == 1 for n in consumers.values())
    return once and len(graph.flat_inputs) == 1 and len(graph.nodes) == len(graph.operations)


def _in_range(operations, layer_range):
    if layer_range is None:
        return operations
    if len(layer_range) != 2:
        raise ValueError(
            f"summary(layer_range=...) is [first name, last name]. Received: {layer_range}"
        )
    matches = [
        [i for i, o in enumerate(operations) if re.fullmatch(name, o.name)] for name in layer_range
    ]
    if not all(matches):
        raise ValueError(
            f"summary(layer_range={layer_range}) names no layer of the model. Its layers are: "
            f"{[o.name for o in operations]}."
        )
    return operations[min(matches[0]) : max(matches[1]) + 1]


def _totals(model) -> str:
    trainable = _size(model.trainable_weights)
    other = _size(model.non_trainable_weights)
    lines = [
        f" Total params: {_amount(trainable[0] + other[0], trainable[1] + other[1])}",
        f" Trainable params: {_amount(*trainable)}",
        f" Non-trainable params: {_amount(*other)}",
    ]
    if model.optimizer is not None and model.optimizer.variables:
        optimizer = _size(model.optimizer.variables)
        total = optimizer[0] + trainable[0] + other[0]
        lines[0] = f" Total params: {_amount(total, optimizer[1] + trainable[1] + other[1])}"
        lines.append(f" Optimizer params: {_amount(*optimizer)}")
    return "\n".join(lines) + "\n"


def _size(variables) -> tuple[int, int]:
    counts = [(int(np.prod(v.shape)), np.dtype(v._value.dtype).itemsize) for v in variables]
    return sum(n for n, _ in counts), sum(n * size for n, size in counts)


def _amount(count: int, size: float) -> str:
    return f"{count:,} ({memory(size)})"


def memory(size: float) -> str:
    """A number of bytes in the largest unit that leaves at least 1."""
    unit = 0
    while size >= 1024 and unit < 3:
        size, unit = size / 1024, unit + 1
    return f"{size:.2f} {('B', 'KB', 'MB', 'GB')[unit]}"
