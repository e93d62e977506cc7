"""Keras 2's configs in Keras 3's form.

Keras 2 lists a layer's uses as `[[[name, node, tensor, kwargs], ...], ...]`, names some settings
differently, and writes settings that have no meaning any more. What Keras 3 writes into `.h5` files
has its own form already, save that objects come without a module.
"""

from ..engine.serialize import deserialize, get_registered_object
from ..models.op_config import ROOT, op_from_config

# Settings of Keras 2 that say nothing when they have these values (None: whatever they say).
_DROPPED = {
    "groups": (1,),  # written for depthwise and transposed convolutions, which have none
    "time_major": (False,),
    "implementation": None,
    "input_length": None,
    "rng_type": None,  # how a random layer of Keras 2 kept its state
    "softmax_robust_masking": (False, None),
}
# Those that say nothing in some classes alone: of a kernel that is two, and shapes built for.
_SEPARABLE = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_DROPPED_OF = {
    "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    "MultiHeadAttention": ("query_shape", "key_shape", "value_shape"),
    "SpatialDropout1D": ("noise_shape",),
    "SpatialDropout2D": ("noise_shape",),
    "SpatialDropout3D": ("noise_shape",),
}
# Layers that take their first states in Keras 2 as more inputs.
_RECURRENT = ("RNN", "SimpleRNN", "LSTM", "GRU", "Bidirectional")
_RECURRENT += ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_LAMBDA = ("module", "function_type", "output_shape_type", "output_shape_module")
_DISTRIBUTIONS = {"normal": "truncated_normal"}
_MODELS = ("Functional", "Model", "Sequential")


def modern(config: dict, source: str) -> dict:
    """A config, and all in it, in Keras 3's form.

    Raises:
        ValueError: if it is malformed; `source` is what the message calls its file.
    """
    try:
        return _modern(config)
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"'{source}' holds a malformed config: {error}") from error


def _modern(config):
    if isinstance(config, list):
        return [_modern(c) for c in config]
    if not isinstance(config, dict):
        return config
    inner = config.get("config")
    if config.get("class_name") == "Sequential" and isinstance(inner, list):
        config = {**config, "config": {"layers": inner}}
    config = {key: _modern(value) for key, value in config.items()}
    name, inner = config.get("class_name"), config.get("config")
    if not isinstance(name, str) or not isinstance(inner, dict):
        return config
    if name == "Policy":
        return inner.get("name")
    if name == "ThresholdedReLU":
        name, inner = "ReLU", {"name": inner.get("name"), "threshold": inner.get("theta", 1.0)}
    return {**config, "class_name": name, "config": _settings(name, inner)}


def _settings(name: str, inner: dict) -> dict:
    inner = {
        key: value
        for key, value in inner.items()
        if key not in _DROPPED_OF.get(name, ())
        and (key not in _DROPPED or (_DROPPED[key] is not None and value not in _DROPPED[key]))
    }
    if name == "InputLayer" and "batch_input_shape" in inner:
        inner["batch_shape"] = inner.pop("batch_input_shape")
    if "reduction" in inner:
        if name != "LossFunctionWrapper":
            inner.pop("fn", None)
        if inner["reduction"] == "auto":
            inner["reduction"] = "sum_over_batch_size"
    if name == "MeanMetricWrapper" and isinstance(inner.get("fn"), str):
        inner["fn"] = {"class_name": "function", "config": inner["fn"]}
    axis = inner.get("axis")
    if name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        inner["axis"] = axis[0]
    if name == "Lambda":
        inner = _lambda(inner)
    if "distribution" in inner and "mode" in inner:
        inner["distribution"] = _DISTRIBUTIONS.get(inner["distribution"], inner["distribution"])
    if isinstance(inner.get("layers"), list) and "output_layers" in inner:
        inner = _graph(inner)
    return inner


def _lambda(inner: dict) -> dict:
    function = inner.get("function")
    inner = {key: value for key, value in inner.items() if key not in _LAMBDA}
    if isinstance(function, list):  # bytecode, defaults and closure: refused where it is read
        inner["function"] = {"class_name": "__lambda__", "config": {}}
    return inner


