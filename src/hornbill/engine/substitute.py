"""Puts oneDNN's convolutions in the place of XLA's, in a traced program for the CPU.

It is done to the program, after differentiation and mapping, and not where a layer is written:
what users differentiate, map and export is JAX's own convolution, and its gradients of all orders
are convolutions again, in one of the forms below.
"""

import functools
from collections.abc import Callable

import jax
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Var

from . import onednn
from .products import products

# Smaller convolutions (10 us) do not pay for waking the threads.
LEAST_PRODUCTS = 2_000_000


def with_onednn(program: ClosedJaxpr, single: bool = False) -> ClosedJaxpr:
    """The program with each convolution that oneDNN does faster done by it.

    Args:
        program: a traced one.
        single: whether they stay in the thread that runs the program; else they use all cores.
    """
    return _in_param(program, single) if onednn.available() else program


def _replaced(jaxpr: Jaxpr, single: bool) -> Jaxpr:
    equations = [new for old in jaxpr.eqns for new in _equations(old, single)]
    if all(new is old for new, old in zip(equations, jaxpr.eqns, strict=False)):
        return jaxpr
    return jaxpr.replace(eqns=equations)


def _equations(equation: JaxprEqn, single: bool) -> list[JaxprEqn]:
    if equation.primitive.name == "conv_general_dilated":
        function = _by_onednn(equation)
        if function is None:
            return [equation]
        return _inlined(functools.partial(function, single), equation)
    params = {name: _in_param(value, single) for name, value in equation.params.items()}
    if all(params[name] is value for name, value in equation.params.items()):
        return [equation]
    return [equation.replace(params=params)]


def _in_param(value, single: bool):
    """A parameter of an equation, with the programs in it replaced."""
    if isinstance(value, Jaxpr):
        return _replaced(value, single)
    if isinstance(value, ClosedJaxpr):
        inner = _replaced(value.jaxpr, single)
        return value if inner is value.jaxpr else ClosedJaxpr(inner, value.consts)
    if isinstance(value, tuple) and any(isinstance(v, (Jaxpr, ClosedJaxpr)) for v in value):
        new = tuple(_in_param(v, single) for v in value)
        return value if all(n is v for n, v in zip(new, value, strict=True)) else new
    return value


def _inlined(function: Callable, equation: JaxprEqn) -> list[JaxprEqn]:
    """The equations of a function, between an equation's arguments and its result."""
    inner = jax.make_jaxpr(function)(*(v.aval for v in equation.invars)).jaxpr
    names = dict(zip(inner.invars, equation.invars, strict=True))
    names |= dict(zip(inner.outvars, equation.outvars, strict=True))

    def renamed(atoms):
        return [names.get(v, v) if isinstance(v, Var) else v for v in atoms]

    return [e.replace(invars=renamed(e.invars), outvars=renamed(e.outvars)) for e in inner.eqns]


def _by_onednn(equation: JaxprEqn) -> Callable | None:
    """`(single, lhs, rhs) -> out` of a convolution by oneDNN; None where XLA's is to stay.

    Three forms come from layers with channels last: the convolution; the gradient for its inputs,
    where these are stretched by the strides; and that for its kernel, where the batch is summed.
    With strides of one the second has the first's form.
    """
    lhs, rhs = (v.aval for v in equation.invars)
    out, settings = equation.outvars[0].aval, equation.params
    if any(a.dtype != np.float32 for a in (lhs, rhs, out)) or products(equation) < LEAST_PRODUCTS:
        return None
    numbers, n = settings["dimension_numbers"], lhs.ndim
    space = tuple(range(1, n - 1))
    images = (0, n - 1, *space)
    summed = (n - 1, 0, *space)
    dilated = any(s != 1 for s in settings["lhs_dilation"])
    batched = settings["batch_group_count"] != 1
    if numbers.lhs_spec == numbers.out_spec == images and not batched:
        return _stretched(equation) if dilated else _forward(equation)
    kernel_out = (n - 2, n - 1, *range(n - 2))
    grouped = settings["feature_group_count"] != 1
    if (numbers.lhs_spec, numbers.rhs_spec) == (summed, summed) and not grouped:
        return _for_kernel(equation) if numbers.out_spec == kernel_out and not dilated else None
    return None


def _forward(equation: JaxprEqn) -> Callable | None:
    settings, shape = equation.params, equation.outvars[0].aval.shape
    if min(map(min, settings["padding"])) < 0:
        return None

    def function(single, x, kernel):
        return onednn.convolution(
            single,
            onednn.FORWARD,
            shape,
            x,
            _kernel(kernel, settings),
            settings["feature_group_count"],
            settings["window_strides"],
            settings["rhs_dilation"],
            settings["padding"],
        )

    return function


def _stretched(equation: JaxprEqn) -> Callable | None:
    """The gradient of a convolution with strides, for its inputs; a transposed convolution."""
    settings, shape = equation.params, equation.outvars[0].aval.shape
    dy, kernel = (v.aval for v in equation.invars)
    strides, dilation = settings["lhs_dilation"], settings["rhs_dilation"]
    if settings["feature_group_count"] != 1 or any(s != 1 for s in settings["window_strides"]):
        return None
    space = settings["dimension_numbers"].rhs_spec[2:]
    reach = [(kernel.shape[a] - 1) * d for a, d in zip(space, dilation, strict=True)]
    before = [r - low for r, (low, _) in zip(reach, settings["padding"], strict=True)]
    padding = _padding(shape[1:-1], dy.shape[1:-1], reach, before, strides)
    if padding is None:
        return None

    def function(single, dy, kernel):
        kernel = _kernel(lax.rev(kernel, space), settings).swapaxes(-1, -2)
        args = shape, kernel, dy, 1, strides, dilation, padding
        return onednn.convolution(single, onednn.DATA, *args)

    return function


def _for_kernel(equation: JaxprEqn) -> Callable | None:
    settings, shape = equation.params, equation.outvars[0].aval.shape
    x, dy = (v.aval for v in equation.invars)
    strides, dilation = settings["rhs_dilation"], settings["window_strides"]
    reach = [(k - 1) * d for k, d in zip(shape[:-2], dilation, strict=True)]
    before = [low for low, _ in settings["padding"]]
    padding = _padding(x.shape[1:-1], dy.shape[1:-1], reach, before, strides)
    if padding is None:
        return None

    def function(single, x, dy):
        args = shape, x, dy, settings["batch_group_count"], strides, dilation, padding
        return onednn.convolution(single, onednn.KERNEL, *args)

    return function


def _kernel(kernel, settings):
    """The kernel as `(*space, channels in, channels out)`."""
    out, features, *space = settings["dimension_numbers"].rhs_spec
    return kernel.transpose(*space, features, out)


def _padding(inputs, outputs, reach, before, strides) -> list[tuple[int, int]] | None:
    """The forward convolution's padding, from its sizes; None where there is no such one.

    Strides may leave rows at the end unread: those need no padding.
    """
    sizes = zip(inputs, outputs, reach, before, strides, strict=True)
    padding = [(b, max((y - 1) * s + r + 1 - x - b, 0)) for x, y, r, b, s in sizes]
    sizes = zip(inputs, outputs, reach, padding, strides, strict=True)
    fits = all((x + sum(p) - r - 1) // s + 1 == y and p[0] >= 0 for x, y, r, p, s in sizes)
    return padding if fits else None
