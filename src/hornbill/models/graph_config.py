"""A functional graph as config, in Keras 3's form, and back.

Each layer or op is listed with its uses (`inbound_nodes`). A tensor is named by the operation it
comes from, by which of the operation's uses in this graph it was, and by which of the use's
results: `[name, node, tensor]`. These indices are made here; the graph itself has none.
"""

from typing import Any, NamedTuple

import jax

from ..engine.operation import OpCall, record
from ..engine.serialize import deserialize, serialize
from ..engine.symbolic import SymbolicTensor
from ..layers.base import Layer
from ..layers.input_layer import InputLayer
from .op_config import (
    is_op_config,
    join_arguments,
    op_config,
    op_from_config,
    settings_config,
    split_arguments,
)

KEYS = ("layers", "input_layers", "output_layers")


def graph_config(graph, is_functional) -> dict:
    """A graph's `layers`, `input_layers` and `output_layers`.

    `is_functional` says of a layer whether it is a functional model: Keras counts the uses of
    those from 1 in `input_layers` and `output_layers`, though not elsewhere.
    """
    uses: dict[int, list] = {}
    place: dict[int, tuple[str, int, int]] = {}  # of a tensor
    for node in graph.nodes:
        mine = uses.setdefault(id(node.operation), [])
        for i, tensor in enumerate(node.results):
            place[id(tensor)] = (node.operation.name, len(mine), i)
        mine.append(node)

    layers, begun = [], set()
    for tensor in graph.flat_inputs:
        producer = tensor.history.node.operation
        if not isinstance(producer, InputLayer):
            # The graph was cut at an inner tensor: in the file, it begins with an Input there.
            producer = InputLayer(
                batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{producer.name}_input"
            )
            layers.append(_operation_config(producer, (), place))
            begun.add(id(tensor))
        place[id(tensor)] = (producer.name, 0, 0)

    def reference(tensor):
        operation = tensor.history.node.operation
        name, node, index = place[id(tensor)]
        return [name, node + (is_functional(operation) and id(tensor) not in begun), index]

    for operation in graph.operations:
        nodes = [n for n in uses.get(id(operation), ()) if n.inputs]
        layers.append(_operation_config(operation, nodes, place))
    return {
        "layers": layers,
        "input_layers": jax.tree.map(reference, graph.inputs),
        "output_layers": jax.tree.map(reference, graph.outputs),
    }


def _operation_config(operation, nodes, place) -> dict:
    if not isinstance(operation, OpCall):
        config = serialize(operation)
        config["inbound_nodes"] = [
            {"args": _plain(list(n.args), place), "kwargs": _plain(n.kwargs, place)} for n in nodes
        ]
    else:
        module, class_name = op_config(operation)
        inbound, settings = [], {}
        for node in nodes:
            args, kwargs, settings = split_arguments(operation.function, node.args, node.kwargs)
            inbound.append({"args": _plain(args, place), "kwargs": _plain(kwargs, place)})
        config = {
            "module": module,
            "class_name": class_name,
            "config": {"name": operation.name, **settings_config(settings)},
            "registered_name": class_name,
            "inbound_nodes": inbound,
        }
    config["name"] = operation.name
    return config


def _plain(value, place):
    """A call's arguments as JSON, with references for the tensors."""
    if isinstance(value, SymbolicTensor):
        inner = {
            "shape": list(value.shape),
            "dtype": value.dtype,
            "keras_history": list(place[id(value)]),
        }
        return {"class_name": "__keras_tensor__", "config": inner}
    if isinstance(value, (list, tuple)):
        return [_plain(v, place) for v in value]
    if isinstance(value, dict):
        return {k: _plain(v, place) for k, v in value.items()}
    return serialize(value)


class Call(NamedTuple):
    """One use of an operation, as the config has it."""

    operation: Any
    settings: dict
    args: list
    kwargs: dict


