"""How a layer's `call` and `build` are read and fed: signatures, shapes, masks."""

import inspect
from typing import NamedTuple

import jax
import numpy as np

from ..engine import errors
from ..engine.beside import get_mask
from ..engine.context import current_context, enter_context, leave_context
from ..engine.flow import convert
from ..engine.scope import outside_scopes
from ..engine.symbolic import SymbolicTensor


class CallSpec(NamedTuple):
    """What a class's `call` takes, read once per class."""

    names: tuple[str, ...]
    takes_training: bool
    training_default: bool | None
    masks: tuple[tuple[str, str], ...]  # (mask parameter, the argument it belongs to)

    @classmethod
    def of(cls, call) -> "CallSpec":
        parameters = list(inspect.signature(call).parameters.values())[1:]
        plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        names = tuple(p.name for p in plain)
        known = {p.name: p for p in parameters}
        training = known.get("training")
        default = (
            None if training is None or training.default is training.empty else training.default
        )
        masks = [("mask", names[0])] if "mask" in known and names and names[0] != "mask" else []
        masks += [(f"{n}_mask", n) for n in names if f"{n}_mask" in known]
        return cls(names, training is not None, default, tuple(masks))


def wrap_build(build):
    """Makes a class's `build` run once, under the layer's name, all or nothing."""

    def wrapped(self, *args, **kwargs):
        if self.built:
            return
        context = current_context()
        token = enter_context(context._replace(path=context.inside(self.name), autocast=None))
        self._unbuilt_spec = self.input_spec
        try:
            with outside_scopes():
                build(self, *args, **kwargs)
        except BaseException:
            self._unbuild()
            raise
        finally:
            leave_context(token)
        self._note_build(wrapped, args, kwargs)

    wrapped.__wrapped__ = build
    wrapped.__doc__, wrapped.__qualname__ = build.__doc__, build.__qualname__
    wrapped.parameters = [
        p.name
        for p in list(inspect.signature(build).parameters.values())[1:]
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    return wrapped


def input_shape_argument(kwargs):
    """Keras 2's `input_shape=`, `batch_input_shape=` and `input_dim=`, as a batch shape."""
    if "batch_input_shape" in kwargs:
        return tuple(kwargs.pop("batch_input_shape"))
    batch = kwargs.pop("batch_size", None)
    if "input_shape" in kwargs:
        shape = kwargs.pop("input_shape")
        return None if shape is None else (batch, *shape)
    if "input_dim" in kwargs:
        return (batch, kwargs.pop("input_dim"))
    return None


def masks_of(value):
    masks = jax.tree.map(get_mask, value)
    return masks if jax.tree.leaves(masks) else None


def has_tensors(value) -> bool:
    return any(hasattr(x, "shape") for x in jax.tree.leaves(value))


def shapes_of(value):
    """The shapes of a structure of tensors, None for unknown dimensions."""
    return jax.tree.map(
        lambda x: errors.known_shape(x.shape) if hasattr(x, "shape") else None, value
    )


def is_shape(value) -> bool:
    return isinstance(value, (list, tuple)) and all(
        n is None or isinstance(n, (int, np.integer)) for n in value
    )


def as_shapes(value):
    """Shapes read from JSON, where tuples have become lists."""
    if is_shape(value):
        return tuple(value)
    if isinstance(value, dict):
        return {k: as_shapes(v) for k, v in value.items()}
    return [as_shapes(v) for v in value] if isinstance(value, (list, tuple)) else value


def placeholders(shapes, dtype) -> tuple:
    """Symbolic tensors for a shape or a structure of shapes, as the arguments of a call."""
    made = jax.tree.map(lambda s: SymbolicTensor(s, dtype, name="input"), shapes, is_leaf=is_shape)
    return (made,)


# What users write for the library to call.
_WRITTEN = "call train_step test_step predict_step compute_loss compute_metrics".split()


def let_tensors_decide(cls) -> None:
    """Makes a class's own methods ready for an `if`, `while` or `for` that depends on a tensor."""
    for name in _WRITTEN:
        if name in cls.__dict__:
            setattr(cls, name, convert(cls.__dict__[name]))
