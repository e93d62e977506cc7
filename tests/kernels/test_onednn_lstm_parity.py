"""oneDNN's LSTM in a step, against the loop that JAX compiles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kernel_parity import normal

import hornbill as hb
from hornbill.engine import onednn
from hornbill.kernels import lstm as kernel
from hornbill.layers.rnn.lstm import _plain

pytestmark = pytest.mark.skipif(not onednn.available(), reason="oneDNN is for Linux on x86-64")


@pytest.fixture(autouse=True)
def _all_sizes(monkeypatch):
    monkeypatch.setattr(kernel, "LEAST_PRODUCTS", 0)


def arrays(steps, batch, inputs, units):
    shapes = [(steps, batch, inputs), (batch, units), (batch, units)]
    shapes += [(inputs, 4 * units), (units, 4 * units), (4 * units,)]
    return [normal(i, *shape) * 0.5 for i, shape in enumerate(shapes)]


def by_onednn(*args):
    with onednn.tracing_a_step(2):
        return kernel.lstm(_plain, *args)


SHAPES = [(7, 4, 3, 5), (1, 6, 2, 2), (5, 3, 8, 16), (4, 1, 1, 1), (9, 16, 17, 33)]


@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients(shape):
    args = arrays(*shape)

    def run(function, *args):
        results, pullback = jax.vjp(function, *args)
        return results, pullback(tuple(jnp.cos(1 + jnp.arange(r.size)).reshape(r.shape)
                                       for r in results))  # fmt: skip

    got, right = (jax.jit(run, static_argnums=0)(f, *args) for f in (by_onednn, _plain))
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(right), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_alone(shape, threads):
    args = arrays(*shape)

    def run(*args):
        with onednn.tracing_a_step(threads):
            return kernel.lstm(_plain, *args)

    for one, other in zip(jax.jit(run)(*args), jax.jit(_plain)(*args), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-6)


def test_gradient_of_a_gradient():
    """As a penalty on a critic's gradient has it."""
    args = arrays(5, 4, 3, 2)

    def penalty(function, *args):
        slope = jax.grad(lambda x: jnp.sin(function(x, *args[1:])[0]).sum())(args[0])
        return (slope**2).sum()

    got, right = (
        jax.jit(jax.grad(penalty, argnums=(1, 4, 5, 6)), static_argnums=0)(f, *args)
        for f in (by_onednn, _plain)
    )
    for one, other in zip(got, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_mapped_over_models():
    args = [jnp.stack([a, 2 * a]) for a in arrays(5, 4, 3, 2)]
    for one, other in zip(jax.vmap(by_onednn)(*args), jax.vmap(_plain)(*args), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.fixture
def kinds(monkeypatch):
    """The kinds of calls that the test's steps have."""
    seen, original = [], onednn.lstm
    monkeypatch.setattr(onednn, "lstm", lambda *args: seen.append(args[1]) or original(*args))
    return seen


def train(inputs, **options):
    hb.utils.set_random_seed(2)
    x = hb.layers.Bidirectional(hb.layers.LSTM(6, return_sequences=True, **options))(inputs)
    model = hb.Model(inputs, hb.layers.Dense(1)(hb.layers.LSTM(4, **options)(x)))
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x, y = rng.random((30, 9, 3), dtype="float32"), rng.random((30, 1), dtype="float32")
    loss = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"]
    return loss, model.get_weights(), model.predict(x, verbose=0)


def test_training_gives_the_same_weights(kinds, monkeypatch):
    """Of a model read in both directions, its last batch of another size."""
    got = train(hb.Input((9, 3)))
    assert set(kinds) == {onednn.TRAIN, onednn.GRADIENTS, onednn.INFER}
    kinds.clear()
    monkeypatch.setattr(onednn, "available", lambda: False)
    right = train(hb.Input((9, 3)))
    assert not kinds
    np.testing.assert_allclose(got[0], right[0], rtol=1e-5)
    for one, other in zip([*got[1], got[2]], [*right[1], right[2]], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    "options", [{"activation": "relu"}, {"recurrent_activation": "hard_sigmoid"},
                {"use_bias": False}, {"dtype": "mixed_bfloat16"}]
)  # fmt: skip
def test_other_formulas_stay(kinds, options):
    train(hb.Input((9, 3)), **options)
    assert not kinds


def test_dropout_of_states_stays(kinds):
    """In prediction nothing is dropped."""
    train(hb.Input((9, 3)), recurrent_dropout=0.5)
    assert set(kinds) == {onednn.INFER}


def test_masked_sequences_stay(kinds):
    inputs = hb.Input((9, 3))
    hidden = hb.layers.Masking()(inputs)
    model = hb.Model(inputs, hb.layers.LSTM(4)(hidden))
    model.compile("adam", "mse")
    model.fit(np.ones((8, 9, 3), "float32"), np.ones((8, 4), "float32"), verbose=0)
    assert not kinds
