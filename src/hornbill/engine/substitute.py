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
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn

from . import onednn
from .epilogues import Program, opened, renamed
from .products import products

# Smaller convolutions (10 us) do not pay for waking the threads.
LEAST_PRODUCTS = 2_000_000

# Of fewer products a result XLA makes no slower in one loop with its pooling.
LEAST_SUMMED = 16

_WINDOWS = "window_dimensions", "window_strides"


def with_onednn(program: ClosedJaxpr, threads: int) -> ClosedJaxpr:
    """The program with each convolution that oneDNN does faster done by it.

    Args:
        program: a traced one.
        threads: on how many each call runs.
    """
    return _in_param(program, threads) if onednn.available() else program


def _replaced(jaxpr: Jaxpr, threads: int) -> Jaxpr:
    program = Program([opened(e) for e in jaxpr.eqns], jaxpr.outvars)
    equations, changed = [], False
    late: dict = {}  # calls, by the places of the last operations that they do as well
    for place, old in enumerate(program.equations):
        if place in program.taken:
            equations += late.get(place, [])
            continue
        form = _form(old)
        function = form and form(old)
        if function is None:
            equations.append(_with_inner(old, threads))
            changed |= equations[-1] is not old
            continue
        if form is _forward:
            found = program.after(old.outvars[0])
            if _xla_pools(program.pooling(found.out), old):
                equations.append(old)
                continue
            program.taken.update(found.places)
            function = functools.partial(function, found.then)
            new = _inlined(function, threads, [*old.invars, *found.operands], [found.out])
            if found.places:
                late[found.places[-1]], new = new, []
        else:
            new = _inlined(function, threads, old.invars, old.outvars)
        equations += new
        changed = True
    return jaxpr.replace(eqns=equations) if changed else jaxpr


def _with_inner(equation: JaxprEqn, threads: int) -> JaxprEqn:
    params = {name: _in_param(value, threads) for name, value in equation.params.items()}
    if all(params[name] is value for name, value in equation.params.items()):
        return equation
    return equation.replace(params=params)


def _in_param(value, threads: int):
    """A parameter of an equation, with the programs in it replaced."""
    if isinstance(value, Jaxpr):
        return _replaced(value, threads)
    if isinstance(value, ClosedJaxpr):
        inner = _replaced(value.jaxpr, threads)
        return value if inner is value.jaxpr else ClosedJaxpr(inner, value.consts)
    if isinstance(value, tuple) and any(isinstance(v, (Jaxpr, ClosedJaxpr)) for v in value):
        new = tuple(_in_param(v, threads) for v in value)
        return value if all(n is v for n, v in zip(new, value, strict=True)) else new
    return value


def _inlined(function: Callable, threads: int, arguments, results) -> list[JaxprEqn]:
    """The equations of a function, between variables of a program."""
    function = functools.partial(function, threads=threads)
    inner = jax.make_jaxpr(function)(*(v.aval for v in arguments)).jaxpr
    return renamed(inner.eqns, inner, arguments, results)


def _form(equation: JaxprEqn) -> Callable | None:
    """What makes a function by oneDNN of a convolution; None where XLA's is to stay.

    Three forms come from layers with channels last: the convolution; the gradient for its inputs,
    where these are stretched by the strides; and that for its kernel, where the batch is summed.
    With strides of one the second has the first's form.
    """
    if equation.primitive.name != "conv_general_dilated":
        return None
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
        return _stretched if dilated else _forward
    kernel_out = (n - 2, n - 1, *range(n - 2))
    grouped = settings["feature_group_count"] != 1
    if (numbers.lhs_spec, numbers.rhs_spec) == (summed, summed) and not grouped:
        return _for_kernel if numbers.out_spec == kernel_out and not dilated else None
    return None


def _xla_pools(pooling: JaxprEqn | None, equation: JaxprEqn) -> bool:
    """Whether a convolution and the max pooling behind it are faster by XLA.

    XLA makes one loop of the two. That pays where a result is the sum of few products, and it
    computes nothing that pooling leaves out (a CNN for MNIST 3.5 ms, by oneDNN 4.5).
    """
    if pooling is None:
        return False
    sizes = zip(pooling.invars[0].aval.shape, *map(pooling.params.get, _WINDOWS), strict=True)
    leaves_out = any((n - window) % stride for n, window, stride in sizes)
    summed = products(equation) // equation.outvars[0].aval.size
    return leaves_out or summed < LEAST_SUMMED


def _forward(equation: JaxprEqn) -> Callable | None:
    settings, shape = equation.params, equation.outvars[0].aval.shape
    if min(map(min, settings["padding"])) < 0:
        return None

    def function(then, x, kernel, *operands, threads):
        return onednn.convolution(
            threads,
            onednn.FORWARD,
            shape,
            x,
            _kernel(kernel, settings),
            settings["feature_group_count"],
            settings["window_strides"],
            settings["rhs_dilation"],
            settings["padding"],
            then,
            [_operand(a, len(shape)) for a in operands],
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

    def function(dy, kernel, threads):
        kernel = _kernel(lax.rev(kernel, space), settings).swapaxes(-1, -2)
        args = shape, kernel, dy, 1, strides, dilation, padding
        return onednn.convolution(threads, onednn.DATA, *args)

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

    def function(x, dy, threads):
        args = shape, x, dy, settings["batch_group_count"], strides, dilation, padding
        return onednn.convolution(threads, onednn.KERNEL, *args)

    return function


def _operand(a, axes: int):
    """An operand of what follows, with all axes."""
    return a.reshape((1,) * (axes - a.ndim) + a.shape)


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
