import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(0)


class Pair(keras.Model):
    def __init__(self, critic, maker):
        super().__init__()
        self.critic, self.maker = critic, maker
        self.critic_loss = keras.metrics.Mean(name="critic_loss")
        self.maker_loss = keras.metrics.Mean(name="maker_loss")

    @property
    def metrics(self):
        return [self.critic_loss, self.maker_loss]

    def compile(self, critic_optimizer, maker_optimizer):
        super().compile()
        self.critic_optimizer, self.maker_optimizer = critic_optimizer, maker_optimizer
        self.bce = keras.losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, real):
        n = tf.shape(real)[0]
        noise = tf.random.normal((n, 4))
        with tf.GradientTape(persistent=True) as tape:
            fake = self.maker(noise, training=True)
            on_real, on_fake = self.critic(real), self.critic(fake)
            critic_loss = self.bce(tf.ones((n, 1)), on_real) + self.bce(tf.zeros((n, 1)), on_fake)
            maker_loss = self.bce(tf.ones((n, 1)), on_fake)
        for net, loss, optimizer in (
            (self.critic, critic_loss, self.critic_optimizer),
            (self.maker, maker_loss, self.maker_optimizer),
        ):
            gradients = tape.gradient(loss, net.trainable_weights)
            optimizer.apply_gradients(zip(gradients, net.trainable_weights, strict=True))
        self.critic_loss.update_state(critic_loss)
        self.maker_loss.update_state(maker_loss)
        return {m.name: m.result() for m in self.metrics}


maker = keras.Sequential([keras.Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(2)])
critic = keras.Sequential(
    [keras.Input((2,)), layers.Dense(16), layers.LeakyReLU(), layers.Dense(1)]
)
real = (np.random.normal(size=(1024, 2)) * 0.1 + [1.0, -1.0]).astype("float32")
pair = Pair(critic, maker)
pair.compile(keras.optimizers.Adam(3e-3), keras.optimizers.Adam(3e-3))
before = np.abs(maker.predict(np.random.normal(size=(256, 4)), verbose=0).mean(0) - [1, -1]).max()
pair.fit(real, epochs=12, batch_size=64, verbose=0)
after = np.abs(maker.predict(np.random.normal(size=(256, 4)), verbose=0).mean(0) - [1, -1]).max()
assert after < 0.8 * before, (before, after)
