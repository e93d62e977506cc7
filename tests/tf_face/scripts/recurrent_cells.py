"""A recurrent cell of one's own, stacked cells, states handed on and states kept."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(7)
rng = np.random.default_rng(7)


@keras.utils.register_keras_serializable()
class MinimalCell(layers.Layer):
    """A single gate decides how much of the candidate replaces the state."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        width = input_shape[-1] + self.units
        self.gate = self.add_weight(shape=(width, self.units), initializer="glorot_uniform")
        self.candidate = self.add_weight(shape=(width, self.units), initializer="glorot_uniform")
        self.bias = self.add_weight(shape=(self.units,), initializer="ones")

    def call(self, inputs, states):
        previous = states[0]
        z = tf.sigmoid(tf.concat([inputs, previous], -1) @ self.gate + self.bias)
        new = tf.tanh(tf.concat([inputs, previous], -1) @ self.candidate)
        state = z * previous + (1 - z) * new
        return state, [state]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# Which of the two signals came first?
n, steps = 320, 7
first = rng.integers(0, 2, n)
x = rng.normal(size=(n, steps, 2)).astype("float32") * 0.2
at = rng.integers(0, 3, n)
x[np.arange(n), at, first] += 2
x[np.arange(n), at + 3, 1 - first] += 2

model = keras.Sequential(
    [
        keras.Input((steps, 2)),
        layers.RNN([MinimalCell(12), layers.GRUCell(8)], return_sequences=True),
        layers.Bidirectional(layers.RNN(MinimalCell(8))),
        layers.Dense(1),
    ]
)
model.compile(
    keras.optimizers.Adam(0.02),
    keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
)
model.fit(x, first, epochs=14, batch_size=32, verbose=0)
_, accuracy = model.evaluate(x, first, verbose=0)
assert accuracy > 0.92, accuracy

# A state handed from one layer to the next is the state of one longer run.
whole = layers.LSTM(5, return_sequences=True, return_state=True)
_, h, c = whole(x[:4, :3])
rest = whole(x[:4, 3:], initial_state=[h, c])[0]
assert np.allclose(rest, whole(x[:4])[0][:, 3:], atol=1e-5)

# A stateful layer does that by itself until it is reset.
kept = layers.LSTM(5, stateful=True)
kept(x[:4, :3])
kept.set_weights(whole.get_weights())
kept.reset_states() if hasattr(kept, "reset_states") else kept.reset_state()
kept(x[:4, :3])
assert np.allclose(kept(x[:4, 3:]), rest[:, -1], atol=1e-5)
