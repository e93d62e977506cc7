"""Where arrays lie when several devices share the work.

`hornbill.distribution` makes plans; this is how variables, batches and programs follow the one that
holds. Without one, everything here leaves arrays where they are.
"""

import contextlib
import functools

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec, Sharding

from .device import from_host

# The plan, for all threads: data are sent to the devices by one of their own. It has the methods
# `variable_sharding(variable)`, `data_sharding(shape)`, `output_sharding(path)` and a JAX `mesh`.
_plan = None
# Whether any array has ever been spread: assignments need not look where none has.
_spread = False


def plan():
    """The plan that holds, or None."""
    return _plan


def set_plan(value) -> None:
    """Makes a plan hold from here on; None for one device."""
    global _plan, _spread
    _plan, _spread = value, _spread or value is not None


@contextlib.contextmanager
def holding(value):
    """A plan holds inside of a `with`."""
    before = _plan
    set_plan(value)
    try:
        yield value
    finally:
        set_plan(before)


def on_its_devices(method):
    """Makes a model's method run under the plan under which the model was made."""

    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        with holding(self._plan or _plan):
            return method(self, *args, **kwargs)

    return wrapper


def sharding_of(layout) -> Sharding:
    """JAX's word for a layout, or for what is one already."""
    global _spread
    sharding = getattr(layout, "backend_layout", layout)
    if not isinstance(sharding, Sharding):
        raise TypeError(
            "A layout is a hornbill.distribution.TensorLayout or a jax.sharding.Sharding. "
            f"Received: {layout!r}"
        )
    _spread = True
    return sharding


def like(variable, value):
    """The layout for a value that belongs to a variable, such as an optimizer's slot."""
    if _plan is None and variable._layout is None:
        return None
    return variable._value.sharding if value.shape == variable.shape else whole()


def placed(variable, layout, value):
    """A variable's first value where its layout or the plan wants it."""
    if layout is not None:
        return jax.device_put(value, sharding_of(layout))
    return value if _plan is None else jax.device_put(value, _plan.variable_sharding(variable))


def follow(variable) -> None:
    """Brings a variable of all models, such as the global seed, to where the plan wants it now."""
    if not _spread or variable._layout is not None:
        return
    if _plan is not None:
        variable._value = jax.device_put(variable._value, _plan.variable_sharding(variable))
    elif len(variable._value.sharding.device_set) > 1:
        variable._value = from_host(np.asarray(variable._value))


def moved(value, like):
    """A new value of a variable on the devices of the old one."""
    if not _spread or len(like.sharding.device_set) == 1 or value.sharding == like.sharding:
        return value
    return jax.device_put(value, like.sharding)


def send_batch(data):
    """A batch on the devices, a part of its rows on each."""
    if _plan is None:
        return jax.device_put(data)
    return jax.device_put(data, jax.tree.map(lambda a: _plan.data_sharding(a.shape), data))


def send_whole(data):
    """Data on the devices, all of it on each."""
    return jax.device_put(data) if _plan is None else jax.device_put(data, whole())


def spread(data):
    """In a program: a batch of which each device works on a part."""
    if _plan is None:
        return data
    shardings = jax.tree.map(lambda a: _plan.data_sharding(a.shape), data)
    return jax.lax.with_sharding_constraint(data, shardings)


def outputs(path: str, values):
    """A layer's outputs, where the plan has a layout for them."""
    sharding = None if _plan is None else _plan.output_sharding(path)
    return values if sharding is None else laid_out(values, sharding)


def laid_out(values, sharding):
    """Arrays as a sharding says: moved there, or in a program from there on."""
    if any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(values)):
        return jax.lax.with_sharding_constraint(values, sharding)
    return jax.device_put(values, sharding)


def pinned(args) -> dict:
    """`jax.jit`'s settings for a program of a state, and more, to the new state, and more.

    The new state lies where the old one does, so that the program can take it at the next call.
    """
    mesh = mesh_of(args)
    if mesh is None:
        return {}
    rest = NamedSharding(mesh, PartitionSpec())
    shardings = jax.tree.map(lambda a: a.sharding if _is_cut(a) else rest, args)
    return {"in_shardings": shardings, "out_shardings": (shardings[0], rest)}


def mesh_of(arrays):
    """The mesh that the plan is for, or on which arrays lie; None on one device."""
    if not _spread:
        return None
    if _plan is not None:
        return _plan.mesh if _plan.mesh.size > 1 else None
    return next((a.sharding.mesh for a in jax.tree.leaves(arrays) if _is_cut(a)), None)


def _is_cut(a) -> bool:
    if not isinstance(a, jax.Array) or not isinstance(a.sharding, NamedSharding):
        return False
    return len(a.sharding.device_set) > 1


def whole() -> NamedSharding | None:
    """That of an array of which each device has all."""
    return None if _plan is None else NamedSharding(_plan.mesh, PartitionSpec())
