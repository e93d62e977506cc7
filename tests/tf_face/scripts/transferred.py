"""Features of a published architecture under a classifier of one's own, then fine-tuned."""

import numpy as np
import tensorflow as tf
from tensorflow.keras.applications import MobileNetV2
from tensorflow.keras.applications.mobilenet_v2 import preprocess_input
from tensorflow.keras.layers import Dense, Dropout, GlobalAveragePooling2D

tf.keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)

# Images that are bright on the left, or on the right.
labels = rng.integers(0, 2, 256)
images = rng.uniform(0, 120, (256, 32, 32, 3)).astype("float32")
for image, label in zip(images, labels):
    image[:, 16 * label : 16 * label + 16] += 120

# The weights of ImageNet would be downloaded: weights="imagenet".
whole = MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, include_top=False, weights=None)
base = tf.keras.Model(whole.input, whole.get_layer("block_1_expand_relu").output, name="base")
base.trainable = False

inputs = tf.keras.Input(shape=(32, 32, 3))
x = preprocess_input(inputs)
x = base(x, training=False)
x = tf.keras.layers.Flatten()(x)
x = Dropout(0.2)(x)
model = tf.keras.Model(inputs, Dense(1)(x))
model.compile(
    tf.keras.optimizers.Adam(0.01),
    tf.keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[tf.keras.metrics.BinaryAccuracy(threshold=0, name="accuracy")],
)
assert len(model.trainable_variables) == 2
frozen = [w.copy() for w in base.get_weights()]

data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(256).batch(32)
model.fit(data, epochs=4, verbose=0)
for before, after in zip(frozen, base.get_weights()):
    np.testing.assert_array_equal(before, after)

base.trainable = True
for layer in base.layers[:4]:
    layer.trainable = False
model.compile(
    tf.keras.optimizers.RMSprop(1e-4),
    tf.keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
assert len(model.trainable_variables) > 2
model.fit(data, epochs=2, verbose=0)
right = ((model.predict(images, verbose=0)[:, 0] > 0) == labels).mean()
print(f"right: {right:.3f}")
assert right > 0.95

pooled = tf.keras.Sequential([whole, GlobalAveragePooling2D()])
assert pooled.predict(preprocess_input(images[:2].copy()), verbose=0).shape == (2, 1280)
