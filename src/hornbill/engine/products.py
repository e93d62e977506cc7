"""The multiply-adds of a traced program: those of its matrix products and convolutions."""

import math

import numpy as np
from jax.extend.core import jaxprs_in_params


def multiply_adds(program) -> int:
    """How many multiply-adds the matrix products and convolutions of a jaxpr take.

    The body of a loop counts as often as it is known to run (once where that depends on data); of
    a choice the dearest branch counts. The padding of a convolution counts like data, the zeros
    between the inputs of a transposed one do not.
    """
    return sum(map(_of_equation, program.eqns))


def _of_equation(equation) -> int:
    inner = [multiply_adds(program) for program in jaxprs_in_params(equation.params)]
    if equation.primitive.name == "cond":
        return max(inner)
    return products(equation) + sum(inner) * equation.params.get("length", 1)


def products(equation) -> int:
    """The multiply-adds of one equation: 0 for all but matrix products and convolutions."""
    name = equation.primitive.name
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        shape = equation.invars[0].aval.shape
        made = math.prod(equation.outvars[0].aval.shape)
        return made * math.prod(shape[axis] for axis in contracted)
    return _convolution(equation) if name == "conv_general_dilated" else 0


def _convolution(equation) -> int:
    """Pairs of an output and a place in the kernel, times the channels that meet there."""
    inputs, kernel = (v.aval.shape for v in equation.invars)
    outputs = equation.outvars[0].aval.shape
    settings = equation.params
    numbers = settings["dimension_numbers"]
    (batch, features, *places) = numbers.out_spec
    total = outputs[batch] * outputs[features] * kernel[numbers.rhs_spec[1]]
    for i, axis in enumerate(places):
        size = kernel[numbers.rhs_spec[2 + i]]
        stretch = settings["lhs_dilation"][i]
        if stretch == 1:
            total *= outputs[axis] * size
            continue
        at = np.arange(outputs[axis])[:, None] * settings["window_strides"][i]
        at = at - settings["padding"][i][0] + np.arange(size) * settings["rhs_dilation"][i]
        length = inputs[numbers.lhs_spec[2 + i]]
        real = (at >= 0) & (at <= (length - 1) * stretch) & (at % stretch == 0)
        total *= int(real.sum())
    return total
