"""What `if`, `while` and `for` become when they depend on a tensor that has no value yet.

`autograph.py` turns the statements into calls of these functions. Where the condition has a value,
Python decides as ever; where it is a placeholder of compiled code, `lax.cond` and a loop with a
gradient of its own do. What a branch or body assigns to library variables becomes a result of it.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import concrete_or_error

from ..engine.scope import StatelessScope
from ..engine.variable import Variable as Cell
from .tensor import Tensor, unwrap


class Undefined:
    """Stands for a variable that has not been assigned: using it fails."""

    def __init__(self, name: str):
        self.name = name

    def __getattr__(self, attribute):
        raise UnboundLocalError(
            f"'{self.name}' is used, but only some ways through the code assign it. Assign it "
            f"before the `if` or loop. Received: {self.name}.{attribute}"
        )

    def __eq__(self, other):
        return isinstance(other, Undefined)

    __hash__ = None


def value_of(name: str, read):
    """The variable's value, or `Undefined`."""
    try:
        return read()
    except NameError:
        return Undefined(name)


def is_open(x) -> bool:
    """Whether the truth of `x` is not known: it is a placeholder of compiled code."""
    x = x.value if isinstance(x, (Tensor, Cell)) else x
    if not isinstance(x, jax.core.Tracer):
        return False
    try:
        concrete_or_error(None, x)
    except jax.errors.ConcretizationTypeError:
        return True
    return False


def and_(first, second):
    """`first() and second()`."""
    x = first()
    return Tensor(jnp.logical_and(unwrap(x), unwrap(second()))) if is_open(x) else x and second()


def or_(first, second):
    """`first() or second()`."""
    x = first()
    return Tensor(jnp.logical_or(unwrap(x), unwrap(second()))) if is_open(x) else x or second()


def not_(x):
    """`not x`."""
    return Tensor(jnp.logical_not(unwrap(x))) if is_open(x) else not x


def if_(test, then, otherwise, variables=()):
    """`then(*variables)` or `otherwise(*variables)`."""
    if not is_open(test):
        return (then if test else otherwise)(*variables)
    branches = [_Pure(f, "if") for f in (then, otherwise)]
    shapes = [jax.eval_shape(lambda b=b: b(variables)) for b in branches]
    first, second = branches
    merged = _merge(first, second)
    written = list({**first.written, **second.written})
    dtypes = [jnp.result_type(a, b) for a, b in zip(*(s[0] for s in shapes), strict=True)]

    def run(branch):
        arrays, _ = branch(variables)
        arrays = [jnp.asarray(a, d) for a, d in zip(arrays, dtypes, strict=True)]
        return arrays, [branch.scope.read(v) for v in written]

    arrays, states = jax.lax.cond(
        jnp.asarray(unwrap(test), bool).reshape(()), lambda: run(first), lambda: run(second)
    )
    for variable, state in zip(written, states, strict=True):
        variable.assign(state)
    return _rebuild(merged, arrays)


def while_(test, body, variables):
    """`while test(*variables): variables = body(*variables)`."""
    while True:
        go_on = test(*variables)
        if is_open(go_on):
            return _while(test, body, variables)
        if not go_on:
            return variables
        variables = body(*variables)