def connect(config: dict, is_functional):
    """Makes the layers of a config and calls them on each other.

    Returns:
        `(inputs, outputs)`, from which a functional model is made.

    Raises:
        ValueError: for a graph that is not one: unknown names, loops, malformed references.
    """
    operations, calls = {}, {}
    for described in _dicts(config["layers"], "layers"):
        operation, settings = _operation(described)
        name = described.get("name", operation.name)
        if name in operations:
            raise ValueError(f"The config has two layers named '{name}'.")
        operations[name] = operation
        for i, node in enumerate(_dicts(described.get("inbound_nodes", []), "inbound_nodes")):
            args, kwargs = node.get("args"), node.get("kwargs")
            if not isinstance(args, list) or not isinstance(kwargs, dict):
                raise ValueError(
                    "A use of a layer has a list 'args' and a dict 'kwargs', as Keras 3 writes "
                    f"them. Received: {node!r} for layer '{name}'"
                )
            if not any(_needs((args, kwargs))):
                raise ValueError(f"The config has a use of layer '{name}' without any tensor.")
            calls[name, i] = Call(operation, settings, args, _without_default(operation, kwargs))
    results = {
        (name, 0): [operation.output]
        for name, operation in operations.items()
        if isinstance(operation, InputLayer)
    }
    for key in calls:
        _run(key, calls, results)

    def tensor(reference):
        name, node, index = reference
        operation = operations.get(name)
        return _pick(results, (name, node - bool(operation and is_functional(operation)), index))

    return _structure(config["input_layers"], tensor), _structure(config["output_layers"], tensor)


def _without_default(operation, kwargs: dict) -> dict:
    """Without `training`, where it says no more than the layer's own default.

    Keras writes that default into each use of a layer and passes it over when the model runs. It
    would else turn dropout off in training, and random images on in prediction.
    """
    spec = getattr(operation, "_call_spec", None)
    default = spec is not None and kwargs.get("training") in (None, spec.training_default)
    return {k: v for k, v in kwargs.items() if k != "training"} if default else kwargs


def _dicts(value, what: str) -> list:
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise ValueError(f"'{what}' of a functional model is a list of dicts. Received: {value!r}")
    return value


def _operation(described: dict):
    if is_op_config(described):
        return op_from_config(described)
    operation = deserialize(described, slot="layer")
    if not isinstance(operation, Layer):
        raise ValueError(
            f"A functional model is made of layers and ops. Received: {operation!r} as layer "
            f"'{described.get('name')}'"
        )
    return operation, {}


def _run(key, calls, results) -> None:
    """Makes a call, and before it those that it needs, without recursion."""
    stack, opened = [key], set()
    while stack:
        key = stack[-1]
        if key in results:
            stack.pop()
            continue
        if key not in calls:
            raise ValueError(
                f"The config refers to use {key[1]} of layer '{key[0]}', which it does not hold."
            )
        call = calls[key]
        needed = [k for k in _needs((call.args, call.kwargs)) if k not in results]
        if not needed:
            results[key] = _call(call, results)
        elif key in opened:
            raise ValueError(f"The graph in the config has a loop through layer '{key[0]}'.")
        else:
            opened.add(key)
            stack.extend(needed)


def _call(call: Call, results: dict) -> list:
    args, kwargs = _filled(call.args, results), _filled(call.kwargs, results)
    if isinstance(call.operation, OpCall):
        args, kwargs = join_arguments(call.operation.function, args, kwargs, call.settings)
        outputs = record(call.operation, args, kwargs)
    else:
        outputs = call.operation(*args, **kwargs)
    return jax.tree.leaves(outputs)


def _is_tensor(value) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _reference(value) -> tuple[str, int, int]:
    inner = value.get("config")
    history = inner.get("keras_history") if isinstance(inner, dict) else None
    if not _is_reference(history):
        raise ValueError(
            "A tensor in the config has a 'keras_history' [layer, node, tensor]. "
            f"Received: {history!r}"
        )
    return tuple(history)


def _is_reference(value) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 3
        and isinstance(value[0], str)
        and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in value[1:])
    )


def _needs(value):
    """`(layer, node)` of all tensors in a call's arguments."""
    if _is_tensor(value):
        yield _reference(value)[:2]
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from _needs(v)
    elif isinstance(value, dict):
        for v in value.values():
            yield from _needs(v)


def _filled(value, results):
    if _is_tensor(value):
        return _pick(results, _reference(value))
    if isinstance(value, (list, tuple)):
        return [_filled(v, results) for v in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {k: _filled(v, results) for k, v in value.items()}
    return deserialize(value)


def _pick(results, reference):
    name, node, index = reference
    tensors = results.get((name, node), ())
    if not index < len(tensors):
        raise ValueError(
            "The config refers to a tensor that no layer gives. "
            f"Received: result {index} of use {node} of layer '{name}'"
        )
    return tensors[index]


def _structure(value, tensor):
    if _is_reference(value):
        return tensor(value)
    if isinstance(value, dict):
        return {k: _structure(v, tensor) for k, v in value.items()}
    if isinstance(value, list):
        return [_structure(v, tensor) for v in value]
    raise ValueError(
        f"A model's inputs and outputs are given as [layer, node, tensor]. Received: {value!r}"
    )
