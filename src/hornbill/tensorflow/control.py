"""`tf.function` and control flow as functions."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from .. import ops
from ..engine.errors import CHOICES, NeedsValue, warn_uncompiled
from ..engine.flow import branches, convert
from ..engine.scope import StatelessScope, current_scope
from ..engine.variable import Variable as Cell
from . import config
from .arrays import convert_to_tensor
from .tensor import Tensor, lift, unwrap, wrap

__all__ = [
    "case",
    "cond",
    "function",
    "map_fn",
    "scan",
    "switch_case",
    "vectorized_map",
    "while_loop",
]


def cond(pred, true_fn=None, false_fn=None, name=None):
    """`true_fn()` if `pred` holds, else `false_fn()`; in compiled code only one of them runs."""
    return wrap(branches.choose(pred, convert(true_fn), convert(false_fn)))


def switch_case(branch_index, branch_fns, default=None, name=None):
    """The result of `branch_fns[branch_index]()`; `default()`, or the last, where there is none."""
    pairs = dict(branch_fns if isinstance(branch_fns, dict) else enumerate(branch_fns))
    last = default or pairs[max(pairs)]
    return case([(branch_index == i, f) for i, f in pairs.items()], last)


def case(pred_fn_pairs, default=None, exclusive: bool = False, strict: bool = False, name=None):
    """The result of the first function whose condition holds, else of `default` or the last one.

    `exclusive`, which asks for a check that no two hold, must be False; `strict` is a hint.
    """
    if exclusive:
        raise ValueError("tf.case takes the first condition that holds: exclusive=False.")
    pairs = list(pred_fn_pairs)
    chosen = default or pairs[-1][1]
    for test, function in reversed(pairs):
        chosen = functools.partial(cond, test, function, chosen)
    return chosen()


def scan(
    fn,
    elems,
    initializer=None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name=None,
):
    """All states of `state = fn(state, element)` along the first axis, stacked.

    The first element is the first state when `initializer` is None. `parallel_iterations`,
    `swap_memory` and `infer_shape` are hints, which change nothing.
    """
    elems = convert_to_tensor(elems) if isinstance(elems, list) else elems
    arrays = jax.tree.map(jnp.asarray, unwrap(elems))
    start = unwrap(initializer)
    if start is None:
        first, rest = (-1, slice(None, -1)) if reverse else (0, slice(1, None))
        start = jax.tree.map(lambda x: x[first], arrays)
        arrays = jax.tree.map(lambda x: x[rest], arrays)
    start = jax.tree.map(jnp.asarray, start)

    def step(state, x):
        new = unwrap(fn(wrap(state), wrap(x)))
        return new, new

    _, states = jax.lax.scan(step, start, arrays, reverse=reverse)
    if initializer is None:
        order = (lambda s, x: [x, s[None]]) if reverse else (lambda s, x: [s[None], x])
        states = jax.tree.map(lambda s, x: jnp.concatenate(order(s, x)), start, states)
    states = wrap(states)
    return states if back_prop else lift(ops.stop_gradient)(states)


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

    It has a gradient, compiled too, unless `back_prop` is False. `shape_invariants` must be None:
    shapes do not change. `parallel_iterations` and `swap_memory` are hints and change nothing.
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
        return branches.and_(k < maximum_iterations, lambda: inside)

    def step(k, *variables):
        result = body(*variables)
        result = result if isinstance(result, (list, tuple)) else (result,)
        return (k + 1, *result)

    state = (0, *wrap(list(loop_vars)))
    while not branches.is_open(more := go_on(*state)) and more:
        state = step(*state)
    if branches.is_open(more):
        names = ["the round", *(f"loop_vars[{i}]" for i in range(len(loop_vars)))]
        state = branches.while_(go_on, step, state, names)
    last = list(state[1:])
    if not back_prop:
        last = [lift(ops.stop_gradient)(x) if isinstance(x, Tensor) else x for x in last]
    return type(loop_vars)(last) if isinstance(loop_vars, (list, tuple)) else last


def map_fn(
    fn,
    elems,
    dtype=None,
    parallel_iterations=None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name=None,
    fn_output_signature=None,
):
    """`fn` of each element along the first axis, one after the other, stacked.

    Args:
        fn: a function of one element of `elems` (a tensor or a structure of them).
        fn_output_signature, dtype: what it gives, where that is another structure or dtype; it
            must be so.
        back_prop: whether the result has a gradient.
        parallel_iterations, swap_memory, infer_shape: hints, which change nothing.
    """
    result = lift(ops.map)(lambda x: unwrap(fn(wrap(x))), elems)
    wanted = dtype if fn_output_signature is None else fn_output_signature
    if wanted is not None:
        for spec, x in zip(jax.tree.leaves(wanted), jax.tree.leaves(unwrap(result)), strict=True):
            expected = jax.dtypes.canonicalize_dtype(str(getattr(spec, "dtype", spec)))
            if x.dtype != expected:
                raise ValueError(
                    f"tf.map_fn: fn gives {x.dtype}. Received: fn_output_signature={wanted!r}"
                )
    return result if back_prop else lift(ops.stop_gradient)(result)


def vectorized_map(fn, elems, fallback_to_while_loop: bool = True):
    """`fn` of each element along the first axis, all at once, stacked. There is no fallback."""
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

    def __init__(self, function, signature=None, autograph: bool = True):
        functools.update_wrapper(self, function)
        self.python_function, self.input_signature = function, signature
        self.autograph = autograph
        self._run = convert(function) if autograph else function
        self._programs: dict = {}

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def _signed(self, args):
        """The arguments as tensors of the signature."""
        count = len(args) - len(self.input_signature)
        first, given = args[: max(count, 0)], args[max(count, 0) :]  # a method's object goes first
        if count not in (0, 1):
            raise TypeError(
                f"{self.__name__} takes the {len(self.input_signature)} arguments of its "
                f"input_signature. Received: {len(args)}"
            )
        return (*first, *wrap(jax.tree.map(lambda s, x: s.cast(x), self.input_signature, given)))

    def __call__(self, *args, **kwargs):
        if self.input_signature is not None:
            args = self._signed(args)
        if config.functions_run_eagerly():
            return wrap(self._run(*args, **kwargs))
        leaves, treedef = jax.tree.flatten((args, kwargs))
        arrays = [jnp.asarray(x) for x in leaves if _is_array(x)]
        if current_scope() is not None or any(isinstance(a, jax.core.Tracer) for a in arrays):
            return wrap(self._run(*args, **kwargs))
        static = tuple(None if _is_array(x) else x for x in leaves)
        key = (treedef, static, tuple((a.shape, a.dtype, a.weak_type) for a in arrays))
        if key not in self._programs:
            try:
                self._programs[key] = self._compile(leaves, treedef, arrays)
            except (NeedsValue, *CHOICES) as error:
                if not self.autograph:
                    raise
                name = getattr(self.python_function, "__name__", self.python_function)
                warn_uncompiled(f"tf.function '{name}'", error)
                self._programs[key] = None
        if self._programs[key] is None:
            return wrap(self.python_function(*args, **kwargs))
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


def function(
    func=None,
    input_signature=None,
    autograph: bool = True,
    jit_compile=None,
    reduce_retracing: bool = False,
    experimental_implements=None,
    experimental_autograph_options=None,
    experimental_attributes=None,
    experimental_relax_shapes=None,
    experimental_compile=None,
    experimental_follow_type_hints=None,
):
    """Compiles a function, also as a decorator.

    Args:
        func: the function. It may use variables, layers and control flow on tensors.
        input_signature: a `tf.TensorSpec` (or structure) for each argument: they are cast to it,
            and other shapes refused. Each shape has a program of its own all the same.
        autograph: whether `if`, `while` and `for` on tensors compile.
        jit_compile, reduce_retracing, experimental_*: hints, which change nothing: it is always
            compiled, anew for each kind of arguments.

    >>> @function
    ... def add(a, b):
    ...     return a + b
    >>> float(add(Tensor(1.0), Tensor(2.0)))
    3.0
    """
    signature = None if input_signature is None else tuple(input_signature)
    if func is None:
        return lambda f: _Function(f, signature, autograph)
    return _Function(func, signature, autograph)
