"""The functional graph: nodes in the order in which they run, computed once.

Running a model is one loop over them. Saving, cloning, plotting and the summary read the same
list.
"""

from typing import Any, NamedTuple

import jax

from ..engine.numerics import look
from ..engine.symbolic import Node, SymbolicTensor
from ..layers.base import Layer
from ..layers.input_layer import InputLayer
from ..layers.preprocessing.host import is_encoded


class GraphStep(NamedTuple):
    """A node made ready to run: its arguments as leaves, with the places of the tensors."""

    node: Node
    leaves: list
    treedef: Any
    places: list[tuple[int, int]]  # (leaf, id of the tensor)


class Graph:
    """What lies between a model's inputs and outputs.

    Args:
        inputs, outputs: symbolic tensors, or nested structures of them.

    Attributes:
        steps: the calls, in the order in which they run.
        operations: layers and ops in Keras's order: by distance from the outputs, then as
            they were met. Weights are listed in this order.
    """

    def __init__(self, inputs, outputs):
        self.inputs, self.outputs = inputs, outputs
        self.flat_inputs = _tensors(inputs, "inputs")
        self.flat_outputs = _tensors(outputs, "outputs")
        if len({id(t) for t in self.flat_inputs}) < len(self.flat_inputs):
            raise ValueError(
                "A model's inputs must differ, but one is listed twice: "
                f"{[t.name for t in self.flat_inputs]}. Make a second Input."
            )
        nodes, met = _walk(self.flat_inputs, self.flat_outputs)
        depths = _depths(nodes)
        nodes = sorted(nodes, key=lambda n: (-depths[id(n)], met[id(n.operation)]))
        self.nodes = nodes
        of_operation: dict[int, int] = {}
        for node in nodes:
            key = id(node.operation)
            of_operation[key] = max(of_operation.get(key, 0), depths[id(node)])
        operations = {id(n.operation): n.operation for n in nodes}
        for tensor in self.flat_inputs:
            operation = tensor.history.node.operation
            if isinstance(operation, InputLayer) and id(operation) not in operations:
                operations[id(operation)] = operation
        self.operations = sorted(
            operations.values(),
            key=lambda o: (-of_operation.get(id(o), 0), met.get(id(o), -1)),
        )
        _check_names(self.operations)
        self.steps = [_step(node) for node in nodes if node.inputs]

    @property
    def layers(self) -> list[Layer]:
        return [o for o in self.operations if isinstance(o, Layer)]

    @property
    def input_names(self) -> list[str]:
        return [t.history.node.operation.name for t in self.flat_inputs]

    @property
    def output_names(self) -> list[str]:
        return [t.history.node.operation.name for t in self.flat_outputs]

    def run(self, values: list, call=None):
        """The outputs for a flat list of inputs, arrays or symbolic tensors.

        `call(operation, args, kwargs)` may do something else than call the operation.
        """
        known = {id(t): v for t, v in zip(self.flat_inputs, values, strict=True)}
        for node, leaves, treedef, places in self.steps:
            filled = list(leaves)
            for i, key in places:
                filled[i] = known[key]
            args, kwargs = jax.tree.unflatten(treedef, filled)
            operation = node.operation
            outputs = operation(*args, **kwargs) if call is None else call(operation, args, kwargs)
            if not isinstance(operation, Layer):
                look("operation", operation.name, outputs)
            # Outputs are matched by place, where the structure was recorded.
            for tensor, value in zip(node.results, jax.tree.leaves(outputs), strict=False):
                known[id(tensor)] = value
        return jax.tree.map(lambda t: known[id(t)], self.outputs)

    def flatten_inputs(self, data, path: str) -> list:
        """A user's data as a flat list in the order of the inputs, each made to fit."""
        values = self._match(data, path)
        return [
            t.history.node.operation.prepare(v, path)
            if isinstance(t.history.node.operation, InputLayer)
            else v
            for t, v in zip(self.flat_inputs, values, strict=True)
        ]

    def _match(self, data, path):
        names = self.input_names
        if isinstance(data, dict):
            keys = list(self.inputs) if isinstance(self.inputs, dict) else names
            optional = {n for n, t in zip(names, self.flat_inputs, strict=True) if _optional(t)}
            missing = [k for k in keys if k not in data and k not in optional]
            if missing and all(n in data for n in names):
                keys, missing = names, []
            if missing:
                raise ValueError(
                    f"Model '{path}' expects a dict with {sorted(keys)}; {missing} are missing. "
                    f"Received: {sorted(map(str, data))}"
                )
            if isinstance(self.inputs, dict) and keys is not names:
                return jax.tree.leaves({k: data.get(k) for k in keys}, is_leaf=_whole)
            return [data.get(k) for k in keys]
        values = jax.tree.leaves(data, is_leaf=_whole)
        if len(values) != len(names):
            raise ValueError(
                f"Model '{path}' expects {len(names)} input{'s' * (len(names) > 1)} ({names}), got "
                f"{len(values)}. Pass a list in that order, or a dict by these names."
            )
        return values


