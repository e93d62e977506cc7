"""oneDNN's attention in a step, against JAX's formula."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kernel_parity import normal

import hornbill as hb
from hornbill.engine import onednn
from hornbill.kernels import attention as kernel

pytestmark = pytest.mark.skipif(not onednn.available(), reason="oneDNN is for Linux on x86-64")


@pytest.fixture(autouse=True)
def _all_sizes(monkeypatch):
    monkeypatch.setattr(kernel, "LEAST_PRODUCTS", 0)


@pytest.fixture
def calls(monkeypatch):
    """Whether each call of the test's steps is the way back."""
    seen, original = [], onednn.attention

    def spy(*args, back=False):
        seen.append(back)
        return original(*args, back=back)

    monkeypatch.setattr(onednn, "attention", spy)
    return seen


def arrays(batch, steps, keys, heads, dim):
    shapes = (batch, steps, heads, dim), *[(batch, keys, heads, dim)] * 2
    return [normal(i, *shape) for i, shape in enumerate(shapes)]


def attention(threads, *args, bias=None, mask=None, scale=0.4, is_causal=False):
    with onednn.tracing_a_step(threads):
        return kernel.attention(*args, bias, mask, scale, is_causal)


def both_ways(threads, *args, **options):
    y, pullback = jax.vjp(lambda *args: attention(threads, *args, **options), *args)
    return y, *pullback(jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape))


def agree(threads, args, **options):
    got, right = (
        jax.jit(lambda *args, n=n: both_ways(n, *args, **options))(*args) for n in (threads, 0)
    )
    for one, other in zip(got, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


SHAPES = [(2, 5, 7, 3, 4), (1, 1, 1, 1, 1), (3, 8, 8, 1, 5), (1, 33, 17, 5, 3), (2, 64, 64, 2, 32)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients(shape, threads, calls):
    agree(threads, arrays(*shape))
    agree(threads, arrays(*shape), is_causal=True, scale=1.0)
    assert set(calls) == {False, True}


MASK = np.random.default_rng(1).random((2, 3, 5, 7)) > 0.4
MASK[0, 0, 3] = MASK[1, :, 0] = False  # queries that may look nowhere
MASKS = {
    "each": MASK,
    "one head": MASK[:, :1],
    "one of the batch": MASK[:1],
    "keys": MASK[:, :1, :1],
    "matrix": MASK[0, 0],
    "queries": MASK[..., :1],
    "nowhere": np.zeros((1, 1, 1, 1), bool),
}


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_masks(mask, causal, calls):
    agree(2, arrays(2, 5, 7, 3, 4), mask=jnp.asarray(mask), is_causal=causal)
    assert calls


@pytest.mark.parametrize("steps", [1024, 1021])
def test_blocks_of_queries(steps, calls):
    """Of more scores than are done at a time; a prime number of queries has no parts."""
    args = arrays(1, steps, 520, 2, 3)
    agree(2, args)
    agree(2, args, is_causal=True, mask=jnp.arange(520) < 400)
    assert calls


def test_gradient_of_a_gradient():
    args = arrays(2, 5, 7, 3, 4)

    def penalty(threads, *args):
        slope = jax.grad(lambda q: jnp.sin(attention(threads, q, *args[1:], is_causal=True)).sum())
        return (slope(args[0]) ** 2).sum()

    got, right = (
        jax.jit(jax.grad(penalty, argnums=(1, 2, 3)), static_argnums=0)(n, *args) for n in (2, 0)
    )
    for one, other in zip(got, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_mapped_over_models():
    args = [np.stack([a, 2 * a]) for a in arrays(2, 5, 7, 3, 4)]
    got, right = (jax.vmap(lambda *args, n=n: attention(n, *args))(*args) for n in (2, 0))
    np.testing.assert_allclose(got, right, rtol=1e-5, atol=1e-5)


def test_what_stays(calls):
    """A bias with a gradient, groups of heads, half precision, a scale that is computed."""
    args = arrays(2, 5, 7, 4, 4)
    agree(2, args, bias=normal(5, 2, 4, 5, 7))
    agree(2, [args[0], *(a[:, :, :2] for a in args[1:])])
    attention(2, *(a.astype("bfloat16") for a in args))
    attention(2, *args, scale=jnp.float32(0.3))
    assert not calls


def train():
    hb.utils.set_random_seed(2)
    layers = hb.layers
    inputs = hb.Input((9,), dtype="int32")
    x = layers.Embedding(20, 8, mask_zero=True)(inputs)
    x = layers.MultiHeadAttention(2, 4)(x, x)
    x = layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    model = hb.Model(inputs, layers.Dense(1)(layers.GlobalAveragePooling1D()(x)))
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 20, (30, 9)), rng.random((30, 1), dtype="float32")
    loss = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"]
    return [loss, *model.get_weights(), model.predict(x, batch_size=8, verbose=0)]


def test_training_gives_the_same_weights(calls, monkeypatch):
    """Of a model with padding and with a causal mask, its last batch of another size."""
    got = train()
    assert set(calls) == {False, True}
    calls.clear()
    monkeypatch.setattr(onednn, "available", lambda: False)
    right = train()
    assert not calls
    for one, other in zip(got, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
