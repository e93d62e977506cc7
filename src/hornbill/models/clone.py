"""Copies of models: the same architecture, new layers, new weights."""

import jax

from ..engine.operation import OpCall, record
from ..engine.serialize import custom_object_scope, deserialize, serialize
from ..engine.symbolic import SymbolicTensor
from ..layers.input_layer import Input, InputLayer
from ..metrics import Metric
from .model import Functional, Model, _made_from_tensors
from .sequential import Sequential


def clone_model(
    model: Model,
    input_tensors=None,
    clone_function=None,
    call_function=None,
    recursive: bool = False,
) -> Model:
    """A model of the same architecture with new layers and newly drawn weights.

    A compiled model's copy is compiled alike, with an optimizer that starts anew.

    Args:
        model: a functional, Sequential or subclassed model.
        input_tensors: symbolic tensors in the structure of the model's inputs, on which to build
            the copy; new Inputs when None.
        clone_function: makes the copy of a layer, `fn(layer) -> layer`. It may return the layer
            itself, which is then shared, or another one. Inputs and ops are not passed to it.
        call_function: calls a layer or op of a functional model's copy,
            `fn(layer, *args, **kwargs) -> outputs`; what it adds to the outputs enters the copy.
        recursive: whether models inside are copied by these functions too, layer by layer,
            instead of being passed to `clone_function` as a whole.

    Raises:
        ValueError: for functions and tensors that do not suit the kind of model: a Sequential
            takes no `call_function`, a subclassed model none of the three.

    >>> import hornbill as hb
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(2)])
    >>> copy = hb.models.clone_model(model)
    >>> copy.layers[0] is model.layers[0], copy.output_shape
    (False, (None, 2))
    """
    if not isinstance(model, Model):
        raise ValueError(f"clone_model copies models. Received: model={model!r}")
    if isinstance(model, Sequential) and call_function is not None:
        raise ValueError(
            "clone_model(call_function=...) is for functional models: a Sequential lists its "
            f"layers and does not say how they are called. Received: model={model!r}"
        )
    if isinstance(model, Sequential) or model._graph is not None:
        return _Cloner(clone_function or _copy, call_function, recursive).clone(
            model, input_tensors
        )
    given = {
        "input_tensors": input_tensors,
        "clone_function": clone_function,
        "call_function": call_function,
    }
    wrong = [name for name, value in given.items() if value is not None]
    if wrong:
        raise ValueError(
            f"clone_model({', '.join(wrong)}=...) needs a functional or Sequential model: what a "
            f"subclassed model's call does is not known. Received: model={model!r}"
        )
    return deserialize(serialize(model), {type(model).__name__: type(model)})


def _copy(layer):
    with custom_object_scope({type(layer).__name__: type(layer)}):
        return type(layer).from_config(layer.get_config())


class _Cloner:
    """One copying: every layer is copied once, however often it is used."""

    def __init__(self, clone_function, call_function, recursive):
        self.clone_function, self.call_function = clone_function, call_function
        self.recursive = recursive
        self.copies: dict = {}  # the layers are kept, so that no id passes to another one

    def clone(self, model, input_tensors=None):
        make = self._sequential if isinstance(model, Sequential) else self._functional
        copy = make(model, input_tensors)
        if model.compiled:
            copy.compile(**_compile_settings(model))
        return copy

    def layer(self, layer):
        """The copy of a layer."""
        if id(layer) not in self.copies:
            inner = isinstance(layer, Sequential) or getattr(layer, "_graph", None) is not None
            copied = self.clone if self.recursive and inner else self.clone_function
            self.copies[id(layer)] = layer, copied(layer)
        return self.copies[id(layer)][1]

    def _sequential(self, model, input_tensors):
        layers = [self.layer(layer) for layer in model.layers]
        if input_tensors is not None:
            tensors = jax.tree.leaves(input_tensors)
            if len(tensors) != 1 or not isinstance(tensors[0], SymbolicTensor):
                raise ValueError(
                    "A Sequential model is built on one symbolic tensor. "
                    f"Received: input_tensors={input_tensors!r}"
                )
            layers.insert(0, Input(tensor=tensors[0]))
        elif len(model._sequence) > len(layers):
            layers.insert(0, _copy(model._sequence[0]))
        return type(model)(layers, name=model.name, trainable=model.trainable)

    def _functional(self, model, input_tensors):
        graph = model._graph
        if input_tensors is None:
            new = {id(t): _new_input(t) for t in graph.flat_inputs}
            input_tensors = jax.tree.map(lambda t: new[id(t)], graph.inputs)
        flat, structure = jax.tree.flatten(input_tensors)
        if structure != jax.tree.structure(graph.inputs) or not all(
            isinstance(t, SymbolicTensor) for t in flat
        ):
            raise ValueError(
                f"Model '{model.name}' is built on symbolic tensors in the structure of its "
                f"inputs, {graph.inputs!r}. Received: input_tensors={input_tensors!r}"
            )
        outputs = graph.run(flat, self._call)
        cls = type(model) if _made_from_tensors(type(model)) else Functional
        copy = cls(inputs=input_tensors, outputs=outputs, name=model.name)
        if not model.trainable:
            copy.trainable = False
        return copy

    def _call(self, operation, args, kwargs):
        if isinstance(operation, OpCall):
            key = id(operation)
            if key not in self.copies:
                self.copies[key] = operation, OpCall(operation.function, operation.name)
            operation = self.copies[key][1]
            if self.call_function is None:
                return record(operation, args, kwargs)
        else:
            operation = self.layer(operation)
        if self.call_function is None:
            return operation(*args, **kwargs)
        return self.call_function(operation, *args, **kwargs)


def _new_input(tensor):
    layer = tensor.history.node.operation
    if isinstance(layer, InputLayer):
        return _copy(layer).output
    return Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{layer.name}_input")


def _compile_settings(model) -> dict:
    """The settings of a model's compile, with new optimizer and metrics: they have state."""
    settings = dict(model._compile_settings)
    optimizer = settings["optimizer"]
    if optimizer is not None:
        settings["optimizer"] = _copy(optimizer)
    for name in ("metrics", "weighted_metrics"):
        settings[name] = jax.tree.map(
            lambda m: _copy(m) if isinstance(m, Metric) else m, settings[name]
        )
    return settings
