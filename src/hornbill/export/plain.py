"""A traced function in few, plain primitives, for converters that know not all of JAX's.

What is inlined, or written by other primitives, means the same; only the program's form changes.
"""

import functools
import os

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Literal

# Calls of a function as it is: gradients, compilation and memory are no matter of inference.
_CALLS = ("jit", "pjit", "closed_call", "core_call", "checkpoint", "remat2", "custom_lin")
_CALLS += ("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr", "remat")

_WINDOWS = {"reduce_window_max": lax.max, "reduce_window_sum": lax.add}


def plain(function, arguments: list):
    """The function of a flat list of arrays, traced for `arguments`, as plain primitives.

    bfloat16 is computed in float32, which holds all of its numbers: few runtimes know it.

    Args:
        function: takes `arguments`, and returns a list of arrays.
        arguments: `jax.ShapeDtypeStruct`s, with symbolic dimensions.
    """
    return functools.partial(_run, jax.make_jaxpr(function)(*arguments))


def _run(closed, *args) -> list:
    jaxpr, consts = closed.jaxpr, closed.consts
    values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*map(_wide, consts), *args], strict=True))

    def read(atom):
        return _wide(atom.val) if isinstance(atom, Literal) else values[atom]

    for eqn in jaxpr.eqns:
        with jax.named_scope(_place(eqn)):
            outputs = _step(eqn.primitive, eqn.params, *map(read, eqn.invars))
        values.update(zip(eqn.outvars, outputs, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _place(eqn) -> str:
    """The layer's `call` that an equation comes from, for messages."""
    frames = eqn.source_info.traceback.frames if eqn.source_info.traceback else []
    for frame in frames:
        owner, _, function = frame.function_name.rpartition(".")
        if function == "call" and owner and "<locals>" not in owner:
            return f"{frame.function_name} in {os.path.basename(frame.file_name)}"
    return "no layer"


def _step(primitive, params: dict, *args) -> list:
    """The outputs of one equation."""
    name = primitive.name
    if name in _CALLS:
        inner = next(params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in params)
        return _run(inner if isinstance(inner, ClosedJaxpr) else ClosedJaxpr(inner, ()), *args)
    if name == "call_hi_primitive":  # since JAX 0.12, an operation with rules of its own
        return _run(jax.make_jaxpr(params["_prim"].expand)(*args), *args)
    if name == "pad" and all(between == 0 for _, _, between in params["padding_config"]):
        return [_pad(*args, params["padding_config"])]
    if name == "select_n" and args[1].dtype == bool and len(args) == 3:
        which, no, yes = args  # ONNX's Where has no booleans in onnxruntime
        return [(which & yes) | (~which & no)]
    if name in _WINDOWS and all(n == 1 for n in params["base_dilation"]):
        return [_windows(*args, name, params)]
    if name in ("lt_to", "le_to"):
        return [_ordered(*args, name)]
    if name == "conv_general_dilated" and args[0].ndim == 5 and max(params["lhs_dilation"]) == 1:
        return [_conv3d(*args, params)]
    found = primitive.bind(*args, **{key: _setting(value) for key, value in params.items()})
    return found if primitive.multiple_results else [found]


def _setting(value):
    """A parameter of a primitive: functions in it, such as a loop's body, become plain too."""
    if isinstance(value, ClosedJaxpr):
        shapes = [jax.ShapeDtypeStruct(a.shape, _wide_dtype(a.dtype)) for a in value.in_avals]
        return jax.make_jaxpr(functools.partial(_run, value))(*shapes)
    if isinstance(value, tuple) and any(isinstance(v, ClosedJaxpr) for v in value):
        return tuple(map(_setting, value))
    return _wide_dtype(value) if isinstance(value, np.dtype) else value


def _wide_dtype(dtype):
    return np.dtype("float32") if dtype == jnp.bfloat16 else dtype


def _wide(value):
    return value.astype("float32") if getattr(value, "dtype", None) == jnp.bfloat16 else value


def _ordered(x, y, name: str):
    """Comparison in the total order of sorting, where NaN is the largest number."""
    less = x < y if name == "lt_to" else x <= y
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return less
    return less | ((y != y) & (x == x) if name == "lt_to" else y != y)


def _conv3d(x, kernel, params: dict):
    """A convolution over three axes as the sum of those over the last two, one for each place of
    the kernel's first axis: jax2onnx has no more than two."""
    numbers = params["dimension_numbers"]
    x, kernel = lax.transpose(x, numbers.lhs_spec), lax.transpose(kernel, numbers.rhs_spec)
    (stride, *strides), (side, *sides) = params["window_strides"], params["padding"]
    step, *steps = params["rhs_dilation"]
    x = _pad(x, 0, [(*(side if axis == 2 else (0, 0)), 0) for axis in range(5)])
    last = x.shape[2] - (kernel.shape[2] - 1) * step
    total = None
    for i in range(kernel.shape[2]):
        part = lax.slice_in_dim(x, i * step, last + i * step, stride, 2)
        part = lax.transpose(part, (0, 2, 1, 3, 4))  # the first axis stands beside the batch
        images = part.reshape(part.shape[0] * part.shape[1], *part.shape[2:])
        images = lax.conv_general_dilated(
            images,
            kernel[:, :, i],
            strides,
            sides,
            rhs_dilation=steps,
            feature_group_count=params["feature_group_count"],
            preferred_element_type=_setting(params["preferred_element_type"]),
        )
        total = images if total is None else total + images
    total = total.reshape(*part.shape[:2], *total.shape[1:])
    return lax.transpose(total, [(0, 2, 1, 3, 4)[i] for i in np.argsort(numbers.out_spec)])


def _windows(x, name: str, params: dict):
    """A maximum or sum over windows, one axis at a time: ONNX pools three axes at most, with
    images' batch and channels among them."""
    combine = _WINDOWS[name]
    if combine is lax.add:
        fill = np.zeros((), x.dtype)
    else:
        floating = jnp.issubdtype(x.dtype, jnp.floating)
        fill = np.array(-np.inf if floating else jnp.iinfo(x.dtype).min)
    keys = ("window_dimensions", "window_strides", "padding", "window_dilation")
    axes = zip(*map(params.get, keys), strict=True)
    for axis, (size, stride, (low, high), step) in enumerate(axes):
        x = _pad(x, fill, [(low, high, 0) if i == axis else (0, 0, 0) for i in range(x.ndim)])
        if size == stride == 1:
            continue
        last = x.shape[axis] - (size - 1) * step
        places = [lax.slice_in_dim(x, i * step, last + i * step, stride, axis) for i in range(size)]
        x = functools.reduce(combine, places)
    return x


def _pad(x, value, config):
    """`lax.pad` without padding between elements, one axis at a time."""
    for axis, (low, high, _) in enumerate(config):
        if low < 0 or high < 0:
            size = x.shape[axis]
            x = lax.slice_in_dim(x, max(-low, 0), size - max(-high, 0), axis=axis)
        before, after = x.shape[:axis], x.shape[axis + 1 :]
        if low > 0:
            x = lax.concatenate([lax.full((*before, low, *after), value, x.dtype), x], axis)
        if high > 0:
            x = lax.concatenate([x, lax.full((*before, high, *after), value, x.dtype)], axis)
    return x
