"""Reptile: weights from which a few steps are enough for a new task."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(38)
rng = np.random.default_rng(38)


def task():
    """Waves differ in height and phase."""
    height, phase = rng.uniform(0.5, 2.0), rng.uniform(0, np.pi)

    def sample(n):
        x = rng.uniform(-3, 3, (n, 1)).astype("float32")
        return x, (height * np.sin(x + phase)).astype("float32")

    return sample


def network():
    return keras.Sequential(
        [keras.Input((1,)), layers.Dense(32, "tanh"), layers.Dense(32, "tanh"), layers.Dense(1)]
    )


model = network()
optimizer = keras.optimizers.SGD(learning_rate=0.05)
optimizer.build(model.trainable_variables)


@tf.function
def inner_step(x, y):
    with tf.GradientTape() as tape:
        loss = keras.losses.MeanSquaredError()(y, model(x))
    grads = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(grads, model.trainable_weights, strict=True))
    return loss


def adapt(sample, steps, n=16):
    x, y = sample(n)
    for _ in range(steps):
        loss = inner_step(tf.constant(x), tf.constant(y))
    return loss


asked = [task() for _ in range(16)]


def error_after(weights):
    errors = []
    for sample in asked:
        model.set_weights(weights)
        adapt(sample, 8)
        x, y = sample(16)
        errors.append(float(tf.reduce_mean(tf.square(model(x) - y))))
    return np.mean(errors)


untrained = model.get_weights()
meta_iters, meta_step_size = 150, 0.3
old_vars = model.get_weights()
for meta_iter in range(meta_iters):
    step_size = (1 - meta_iter / meta_iters) * meta_step_size
    adapt(task(), 5)
    new_vars = model.get_weights()
    old_vars = [old + (new - old) * step_size for old, new in zip(old_vars, new_vars, strict=True)]
    model.set_weights(old_vars)
scratch, learned = error_after(untrained), error_after(old_vars)
assert learned < 0.75 * scratch, (scratch, learned)
