"""A vision transformer: pictures are cut in patches, which attend to each other."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

keras.utils.set_random_seed(17)
rng = np.random.default_rng(17)
image_size, patch_size, width, heads = 12, 4, 24, 2
num_patches = (image_size // patch_size) ** 2


class Patches(layers.Layer):
    def __init__(self, patch_size):
        super().__init__()
        self.patch_size = patch_size

    def call(self, images):
        patches = tf.image.extract_patches(
            images=images,
            sizes=[1, self.patch_size, self.patch_size, 1],
            strides=[1, self.patch_size, self.patch_size, 1],
            rates=[1, 1, 1, 1],
            padding="VALID",
        )
        return tf.reshape(patches, [tf.shape(images)[0], -1, patches.shape[-1]])


class PatchEncoder(layers.Layer):
    def __init__(self, num_patches, width):
        super().__init__()
        self.num_patches = num_patches
        self.projection = layers.Dense(width)
        self.position_embedding = layers.Embedding(num_patches, width)

    def call(self, patch):
        positions = ops.expand_dims(ops.arange(start=0, stop=self.num_patches, step=1), axis=0)
        return self.projection(patch) + self.position_embedding(positions)


def mlp(x, units, rate):
    for unit in units:
        x = layers.Dense(unit, activation=keras.activations.gelu)(x)
        x = layers.Dropout(rate)(x)
    return x


augmentation = keras.Sequential(
    [layers.Normalization(), layers.RandomFlip("vertical", seed=17)], name="augmentation"
)
inputs = keras.Input((image_size, image_size, 1))
encoded = PatchEncoder(num_patches, width)(Patches(patch_size)(augmentation(inputs)))
for _ in range(1):
    x1 = layers.LayerNormalization(epsilon=1e-6)(encoded)
    attended = layers.MultiHeadAttention(num_heads=heads, key_dim=width // heads, dropout=0.05)(
        x1, x1
    )
    x2 = layers.Add()([attended, encoded])
    x3 = mlp(layers.LayerNormalization(epsilon=1e-6)(x2), [width * 2, width], 0.05)
    encoded = layers.Add()([x3, x2])
representation = layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(encoded))
model = keras.Model(inputs, layers.Dense(3)(mlp(representation, [32], 0.1)))

# In which column of patches is the bright one? Turning upside down changes nothing.
n = 416
labels, rows = rng.integers(0, 3, n), rng.integers(0, 3, n)
images = rng.normal(60, 15, (n, image_size, image_size, 1)).astype("float32")
for image, column, row in zip(images, labels, rows, strict=True):
    image[row * 4 : row * 4 + 4, column * 4 : column * 4 + 4] += 40
augmentation.layers[0].adapt(images)

model.compile(
    optimizer=keras.optimizers.AdamW(learning_rate=0.003, weight_decay=1e-4),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[
        keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        keras.metrics.SparseTopKCategoricalAccuracy(2, name="top-2-accuracy"),
    ],
)
model.fit(images[:320], labels[:320], batch_size=32, epochs=6, validation_split=0.1, verbose=0)
_, accuracy, top_2 = model.evaluate(images[320:], labels[320:], verbose=0)
assert accuracy > 0.85 and top_2 >= accuracy, (accuracy, top_2)
