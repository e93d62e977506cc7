"""What follows a convolution in a program and may be done to each result before it is written.

A bias, batch normalization's factor and offset, a shortcut, a relu: each by itself reads and writes
all results once more.
"""

import collections
import dataclasses

import numpy as np
from jax.extend.core import JaxprEqn, Literal, Var, jaxprs_in_params

from . import onednn

_CALLS = ("jit", "pjit", "custom_jvp_call")
_CODES = {
    "add": onednn.ADD,
    "add_any": onednn.ADD,
    "mul": onednn.MULTIPLY,
    "sub": onednn.SUBTRACT,
}


@dataclasses.dataclass
class Epilogue:
    """Operations on a result, one after the other.

    Attributes:
        then: what is done, in `onednn.convolution`'s terms.
        operands: what it is done with.
        places: of the equations that do it, among the program's.
        out: the last one's result; the given one where nothing follows.
    """

    then: list[int]
    operands: list[Var]
    places: list[int]
    out: Var


class Program:
    """The equations of a program and who reads their results.

    Attributes:
        equations: all of them.
        taken: the places of those that are part of an epilogue.
    """

    def __init__(self, equations: list[JaxprEqn], results):
        self.equations, self.taken = equations, set()
        self._readers = collections.defaultdict(list)
        self._makers = {}
        for place, equation in enumerate(equations):
            self._makers |= dict.fromkeys(equation.outvars, equation)
            for atom in equation.invars:
                if isinstance(atom, Var):
                    self._readers[atom].append(place)
        for atom in results:
            if isinstance(atom, Var):
                self._readers[atom].append(None)

    def after(self, out: Var) -> Epilogue:
        """What follows a result that nothing else reads."""
        found = Epilogue([], [], [], out)
        while len(self._readers[found.out]) == 1:
            (place,) = self._readers[found.out]
            step = None
            if place is not None and place not in self.taken:
                step = self._operation(self.equations[place], found.out)
            if step is None:
                break
            code, *operands = step
            found.then.append(code)
            found.operands += operands
            found.places.append(place)
            (found.out,) = self.equations[place].outvars
        return found

    def pooling(self, out: Var) -> JaxprEqn | None:
        """The max pooling that alone reads a result, if there is one."""
        places = self._readers[out]
        if len(places) != 1 or places[0] is None:
            return None
        reader = self.equations[places[0]]
        return reader if reader.primitive.name == "reduce_window_max" else None

    def _operation(self, equation: JaxprEqn, result: Var) -> tuple | None:
        """The code and the operand of an equation that reads a result; None for any other one."""
        name = equation.primitive.name
        if name not in (*_CODES, "max") or equation.outvars[0].aval.shape != result.aval.shape:
            return None
        first, second = equation.invars
        other = second if first is result else first
        if isinstance(other, Literal):
            return (onednn.RELU,) if name == "max" and np.all(other.val == 0) else None
        operand = self._fitting(other, result.aval)
        if name == "max" or operand is None or (name == "sub" and first is not result):
            return None
        return _CODES[name], operand

    def _fitting(self, operand: Var, result) -> Var | None:
        """An operand as a convolution takes it: of the result's shape, or a value a channel."""
        maker = self._makers.get(operand)
        if maker is not None and maker.primitive.name == "broadcast_in_dim":
            source, axes = maker.invars[0], maker.params["broadcast_dimensions"]
            along_last = axes[-1:] == (result.ndim - 1,)
            if isinstance(source, Var) and along_last and _by_channel(source, result):
                return source
        fits = operand.aval.shape == result.shape or _by_channel(operand, result)
        return operand if fits else None


def _by_channel(operand: Var, result) -> bool:
    shape = operand.aval.shape
    return shape[-1:] == result.shape[-1:] and operand.aval.size == shape[-1]


def opened(equation: JaxprEqn) -> JaxprEqn:
    """The only equation of the function that one calls, as for a relu; others are as they were."""
    if equation.primitive.name not in _CALLS or equation.effects:
        return equation
    (program,) = jaxprs_in_params(equation.params)
    if len(program.eqns) != 1 or program.constvars:
        return equation
    (inner,) = program.eqns
    if inner.outvars != program.outvars:
        return equation
    return opened(renamed([inner], program, equation.invars, equation.outvars)[0])


def renamed(equations, program, arguments, results) -> list[JaxprEqn]:
    """A program's equations, between other arguments and results than its own."""
    names = dict(zip(program.invars, arguments, strict=True))
    names |= dict(zip(program.outvars, results, strict=True))

    def of(atoms):
        return [names.get(v, v) if isinstance(v, Var) else v for v in atoms]

    return [e.replace(invars=of(e.invars), outvars=of(e.outvars)) for e in equations]
