"""The tape against `jax.grad`: eagerly, compiled, nested; and what it does not differentiate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hornbill as hb
import hornbill.tensorflow as tf

X = np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.6]], "float32")
W = np.array([[0.2, -0.5], [0.9, 0.1], [-0.3, 0.8]], "float32")
LABELS = np.array([1, 0])

CASES = {
    "square": (lambda x: tf.reduce_sum(tf.square(x)), lambda x: jnp.sum(x**2)),
    "operators": (
        lambda x: tf.reduce_sum(3 - x * x / 2 + x**3),
        lambda x: jnp.sum(3 - x * x / 2 + x**3),
    ),
    "matmul": (lambda x: tf.reduce_mean(tf.matmul(x, W)), lambda x: jnp.mean(x @ W)),
    "transpose_b": (
        lambda x: tf.reduce_sum(tf.matmul(x, x, transpose_b=True)),
        lambda x: jnp.sum(x @ x.T),
    ),
    "exp_log": (
        lambda x: tf.reduce_sum(tf.math.log(1 + tf.exp(x))),
        lambda x: jnp.sum(jnp.log(1 + jnp.exp(x))),
    ),
    "tanh": (lambda x: tf.reduce_sum(tf.tanh(x)), lambda x: jnp.sum(jnp.tanh(x))),
    "relu": (lambda x: tf.reduce_sum(tf.nn.relu(x) * x), lambda x: jnp.sum(jnp.maximum(x, 0) * x)),
    "leaky": (
        lambda x: tf.reduce_sum(tf.nn.leaky_relu(x)),
        lambda x: jnp.sum(jnp.where(x > 0, x, 0.2 * x)),
    ),
    "softmax": (lambda x: tf.nn.softmax(x)[0, 1], lambda x: jax.nn.softmax(x)[0, 1]),
    "logsumexp": (lambda x: tf.reduce_logsumexp(x), lambda x: jax.nn.logsumexp(x)),
    "max": (lambda x: tf.reduce_max(x), lambda x: jnp.max(x)),
    "slice": (lambda x: tf.reduce_sum(x[:, 1:] ** 2), lambda x: jnp.sum(x[:, 1:] ** 2)),
    "gather": (
        lambda x: tf.reduce_sum(tf.gather(x, [0, 0, 1]) ** 2),
        lambda x: 2 * jnp.sum(x[0] ** 2) + jnp.sum(x[1] ** 2),
    ),
    "concat": (lambda x: tf.reduce_sum(tf.concat([x, 2 * x], 0) ** 2), lambda x: 5 * jnp.sum(x**2)),
    "stack": (lambda x: tf.reduce_sum(tf.stack([x, x * x])), lambda x: jnp.sum(x + x * x)),
    "where": (
        lambda x: tf.reduce_sum(tf.where(x > 0, x * x, -x)),
        lambda x: jnp.sum(jnp.where(x > 0, x * x, -x)),
    ),
    "clip": (
        lambda x: tf.reduce_sum(tf.clip_by_value(x, -1.0, 1.0) * x),
        lambda x: jnp.sum(jnp.clip(x, -1, 1) * x),
    ),
    "l2_normalize": (
        lambda x: tf.math.l2_normalize(x, axis=1)[0, 0],
        lambda x: (x / jnp.linalg.norm(x, axis=1, keepdims=True))[0, 0],
    ),
    "sparse_cross_entropy": (
        lambda x: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, x)),
        lambda x: -jnp.mean(jax.nn.log_softmax(x)[jnp.arange(2), LABELS]),
    ),
    "sigmoid_cross_entropy": (
        lambda x: tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(x), x)),
        lambda x: -jnp.sum(jax.nn.log_sigmoid(x)),
    ),
    "stop_gradient": (
        lambda x: tf.reduce_sum(x * tf.stop_gradient(x)),
        lambda x: jnp.sum(x * jax.lax.stop_gradient(x)),
    ),
    "keras_loss": (
        lambda x: tf.keras.losses.MeanSquaredError()(np.zeros_like(X), x),
        lambda x: jnp.mean(x**2),
    ),
    "while_loop": (
        lambda x: tf.reduce_sum(
            tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (0, x))[1]
        ),
        lambda x: jnp.sum(x**4),
    ),
}


def gradient(function, x):
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


@pytest.mark.parametrize("name", CASES)
def test_gradient(name):
    ours, oracle = CASES[name]
    found = gradient(ours, X)
    np.testing.assert_allclose(found.numpy(), jax.grad(oracle)(X), rtol=1e-5, atol=1e-6)


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
