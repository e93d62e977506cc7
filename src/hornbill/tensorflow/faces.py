"""The classes of `tf.keras`: the library's own, which speak tensors with scripts.

Each is a subclass of the library's class, made when it is first asked for, so that nothing changes
for the rest of the process. Who calls decides: a layer, loss or metric called from a script gives
tensors; what the library calls itself stays arrays. And the other way round: methods and functions
that a script writes for the library to call (`call`, `train_step`, a loss) get tensors, and the
library gets their arrays back.
"""

import functools
import sys
import types

import jax

from .. import constraints, initializers, layers, losses, metrics, models, optimizers, regularizers
from ..engine.allowed import is_builtin
from ..engine.flow import convert
from ..engine.variable import Variable as Cell
from ..models.model import Functional
from ..saving.pickling import restore_model
from . import old_training
from .tensor import Variable, unwrap, wrap

# The families, and the methods that scripts write for the library to call.
_WRITTEN = {
    layers.Layer: (
        "call compute_mask train_step test_step predict_step compute_loss compute_metrics "
        "get_initial_state"
    ).split(),
    losses.Loss: ["call"],
    metrics.Metric: ["update_state", "result"],
    optimizers.Optimizer: [],
    optimizers.schedules.LearningRateSchedule: ["__call__"],
    initializers.Initializer: ["__call__"],
    regularizers.Regularizer: ["__call__"],
    constraints.Constraint: ["__call__"],
}
# Further classes of the library and those that scripts get instead.
adopted: dict[type, type] = {}
# What scripts call besides.
_CALLED = ["__call__", "get_metrics_result", "apply", "apply_gradients"]


def _is_script(module: str) -> bool:
    """Whether a module's code speaks tensors: a script's, and that of the tf functions."""
    if module.startswith("hornbill.tensorflow"):
        return module != __name__
    return module.partition(".")[0] not in ("hornbill", "jax")


def called_by_script() -> bool:
    return _is_script(sys._getframe(2).f_globals.get("__name__", ""))


# ---- functions -------------------------------------------------------------------------------


def to_script(function):
    """A function of the library that gives tensors to scripts."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if called_by_script():
            return hand_out(function(*hand_in(args), **hand_in(kwargs)))
        return function(*args, **kwargs)

    return call


def from_script(function):
    """A function of a script that the library may call with arrays, and that gives it arrays."""
    known = getattr(function, "_for_library", None)
    if known is not None and known.__wrapped__ is function:
        return known
    converted = convert(function)

    @functools.wraps(function)
    def call(*args, **kwargs):
        if called_by_script():
            return converted(*args, **kwargs)
        result = unwrap(converted(*wrap(args), **wrap(kwargs)))
        # A variable (as a metric's result) is its value now, not when somebody looks at it.
        return jax.tree.map(_value, result, is_leaf=lambda x: x is None)

    if isinstance(function, types.FunctionType):
        function._for_library = call  # one, by which the registry knows it
    return call


def _value(x):
    return x.value if isinstance(x, Cell) else x


def hand_in(structure):
    """A script's arguments for the library: arrays for tensors, and its functions adapted."""
    if isinstance(structure, (list, tuple)) and type(structure) in (list, tuple):
        return type(structure)(map(hand_in, structure))
    if type(structure) is dict:
        return {k: hand_in(v) for k, v in structure.items()}
    code = structure.func if isinstance(structure, functools.partial) else structure
    code = getattr(code, "python_function", code)
    if isinstance(code, (types.FunctionType, types.MethodType)):
        if _is_script(code.__globals__.get("__name__", "")):
            return from_script(structure)
        return structure
    return unwrap(structure)


def hand_out(result):
    """What the library gives a script: tensors for arrays, and its objects with their faces."""
    if isinstance(result, (*_WRITTEN, *adopted)):
        return adopt(result)
    return wrap(result, (jax.Array,))  # what it gives as NumPy's stays that


# ---- classes ---------------------------------------------------------------------------------


