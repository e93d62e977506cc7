"""Mixed precision: half as many bits for the products, all of them for the weights."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, mixed_precision

keras.utils.set_random_seed(30)
rng = np.random.default_rng(30)
mixed_precision.set_global_policy("mixed_bfloat16")

inputs = keras.Input(shape=(20,), name="digits")
dense1 = layers.Dense(48, activation="relu", name="dense_1")
x = dense1(inputs)
x = layers.Dense(48, activation="relu", name="dense_2")(x)
x = layers.Dense(4, name="dense_logits")(x)
outputs = layers.Activation("softmax", dtype="float32", name="predictions")(x)
model = keras.Model(inputs=inputs, outputs=outputs)
assert dense1.compute_dtype == "bfloat16" and dense1.variable_dtype == "float32"
assert dense1.kernel.dtype == "float32"
assert outputs.dtype == "float32" and x.dtype == "bfloat16"

labels = rng.integers(0, 4, 512)
centers = rng.normal(size=(4, 20))
points = (centers[labels] + rng.normal(size=(512, 20)) * 0.7).astype("float32")
model.compile(
    loss="sparse_categorical_crossentropy",
    optimizer=keras.optimizers.RMSprop(0.002),
    metrics=["accuracy"],
)
model.fit(points[:400], labels[:400], batch_size=40, epochs=6, verbose=0)
_, accuracy = model.evaluate(points[400:], labels[400:], verbose=0)
assert accuracy > 0.9, accuracy

# The same by hand, with a loss that is scaled so that float16 does not lose it.
mixed_precision.set_global_policy("mixed_float16")
net = keras.Sequential(
    [keras.Input((20,)), layers.Dense(32, activation="relu"), layers.Dense(4, dtype="float32")]
)
optimizer = mixed_precision.LossScaleOptimizer(keras.optimizers.Adam(0.005))
loss_object = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_object(y, net(x))
        scaled_loss = optimizer.scale_loss(loss)
    gradients = tape.gradient(scaled_loss, net.trainable_variables)
    optimizer.apply_gradients(zip(gradients, net.trainable_variables, strict=True))
    return loss


dataset = tf.data.Dataset.from_tensor_slices((points, labels)).shuffle(512, seed=30).batch(64)
epochs = [np.mean([float(train_step(x, y)) for x, y in dataset]) for _ in range(6)]
assert epochs[-1] < 0.35 * epochs[0], epochs
mixed_precision.set_global_policy("float32")
