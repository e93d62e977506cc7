"""Transfer: a network learns one task, and its frozen features a second one."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(8)
rng = np.random.default_rng(8)


def pictures(n, classes):
    """Bars: at one of `classes` heights, upright in the second half of the classes."""
    labels = rng.integers(0, classes, n)
    images = rng.uniform(0, 120, (n, 8, 8, 1)).astype("float32")
    for image, label in zip(images, labels, strict=True):
        place = 1 + 2 * (label % 3)
        if label < 3:
            image[place] += 130
        else:
            image[:, place] += 130
    return images, labels


base = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Conv2D(12, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Flatten(),
    ],
    name="features",
)
scale = layers.Rescaling(1 / 127.5, offset=-1)
source = keras.Sequential([scale, base, layers.Dense(6, activation="softmax")])
source.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
images, labels = pictures(384, 6)
history = source.fit(images, labels, epochs=6, batch_size=48, verbose=0).history
assert history["accuracy"][-1] > 0.9, history

# The second task has few pictures: is the bar upright?
base.trainable = False
assert not base.trainable_weights and len(base.non_trainable_weights) == 7
frozen = [w.numpy() for w in base.weights]
inputs = keras.Input((8, 8, 1))
x = base(scale(inputs), training=False)
outputs = layers.Dense(1)(layers.Dropout(0.2)(x))
model = keras.Model(inputs, outputs)
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.01), loss, metrics=[keras.metrics.BinaryAccuracy()])
few, kinds = pictures(64, 6)
few_labels = (kinds >= 3).astype("float32")
data = tf.data.Dataset.from_tensor_slices((few, few_labels)).cache().shuffle(64, seed=8).batch(16)
model.fit(data, epochs=15, verbose=0)
assert all(np.array_equal(a, b.numpy()) for a, b in zip(frozen, base.weights, strict=True))
test, kinds = pictures(256, 6)
_, accuracy = model.evaluate(test, (kinds >= 3).astype("float32"), verbose=0)
assert accuracy > 0.85, accuracy

# Everything is tuned, slowly, but for the normalization, which keeps its statistics.
base.trainable = True
base.layers[1].trainable = False
model.compile(keras.optimizers.Adam(1e-4), loss, metrics=[keras.metrics.BinaryAccuracy()])
model.fit(data, epochs=3, verbose=0)
changed = [not np.array_equal(a, b.numpy()) for a, b in zip(frozen, base.weights, strict=True)]
assert changed == [True, False, False, False, False, True, True], changed
_, tuned = model.evaluate(test, (kinds >= 3).astype("float32"), verbose=0)
assert tuned > 0.85, tuned
