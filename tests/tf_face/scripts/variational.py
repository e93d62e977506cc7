"""A variational autoencoder: a sampling layer, two losses, generation from the prior."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(12)
rng = np.random.default_rng(12)


class Sampling(layers.Layer):
    """Draws z from the mean and the logarithm of the variance."""

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = tf.random.normal(shape=tf.shape(z_mean))
        return z_mean + tf.exp(0.5 * z_log_var) * epsilon


def make_encoder():
    inputs = keras.Input((12,))
    x = layers.Dense(24, activation="relu")(inputs)
    z_mean = layers.Dense(2, name="z_mean")(x)
    z_log_var = layers.Dense(2, name="z_log_var")(x)
    z = Sampling()([z_mean, z_log_var])
    return keras.Model(inputs, [z_mean, z_log_var, z], name="encoder")


def make_decoder():
    inputs = keras.Input((2,))
    x = layers.Dense(24, activation="relu")(inputs)
    return keras.Model(inputs, layers.Dense(12, activation="sigmoid")(x), name="decoder")


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.total_loss_tracker, self.reconstruction_tracker, self.kl_tracker]

    def train_step(self, data):
        with tf.GradientTape() as tape:
            z_mean, z_log_var, z = self.encoder(data)
            reconstruction = self.decoder(z)
            reconstruction_loss = 12 * tf.reduce_mean(
                keras.losses.binary_crossentropy(data, reconstruction)
            )
            kl_loss = -0.5 * (1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var))
            kl_loss = tf.reduce_mean(tf.reduce_sum(kl_loss, axis=1))
            total_loss = reconstruction_loss + kl_loss
        grads = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights, strict=True))
        self.total_loss_tracker.update_state(total_loss)
        self.reconstruction_tracker.update_state(reconstruction_loss)
        self.kl_tracker.update_state(kl_loss)
        return {m.name: m.result() for m in self.metrics}


# Four patterns of bits with some noise.
patterns = rng.integers(0, 2, (4, 12))
kinds = rng.integers(0, 4, 512)
bits = np.clip(patterns[kinds] * 0.9 + 0.05 + rng.normal(size=(512, 12)) * 0.03, 0, 1)
bits = bits.astype("float32")

vae = VAE(make_encoder(), make_decoder())
vae.compile(optimizer=keras.optimizers.Adam(0.01))
history = vae.fit(bits, epochs=30, batch_size=64, verbose=0).history
assert history["reconstruction_loss"][-1] < 0.55 * history["reconstruction_loss"][0], history
assert history["kl_loss"][-1] > 0.5  # the code is used

z_mean, _, _ = vae.encoder.predict(bits, verbose=0)
restored = vae.decoder.predict(z_mean, verbose=0)
assert ((restored > 0.5) == patterns[kinds]).mean() > 0.9
# The codes of one pattern lie together.
middles = np.stack([z_mean[kinds == k].mean(0) for k in range(4)])
nearest = np.linalg.norm(z_mean[:, None] - middles[None], axis=-1).argmin(1)
assert (nearest == kinds).mean() > 0.85
