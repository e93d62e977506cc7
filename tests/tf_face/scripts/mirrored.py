"""Training on all devices: a strategy's scope with fit, and a loop of one's own with `run`."""

import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
strategy = tf.distribute.MirroredStrategy()
print("devices:", strategy.num_replicas_in_sync)
BATCH = 8 * strategy.num_replicas_in_sync

rng = np.random.default_rng(0)
x = rng.normal(size=(256, 6)).astype("float32")
y = (x @ rng.normal(size=(6, 1)) + 0.5).astype("float32")
data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(256).batch(BATCH, drop_remainder=True)

with strategy.scope():
    assert tf.distribute.get_strategy() is strategy and tf.distribute.has_strategy()
    model = tf.keras.Sequential([tf.keras.Input((6,)), tf.keras.layers.Dense(1)])
    model.compile(tf.keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
model.fit(data, epochs=12, verbose=0)
print("fit:", model.evaluate(x, y, batch_size=BATCH, verbose=0))
assert model.evaluate(x, y, batch_size=BATCH, verbose=0)[0] < 0.05

with strategy.scope():
    net = tf.keras.Sequential([tf.keras.Input((6,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam(0.05)
    each = tf.keras.losses.MeanSquaredError(reduction="none")

    def loss_of(labels, predictions):
        return tf.nn.compute_average_loss(each(labels, predictions), global_batch_size=BATCH)


def step(inputs):
    features, labels = inputs
    with tf.GradientTape() as tape:
        loss = loss_of(labels, net(features, training=True))
    gradients = tape.gradient(loss, net.trainable_variables)
    optimizer.apply_gradients(zip(gradients, net.trainable_variables))
    return loss


@tf.function
def distributed_step(batch):
    losses = strategy.run(step, args=(batch,))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)


distributed = strategy.experimental_distribute_dataset(data)
for epoch in range(12):
    total = 0.0
    for batch in distributed:
        total += float(distributed_step(batch))
print("loop:", total)
error = float(np.mean((net.predict(x, verbose=0) - y) ** 2))
assert error < 0.05, error
