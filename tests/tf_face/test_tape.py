"""The tape against `jax.grad`: eagerly, compiled, nested; and what it does not differentiate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tape_cases import CASES, W, X

import hornbill as hb
import hornbill.tensorflow as tf


def gradient(function, x):
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


def test_there_are_enough_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_gradient(name):
    ours, oracle = CASES[name]
    found = gradient(ours, X).numpy()
    np.testing.assert_allclose(found, jax.jit(jax.grad(oracle))(X), rtol=2e-4, atol=1e-5)
    if name in ("stop_gradient", "cast"):  # not the slope, and too coarse for one
        return
    # The slope along some direction, from two values.
    along = np.array([[0.5, -0.3, 0.8], [-0.6, 0.9, 0.4]], "float32")
    step = np.float32(5e-3)
    up, down = (float(ours(tf.constant(X + s * along))) for s in (step, -step))
    slope = (up - down) / (2 * step)
    np.testing.assert_allclose(np.sum(found * along), slope, rtol=2e-2, atol=2e-3)


@pytest.mark.parametrize("name", ["operators", "softmax", "relu", "sparse_cross_entropy"])
def test_gradient_inside_compiled_code(name):
    ours, oracle = CASES[name]
    found = jax.jit(lambda x: gradient(ours, x))(X)
    np.testing.assert_allclose(found.numpy(), jax.grad(oracle)(X), rtol=1e-5, atol=1e-6)


def test_second_derivative():
    x = tf.constant(1.5)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.sin(x) * x
        first = inner.gradient(y, x)
    second = outer.gradient(first, x)
    f = lambda x: jnp.sin(x) * x  # noqa: E731
    assert float(first) == pytest.approx(float(jax.grad(f)(1.5)), rel=1e-5)
    assert float(second) == pytest.approx(float(jax.grad(jax.grad(f))(1.5)), rel=1e-5)


def test_gradient_penalty_of_a_layer():
    layer = hb.layers.Dense(1, activation="tanh")
    x = tf.constant(X)
    layer(X)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layer(x)
        penalty = tf.reduce_sum(tf.square(inner.gradient(y, x)))
    found = outer.gradient(penalty, layer.trainable_variables)

    def oracle(weights):
        def y(x):
            return jnp.sum(jnp.tanh(x @ weights[0] + weights[1]))

        return jnp.sum(jax.grad(y)(X) ** 2)

    for ours, theirs in zip(found, jax.grad(oracle)([v.value for v in layer.weights]), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_variables_structures_and_targets():
    a, b = tf.Variable(2.0), tf.Variable(3.0)
    unused, frozen = tf.Variable(1.0), tf.Variable(1.0, trainable=False)
    with tf.GradientTape(persistent=True) as tape:
        y, z = a * b, a * a * frozen
    found = tape.gradient([y, z], {"a": a, "rest": [b, unused, frozen]})
    assert float(found["a"]) == 3.0 + 4.0
    assert float(found["rest"][0]) == 2.0
    assert found["rest"][1:] == [None, None]
    assert float(tape.gradient(y, unused, unconnected_gradients="zero")) == 0.0
    assert float(tape.gradient(y, a, output_gradients=tf.constant(10.0))) == 30.0
    a.assign(100.0)  # the tape remembers what it saw
    assert float(tape.gradient(y, a)) == 3.0


def test_source_computed_from_another_source():
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        h = x * x
        y = h * 3.0 + x
    by_x, by_h = tape.gradient(y, [x, h])
    assert (float(by_x), float(by_h)) == (13.0, 3.0)


def test_regularization_losses_reach_the_weights():
    model = hb.Sequential([hb.layers.Dense(2, kernel_regularizer=hb.regularizers.L2(0.1))])
    model(X)
    with tf.GradientTape() as tape:
        model(X)
        loss = tf.add_n(model.losses)
    kernel = model.weights[0]
    np.testing.assert_allclose(tape.gradient(loss, kernel), 0.2 * kernel.numpy(), rtol=1e-5)


def test_jacobians():
    x = tf.constant(X)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.matmul(x, W) ** 2
    oracle = jax.jacobian(lambda x: (x @ W) ** 2)(X)
    np.testing.assert_allclose(tape.jacobian(y, x), oracle, rtol=1e-5, atol=1e-6)
    own = np.stack([oracle[i, :, i] for i in range(2)])
    np.testing.assert_allclose(tape.batch_jacobian(y, x), own, rtol=1e-5, atol=1e-6)


def test_unwatched_and_paused():
    x, w = tf.constant(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * w
    assert tape.gradient(y, x) is None
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        y = x * w
    assert tape.gradient(y, w) is None
    with tf.GradientTape() as tape:
        y = w * w
        with tape.stop_recording():
            z = w * y
    assert tape.gradient(z, w) is None


def test_misuse():
    w = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = w * w
    tape.gradient(y, w)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, w)
    with pytest.raises(ValueError, match="floats"), tf.GradientTape() as tape:
        tape.watch(tf.constant(1))
    with pytest.raises(ValueError, match="recording already"), tape, tape:
        pass


def test_a_copied_variable_has_its_own_gradient():
    online, target = tf.Variable(2.0), tf.Variable(0.0)
    target.assign(online)
    with tf.GradientTape() as tape:
        y = online * target * target
    assert [float(g) for g in tape.gradient(y, [online, target])] == [4.0, 8.0]


def test_sources_in_any_structure_and_order():
    x, w = tf.constant(X), {"kernel": tf.Variable(W), "bias": (tf.Variable([0.1, 0.2]),)}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.tanh(tf.matmul(x, w["kernel"]) + w["bias"][0])
        loss = tf.reduce_sum(y * y)
    (of_x, found) = tape.gradient(loss, (x, w))

    def oracle(x, kernel, bias):
        return jnp.sum(jnp.tanh(x @ kernel + bias) ** 2)

    wanted = jax.grad(oracle, (0, 1, 2))(X, W, jnp.array([0.1, 0.2]))
    for ours, theirs in zip((of_x, found["kernel"], found["bias"][0]), wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    # Of a target in the middle, and of several targets with gradients of their own.
    middle = tape.gradient(y, w["kernel"], output_gradients=2 * y)
    np.testing.assert_allclose(middle, wanted[1], rtol=1e-5, atol=1e-6)


def test_third_derivative_and_hessian():
    x = tf.constant([0.5, -1.0])
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape(persistent=True) as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = tf.reduce_sum(tf.sin(x) * tf.reverse(x, [0]) ** 2)
            slope = first.gradient(y, x)
        hessian = second.jacobian(slope, x)
        total = tf.reduce_sum(hessian)
    f = lambda x: jnp.sum(jnp.sin(x) * x[::-1] ** 2)  # noqa: E731
    at = jnp.array([0.5, -1.0])
    np.testing.assert_allclose(hessian, jax.hessian(f)(at), rtol=1e-5, atol=1e-6)
    wanted = jax.grad(lambda x: jnp.sum(jax.hessian(f)(x)))(at)
    np.testing.assert_allclose(third.gradient(total, x), wanted, rtol=1e-4, atol=1e-5)


def test_tapes_inside_a_compiled_train_step():
    class Penalized(tf.keras.Model):
        """A gradient penalty: a tape inside a tape, and control flow around."""

        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1, activation="tanh")

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as outer:
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    out = self(x, training=True)
                slopes = inner.gradient(out, x)
                loss = tf.reduce_mean((out - y) ** 2)
                if loss > 0.1:
                    loss = loss + 0.1 * tf.reduce_mean(slopes**2)
            gradients = outer.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return {"loss": loss}

    results = []
    y = np.array([[0.9], [-0.2]], "float32")
    for eagerly in (False, True):
        tf.keras.utils.set_random_seed(0)
        model = Penalized()
        model.compile("sgd", run_eagerly=eagerly)
        losses = model.fit(X, y, batch_size=2, epochs=4, shuffle=False, verbose=0).history["loss"]
        results.append((losses, model.get_weights()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5)
    np.testing.assert_allclose(results[0][1][0], results[1][1][0], rtol=1e-5)
    assert results[0][0][-1] < results[0][0][0]


def test_gradient_of_a_compiled_loop():
    @tf.function
    def power(x, n):
        y = x
        for _ in tf.range(n):
            y = y * x
            if y > 100.0:
                break
        return y

    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = power(x, tf.constant(3))
    assert (float(y), float(tape.gradient(y, x))) == (16.0, 32.0)
