"""A network obeys a law of physics: u'' = -u with u(0) = 0 and u'(0) = 1 is the sine."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(37)
np.random.seed(37)
model = tf.keras.Sequential(
    [
        tf.keras.layers.InputLayer(shape=(1,)),
        tf.keras.layers.Dense(24, activation="tanh"),
        tf.keras.layers.Dense(24, activation="tanh"),
        tf.keras.layers.Dense(1),
    ]
)
rate = tf.keras.optimizers.schedules.CosineDecay(0.01, decay_steps=700)
optimizer = tf.keras.optimizers.Adam(rate)
t = tf.reshape(tf.linspace(0.0, 3.0, 32), (-1, 1))
start = tf.zeros((1, 1))


@tf.function
def law():
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(t)
        with tf.GradientTape() as inner:
            inner.watch(t)
            u = model(t)
        du = inner.gradient(u, t)
    return u, du, outer.gradient(du, t)


@tf.function
def train_step():
    with tf.GradientTape() as tape:
        u, _, ddu = law()
        with tf.GradientTape() as at_start:
            at_start.watch(start)
            u0 = model(start)
        du0 = at_start.gradient(u0, start)
        residual = tf.reduce_mean(tf.square(ddu + u))
        loss = residual + tf.reduce_mean(tf.square(u0)) + tf.reduce_mean(tf.square(du0 - 1.0))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
    return loss


def error():
    return float(tf.reduce_max(tf.abs(model(t) - tf.sin(t))))


before = error()
first = float(train_step())
for _ in range(699):
    loss = train_step()
after = error()
assert float(loss) < 0.01 * first, (first, float(loss))
assert after < 0.15 and after < 0.3 * before, (before, after)
_, du, _ = law()
assert float(tf.reduce_mean(tf.abs(du - tf.cos(t)))) < 0.15
