"""The recurrence of a gated cell over time, with a backward pass that has one product per weight.

Differentiating a plain `lax.scan` adds each step's share of the recurrent kernel's gradient inside
the loop: as many small products, each with a read and a write of the whole matrix, as there are
steps. Here the backward loop only hands back what each step's pre-activations got, and the kernel's
gradient is one large product behind the loop.
"""

import functools
import itertools

import jax
import jax.numpy as jnp

from ..engine.compile import platform
from .conv import conv

__all__ = ["conv_in_loop", "recurrence", "select"]


def select(mask, new, old):
    """`new` where the mask (batch, or None for everywhere) is true, else `old`."""
    if mask is None:
        return new

    def one(n, o):
        return jnp.where(mask.reshape(mask.shape + (1,) * (n.ndim - mask.ndim)), n, o)

    return jax.tree.map(one, new, old)


def _step(gates, settings, x, a, states, mask):
    return select(mask, gates(x, a, states, *settings), states)


def _forward(gates, settings, unroll, x, kernel, bias, states, mask):
    def step(states, item):
        x, mask = item
        a = states[0] @ kernel
        if bias is not None:
            a = a + bias
        new = _step(gates, settings, x, a, states, mask)
        return new, (new[0], a, states)

    last, (outputs, a, before) = jax.lax.scan(step, states, (x, mask), unroll=unroll)
    return (outputs, last), (x, a, before, kernel, bias, mask)


def _backward(gates, settings, unroll, saved, cotangents):
    x, a, before, kernel, bias, mask = saved
    d_outputs, d_last = cotangents

    def step(d_states, item):
        x, a, states, mask, d_output = item
        _, pull = jax.vjp(lambda *z: _step(gates, settings, *z, mask), x, a, states)
        dx, da, (dh, *rest) = pull((d_states[0] + d_output, *d_states[1:]))
        return (dh + da @ kernel.T, *rest), (dx, da)

    items = (x, a, before, mask, d_outputs)
    d_first, (dx, da) = jax.lax.scan(step, d_last, items, reverse=True, unroll=unroll)
    d_kernel = jnp.einsum("tbi,tbj->ij", before[0], da)
    d_bias = None if bias is None else da.sum((0, 1))
    return dx, d_kernel, d_bias, d_first, None


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _recurrence(*args):
    return _forward(*args)[0]


_recurrence.defvjp(_forward, _backward)

# Jitted, so that eager calls trace and compile once per shape. A compiled step inlines it.
recurrence = jax.jit(_recurrence, static_argnums=(0, 1, 2))


def conv_in_loop(h, kernel):
    """`conv(h, kernel, 1, "same", "channels_last")`, in a form that is quick inside a loop.

    On the CPU the compiler's convolutions are 5 times slower inside loops than outside,
    while its matrix products are not: there the windows are laid out and multiplied.
    """
    if platform() != "cpu":
        return conv(h, kernel, 1, "same", "channels_last")
    *window, _, filters = kernel.shape
    sides = [((n - 1) // 2, n // 2) for n in window]
    padded = jnp.pad(h, [(0, 0), *sides, (0, 0)])
    sizes = h.shape[1:-1]
    shifted = [
        padded[:, *(slice(i, i + n) for i, n in zip(start, sizes, strict=True))]
        for start in itertools.product(*map(range, window))
    ]
    return jnp.concatenate(shifted, axis=-1) @ kernel.reshape(-1, filters)
