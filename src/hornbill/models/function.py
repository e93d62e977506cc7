"""Function: a graph of operations that is called like a function and is no layer."""

import jax

from ..engine.operation import Operation, infer
from ..engine.symbolic import Node, SymbolicTensor, symbolic_leaves
from ..layers.calling import is_shape
from .functional import Graph


class Function(Operation):
    """The computation that leads from some symbolic tensors to others.

    Unlike a model it owns nothing: layers in the graph keep their weights, and there is nothing to
    train or save.

    Args:
        inputs: symbolic tensors, or a nested structure of them.
        outputs: what was computed from them, in any structure.
        name: the function's name.

    Raises:
        ValueError: if the inputs do not suffice to compute the outputs.

    >>> import hornbill as hb
    >>> x, y = hb.KerasTensor((None, 2)), hb.KerasTensor((None, 2))
    >>> function = hb.Function([x, y], hb.ops.square(x + y))
    >>> function([hb.ops.ones((1, 2)), hb.ops.ones((1, 2))]).tolist()
    [[4.0, 4.0]]
    """

    def __init__(self, inputs, outputs, name: str | None = None):
        super().__init__(name)
        for tensor in symbolic_leaves(inputs):
            if tensor.history is None:  # made by KerasTensor, not by Input
                Node(Operation(tensor.name)).finish(tensor)
        self._graph = Graph(inputs, outputs)

    inputs = property(lambda self: self._graph.flat_inputs)
    outputs = property(lambda self: self._graph.flat_outputs)

    @property
    def operations(self) -> list[Operation]:
        """The layers and ops of the graph, in the order in which they run."""
        placeholders = {id(t.history.node.operation) for t in self.inputs} - {
            id(o) for o in self._graph.layers
        }
        return [o for o in self._graph.operations if id(o) not in placeholders]

    def call(self, inputs):
        """The outputs for new inputs, in the structure of the symbolic ones or as a flat list."""
        return self._graph.run(self._flat(inputs))

    def compute_output_spec(self, inputs):
        """The outputs' shapes and dtypes, as symbolic tensors, for symbolic inputs."""
        outputs = infer(self.run, (inputs,), {})
        return jax.tree.map(lambda s: SymbolicTensor(s.shape, s.dtype), outputs)

    def compute_output_shape(self, input_shape):
        """The outputs' shapes for inputs of other shapes."""
        shapes = self._flat(input_shape, is_leaf=is_shape)
        tensors = [
            SymbolicTensor(shape, tensor.dtype)
            for shape, tensor in zip(shapes, self.inputs, strict=True)
        ]
        return jax.tree.map(lambda t: t.shape, self.compute_output_spec(tensors))

    def _flat(self, inputs, is_leaf=None) -> list:
        flat = jax.tree.leaves(inputs, is_leaf=is_leaf)
        if len(flat) != len(self.inputs):
            raise ValueError(
                f"Function '{self.name}' takes {len(self.inputs)} inputs "
                f"({[t.name for t in self.inputs]}). Received: {len(flat)}"
            )
        return flat
