"""What a config may name of Hornbill's own, and where: a list, not a search.

A config is data from somebody else. It may name classes that are nothing but their settings
(layers, losses, optimizers, ...) and functions of arrays; never callbacks, which write files, nor
what sets, loads or saves anything. The name of an argument says what may stand there.
"""

import types

# Modules with layers of their own.
ARCHITECTURES = ("applications.convnext", "applications.inception_resnet_v2")

# The public modules whose classes and functions a config may name.
CLASSES = (
    "layers",
    "models",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "initializers",
    "regularizers",
    "constraints",
    "dtype_policies",
    "random",
    "distillation",
    "utils",  # FeatureSpace
    *ARCHITECTURES,
)
FUNCTIONS = ("activations", "losses", "metrics", "ops")

# What the last word of an argument's name says about its value. Other arguments take all of the
# above; so do those of custom classes, whose constructors check for themselves.
SLOTS = {
    "initializer": {"initializers"},
    "regularizer": {"regularizers"},
    "constraint": {"constraints"},
    "activation": {"activations", "layers", "ops"},
    "dtype": {"dtype_policies"},
    "layer": {"layers", "models", "utils", *ARCHITECTURES},
    "layers": {"layers", "models", "utils", *ARCHITECTURES},
    "cell": {"layers"},
    "cells": {"layers"},
    "optimizer": {"optimizers"},
    "rate": {"optimizers.schedules"},
    "loss": {"losses", "metrics"},
    "metrics": {"losses", "metrics"},
    "fn": {"activations", "losses", "metrics", "ops"},
    "function": {"activations", "ops"},
}


def is_builtin(thing) -> bool:
    """Whether a class or function is Hornbill's own."""
    return (getattr(thing, "__module__", None) or "").partition(".")[0] == "hornbill"


def builtin_class(name: str, module: str | None = None, slot: str | None = None):
    """Hornbill's public class of that name, or None.

    Some names are a loss and a metric (`MeanSquaredError`): `module`, which a file gives as
    `"keras.losses"`, says which one is meant.

    Raises:
        ValueError: if there is such a class, but the slot is for another kind of thing.
    """
    first = str(module or "").removeprefix("keras.")
    spaces = sorted(CLASSES, key=lambda space: space != first)
    return _first(name, spaces, slot, _is_data)


def builtin_function(name: str, slot: str | None = None):
    """Hornbill's public function of arrays of that name, or None.

    Raises:
        ValueError: if there is such a function, but the slot is for another kind of thing.
    """
    return _first(name, FUNCTIONS, slot, _is_formula)


def _is_data(thing, space: str) -> bool:
    return isinstance(thing, type) and is_builtin(thing) and hasattr(thing, "from_config")


def _is_formula(thing, space: str) -> bool:
    if not isinstance(thing, types.FunctionType) or not is_builtin(thing):
        return False
    return getattr(thing, "is_op", False) or (
        space != "ops" and thing.__name__ not in ("get", "serialize", "deserialize")
    )


def _first(name: str, spaces, slot: str | None, suits):
    """The first thing of that name that suits; families that the slot allows come first."""
    allowed = SLOTS.get((slot or "").rpartition("_")[2])
    for space in sorted(spaces, key=lambda space: allowed is not None and space not in allowed):
        thing = _get(space, name)
        if not suits(thing, space):
            continue
        if allowed is None or space in allowed:
            return thing
        public = sorted(allowed - {*ARCHITECTURES})
        raise ValueError(
            f"'{slot}' takes something of {' or '.join(public)}. Received: '{name}' of {space}"
        )
    return None


def _get(space: str, name: str):
    import hornbill

    module = hornbill
    for part in space.split("."):
        module = getattr(module, part, None)
    return None if module is None or name.startswith("_") else getattr(module, name, None)