def _whole(x) -> bool:
    return x is None or is_encoded(x)


def _optional(tensor) -> bool:
    return getattr(tensor.history.node.operation, "optional", False)


def _tensors(structure, what: str) -> list[SymbolicTensor]:
    leaves = jax.tree.leaves(structure)
    for leaf in leaves:
        if not isinstance(leaf, SymbolicTensor) or leaf.history is None:
            raise ValueError(
                f"A functional model's {what} are tensors that come from Input and from layers "
                f"called on them. Received: {leaf!r} of type {type(leaf).__name__}"
            )
    if not leaves:
        raise ValueError(f"A functional model needs {what}. Received: {structure!r}")
    return leaves


def _walk(inputs, outputs):
    """The nodes from the outputs back to the inputs, producers first, and when operations were met.

    An explicit stack: a model may be deeper than Python's recursion.
    """
    given = {id(t) for t in inputs}
    # An inner tensor as an input cuts the graph there; an Input's node belongs to the graph.
    cut = {id(t) for t in inputs if t.history.node.inputs}
    nodes: list[Node] = []
    met: dict[int, int] = {}
    done: set[int] = set()
    for output in outputs:
        if id(output) in cut:
            continue
        stack = [(output.history.node, False)]
        while stack:
            node, finished = stack.pop()
            if finished:
                nodes.append(node)
                continue
            if id(node) in done:
                continue
            done.add(id(node))
            met.setdefault(id(node.operation), len(met))
            if node.is_input and not any(id(t) in given for t in node.results):
                name = node.operation.name
                raise ValueError(
                    f"The model's output '{output.name}' depends on the input '{name}', which is "
                    f"not among its inputs {[t.name for t in inputs]}. Add '{name}' to the "
                    "inputs, or build the output from the inputs that are given."
                )
            stack.append((node, True))
            for tensor in reversed(node.inputs):
                if id(tensor) not in cut:
                    stack.append((tensor.history.node, False))
    return nodes, met


def _depths(nodes: list[Node]) -> dict[int, int]:
    """How many calls lie between a node and the farthest output."""
    depth: dict[int, int] = {}
    of_operation: dict[int, int] = {}
    known = {id(n) for n in nodes}
    for node in reversed(nodes):
        mine = max(depth.get(id(node), 0), of_operation.get(id(node.operation), 0))
        depth[id(node)] = of_operation[id(node.operation)] = mine
        for tensor in node.inputs:
            parent = tensor.history.node
            if id(parent) in known:
                depth[id(parent)] = max(depth.get(id(parent), 0), mine + 1)
    return depth


def _check_names(operations) -> None:
    seen: dict[str, Any] = {}
    for operation in operations:
        other = seen.setdefault(operation.name, operation)
        if other is not operation:
            raise ValueError(
                f"The name '{operation.name}' is used twice in the model, by "
                f"{type(other).__name__} and {type(operation).__name__}. Names of layers must "
                "differ: pass another name=."
            )


def _step(node: Node) -> GraphStep:
    leaves, treedef = jax.tree.flatten((node.args, node.kwargs))
    places = [(i, id(x)) for i, x in enumerate(leaves) if isinstance(x, SymbolicTensor)]
    return GraphStep(node, leaves, treedef, places)


def uses(graph: Graph, operation) -> list[Node]:
    """The nodes of an operation that belong to the graph."""
    return [n for n in graph.nodes if n.operation is operation]
