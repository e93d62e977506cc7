import numpy as np
import tensorflow as tf


def squared(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)


class Clipped(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        gradients, norm = tf.clip_by_global_norm(gradients, 1.0)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {**{m.name: m.result() for m in self.metrics}, "norm": norm}


tf.random.set_seed(0)
x = np.random.normal(size=(256, 4)).astype("float32")
y = x @ np.array([[1.0], [-2.0], [0.5], [0.0]], "float32")
inputs = tf.keras.Input((4,))
model = Clipped(inputs, tf.keras.layers.Dense(1)(inputs))
model.compile(tf.keras.optimizers.Adam(0.05), loss=squared, metrics=["mae"])
logs = model.fit(x, y, epochs=10, verbose=0).history
assert logs["loss"][-1] < 0.2 * logs["loss"][0], logs
assert "norm" in logs

net = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
mean = tf.keras.metrics.Mean()


@tf.function
def compiled_step(xs, ys):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(squared(ys, net(xs, training=True)))
    gradients = tape.gradient(loss, net.trainable_weights)
    optimizer.apply_gradients(zip(gradients, net.trainable_weights, strict=True))
    mean.update_state(loss)
    return loss


losses = [compiled_step(tf.constant(x), tf.constant(y)).numpy() for _ in range(40)]
assert losses[-1] < 0.05 * losses[0]
assert abs(float(mean.result()) - np.mean(losses)) < 1e-4
