"""`fit` with steps of one's own: sample weights, metrics that the model keeps, evaluation."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(4)
rng = np.random.default_rng(4)


class Regressor(keras.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.mae = keras.metrics.MeanAbsoluteError(name="mae")

    @property
    def metrics(self):
        return [self.loss_tracker, self.mae]

    @staticmethod
    def error(y, y_pred, sample_weight):
        each = tf.reduce_mean(tf.abs(y - y_pred), axis=-1)
        if sample_weight is None:
            return tf.reduce_mean(each)
        return tf.reduce_sum(each * sample_weight) / tf.reduce_sum(sample_weight)

    def train_step(self, data):
        if len(data) == 3:
            x, y, sample_weight = data
        else:
            sample_weight = None
            x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.error(y, y_pred, sample_weight)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.loss_tracker.update_state(loss)
        self.mae.update_state(y, y_pred, sample_weight=sample_weight)
        return {m.name: m.result() for m in self.metrics}

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        self.loss_tracker.update_state(self.error(y, y_pred, None))
        self.mae.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


x = rng.uniform(-1, 1, (400, 4)).astype("float32")
y = x[:, :1] * x[:, 1:2] + x[:, 2:3]
# A quarter of the targets is wrong, and is given no weight.
wrong = rng.random(400) < 0.25
y_given = np.where(wrong[:, None], 9.0, y).astype("float32")
weights = np.where(wrong, 0.0, 1.0).astype("float32")

inputs = keras.Input((4,))
hidden = keras.layers.Dense(32, activation="tanh")(inputs)
model = Regressor(inputs, keras.layers.Dense(1)(hidden))
model.compile(optimizer=keras.optimizers.Adam(0.02))
start = model.evaluate(x, y, verbose=0, return_dict=True)
history = model.fit(x, y_given, sample_weight=weights, epochs=40, batch_size=40, verbose=0).history
end = model.evaluate(x, y, verbose=0, return_dict=True)
assert set(history) == {"loss", "mae"} and len(history["mae"]) == 40
assert end["mae"] < 0.12 < 0.25 < start["mae"], (start, end)
