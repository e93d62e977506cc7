"""Layers of one's own: weights, losses, nesting, configuration, files."""

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="mine")
class Linear(keras.layers.Layer):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config


@keras.saving.register_keras_serializable(package="mine")
class Quiet(keras.layers.Layer):
    """Asks for small activations."""

    def __init__(self, rate=1e-2, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs):
        self.add_loss(self.rate * tf.reduce_mean(tf.square(inputs)))
        return inputs

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


@keras.saving.register_keras_serializable(package="mine")
class Counter(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")

    def call(self, inputs, training=False):
        if training:
            self.seen.assign_add(tf.cast(tf.shape(inputs)[0], "float32"))
        return inputs


@keras.saving.register_keras_serializable(package="mine")
class Block(keras.layers.Layer):
    def __init__(self, units=16, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first, self.quiet = Linear(units), Quiet()
        self.second = Linear(1)

    def call(self, inputs):
        return self.second(self.quiet(tf.nn.relu(self.first(inputs))))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


tf.random.set_seed(3)
rng = np.random.default_rng(3)
x = rng.normal(size=(256, 3)).astype("float32")
y = np.abs(x[:, :1]) - 0.5 * x[:, 1:2]

inputs = keras.Input((3,))
counter = Counter()
model = keras.Model(inputs, Block(24)(counter(inputs)))
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
history = model.fit(x, y, epochs=25, batch_size=32, verbose=0).history["loss"]
assert history[-1] < 0.2 * history[0], history
assert float(counter.seen) == 25 * 256
model(x[:8])
assert len(model.losses) == 1 and float(model.losses[0]) > 0
assert len(model.trainable_weights) == 4 and len(model.non_trainable_weights) == 1

model.save("blocks.keras")
again = keras.models.load_model("blocks.keras")
assert np.allclose(model.predict(x, verbose=0), again.predict(x, verbose=0), atol=1e-6)
assert Linear.from_config(Linear(5).get_config()).units == 5
