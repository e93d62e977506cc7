"""A critic without a sigmoid, held smooth by the norm of its gradient."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.random.set_seed(11)
rng = np.random.default_rng(11)


class WGAN(keras.Model):
    def __init__(self, critic, maker, latent_dim, critic_steps=3, penalty=10.0):
        super().__init__()
        self.critic, self.maker = critic, maker
        self.latent_dim, self.critic_steps, self.penalty = latent_dim, critic_steps, penalty

    def compile(self, critic_optimizer, maker_optimizer):
        super().compile()
        self.critic_optimizer, self.maker_optimizer = critic_optimizer, maker_optimizer

    def gradient_penalty(self, real, fake):
        alpha = tf.random.uniform([tf.shape(real)[0], 1], 0.0, 1.0)
        between = real + alpha * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            scores = self.critic(between, training=True)
        slopes = tape.gradient(scores, [between])[0]
        norm = tf.sqrt(tf.reduce_sum(tf.square(slopes), axis=1) + 1e-12)
        return tf.reduce_mean((norm - 1.0) ** 2)

    def train_step(self, real):
        if isinstance(real, tuple):
            real = real[0]
        n = tf.shape(real)[0]
        for _ in range(self.critic_steps):
            noise = tf.random.normal((n, self.latent_dim))
            with tf.GradientTape() as tape:
                fake = self.maker(noise, training=True)
                distance = tf.reduce_mean(self.critic(fake, training=True)) - tf.reduce_mean(
                    self.critic(real, training=True)
                )
                c_loss = distance + self.penalty * self.gradient_penalty(real, fake)
            grads = tape.gradient(c_loss, self.critic.trainable_variables)
            self.critic_optimizer.apply_gradients(
                zip(grads, self.critic.trainable_variables, strict=True)
            )
        with tf.GradientTape() as tape:
            fake = self.maker(tf.random.normal((n, self.latent_dim)), training=True)
            m_loss = -tf.reduce_mean(self.critic(fake, training=True))
        grads = tape.gradient(m_loss, self.maker.trainable_variables)
        self.maker_optimizer.apply_gradients(
            zip(grads, self.maker.trainable_variables, strict=True)
        )
        return {"critic": c_loss, "maker": m_loss, "distance": -distance}


critic = keras.Sequential(
    [
        keras.Input((2,)),
        layers.Dense(32),
        layers.LeakyReLU(0.2),
        layers.Dense(32, "relu"),
        layers.Dense(1),
    ]
)
maker = keras.Sequential([keras.Input((3,)), layers.Dense(32, "relu"), layers.Dense(2)])
wgan = WGAN(critic, maker, latent_dim=3)
wgan.compile(
    keras.optimizers.Adam(5e-3, beta_1=0.5, beta_2=0.9),
    keras.optimizers.Adam(5e-3, beta_1=0.5, beta_2=0.9),
)
target = np.array([2.0, -1.0])
real = (rng.normal(size=(512, 2)) * [0.3, 0.6] + target).astype("float32")
before = np.abs(maker(tf.random.normal((512, 3))).numpy().mean(0) - target).max()
history = wgan.fit(real, batch_size=64, epochs=40, verbose=0).history
made = maker(tf.random.normal((512, 3))).numpy()
after = np.abs(made.mean(0) - target).max()
assert before > 1.2 and after < 0.5 * before, (before, after)
assert len(history["distance"]) == 40
