"""Supervised contrastive learning: first a space in which classes gather, then a classifier."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(40)
rng = np.random.default_rng(40)
classes, width, temperature = 4, 16, 0.2


class SupervisedContrastiveLoss(keras.losses.Loss):
    def __init__(self, temperature=1.0, name=None):
        super().__init__(name=name, reduction="sum_over_batch_size")
        self.temperature = temperature

    def call(self, y_true, y_pred):
        vectors = tf.math.l2_normalize(y_pred, axis=1)
        logits = tf.matmul(vectors, tf.transpose(vectors)) / self.temperature
        n = tf.shape(logits)[0]
        labels = tf.reshape(y_true, [-1])
        others = 1.0 - tf.eye(n)
        same = tf.cast(tf.equal(labels[:, None], labels[None, :]), tf.float32) * others
        logits = logits - 1e9 * tf.eye(n)
        log_prob = logits - tf.reduce_logsumexp(logits, axis=1, keepdims=True)
        return -tf.reduce_sum(same * log_prob, axis=1) / tf.maximum(
            tf.reduce_sum(same, axis=1), 1.0
        )


class Purity(keras.metrics.Metric):
    """How often the nearest other vector is of the same class."""

    def __init__(self, name="purity", **kwargs):
        super().__init__(name=name, **kwargs)
        self.right = self.add_weight(name="right", initializer="zeros")
        self.seen = self.add_weight(name="seen", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        vectors = tf.math.l2_normalize(y_pred, axis=1)
        near = tf.matmul(vectors, vectors, transpose_b=True) - 10.0 * tf.eye(tf.shape(vectors)[0])
        labels = tf.reshape(y_true, [-1])
        hits = tf.equal(labels, tf.gather(labels, tf.argmax(near, axis=1)))
        self.right.assign_add(tf.reduce_sum(tf.cast(hits, self.dtype)))
        self.seen.assign_add(tf.cast(tf.size(labels), self.dtype))

    def result(self):
        return self.right / self.seen


labels = rng.integers(0, classes, 480)
# Classes are told by the product of signs, not by a direction.
signs = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])[labels]
flips = rng.choice([-1, 1], (480, 2))
x = np.concatenate([flips, flips * signs, np.zeros((480, 4))], axis=1)
x = (x + rng.normal(0, 0.3, x.shape)).astype("float32")

inputs = keras.Input((8,))
features = layers.Dense(width)(layers.Dense(64, activation="relu")(inputs))
encoder = keras.Model(inputs, features, name="encoder")
encoder.compile(
    keras.optimizers.Adam(0.01), SupervisedContrastiveLoss(temperature), metrics=[Purity()]
)
before = encoder.evaluate(x[400:], labels[400:], batch_size=80, verbose=0)
encoder.fit(x[:400], labels[:400], batch_size=80, epochs=25, verbose=0)
after = encoder.evaluate(x[400:], labels[400:], batch_size=80, verbose=0)
assert after[0] < 0.7 * before[0] and after[1] > 0.88, (before, after)

encoder.trainable = False
classifier = keras.Model(inputs, layers.Dense(classes)(encoder(inputs)))
classifier.compile(
    keras.optimizers.Adam(0.05),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
classifier.fit(x[:400], labels[:400], batch_size=80, epochs=6, verbose=0)
assert classifier.evaluate(x[400:], labels[400:], verbose=0)[1] > 0.88
