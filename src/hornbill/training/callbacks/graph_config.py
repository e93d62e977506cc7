"""A model's architecture in the form that TensorBoard reads."""

import json


def tensorboard_graph(config: str) -> str | None:
    """The JSON of a model (`model.to_json()`) with what TensorBoard's reader takes of it.

    It takes the calls' tensors, but no other arguments of theirs, and a model's inputs by name.
    None where the JSON describes no graph.
    """
    model = json.loads(config)
    if "layers" not in model["config"]:
        return None
    _simplify(model)
    return json.dumps(model)


def _simplify(layer: dict) -> None:
    config = layer["config"]
    if "inbound_nodes" in layer:
        calls = [_tensors([call["args"], call["kwargs"]]) for call in layer["inbound_nodes"]]
        layer["inbound_nodes"] = [{"args": tensors, "kwargs": {}} for tensors in calls]
    for name in ("input_layers", "output_layers"):
        if name in config:
            config[name] = _places(config[name])
    config["input_layers"] = [name for name, *_ in config.get("input_layers", ())]
    for inner in config.get("layers", ()):
        _simplify(inner)


def _tensors(structure) -> list[dict]:
    """The tensors in the arguments of a call."""
    if isinstance(structure, dict):
        if structure.get("class_name") == "__keras_tensor__":
            return [structure]
        structure = list(structure.values())
    return [t for part in structure for t in _tensors(part)] if isinstance(structure, list) else []


def _places(structure) -> list[list]:
    """The `[layer, call, output]` entries in a structure of them."""
    if isinstance(structure, dict):
        structure = list(structure.values())
    if structure and isinstance(structure[0], str):
        return [structure]
    return [place for part in structure for place in _places(part)]
