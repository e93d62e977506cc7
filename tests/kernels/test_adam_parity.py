"""Adam's step as a call, against its formula in NumPy and in JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kernel_parity import normal

import hornbill as hb
from hornbill.engine import onednn
from hornbill.kernels import adam as kernel

pytestmark = pytest.mark.skipif(not onednn.available(), reason="the bridge is for Linux on x86-64")

NUMBERS = 0.9, 0.999, 1e-7


def called(*args):
    with onednn.tracing_a_step(2):
        return kernel.step(*args, *NUMBERS)


def arrays(*shape):
    value, gradient, mean, square = (normal(i, *shape) for i in range(4))
    return value, gradient, mean, np.abs(square), np.float32(0.01)


def calls(function, *args) -> bool:
    return "hornbill_adam" in jax.jit(function).lower(*args).as_text()


@pytest.mark.parametrize("shape", [(), (1,), (15,), (16,), (3, 5, 7), (64, 64)])
def test_values(shape):
    args = arrays(*shape)
    value, gradient, mean, square, rate = (a.astype(float) for a in args)
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient**2
    right = value - rate * mean / (np.sqrt(square) + 1e-7), mean, square
    assert calls(called, *args)
    for one, other in zip(jax.jit(called)(*args), right, strict=True):
        assert one.shape == shape
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["bfloat16", "large"])
def test_what_stays_a_formula(kind):
    args = [jnp.asarray(a) for a in arrays(64, 65 if kind == "large" else 64)]
    if kind == "bfloat16":
        args = [a.astype(jnp.bfloat16) for a in args]
    assert not calls(called, *args)
    for one, other in zip(called(*args), kernel.step(*args, *NUMBERS), strict=True):
        assert one.dtype == args[0].dtype
        np.testing.assert_array_equal(one, other)


def test_derivatives_and_mapping():
    def of(step):
        return lambda *args: sum(jnp.sum(jnp.sin(a)) for a in step(*args))

    plain, args = lambda *a: kernel.step(*a, *NUMBERS), arrays(4, 3)
    every = tuple(range(5))
    for way in (jax.grad, jax.jacfwd):
        got, right = (way(of(step), argnums=every)(*args) for step in (called, plain))
        for one, other in zip(got, right, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    axes = 0, 0, 0, 0, None
    got, right = (jax.vmap(step, axes)(*args) for step in (called, plain))
    for one, other in zip(got, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"clipnorm": 0.1}, {"amsgrad": True}])
def test_fit_gives_the_weights_of_apply(settings):
    """`apply`, outside of a step of ours, is the formula."""
    x, y = normal(0, 32, 5), normal(1, 32, 3)

    def fresh():
        hb.utils.set_random_seed(0)
        model = hb.Sequential([hb.Input((5,)), hb.layers.Dense(4, "tanh"), hb.layers.Dense(3)])
        model.compile(hb.optimizers.AdamW(0.01, **settings), "mse")
        return model

    model, other = fresh(), fresh()
    model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    weights = [w.value for w in other.trainable_variables]
    other.optimizer.build(other.trainable_variables)
    state = [v.value for v in other.optimizer.variables]

    def loss(weights, x, y):
        outputs, _ = other.stateless_call(weights, [], x)
        return jnp.mean(jnp.square(outputs - y))

    for i in range(0, 64, 8):
        rows = slice(i % 32, i % 32 + 8)
        grads = jax.grad(loss)(weights, x[rows], y[rows])
        weights, state = other.optimizer.stateless_apply(state, grads, weights)
    for one, right in zip(model.trainable_variables, weights, strict=True):
        np.testing.assert_allclose(one.value, right, rtol=1e-4, atol=1e-6)