@functools.cache
def faced(cls):
    """The face of a class of the library; the class itself where it needs none."""
    family = next((f for f in _WRITTEN if issubclass(cls, f)), None)
    if family is None or not is_builtin(cls) or "_plain" in cls.__dict__:
        return cls
    bases = [b for b in cls.__bases__ if issubclass(b, family)]
    members = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "_plain": cls}
    members["__doc__"] = cls.__doc__
    for name in {*_WRITTEN[family], *_CALLED}:
        # Where the family only says that it is missing, it stays missing.
        if name in _WRITTEN[family] and name != "__call__" and cls is family:
            continue
        method = getattr(cls, name, None)
        if method is not None and all(getattr(b, name, None) is not method for b in bases):
            members[name] = to_script(method)
    if all(b.__init__ is not cls.__init__ for b in bases):
        members["__init__"] = _constructor(cls)
    if cls is family:
        members["__init_subclass__"] = classmethod(_adapt_subclass)
    members.update(_OWN.get(cls, {}))
    return type(cls)(cls.__name__, (*map(faced, bases), cls), members)


def _constructor(cls):
    given = cls.__init__

    @functools.wraps(given)
    def __init__(self, *args, **kwargs):
        if issubclass(cls, optimizers.Optimizer):
            args, kwargs = old_training.optimizer_arguments(cls, args, kwargs)
            if type(self).__init__ is __init__:
                self._arguments = args, kwargs  # of which get_config will tell
        given(self, *hand_in(args), **hand_in(kwargs))
        if getattr(self, "_graph", None) is not None:
            adopt(self)

    return __init__


def _adapt_subclass(cls, **kwargs):
    """Adapts what a script's class defines for the library to call."""
    family = next(f for f in _WRITTEN if issubclass(cls, f))
    if "_plain" in cls.__dict__:  # a face: its plain class has been set up already
        return
    for name in _WRITTEN[family]:
        if isinstance(cls.__dict__.get(name), types.FunctionType):
            setattr(cls, name, from_script(cls.__dict__[name]))
    super(faced(family), cls).__init_subclass__(**kwargs)


def adopt(thing):
    """Gives an object that the library made, and those inside, the faces of their classes."""
    inside = thing._flatten_layers() if isinstance(thing, layers.Layer) else [thing]
    for one in [*inside, getattr(thing, "optimizer", None)]:
        face = adopted.get(type(one)) or faced(type(one))
        if face is not type(one):
            one.__class__ = face
    return thing


# ---- what is particular ----------------------------------------------------------------------


@functools.wraps(layers.Layer.add_weight)
def _add_weight(self, *args, **kwargs):
    weight = layers.Layer.add_weight(self, *hand_in(args), **hand_in(kwargs))
    if called_by_script():
        weight.__class__ = Variable
    return weight


def _new_model(cls, *args, **kwargs):
    if cls is faced(models.Model) and (args or "inputs" in kwargs or "outputs" in kwargs):
        cls = faced(Functional)
    return models.Model.__new__(cls, *args, **kwargs)


@functools.wraps(models.Model.compile)
def _compile(self, *args, **kwargs):
    models.Model.compile(self, *hand_in(args), **hand_in(kwargs))
    adopt(self)


def _restore(*kept):
    return adopt(restore_model(*kept))


def _from_config(cls, *args, **kwargs):
    return adopt(super(faced(layers.Layer), cls).from_config(*args, **kwargs))


_OWN = {
    layers.Layer: {
        "add_weight": _add_weight,
        "add_variable": _add_weight,
        "from_config": classmethod(_from_config),
    },
    optimizers.Optimizer: {"lr": old_training.LEARNING_RATE},
    models.Model: {
        **old_training.METHODS,
        "__new__": _new_model,
        "compile": _compile,
        "__reduce__": lambda self: (_restore, models.Model.__reduce__(self)[1]),
        "metrics": property(lambda self: [adopt(m) for m in models.Model.metrics.fget(self)]),
    },
}
