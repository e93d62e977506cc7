"""What a functional model is made of, in words that Hornbill and Keras share.

    python tests/applications/facts.py

writes those of Keras's applications into `tests/data/applications.json`, as digests.
"""

import hashlib
import inspect
import json
import os
import sys
from pathlib import Path

import numpy as np

import hornbill

TABLE = Path(__file__).parent.parent / "data" / "applications.json"
SIDE = 96  # of an image
# How a library writes its files, and what has no say in the numbers.
SKIPPED = {"batch_shape", "dtype", "sparse", "ragged", "optional", "trainable", "seed"}
SKIPPED |= {"synchronized", "quantization_config"}


def plain(value):
    """A setting as JSON: functions by their names, objects by their class and their settings."""
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return round(value, 6)
    if hasattr(value, "weights"):
        return layer_facts(value)
    if hasattr(value, "get_config"):
        config = {k: plain(v) for k, v in value.get_config().items() if v is not None}
        return [type(value).__name__, *(f"{k}={v}" for k, v in sorted(config.items()))]
    return getattr(value, "__name__", str(value))


def layer_facts(layer) -> dict:
    """A layer's class, name, settings, weights, and the layers that it reads."""
    keys = inspect.signature(type(layer).__init__).parameters.keys() - SKIPPED
    settings = {k: getattr(layer, k) for k in keys if hasattr(layer, k)}
    for key, value in settings.items():
        if key.endswith("_initializer") and isinstance(value, str):
            value = hornbill.initializers.get(value)
        if type(layer).__name__ == "LayerNormalization" and key == "axis":
            value = [*np.atleast_1d(value)]
        settings[key] = plain(value)
    shape = layer.output.shape
    return {
        "class": type(layer).__name__,
        "name": layer.name,
        "settings": settings,
        "weights": [list(w.shape) for w in layer.weights],
        "output": [str(n) if n is None else n for n in shape],
    }


def inputs_of(model) -> dict:
    """For each layer the names of those whose outputs it reads, in order."""
    found = {}
    for layer in model.get_config()["layers"]:
        names = []
        stack = [layer["inbound_nodes"]]
        while stack:
            one = stack.pop()
            if isinstance(one, dict):
                if "keras_history" in one:
                    names.append(one["keras_history"][0])
                stack.extend(reversed(list(one.values())))
            elif isinstance(one, list | tuple):
                stack.extend(reversed(one))
        found[layer["config"]["name"]] = names
    return found


def facts(model) -> list:
    """Those of all layers, in order."""
    inputs = inputs_of(model)
    return [{**layer_facts(layer), "reads": inputs[layer.name]} for layer in model.layers]


def digest(model) -> dict:
    """The number of layers and of weights, and a hash of everything."""
    everything = json.dumps(facts(model), sort_keys=True)
    return {
        "layers": len(model.layers),
        "params": model.count_params(),
        "hash": hashlib.sha256(everything.encode()).hexdigest()[:16],
    }


def build(library, name: str, top: bool):
    """An architecture as the table has it: small images, which classifiers are cheaper for."""
    shape = {"input_shape": (SIDE, SIDE, 3)} if top else {"pooling": "avg"}
    return getattr(library.applications, name)(weights=None, include_top=top, **shape)


def key(name: str, top: bool) -> str:
    return f"{name} {'with' if top else 'without'} its classifier"


def names(applications) -> list[str]:
    """The architectures of a library's `applications`."""
    return sorted(n for n in dir(applications) if n[0].isupper())


def drawn(library) -> list[type]:
    """The initializers to replace by zeros where what the weights are is not looked at."""
    kinds = ("RandomNormal", "TruncatedNormal", "RandomUniform", "VarianceScaling")
    return [getattr(library.initializers, kind) for kind in kinds]


def main():
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    for kind in drawn(keras):
        kind.__call__ = keras.initializers.Zeros().__call__
    table = {}
    for name in sys.argv[1:] or names(keras.applications):
        for top in (True, False):
            keras.utils.clear_session()
            table[key(name, top)] = digest(build(keras, name, top))
            print(key(name, top), table[key(name, top)], file=sys.stderr)
    TABLE.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
