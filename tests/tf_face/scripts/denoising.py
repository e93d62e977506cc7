"""Autoencoders: one takes noise away, another one knows what it has never seen."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, losses
from tensorflow.keras.models import Model

tf.keras.utils.set_random_seed(26)
rng = np.random.default_rng(26)


class Denoise(Model):
    def __init__(self):
        super().__init__()
        self.encoder = tf.keras.Sequential(
            [
                layers.Input(shape=(12, 12, 1)),
                layers.Conv2D(12, (3, 3), activation="relu", padding="same", strides=2),
                layers.Conv2D(8, (3, 3), activation="relu", padding="same", strides=2),
            ]
        )
        self.decoder = tf.keras.Sequential(
            [
                layers.Conv2DTranspose(8, 3, strides=2, activation="relu", padding="same"),
                layers.Conv2DTranspose(12, 3, strides=2, activation="relu", padding="same"),
                layers.Conv2D(1, kernel_size=(3, 3), activation="sigmoid", padding="same"),
            ]
        )

    def call(self, x):
        return self.decoder(self.encoder(x))


pictures = np.zeros((400, 12, 12, 1), "float32")
for picture in pictures:
    top, left = rng.integers(0, 7, 2)
    picture[top : top + 5, left : left + 5] = 1
noisy = pictures + 0.4 * tf.random.normal(shape=pictures.shape)
noisy = tf.clip_by_value(noisy, clip_value_min=0.0, clip_value_max=1.0)
autoencoder = Denoise()
autoencoder.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss=losses.MeanSquaredError())
autoencoder.fit(
    noisy[:320],
    pictures[:320],
    epochs=12,
    shuffle=True,
    validation_data=(noisy[320:], pictures[320:]),
    verbose=0,
)
decoded = autoencoder(noisy[320:]).numpy()
before = np.mean((noisy[320:].numpy() - pictures[320:]) ** 2)
after = np.mean((decoded - pictures[320:]) ** 2)
assert after < 0.45 * before, (before, after)


class AnomalyDetector(Model):
    def __init__(self):
        super().__init__()
        self.encoder = tf.keras.Sequential([layers.Dense(16, "relu"), layers.Dense(3, "relu")])
        self.decoder = tf.keras.Sequential([layers.Dense(16, "relu"), layers.Dense(40)])

    def call(self, x):
        return self.decoder(self.encoder(x))


def beats(n, wrong):
    t = np.linspace(0, 2 * np.pi, 40)
    high = rng.uniform(0.8, 1.2, (n, 1))
    curve = high * np.sin(t) + (0.7 * np.sin(5 * t) if wrong else 0)
    return (curve + rng.normal(0, 0.05, (n, 40))).astype("float32")


detector = AnomalyDetector()
detector.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss="mae")
normal = beats(300, False)
detector.fit(normal, normal, epochs=20, batch_size=50, verbose=0)
train_loss = tf.keras.losses.mae(detector.predict(normal, verbose=0), normal)
threshold = np.mean(train_loss) + 3 * np.std(train_loss)


def is_normal(data):
    loss = tf.keras.losses.mae(detector(data), data)
    return tf.math.less(loss, threshold)


assert np.mean(is_normal(beats(100, False))) > 0.85
assert np.mean(is_normal(beats(100, True))) < 0.05