def _graph(inner: dict) -> dict:
    """A functional model's layers and their uses."""
    layers = [_marked_op(layer) for layer in inner["layers"] if isinstance(layer, dict)]
    if not any(_is_old(use) for layer in layers for use in layer.get("inbound_nodes") or ()):
        return {**inner, "layers": layers}
    names = {layer.get("name"): layer for layer in layers}
    # Keras 2 counts the uses of a model inside from 1, where it made it; Keras 3 does so for the
    # outputs of functional models alone.
    models = {name for name, layer in names.items() if layer.get("class_name") in _MODELS}
    old = [ref for layer in layers for ref in _references(layer.get("inbound_nodes"), names)]
    outputs = _references(inner["output_layers"], names)
    from_one = models - {ref[0] for ref in [*old, *outputs] if ref[1] == 0}

    def tensor(ref):
        node = ref[1] - (ref[0] in from_one)
        return {
            "class_name": "__keras_tensor__",
            "config": {"keras_history": [ref[0], node, ref[2]]},
        }

    def filled(value):
        if _is_reference(value, names):
            return tensor(value)
        if isinstance(value, list):
            return [filled(v) for v in value]
        return {k: filled(v) for k, v in value.items()} if isinstance(value, dict) else value

    def use(old, class_name):
        if not _is_old(old):
            return old
        args = [tensor(ref) for ref in old]
        kwargs = filled(old[0][3]) if len(old[0]) > 3 and isinstance(old[0][3], dict) else {}
        if class_name in _RECURRENT and len(args) > 1:
            return {"args": args[:1], "kwargs": {**kwargs, "initial_state": args[1:]}}
        return {"args": args if len(args) == 1 else [args], "kwargs": kwargs}

    def end(value):
        if _is_reference(value, names):
            functional = names[value[0]].get("class_name") in ("Functional", "Model")
            return [value[0], value[1] - (value[0] in from_one) + functional, value[2]]
        if isinstance(value, list) and len(value) == 1:
            return end(value[0])  # Keras 2 writes a list, though the model takes and gives none
        if isinstance(value, dict):
            return {k: end(v) for k, v in value.items()}
        return [end(v) for v in value] if isinstance(value, list) else value

    made = []
    for layer in layers:
        uses = [use(one, layer.get("class_name")) for one in layer.get("inbound_nodes") or ()]
        made.append({**layer, "inbound_nodes": uses})
    ends = {key: end(inner[key]) for key in ("input_layers", "output_layers") if key in inner}
    return {**inner, "layers": made, **ends}


def _marked_op(layer: dict) -> dict:
    """A use of an op with its module, which Keras 3 leaves out here (and so cannot read it)."""
    settings = layer.get("config")
    if "module" in layer or not isinstance(settings, dict) or "trainable" in settings:
        return layer
    marked = {**layer, "module": f"{ROOT}ops.numpy"}
    try:
        op_from_config({**marked, "config": {}})
    except ValueError:
        return layer  # a layer that does not say whether it is trainable
    return marked


def _is_old(use) -> bool:
    return (
        isinstance(use, list)
        and bool(use)
        and all(isinstance(ref, list) and len(ref) in (3, 4) and _is_place(ref[:3]) for ref in use)
    )


def _is_place(value) -> bool:
    return isinstance(value[0], str) and all(type(n) is int and n >= 0 for n in value[1:])


def _is_reference(value, names) -> bool:
    return isinstance(value, list) and len(value) == 3 and _is_place(value) and value[0] in names


def _references(value, names) -> list:
    """All `[layer, node, tensor]` in a structure."""
    if isinstance(value, list):
        if len(value) == 4 and _is_reference(value[:3], names):
            return [value[:3], *_references(value[3], names)]
        if _is_reference(value, names):
            return [value]
        return [ref for one in value for ref in _references(one, names)]
    if isinstance(value, dict):
        return [ref for one in value.values() for ref in _references(one, names)]
    return []


def compile_arguments(training: dict) -> dict:
    """The arguments of `compile` from a file's `training_config`."""
    training = _modern(training)
    optimizer = training.get("optimizer_config")
    if isinstance(optimizer, dict) and isinstance(optimizer.get("config"), dict):
        optimizer = {**optimizer, "config": _optimizer(optimizer["config"])}
        name = optimizer.get("class_name")
        if isinstance(name, str) and get_registered_object(name) is None:
            # How Keras 2 writes its own optimizers when compile() was given an object.
            optimizer["class_name"] = name.removeprefix("Custom>")
    names = ("loss", "loss_weights", "metrics", "weighted_metrics")
    found = {name: deserialize(training.get(name), slot=name) for name in names}
    for name in ("metrics", "weighted_metrics"):
        # Keras 2 nests the metrics of one output in a list of their own.
        if isinstance(found[name], list) and len(found[name]) == 1:
            if isinstance(found[name][0], list):
                found[name] = found[name][0]
    return {"optimizer": deserialize(optimizer, slot="optimizer"), **found}


def _optimizer(config: dict) -> dict:
    config = {k: v for k, v in config.items() if k not in ("is_legacy_optimizer", "jit_compile")}
    rate = config.pop("lr", None)
    if rate is not None:
        config.setdefault("learning_rate", rate)
    decay = config.pop("decay", None)
    if decay:  # Keras 2's own: rate / (1 + decay * step)
        schedule = {"initial_learning_rate": config["learning_rate"], "decay_steps": 1}
        config["learning_rate"] = {
            "class_name": "InverseTimeDecay",
            "config": {**schedule, "decay_rate": decay},
        }
    return config
