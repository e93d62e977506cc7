"""Sequential: one layer after the other."""

import inspect

from ..engine import serialize
from ..engine.context import current_context, enter_context, leave_context
from ..engine.symbolic import SymbolicTensor
from ..layers.base import Layer
from ..layers.input_layer import InputLayer
from .functional import Graph
from .model import Model


class Sequential(Model):
    """A model whose layers run one after the other.

    With an `Input` first (or `input_shape=` in the first layer) it is built at once; without, at
    the first call, from the shape of the data.

    Args:
        layers: the layers, in order.
        trainable: whether the weights are updated in training.
        name: the model's name.

    >>> import hornbill as hb
    >>> model = hb.Sequential([hb.Input((4,)), hb.layers.Dense(8), hb.layers.Dense(1)])
    >>> model.output_shape, model.count_params()
    ((None, 1), 49)
    """

    def __init__(self, layers=None, trainable: bool = True, name: str | None = None, **kwargs):
        super().__init__(trainable=trainable, name=name, **kwargs)
        self._sequence: list[Layer] = []
        if layers is not None and not isinstance(layers, (list, tuple)):
            raise TypeError(f"Sequential takes a list of layers. Received: layers={layers!r}")
        for layer in layers or ():
            self._append(layer)
        self._rebuild()

    def add(self, layer, rebuild: bool = True) -> None:
        """Adds a layer at the end."""
        self._append(layer)
        if rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Layer:
        """Takes the last layer away and returns it."""
        if not self.layers:
            raise ValueError(f"Sequential '{self.name}' has no layers to take away.")
        layer = self._sequence[-1]
        self._sequence = self._sequence[:-1]
        if rebuild:
            self._rebuild()
        return layer

    def _append(self, layer) -> None:
        if isinstance(layer, SymbolicTensor) and layer.history is not None:
            layer = layer.history.node.operation  # Input(...) is a tensor; its layer is meant
        if not isinstance(layer, Layer):
            if callable(layer) and not isinstance(layer, type):
                from ..layers import Lambda

                layer = Lambda(layer)
            else:
                hint = " Did you forget the parentheses?" if isinstance(layer, type) else ""
                raise ValueError(
                    f"Sequential '{self.name}' takes layers. Received: {layer!r} of type "
                    f"{type(layer).__name__}.{hint}"
                )
        if any(other.name == layer.name for other in self._sequence):
            raise ValueError(
                f"Sequential '{self.name}' already has a layer named '{layer.name}'. Names of "
                "layers must differ: pass another name=."
            )
        if isinstance(layer, InputLayer) and self._sequence:
            raise ValueError(
                f"Sequential '{self.name}' has an Input at its start already; '{layer.name}' "
                "cannot follow. Put Input first."
            )
        if not self._sequence and not isinstance(layer, InputLayer):
            shape = _known_input_shape(layer)
            if shape is not None:
                self._sequence.append(InputLayer(batch_shape=shape, dtype=_input_dtype(layer)))
        self._sequence = [*self._sequence, layer]

    def _rebuild(self) -> None:
        """Makes the graph anew, where the input's shape is known."""
        self._graph, self.built = None, False
        self._runners = {}
        if self._sequence and isinstance(self._sequence[0], InputLayer):
            if len(self._sequence) > 1:
                context = current_context()
                token = enter_context(context._replace(path=context.inside(self.name)))
                try:
                    self._connect(self._sequence[0].output)
                finally:
                    leave_context(token)

    def _connect(self, inputs) -> None:
        x = inputs
        for layer in self.layers:
            layer._nodes.clear()
            x = layer(x)
        self._graph = Graph(inputs, x)
        self.supports_masking = all(layer.supports_masking for layer in self._graph.layers)
        self.built = True

    def build(self, input_shape=None):
        if self._graph is not None or input_shape is None:
            return
        if not self.layers:
            raise ValueError(f"Sequential '{self.name}' has no layers to build. Use add(layer).")
        first = InputLayer(batch_shape=(None, *input_shape[1:]), dtype=_input_dtype(self.layers[0]))
        first.sizes_given = False
        self._connect(first.output)
        self._sequence = [first, *self._sequence]

    def call(self, inputs, training=None, mask=None):
        if self._graph is not None:
            return super().call(inputs)
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def _unbuild(self):
        super()._unbuild()
        if self._graph is not None:
            self._graph = None
            self._sequence = self._sequence[1:]

    def get_config(self) -> dict:
        """The layers, each with its config, and the shape of the input where it is known."""
        if inspect.unwrap(type(self).__init__) is not Sequential.__init__:
            return Layer.get_config(self)
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize.serialize(self.dtype_policy),
            "layers": [
                serialize.serialize(layer)
                for layer in self._sequence
                if getattr(layer, "sizes_given", True)
            ],
        }
        if self._graph is not None:
            config["build_input_shape"] = list(self._sequence[0].batch_shape)
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "Sequential":
        """The model that `get_config` described, with new weights."""
        with serialize.custom_object_scope(custom_objects or {}):
            given = serialize.deserialize_arguments(config)
            shape = given.pop("build_input_shape", None)
            model = cls(**given)
            if shape is not None and not model.built:
                model.build(shape)
            if not model.trainable:
                model.trainable = False  # the layers inside as well
            return model

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, the Input left out."""
        return [x for x in self._sequence if not isinstance(x, InputLayer)]

    def _layers(self) -> list[Layer]:
        return list(self._sequence)


def _known_input_shape(layer):
    """The input shape that a first layer brings: from `input_shape=`, or a model's own."""
    if isinstance(layer, Model) and layer._graph is not None:
        shape = layer.input_shape
        return shape if isinstance(shape, tuple) else None
    return layer._input_shape


def _input_dtype(layer) -> str | None:
    if isinstance(layer, Model) and layer._graph is not None:
        return layer.inputs[0].dtype
    return layer.input_dtype if isinstance(layer, Layer) else None
