"""Hornbill: the Keras model API on one engine, JAX.

    import hornbill as hb
    model = hb.Sequential([hb.layers.Dense(64, activation="relu"), hb.layers.Dense(10)])

`import hornbill as keras` serves a Keras script. Everything is loaded at first use (PEP 562), so
that the import costs little more than JAX's.
"""

import importlib

__version__ = "0.1.0"

# The public modules, and the module of each name that stands at the top.
_MODULES = frozenset(
    "activations applications backend callbacks config constraints datasets distillation "
    "distribution dtype_policies export initializers layers losses metrics mixed_precision "
    "models ops optimizers preprocessing random regularizers saving tree utils "
    "visualization wrappers".split()
)
_NAMES = {
    "Checkpoint": "training.resume",
    "DTypePolicy": "dtype_policies",
    "FloatDTypePolicy": "dtype_policies",
    "Function": "models.function",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "engine.symbolic",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "NumericsError": "engine.numerics",
    "Operation": "engine.operation",
    "Optimizer": "optimizers",
    "Population": "population",
    "Regularizer": "regularizers",
    "RematScope": "engine.remat",
    "Sequential": "models",
    "StatelessScope": "engine.scope",
    "Variable": "engine.variable",
    "device": "engine.device",
    "name_scope": "engine.context",
    "remat": "engine.remat",
    "value_and_grad": "engine.gradients",
}


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(f"hornbill.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"hornbill.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hornbill' has no attribute '{name}'")


def version() -> str:
    """Hornbill's version."""
    return __version__


def __dir__():
    return sorted({*_MODULES, *_NAMES, "version", "__version__"})
