"""Control flow as ops: it runs in compiled code too, where Python's `if` and `for` cannot.

The functions that these ops take may be called with placeholders: they compute with ops, and
what they change must be what they return.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from ..engine.operation import Tensor, Tensors, op, to_arrays
from ..engine.symbolic import symbolic_leaves
from .common import public


def _branch(function: Callable, who: str) -> Callable:
    """A branch that tells when it uses a symbolic tensor which it was not given."""

    def call(*operands):
        result = function(*operands)
        if symbolic_leaves(result):
            raise ValueError(
                f"{who}: a branch uses a symbolic tensor from around it, which the graph cannot "
                "see. Put the code into a layer's call(), or use ops.where or ops.switch with "
                f"operands. Received: {symbolic_leaves(result)[0]!r}"
            )
        return to_arrays(result)

    return call


@op
def cond(pred: Tensor, true_fn: Callable, false_fn: Callable):
    """`true_fn()` when `pred` is true, else `false_fn()`; only one of them runs.

    Args:
        pred: one truth value.
        true_fn, false_fn: functions without arguments whose results have one structure, with
            the same shapes and dtypes.

    >>> import hornbill as hb
    >>> x = hb.ops.array(3.0)
    >>> float(hb.ops.cond(x > 0, lambda: x * 2, lambda: x - 1))
    6.0
    """
    return jax.lax.cond(pred, _branch(true_fn, "ops.cond"), _branch(false_fn, "ops.cond"))


@op
def switch(index: Tensor, branches: Sequence[Callable], *operands: Tensors):
    """`branches[index](*operands)`; an index outside is moved to the nearest branch.

    >>> import hornbill as hb
    >>> float(hb.ops.switch(1, [lambda x: x + 1, lambda x: x * 10], 4.0))
    40.0
    """
    return jax.lax.switch(index, [_branch(b, "ops.switch") for b in branches], *operands)


@op
def while_loop(
    cond: Callable, body: Callable, loop_vars: Tensors, maximum_iterations: int | None = None
):
    """Repeats `loop_vars = body(*loop_vars)` while `cond(*loop_vars)` is true.

    Args:
        cond: says whether to go on.
        body: gives the next variables, with the same shapes and dtypes.
        loop_vars: a list or tuple of the first variables, or one alone.
        maximum_iterations: after how many rounds to stop at the latest.

    Returns:
        The last variables; a tuple, or one alone.

    >>> import hornbill as hb
    >>> int(hb.ops.while_loop(lambda n: n < 100, lambda n: n * 3, 1))
    243
    """
    several = isinstance(loop_vars, (list, tuple))
    first = tuple(loop_vars) if several else (loop_vars,)

    def go_on(state):
        rounds, variables = state
        more = cond(*variables)
        return more if maximum_iterations is None else more & (rounds < maximum_iterations)

    def step(state):
        rounds, variables = state
        result = to_arrays(body(*variables))
        return rounds + 1, tuple(result) if several else (result,)

    _, last = jax.lax.while_loop(go_on, step, (0, first))
    return last if several else last[0]


@op
def fori_loop(lower: Tensor, upper: Tensor, body_fun: Callable, init_val: Tensors):
    """Repeats `value = body_fun(i, value)` for `i` from `lower` to `upper - 1`.

    >>> import hornbill as hb
    >>> int(hb.ops.fori_loop(1, 5, lambda i, product: product * i, 1))
    24
    """
    return jax.lax.fori_loop(lower, upper, body_fun, init_val)


@op
def scan(
    f: Callable,
    init: Tensors,
    xs: Tensors = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
):
    """Runs over the first axis of `xs`, carrying a state along.

    Args:
        f: gives `(carry, y)` for `(carry, x)`.
        init: the first carry.
        xs: a structure of tensors with a common first dimension, or None.
        length: how many steps; needed when `xs` is None.
        reverse: whether to run from the end.
        unroll: how many steps the compiler writes out in a row; True for all.

    Returns:
        The last carry, and the `y`s stacked along a new first axis.

    >>> import hornbill as hb
    >>> total, sums = hb.ops.scan(lambda c, x: (c + x, c + x), 0, hb.ops.arange(1, 4))
    >>> int(total), sums.tolist()
    (6, [1, 3, 6])
    """
    if not isinstance(unroll, int) or (unroll < 1 and unroll is not False):
        raise ValueError(
            f"ops.scan takes a positive int or a bool as unroll. Received: unroll={unroll!r}"
        )
    return jax.lax.scan(f, init, xs, length, reverse, unroll)


@op
def associative_scan(f: Callable, elems: Tensors, reverse: bool = False, axis: int = 0):
    """Running results of an associative function along an axis, computed in parallel.

    Args:
        f: joins two structures like `elems`; `f(a, f(b, c))` must equal `f(f(a, b), c)`.
        elems: a structure of tensors with one size along `axis`.
        reverse: whether to run from the end.
        axis: the axis.

    >>> import hornbill as hb
    >>> hb.ops.associative_scan(lambda a, b: a + b, hb.ops.arange(5)).tolist()
    [0, 1, 3, 6, 10]
    """
    return jax.lax.associative_scan(f, elems, reverse, axis)


@op
def map(f: Callable, xs: Tensors):
    """`f` of each part of `xs` along its first axis, one after the other; results stacked.

    >>> import hornbill as hb
    >>> hb.ops.map(lambda x: x + 1, hb.ops.arange(3)).tolist()
    [1, 2, 3]
    """
    return jax.lax.map(f, xs)


@op
def vectorized_map(function: Callable, elements: Tensors):
    """`function` of each part of `elements` along its first axis, all at once; results stacked.

    >>> import hornbill as hb
    >>> hb.ops.vectorized_map(lambda x: x.sum(), hb.ops.ones((2, 3))).tolist()
    [3.0, 3.0]
    """
    return jax.vmap(function)(elements)


def vectorize(
    pyfunc: Callable, *, excluded: set | None = None, signature: str | None = None
) -> Callable:
    """Makes a function of single elements (or vectors) one of tensors, with broadcasting.

    Args:
        pyfunc: the function.
        excluded: positions and names of arguments to hand on as they are.
        signature: the core dimensions, as in `"(m,n),(n)->(m)"`; none by default.

    >>> import hornbill as hb
    >>> hb.ops.vectorize(lambda a, b: a + b)(hb.ops.arange(2), 10).tolist()
    [10, 11]
    """
    if not callable(pyfunc):
        raise ValueError(f"ops.vectorize takes a function. Received: pyfunc={pyfunc!r}")
    return _as_op(jnp.vectorize(pyfunc, excluded=excluded or set(), signature=signature), pyfunc)


def custom_gradient(f: Callable) -> Callable:
    """Gives a function its own gradient.

    Args:
        f: returns `(result, grad)`, where `grad(upstream)` gives the gradient with respect to
            each argument: one, or a tuple.

    >>> import hornbill as hb, jax
    >>> @hb.ops.custom_gradient
    ... def round_through(x):
    ...     return hb.ops.round(x), lambda upstream: upstream
    >>> float(round_through(1.7)), float(jax.grad(round_through)(1.7))
    (2.0, 1.0)
    """
    return _as_op(jax.custom_gradient(f), f)


def _as_op(function: Callable, original: Callable) -> Callable:
    """An op that calls `function` and bears the name of `original`."""

    def call(*args: Tensors, **kwargs):
        return function(*args, **to_arrays(kwargs))

    call.__name__, call.__doc__ = original.__name__, original.__doc__
    return op(call)


__all__ = public(globals())
