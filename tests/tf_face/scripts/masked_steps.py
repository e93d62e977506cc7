"""Padding that layers pass on, make and use."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, ops

keras.utils.set_random_seed(6)
rng = np.random.default_rng(6)

raw = [[711, 632, 71], [73, 8, 3215, 55, 927], [83, 91, 1, 645, 1253, 927]]
padded = keras.utils.pad_sequences(raw, padding="post")
assert padded.tolist()[0] == [711, 632, 71, 0, 0, 0]
mask = layers.Embedding(input_dim=5000, output_dim=4, mask_zero=True).compute_mask(padded)
assert np.asarray(mask).sum(1).tolist() == [3, 5, 6]


class Halves(layers.Layer):
    """Splits the steps in two, and their mask likewise."""

    def call(self, inputs):
        return ops.split(inputs, 2, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else ops.split(mask, 2, axis=1)


class MaskedMean(layers.Layer):
    def call(self, inputs, mask=None):
        weights = tf.expand_dims(tf.cast(mask, "float32"), -1)
        return tf.reduce_sum(inputs * weights, axis=1) / (tf.reduce_sum(weights, axis=1) + 1e-6)


class Activation(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return tf.nn.relu(inputs)


# The mean of the real steps decides; padding is full of nonsense that a mask must hide.
n, steps = 384, 8
lengths = rng.integers(2, steps + 1, n)
values = rng.normal(size=(n, steps, 1)).astype("float32")
real = np.arange(steps) < lengths[:, None]
labels = ((values[..., 0] * real).sum(1) > 0).astype("int32")
values = np.where(real[..., None], values, -9.0).astype("float32")

inputs = keras.Input((steps, 1))
x = layers.Masking(mask_value=-9.0)(inputs)
x = Activation()(layers.TimeDistributed(layers.Dense(16))(x))
early, late = Halves()(x)
x = layers.concatenate([MaskedMean()(early), layers.LSTM(12)(x)])
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
model.fit(values, labels, epochs=25, batch_size=64, verbose=0)
_, accuracy = model.evaluate(values, labels, verbose=0)
assert accuracy > 0.88, accuracy

# More padding changes nothing for a layer that sees the mask.
counted = keras.Sequential([layers.Embedding(20, 6, mask_zero=True), layers.GRU(5)])
tokens = rng.integers(1, 20, (3, 4))
longer = np.pad(tokens, ((0, 0), (0, 3)))
assert np.allclose(counted(tokens), counted(longer), atol=1e-6)
