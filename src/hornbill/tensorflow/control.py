"""`tf.function` and control flow as functions."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from .. import ops
from ..engine.scope import StatelessScope, current_scope
from ..engine.variable import Variable as Cell
from . import branches
from .autograph import convert
from .tensor import Tensor, lift, unwrap, wrap

__all__ = ["cond", "function", "map_fn", "vectorized_map", "while_loop"]


def cond(pred, true_fn=None, false_fn=None, name=None):
    """`true_fn()` if `pred` holds, else `false_fn()`; in compiled code only one of them runs."""
    return wrap(branches.if_(pred, true_fn, false_fn))


def while_loop(
    cond,
    body,
    loop_vars,
    shape_invariants=None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations=None,
    name=None,
):
    """Repeats `loop_vars = body(*loop_vars)` while `cond(*loop_vars)` holds.

    It has a gradient, compiled too. `shape_invariants` must be None: shapes do not change.
    """
    if shape_invariants is not None:
        raise ValueError(
            "tf.while_loop: the shapes of loop_vars stay as they are, so shape_invariants cannot "
            f"be given. Received: shape_invariants={shape_invariants}"
        )

    def go_on(k, *variables):
        inside = cond(*variables)
        if maximum_iterations is None:
            return inside
        return branches.and_(lambda: k < maximum_iterations, lambda: inside)

    def step(k, *variables):
        result = body(*variables)
        result = result if isinstance(result, (list, tuple)) else (result,)
        return (k + 1, *result)

    _, *last = branches.while_(go_on, step, (0, *wrap(list(loop_vars))))
    return type(loop_vars)(last) if isinstance(loop_vars, (list, tuple)) else last


def map_fn(fn, elems, dtype=None, fn_output_signature=None, name=None, **kwargs):
    """`fn` of each element along the first axis, one after the other, stacked."""
    return lift(ops.map)(lambda x: unwrap(fn(wrap(x))), elems)


def vectorized_map(fn, elems, fallback_to_while_loop: bool = True):
    """`fn` of each element along the first axis, all at once, stacked."""
    return lift(ops.vectorized_map)(lambda x: unwrap(fn(wrap(x))), elems)


class _Reads(StatelessScope):
    """A scope that notes which variables are read or assigned."""

    def __init__(self):
        super().__init__()
        self.touched: dict = {}

    def read(self, variable):
        self.touched[variable] = None
        return super().read(variable)

    def write(self, variable, value):
        self.touched[variable] = None
        super().write(variable, value)


class _Function:
    """A Python function that is compiled for each kind of arguments.

    Tensors and arrays are the program's inputs, and so is what the variables hold that it uses;
    all other arguments are part of it. Inside compiled code it simply runs.
    """

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.python_function = function
        self._run = convert(function)
        self._programs: dict = {}

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args, **kwargs):
        leaves, treedef = jax.tree.flatten((args, kwargs))
        arrays = [jnp.asarray(x) for x in leaves if _is_array(x)]
        if current_scope() is not None or any(isinstance(a, jax.core.Tracer) for a in arrays):
            return wrap(self._run(*args, **kwargs))
        static = tuple(None if _is_array(x) else x for x in leaves)
        key = (treedef, static, tuple((a.shape, a.dtype, a.weak_type) for a in arrays))
        if key not in self._programs:
            self._programs[key] = self._compile(leaves, treedef, arrays)
        program, variables, written, result = self._programs[key]
        values, flat = program([v._stored() for v in variables], arrays)
        for variable, value in zip(written, values, strict=True):
            variable.assign(value)
        flat = iter(flat)
        return jax.tree.map(lambda x: next(flat) if x is _PLACE else x, result)

    def _compile(self, leaves, treedef, arrays):
        def call(arrays):
            given = iter(arrays)
            filled = [next(given) if _is_array(x) else x for x in leaves]
            args, kwargs = jax.tree.unflatten(treedef, filled)
            result = wrap(self._run(*wrap(args), **wrap(kwargs)))
            return jax.tree.map(_read, result, is_leaf=_is_result)

        def explore(arrays):
            # The variables that it uses are known after one run on shapes alone.
            nonlocal scope, structure
            with _Reads() as scope:
                result = call(arrays)
            structure = jax.tree.map(
                lambda x: _PLACE if isinstance(x, Tensor) else x, result, is_leaf=_is_result
            )
            return unwrap([x for x in jax.tree.leaves(result, is_leaf=_is_result) if _is_result(x)])

        scope = structure = None
        jax.eval_shape(explore, arrays)
        variables, written = list(scope.touched), list(scope.written)

        def program(values, arrays):
            with StatelessScope(zip(variables, values, strict=True)) as inside:
                result = call(arrays)
            flat = [x for x in jax.tree.leaves(result, is_leaf=_is_result) if _is_result(x)]
            return [inside.read(v) for v in written], flat

        # Plain jax.jit: a tape may repeat it inside another program, where options are not allowed.
        return jax.jit(program), variables, written, structure


_PLACE = object()


def _is_array(x) -> bool:
    return isinstance(x, (jax.Array, np.ndarray, np.generic)) and x.dtype.kind not in "OUS"


def _is_result(x) -> bool:
    return isinstance(x, Tensor)


def _read(x):
    return Tensor(x.value) if isinstance(x, Cell) else x


def function(func=None, input_signature=None, autograph: bool = True, jit_compile=None, **kwargs):
    """Compiles a function, also as a decorator.

    Args:
        func: the function. It may use variables, layers and control flow on tensors.
        input_signature: not needed: each kind of arguments has its own program.

    >>> @function
    ... def add(a, b):
    ...     return a + b
    >>> float(add(Tensor(1.0), Tensor(2.0)))
    3.0
    """
    return _Function if func is None else _Function(func)