def for_(start, stop, step, body, variables):
    """`for i in range(start, stop, step): i, *variables = body(i, *variables)`."""
    if not any(map(is_open, (start, stop, step))):
        for i in range(*map(int, (start, stop, step))):
            variables = body(i, *variables)
        return variables
    start, stop, step = (jnp.asarray(unwrap(n)) for n in (start, stop, step))
    rounds = jnp.maximum(0, -((start - stop) // step))
    names = (jnp.zeros((), rounds.dtype), *variables)
    _, *last = _while(
        lambda k, *_: k < rounds, lambda k, *rest: (k + 1, *body(start + k * step, *rest)), names
    )
    return tuple(last)


class _Pure:
    """A branch as a function of its variables to its arrays; it tells what else it gives."""

    def __init__(self, function, what: str):
        self.function, self.what = function, what

    def __call__(self, variables):
        with StatelessScope() as self.scope:
            result = self.function(*variables)
        if self.scope.layer_losses:
            raise NotImplementedError(
                f"add_loss inside a tensor-dependent `{self.what}` would be lost. Call the layer "
                f"outside of it. Received: {len(self.scope.layer_losses)} losses"
            )
        self.written = dict(self.scope.written)
        leaves, self.treedef = jax.tree.flatten(result, is_leaf=lambda x: x is None)
        # The place of an array holds _ARRAY; the rest is the same in every run.
        self.static = [_ARRAY if _is_number(x) else x for x in leaves]
        return [jnp.asarray(x) for x in leaves if _is_number(x)], [
            self.scope.read(v) for v in self.written
        ]


_ARRAY = object()


def _is_number(x) -> bool:
    return isinstance(x, (jax.Array, np.ndarray, np.generic, bool, int, float, complex))


def _merge(first, second):
    """The structure of a result that comes from one of two branches."""
    same = first.treedef == second.treedef and all(
        (a is _ARRAY) == (b is _ARRAY) and (a is b or a == b)
        for a, b in zip(first.static, second.static, strict=True)
    )
    if not same:
        raise TypeError(
            "The two ways of a tensor-dependent `if` must give the same: both assign the same "
            "variables before they are used, and both return, the same kinds of values. "
            f"Received: {first.treedef} with {first.static} and {second.treedef} with "
            f"{second.static}".replace(repr(_ARRAY), "array")
        )
    return first


def _rebuild(pure, arrays):
    arrays = iter(arrays)
    leaves = [next(arrays) if x is _ARRAY else x for x in pure.static]
    return jax.tree.unflatten(pure.treedef, leaves)


def _while(test, body, variables):
    """A compiled loop. Variables that only the body assigns stay undefined after it."""
    carried = [i for i, v in enumerate(variables) if not isinstance(v, Undefined)]

    def fill(values):
        filled = list(variables)
        for i, v in zip(carried, values, strict=True):
            filled[i] = v
        return filled

    def kept(*values):
        result = body(*fill(values))
        return tuple(result[i] for i in carried)

    start = _Pure(lambda: tuple(variables[i] for i in carried), "while")
    arrays, _ = start(())
    step = _Pure(kept, "while")

    def from_arrays(arrays):
        return step(_rebuild(start, arrays))[0]

    shapes = jax.eval_shape(from_arrays, arrays)
    _merge(start, step)
    # An int that becomes a float in the body is a float from the start.
    arrays = [a.astype(jnp.result_type(a, s)) for a, s in zip(arrays, shapes, strict=True)]
    written = list(step.written)

    def advance(carry):
        arrays, states = carry
        with StatelessScope(zip(written, states, strict=True)):
            new = from_arrays(arrays)
            new = [n.astype(a.dtype) for n, a in zip(new, arrays, strict=True)]
            return new, [step.scope.read(v) for v in written]

    def go_on(carry):
        arrays, states = carry
        with StatelessScope(zip(written, states, strict=True)):
            return jnp.asarray(unwrap(test(*fill(_rebuild(start, arrays)))), bool).reshape(())

    arrays, states = differentiable_while(go_on, advance, (arrays, [v._stored() for v in written]))
    for variable, state in zip(written, states, strict=True):
        variable.assign(state)
    return tuple(fill(_rebuild(start, arrays)))


def differentiable_while(test, body, carry):
    """`lax.while_loop` with a reverse-mode gradient, however many rounds there are.

    The way back needs each round's carry. Their number is not known when the program is compiled,
    so none is kept: each is computed again from the first one. For n rounds that takes n²/2
    rounds of work and no memory.
    """
    body, used = jax.closure_convert(body, carry)
    test, tested = jax.closure_convert(test, carry)

    def run(carry, used, tested):
        return jax.lax.while_loop(
            lambda s: test(s[1], *tested), lambda s: (s[0] + 1, body(s[1], *used)), (0, carry)
        )

    @jax.custom_vjp
    def loop(carry, used, tested):
        return run(carry, used, tested)[1]

    def forward(carry, used, tested):
        rounds, last = run(carry, used, tested)
        return last, (rounds, carry, used, tested)

    def backward(kept, gradient):
        rounds, carry, used, tested = kept
        floats = [jnp.issubdtype(x.dtype, jnp.inexact) for x in jax.tree.leaves(carry)]
        treedef = jax.tree.structure(carry)

        def pick(tree):
            return [x for x, f in zip(jax.tree.leaves(tree), floats, strict=True) if f]

        def back(k, state):
            at = jax.lax.fori_loop(0, rounds - 1 - k, lambda _, c: body(c, *used), carry)

            def one(values, used):
                values = iter(values)
                leaves = [
                    next(values) if f else x
                    for x, f in zip(jax.tree.leaves(at), floats, strict=True)
                ]
                return pick(body(treedef.unflatten(leaves), *used))

            _, pullback = jax.vjp(one, pick(at), used)
            by_carry, by_used = pullback(state[0])
            return by_carry, jax.tree.map(jnp.add, state[1], by_used)

        zeros = jax.tree.map(jnp.zeros_like, used)
        by_carry, by_used = jax.lax.fori_loop(0, rounds, back, (pick(gradient), zeros))
        by_carry = iter(by_carry)
        leaves = [
            next(by_carry) if f else np.zeros(x.shape, jax.dtypes.float0)
            for x, f in zip(jax.tree.leaves(carry), floats, strict=True)
        ]
        return treedef.unflatten(leaves), by_used, jax.tree.map(jnp.zeros_like, tested)

    loop.defvjp(forward, backward)
    return loop(carry, used, tested)
