import numpy as np
import tensorflow as tf

tf.random.set_seed(0)


class Adaptive(tf.keras.Model):
    """Shrinks its input until it is small, then takes one of two heads."""

    def __init__(self):
        super().__init__()
        self.body = tf.keras.layers.Dense(6, activation="tanh")
        self.high, self.low = tf.keras.layers.Dense(1), tf.keras.layers.Dense(1)

    def call(self, x):
        while tf.reduce_max(tf.abs(x)) > 1.0:
            x = x * 0.7
        for _ in range(2):
            x = self.body(x)
        if tf.reduce_mean(x) > 0.0 and not tf.reduce_any(x > 2.0):
            return self.high(x)
        return self.low(x)


x = np.random.normal(size=(128, 6)).astype("float32")
model = Adaptive()
model.compile(tf.keras.optimizers.Adam(0.01), "mse")
logs = model.fit(x, x[:, :1], epochs=8, batch_size=32, verbose=0).history
assert np.isfinite(logs["loss"]).all()
assert logs["loss"][-1] < logs["loss"][0], logs
assert np.allclose(model(x[:32]), model.predict(x[:32], verbose=0), atol=1e-5)
