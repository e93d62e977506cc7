"""Pictures that a dataset turns, crops and brightens on their way to the network."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import Sequential, layers

tf.keras.utils.set_random_seed(32)
rng = np.random.default_rng(32)
AUTOTUNE = tf.data.AUTOTUNE
labels = rng.integers(0, 3, 300)
images = rng.integers(0, 90, (300, 20, 20, 3)).astype("uint8")
for image, label in zip(images, labels, strict=True):
    at = rng.integers(3, 12, 2)
    image[at[0] : at[0] + 6, at[1] : at[1] + 6, label] += 130


def resize_and_rescale(image, label):
    image = tf.cast(image, tf.float32)
    image = tf.image.resize(image, [16, 16])
    return image / 255.0, label


def augment(image, label):
    image, label = resize_and_rescale(image, label)
    image = tf.image.resize_with_crop_or_pad(image, 18, 18)
    image = tf.image.random_crop(image, size=[16, 16, 3], seed=32)
    image = tf.image.random_flip_left_right(image, seed=32)
    image = tf.image.random_brightness(image, max_delta=0.1, seed=32)
    return tf.clip_by_value(image, 0, 1), label


everything = tf.data.Dataset.from_tensor_slices((images, labels))
train = everything.take(240).cache().map(augment, num_parallel_calls=AUTOTUNE)
train = train.shuffle(240, seed=32).batch(40).prefetch(AUTOTUNE)
test = everything.skip(240).map(resize_and_rescale).batch(30)
for batch, kinds in train.take(1):
    assert batch.shape.as_list() == [40, 16, 16, 3] and kinds.shape == (40,)
    assert tf.reduce_min(batch) >= 0.0 and tf.reduce_max(batch) <= 1.0

model = Sequential(
    [
        layers.Input((16, 16, 3)),
        layers.RandomFlip("horizontal_and_vertical", seed=1),
        layers.RandomTranslation(0.1, 0.1, seed=2),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(4),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dense(3),
    ]
)
model.compile(
    optimizer=tf.keras.optimizers.Adam(0.01),
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = model.fit(train, epochs=8, validation_data=test, verbose=0).history
assert history["val_accuracy"][-1] > 0.9, history

# Grey pictures, red turned to grey, no longer tell red from green.
grey = tf.image.grayscale_to_rgb(tf.image.rgb_to_grayscale(images[240:] / np.float32(255)))
grey = tf.image.resize(grey, (16, 16))
assert model.evaluate(grey, labels[240:], verbose=0)[1] < 0.8
