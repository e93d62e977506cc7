"""A training loop written by hand: datasets, a compiled step, a schedule, extra losses."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(5)
rng = np.random.default_rng(5)
centers = rng.normal(size=(5, 10)) * 1.5
labels = rng.integers(0, 5, 640)
points = (centers[labels] + rng.normal(size=(640, 10))).astype("float32")


class Penalty(layers.Layer):
    def call(self, inputs):
        self.add_loss(1e-3 * tf.reduce_sum(inputs**2) / tf.cast(tf.shape(inputs)[0], tf.float32))
        return inputs


inputs = keras.Input(shape=(10,), name="digits")
x = layers.Dense(32, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-4))(inputs)
x = Penalty()(x)
model = keras.Model(inputs=inputs, outputs=layers.Dense(5, name="predictions")(x))

schedule = keras.optimizers.schedules.ExponentialDecay(0.05, decay_steps=30, decay_rate=0.8)
optimizer = keras.optimizers.SGD(learning_rate=schedule, momentum=0.9)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_metric = keras.metrics.SparseCategoricalAccuracy()
val_metric = keras.metrics.SparseCategoricalAccuracy()

train = tf.data.Dataset.from_tensor_slices((points[:480], labels[:480]))
train = train.shuffle(buffer_size=480, seed=5).batch(32).prefetch(tf.data.AUTOTUNE)
validation = tf.data.Dataset.from_tensor_slices((points[480:], labels[480:])).batch(32)


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss_value = loss_fn(y, logits) + sum(model.losses)
    grads = tape.gradient(loss_value, model.trainable_weights)
    optimizer.apply_gradients(zip(grads, model.trainable_weights, strict=True))
    train_metric.update_state(y, logits)
    return loss_value


@tf.function
def test_step(x, y):
    val_metric.update_state(y, model(x, training=False))


assert len(model.losses) >= 1
losses, accuracies = [], []
for epoch in range(6):
    for step, (x_batch, y_batch) in enumerate(train):
        loss_value = train_step(x_batch, y_batch)
        if step % 5 == 0:
            losses.append(float(loss_value))
    accuracy = train_metric.result()
    train_metric.reset_state()
    for x_batch, y_batch in validation:
        test_step(x_batch, y_batch)
    accuracies.append(val_metric.result().numpy())
    val_metric.reset_state()
assert accuracies[-1] > 0.85 and float(accuracy) > 0.85, accuracies
assert losses[-1] < 0.5 * losses[0], losses
assert int(optimizer.iterations) == 6 * 15
assert abs(float(optimizer.learning_rate) - 0.05 * 0.8 ** (90 / 30)) < 1e-4
