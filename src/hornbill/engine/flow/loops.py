"""`while` with a gradient: `lax.while_loop` has none, as nobody knows how many rounds it takes."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

# How many carries a way back keeps, at each of two levels.
SLOTS = 16


def differentiable_while(test, body, carry):
    """`lax.while_loop` with a reverse-mode gradient of any order, however many rounds there are.

    The way back needs each round's carry, last one first, and the memory for them must be known
    when the program is compiled. So `SLOTS` of them are kept at even distances, and the rounds
    after each are computed again, of which again `SLOTS` are kept. Up to `SLOTS`² rounds the body
    is computed three times in all, whatever the number; of n more, about n / `SLOTS`² times.
    """
    carry = jax.tree.map(jnp.asarray, carry)
    body, used = _explicit(body, carry)
    test, tested = _explicit(test, carry)

    @jax.custom_vjp
    def loop(carry, used, tested):
        return jax.lax.while_loop(lambda c: test(c, tested), lambda c: body(c, used), carry)

    def forward(carry, used, tested):
        # This loop has a gradient as well: for the derivatives of the derivative.
        rounds, last = differentiable_while(
            lambda s: test(s[1], tested), lambda s: (s[0] + 1, body(s[1], used)), (0, carry)
        )
        return last, (rounds, carry, used, tested)

    def backward(kept, gradient):
        rounds, carry, used, tested = jax.tree.map(jnp.asarray, kept)
        by_these, with_used = _floats(used)

        def back(at, state):
            by_carry, with_carry = _floats(at)

            def one(values, used):
                return _floats(body(with_carry(values), with_used(used)))[0]

            _, pullback = jax.vjp(one, by_carry, by_these)
            by_carry, by_used = pullback(state[0])
            return by_carry, [*map(jnp.add, state[1], by_used)]

        state = [g for g in jax.tree.leaves(gradient) if g.dtype != jax.dtypes.float0]
        state = (state, [*map(jnp.zeros_like, by_these)])
        by_carry, by_used = _backwards(lambda c: body(c, used), carry, rounds, back, state)
        return _gradients(carry, by_carry), _gradients(used, by_used), _gradients(tested, None)

    loop.defvjp(forward, backward)
    return loop(carry, used, tested)


def _explicit(function, carry):
    """The function with all that it takes from around it as a second argument, and these values.

    A function with a gradient of its own may not use others: they would get none.
    """
    leaves, treedef = jax.tree.flatten(carry)
    program, result = jax.make_jaxpr(
        lambda *leaves: function(treedef.unflatten(leaves)), return_shape=True
    )(*leaves)
    outdef = jax.tree.structure(result)

    def run(carry, used):
        inside = jaxpr_as_fun(ClosedJaxpr(program.jaxpr, used))
        return outdef.unflatten(inside(*jax.tree.leaves(carry)))

    return run, [*map(jnp.asarray, program.consts)]


def _floats(tree):
    """The leaves that have gradients, and a function that puts others in their places."""
    leaves, treedef = jax.tree.flatten(tree)

    def put(values):
        values = iter(values)
        return treedef.unflatten([next(values) if _has_gradient(x) else x for x in leaves])

    return [x for x in leaves if _has_gradient(x)], put


def _has_gradient(x) -> bool:
    return jnp.issubdtype(x.dtype, jnp.inexact)


def _gradients(tree, values):
    """The gradients in the form of the tree: zeros where there are none."""
    values = None if values is None else iter(values)

    def gradient(x):
        if not _has_gradient(x):
            return np.zeros(x.shape, jax.dtypes.float0)
        return jnp.zeros_like(x) if values is None else next(values)

    return jax.tree.map(gradient, tree)


def _times(n, body, state):
    """`for i in range(n): state = body(i, state)`, differentiable."""
    _, _, state = differentiable_while(
        lambda s: s[0] < s[1], lambda s: (s[0] + 1, s[1], body(s[0], s[2])), (0, n, state)
    )
    return state


def _backwards(body, carry, rounds, back, state):
    """`for k in reversed(range(rounds)): state = back(body^k(carry), state)`."""

    def every(start, steps, count):
        """The carries after 0, steps, 2 * steps, ... rounds from `start`, `count` of them."""

        def keep(i, s):
            kept, at = s
            kept = jax.tree.map(lambda k, x: k.at[i].set(x), kept, at)
            return kept, _times(jnp.where(i < count - 1, steps, 0), lambda _, c: body(c), at)

        empty = jax.tree.map(lambda x: jnp.zeros((SLOTS, *x.shape), x.dtype), start)
        return _times(count, keep, (empty, start))[0]

    def at(kept, i):
        return jax.tree.map(lambda k: k[i], kept)

    outer = jnp.maximum(1, -(-rounds // SLOTS))
    outer_count = -(-rounds // outer)
    kept = every(carry, outer, outer_count)

    def segment(i, state):
        first = outer_count - 1 - i
        length = jnp.minimum(outer, rounds - first * outer)
        inner = jnp.maximum(1, -(-length // SLOTS))
        inner_count = -(-length // inner)
        inner_kept = every(at(kept, first), inner, inner_count)

        def part(j, state):
            first = inner_count - 1 - j
            size = jnp.minimum(inner, length - first * inner)
            start = at(inner_kept, first)

            def one(k, state):
                return back(_times(size - 1 - k, lambda _, c: body(c), start), state)

            return _times(size, one, state)

        return _times(inner_count, part, state)

    return _times(outer_count, segment, state)
