"""Diffusion on a plane: noise is added in steps, and a network takes it away again."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(39)
rng = np.random.default_rng(39)
timesteps = 30
betas = np.linspace(1e-3, 0.25, timesteps, dtype="float32")
alphas_bar = np.cumprod(1 - betas)


class Diffusion(keras.Model):
    def __init__(self, network, ema_network, ema=0.98):
        super().__init__()
        self.network, self.ema_network, self.ema = network, ema_network, ema
        self.noise_loss = keras.metrics.Mean(name="noise_loss")
        self.kept = tf.constant(alphas_bar)

    @property
    def metrics(self):
        return [self.noise_loss]

    def train_step(self, points):
        n = tf.shape(points)[0]
        t = tf.random.uniform((n,), minval=0, maxval=timesteps, dtype=tf.int32)
        noise = tf.random.normal(tf.shape(points))
        kept = tf.gather(self.kept, t)[:, None]
        noisy = tf.sqrt(kept) * points + tf.sqrt(1 - kept) * noise
        with tf.GradientTape() as tape:
            predicted = self.network([noisy, t], training=True)
            loss = tf.reduce_mean(tf.square(noise - predicted))
        gradients = tape.gradient(loss, self.network.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.network.trainable_weights, strict=True))
        self.noise_loss.update_state(loss)
        for weight, ema_weight in zip(self.network.weights, self.ema_network.weights, strict=True):
            ema_weight.assign(self.ema * ema_weight + (1 - self.ema) * weight)
        return {m.name: m.result() for m in self.metrics}

    def generate(self, n):
        x = tf.random.normal((n, 2))
        for t in reversed(range(timesteps)):
            predicted = self.ema_network.predict_on_batch([x.numpy(), np.full(n, t)])
            x = x - betas[t] / np.sqrt(1 - alphas_bar[t]) * predicted
            x = x / np.sqrt(1 - betas[t])
            if t > 0:
                x = x + np.sqrt(betas[t]) * tf.random.normal((n, 2))
        return x.numpy()


def build():
    points, t = layers.Input((2,)), layers.Input((), dtype="int32")
    time = layers.Embedding(timesteps, 16)(t)
    x = layers.Concatenate()([points, time])
    x = layers.Dense(64, activation="swish")(x)
    x = layers.Dense(64, activation="swish")(x)
    return keras.Model([points, t], layers.Dense(2, kernel_initializer="zeros")(x))


places = np.array([[1.5, 0.0], [-1.5, 0.0]])
points = places[rng.integers(0, 2, 1024)] + rng.normal(0, 0.1, (1024, 2))
points = points.astype("float32")
network, ema_network = build(), build()
ema_network.set_weights(network.get_weights())
model = Diffusion(network, ema_network)
model.compile(optimizer=keras.optimizers.Adam(0.004))
history = model.fit(points, epochs=30, batch_size=64, verbose=0).history
assert history["noise_loss"][-1] < 0.75 * history["noise_loss"][0], history


def distances(x):
    return np.linalg.norm(x[:, None] - places, axis=-1)


# Points of pure noise lie anywhere; made ones at one place or the other, at either as often.
made, pure = distances(model.generate(256)), distances(rng.normal(size=(256, 2)))
assert made.min(1).mean() < 0.4 * pure.min(1).mean(), (made.min(1).mean(), pure.min(1).mean())
assert 0.25 < made.argmin(1).mean() < 0.75
