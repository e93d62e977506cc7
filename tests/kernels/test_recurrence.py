"""The recurrence's value and gradients against the plain loop that the compiler differentiates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hornbill.kernels.conv import conv
from hornbill.kernels.recurrent import conv_in_loop, recurrence
from hornbill.layers import GRUCell, LSTMCell, SimpleRNNCell

TIME, BATCH, UNITS = 3, 3, 4
MASK = np.random.default_rng(1).random((TIME, BATCH)) > 0.4


def plain(gates, settings, xs, kernel, bias, kernel_h, bias_h, states, mask):
    outputs = []
    for t in range(TIME):
        x, a = xs[t] @ kernel, states[0] @ kernel_h
        if bias is not None:
            x, a = x + bias, a + bias_h
        new = gates(x, a, states, *settings)
        if mask is not None:
            new = tuple(jnp.where(mask[t][:, None], n, o) for n, o in zip(new, states, strict=True))
        states = new
        outputs.append(states[0])
    return jnp.stack(outputs), states


@pytest.mark.parametrize(
    ("cell", "settings", "with_bias", "mask"),
    [
        (SimpleRNNCell, (jnp.tanh,), False, MASK),
        (LSTMCell, (jnp.tanh, jax.nn.sigmoid), False, None),
        (GRUCell, (jax.nn.softplus, jax.nn.sigmoid), True, MASK),
    ],
)
def test_value_and_gradients(cell, settings, with_bias, mask):
    rng = np.random.default_rng(0)
    columns = cell.blocks * UNITS

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape), "float32")

    biases = [normal(columns) if with_bias else None for _ in range(2)]
    states = tuple(normal(BATCH, UNITS) for _ in range(cell.states))
    kernels = normal(2, columns), normal(UNITS, columns)
    arguments = (normal(TIME, BATCH, 2), kernels[0], biases[0], kernels[1], biases[1], states)
    weights = normal(TIME, BATCH, UNITS), tuple(normal(BATCH, UNITS) for _ in states)

    def total(run):
        def loss(*arguments):
            got = run(*arguments, mask)
            return sum(jax.tree.leaves(jax.tree.map(lambda y, w: (y * w).sum(), got, weights))), got

        return jax.jit(jax.value_and_grad(loss, tuple(range(6)), has_aux=True))(*arguments)

    got = total(lambda *a: recurrence(cell.gates, settings, 1, *a))
    expected = total(lambda *a: plain(cell.gates, settings, *a))
    value_only = recurrence(cell.gates, settings, True, *arguments, mask)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)
    for one, other in zip(jax.tree.leaves(value_only), jax.tree.leaves(got[0][1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_second_derivative():
    """Gradient penalties differentiate the backward loop."""
    x, kernel = jnp.full((TIME, BATCH, UNITS), 0.3), jnp.eye(UNITS) * 0.5
    states = (jnp.zeros((BATCH, UNITS)),)

    def penalty(run):
        def slope(x, kernel):
            return jax.grad(
                lambda x: (run(x, kernel, None, kernel, None, states, None)[0] ** 2).sum()
            )(x)

        return jax.jit(jax.grad(lambda k: (slope(x, k) ** 2).sum()))(kernel)

    gates, settings = SimpleRNNCell.gates, (jnp.tanh,)
    np.testing.assert_allclose(
        penalty(lambda *a: recurrence(gates, settings, 1, *a)),
        penalty(lambda *a: plain(gates, settings, *a)),
        rtol=1e-4,
    )


@pytest.mark.parametrize("window", [(3,), (2, 3), (1, 2, 3)])
def test_conv_in_loop_is_the_convolution(window):
    rng = np.random.default_rng(0)
    h = jnp.asarray(rng.normal(size=(2, *(4, 5, 3)[: len(window)], 2)), "float32")
    kernel = jnp.asarray(rng.normal(size=(*window, 2, 3)), "float32")
    expected = conv(h, kernel, 1, "same", "channels_last")
    np.testing.assert_allclose(conv_in_loop(h, kernel), expected, rtol=1e-5, atol=1e-5)
