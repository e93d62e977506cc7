import numpy as np
import tensorflow as tf


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = tf.keras.layers.Dense(16, activation="relu")
        self.drop = tf.keras.layers.Dropout(0.1)
        self.head = tf.keras.layers.Dense(3, activation="softmax")

    def call(self, inputs, training=False):
        h = self.hidden(inputs)
        if training:
            h = self.drop(h, training=training) + 0.01 * tf.random.normal(tf.shape(h))
        assert h.shape.as_list()[-1] == 16
        return self.head(h)


tf.random.set_seed(1)
x = np.random.normal(size=(192, 5)).astype("float32")
y = x[:, :3].argmax(1)
model = Net()
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=8, batch_size=32, validation_split=0.25, verbose=2)
assert history.history["loss"][-1] < history.history["loss"][0]
assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
a, b = model(x, training=True), model(x, training=True)
assert not np.allclose(a, b)
assert np.allclose(model(x), model(x))
assert np.allclose(model(x).numpy(), model.predict(x, verbose=0), atol=1e-5)
model.summary()
