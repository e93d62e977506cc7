"""Twins: one embedding, two inputs, a contrastive loss on their distance."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, ops

keras.utils.set_random_seed(15)
rng = np.random.default_rng(15)


def euclidean_distance(vects):
    x, y = vects
    sum_square = ops.sum(ops.square(x - y), axis=1, keepdims=True)
    return ops.sqrt(ops.maximum(sum_square, keras.backend.epsilon()))


def contrastive(margin=1.0):
    def contrastive_loss(y_true, y_pred):
        y_true = tf.cast(y_true, y_pred.dtype)
        near = tf.square(y_pred)
        far = tf.square(tf.maximum(margin - y_pred, 0.0))
        return tf.reduce_mean((1 - y_true) * near + y_true * far)

    return contrastive_loss


classes = 5
shapes = rng.normal(size=(classes, 16)) * 1.5
labels = rng.integers(0, classes, 300)
samples = (shapes[labels] + rng.normal(size=(300, 16))).astype("float32")
groups = [np.flatnonzero(labels == c) for c in range(classes)]


def make_pairs(low, high):
    pairs, apart = [], []
    for i in range(low, high):
        for same in (True, False):
            other = labels[i] if same else (labels[i] + rng.integers(1, classes)) % classes
            pairs.append((samples[i], samples[rng.choice(groups[other])]))
            apart.append(0.0 if same else 1.0)
    return np.array(pairs), np.array(apart, "float32")


pairs_train, y_train = make_pairs(0, 240)
pairs_test, y_test = make_pairs(240, 300)

inputs = layers.Input((16,))
x = layers.BatchNormalization()(inputs)
x = layers.Dense(32, activation="tanh")(x)
embedding_network = keras.Model(inputs, layers.Dense(8, activation="tanh")(x))
left, right = layers.Input((16,)), layers.Input((16,))
towers = [embedding_network(left), embedding_network(right)]
distance = layers.Lambda(euclidean_distance, output_shape=(1,))(towers)
siamese = keras.Model(inputs=[left, right], outputs=distance)


def accuracy(y_true, y_pred):
    apart = tf.reshape(y_true, tf.shape(y_pred)) > 0.5
    return tf.reduce_mean(tf.cast(tf.equal(apart, y_pred > 0.5), "float32"))


siamese.compile(
    loss=contrastive(margin=1), optimizer=keras.optimizers.RMSprop(0.003), metrics=[accuracy]
)
siamese.fit([pairs_train[:, 0], pairs_train[:, 1]], y_train, batch_size=32, epochs=12, verbose=0)
_, right_pairs = siamese.evaluate([pairs_test[:, 0], pairs_test[:, 1]], y_test, verbose=0)
assert right_pairs > 0.8, right_pairs

# Samples of one class lie nearer together than those of two.
codes = embedding_network.predict(samples, verbose=0)
gaps = np.linalg.norm(codes[:, None] - codes[None], axis=-1)
same = labels[:, None] == labels[None]
assert gaps[same].mean() < 0.7 * gaps[~same].mean()
