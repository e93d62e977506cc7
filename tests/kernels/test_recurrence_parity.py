"""Recurrent layers, and all their gradients, against their formulas written out step by step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kernel_parity import check_kernel, normal

import hornbill as hb
from hornbill.kernels.recurrent import recurrence

TIME, BATCH, INPUTS, UNITS = 3, 5, 3, 4
MASK = np.random.default_rng(1).random((BATCH, TIME)) > 0.25
MASK[0] = False  # a sequence that is masked from end to end


def sigmoid(x):
    return 1 / (1 + jnp.exp(-x))


def simple_rnn(x, states, kernel, recurrent, bias):
    return (jnp.tanh(x @ kernel + states[0] @ recurrent + bias),)


def lstm(x, states, kernel, recurrent, bias):
    h, c = states
    i, f, g, o = jnp.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
    return sigmoid(o) * jnp.tanh(c), c


def gru(x, states, kernel, recurrent, bias):
    (h,) = states
    bias, bias_h = (bias, bias) if bias.ndim == 0 else bias
    x_z, x_r, x_h = jnp.split(x @ kernel + bias, 3, axis=-1)
    h_z, h_r, h_h = jnp.split(h @ recurrent + bias_h, 3, axis=-1)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    return (z * h + (1 - z) * jnp.tanh(x_h + r * h_h),)


def gru_reset_before(x, states, kernel, recurrent, bias):
    (h,) = states
    x_z, x_r, x_h = jnp.split(x @ kernel + bias, 3, axis=-1)
    k_z, k_r, k_h = jnp.split(recurrent, 3, axis=-1)
    z, r = sigmoid(x_z + h @ k_z), sigmoid(x_r + h @ k_r)
    return (z * h + (1 - z) * jnp.tanh(x_h + (r * h) @ k_h),)


FORMULAS = {
    "SimpleRNN": (simple_rnn, 1, 1, (UNITS,)),
    "LSTM": (lstm, 4, 2, (4 * UNITS,)),
    "GRU": (gru, 3, 1, (2, 3 * UNITS)),
}

FLOATS = "float32", "bfloat16"

CASES = {
    "simple": ("SimpleRNN", {"use_bias": False, "go_backwards": True}, MASK),
    "lstm": ("LSTM", {"unroll": True, "use_bias": False}, None),
    "lstm backwards": ("LSTM", {"go_backwards": True}, MASK),
    "gru": ("GRU", {}, MASK),
    "gru without bias": ("GRU", {"use_bias": False, "go_backwards": True}, None),
    "gru reset before": ("GRU", {"reset_after": False}, MASK),
}


@pytest.mark.parametrize(("name", "settings", "mask"), CASES.values(), ids=CASES)
def test_recurrent_layer(name, settings, mask):
    step, blocks, count, bias_shape = FORMULAS[name]
    if not settings.get("reset_after", True):
        step, bias_shape = gru_reset_before, (3 * UNITS,)
    with_bias = settings.get("use_bias", True)
    options = {"return_sequences": True, "return_state": True} | settings
    layers = {d: getattr(hb.layers, name)(UNITS, dtype=d, **options) for d in FLOATS}
    for layer in layers.values():
        layer.build((BATCH, TIME, INPUTS))

    def kernel(x, states, weights):
        layer = layers[x.dtype.name]
        out, _ = layer.stateless_call(weights, [], x, initial_state=list(states), mask=mask)
        return out

    def formula(x, states, weights):
        outputs = []
        order = reversed(range(TIME)) if settings.get("go_backwards") else range(TIME)
        for t in order:
            new = step(x[:, t], states, *weights, *([] if with_bias else [jnp.zeros(())]))
            if mask is not None:
                now = mask[:, t, None]
                new = tuple(jnp.where(now, n, o) for n, o in zip(new, states, strict=True))
            states = new
            outputs.append(states[0])
        return jnp.stack(outputs, axis=1), *states

    weights = [
        normal(2, INPUTS, blocks * UNITS) / 2,
        normal(3, UNITS, blocks * UNITS) / 2,
        *([normal(4, *bias_shape)] if with_bias else []),
    ]
    states = tuple(normal(5 + i, BATCH, UNITS) for i in range(count))
    # A step rounds its products, gates and states, about six times, and its way back as often.
    check_kernel(kernel, formula, [normal(0, BATCH, TIME, INPUTS), states, weights], 12 * TIME)


def test_second_derivative():
    """Gradient penalties differentiate the backward loop."""
    xs, kernel = jnp.full((TIME, 2, UNITS), 0.3), jnp.eye(UNITS) * 0.5
    first = (jnp.zeros((2, UNITS)),)

    def gates(x, a, states):
        return (jnp.tanh(x[0] + a[0]),)

    def ours(xs, kernel):
        return recurrence(gates, (), 1, xs, kernel, None, kernel, None, first, None)[0]

    def plain(xs, kernel):
        states, outputs = first, []
        for x in xs:
            states = simple_rnn(x, states, kernel, kernel, 0)
            outputs.append(states[0])
        return jnp.stack(outputs)

    def penalty(run):
        slope = jax.grad(lambda xs, kernel: (run(xs, kernel) ** 2).sum())
        return jax.jit(jax.grad(lambda kernel: (slope(xs, kernel) ** 2).sum()))(kernel)

    np.testing.assert_allclose(penalty(ours), penalty(plain), rtol=1e-4)
