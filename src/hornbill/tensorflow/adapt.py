"""Lets the library's objects speak tensors with scripts, and arrays with the library.

Who calls decides: a layer, loss or metric called from a script gives tensors; what the library
calls itself stays arrays. And the other way round: methods that a script writes for the library to
call (`call`, `train_step`, ...) get tensors, and the library gets their arrays back. Importing
`hornbill.tensorflow` installs this once, from above: nothing below knows of it.
"""

import functools
import sys

import jax

from .. import layers, losses, metrics, models, optimizers
from ..engine.variable import Variable
from .autograph import convert
from .tensor import unwrap, wrap

# What scripts write for the library to call.
_LAYER_METHODS = "call train_step test_step predict_step compute_loss compute_metrics".split()
_LOSS_METHODS = ["call"]
_METRIC_METHODS = ["update_state", "result"]


def _called_by_library() -> bool:
    name = sys._getframe(2).f_globals.get("__name__", "")
    return name.startswith("hornbill.") and not name.startswith("hornbill.tensorflow")


def face(function):
    """A function of the library that gives tensors to scripts."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if _called_by_library():
            return function(*args, **kwargs)
        return wrap(function(*unwrap(args), **unwrap(kwargs)))

    call.faced = True
    return call


def _script_method(method):
    """A method of a script that gets tensors and gives arrays."""
    method = convert(method)

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        result = unwrap(method(self, *wrap(args), **wrap(kwargs)))
        # A variable (as a metric's result) is its value now, not when somebody looks at it.
        return jax.tree.map(_value, result, is_leaf=lambda x: x is None)

    return call


def _value(x):
    return x.value if isinstance(x, Variable) else x


def _adapt_classes(base, names) -> None:
    """Adapts the methods of all classes that scripts derive from `base`."""
    original = base.__dict__.get("__init_subclass__")

    def __init_subclass__(cls, **kwargs):
        if not cls.__module__.startswith("hornbill."):
            for name in names:
                if name in cls.__dict__:
                    setattr(cls, name, face(_script_method(cls.__dict__[name])))
        if original is not None:
            original.__func__(cls, **kwargs)
        else:
            super(base, cls).__init_subclass__(**kwargs)

    base.__init_subclass__ = classmethod(__init_subclass__)


def _subclasses(cls):
    yield cls
    for sub in cls.__subclasses__():
        yield from _subclasses(sub)


def _face(cls, names) -> None:
    for name in names:
        method = cls.__dict__.get(name)
        if method is not None and not hasattr(method, "faced"):
            setattr(cls, name, face(method))


def install() -> None:
    """Does it, once for the process."""
    if hasattr(layers.Layer.__call__, "faced"):
        return
    _face(layers.Layer, ["__call__"])
    _face(models.Model, [*_LAYER_METHODS[1:], "get_metrics_result"])
    _face(losses.Loss, ["__call__"])
    _face(optimizers.Optimizer, ["apply", "apply_gradients"])
    _face(optimizers.schedules.LearningRateSchedule, ["__call__"])
    for metric in set(_subclasses(metrics.Metric)):
        _face(metric, ["__call__", *_METRIC_METHODS])

    # A function of a script inside a layer of the library (Lambda, an activation) gives tensors.
    run = layers.Layer.run
    layers.Layer.run = functools.wraps(run)(lambda self, *a, **k: unwrap(run(self, *a, **k)))
    called = losses.LossFunctionWrapper.call
    losses.LossFunctionWrapper.call = functools.wraps(called)(lambda *a: unwrap(called(*a)))

    _adapt_classes(layers.Layer, _LAYER_METHODS)
    _adapt_classes(losses.Loss, _LOSS_METHODS)
    _adapt_classes(metrics.Metric, _METRIC_METHODS)
