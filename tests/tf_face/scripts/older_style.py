"""The older style, by the name of `tf_keras`: backend functions, losses as functions, add_loss."""

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import backend as K
from tf_keras import layers

tf.random.set_seed(45)
np.random.seed(45)
rng = np.random.default_rng(45)


def coeff_determination(y_true, y_pred):
    residual = K.sum(K.square(y_true - y_pred))
    total = K.sum(K.square(y_true - K.mean(y_true)))
    return 1 - residual / (total + K.epsilon())


def quantile_loss(q):
    def loss(y_true, y_pred):
        error = y_true - y_pred
        return K.mean(K.maximum(q * error, (q - 1) * error), axis=-1)

    return loss


class Sparse(keras.regularizers.Regularizer):
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, weights):
        return self.rate * K.sum(K.abs(weights))


x = rng.normal(size=(500, 6)).astype("float32")
wave = (np.sin(x[:, :1]) + x[:, 1:2]).astype("float32")
y = (wave + rng.exponential(0.5, size=(500, 1))).astype("float32")

model = keras.models.Sequential()
model.add(layers.Dense(32, activation="relu", input_shape=(6,), kernel_regularizer=Sparse(1e-4)))
model.add(layers.Dense(1))
model.compile(
    loss="mse", optimizer=keras.optimizers.Adam(learning_rate=0.01), metrics=[coeff_determination]
)
history = model.fit(x, y, batch_size=50, epochs=20, verbose=0, validation_split=0.2)
assert history.history["val_coeff_determination"][-1] > 0.6, history.history

# Nine of ten values lie below the quantile that a second network learns.
high = keras.models.Sequential([layers.Dense(32, activation="relu", input_dim=6), layers.Dense(1)])
high.compile(loss=quantile_loss(0.9), optimizer=keras.optimizers.Adam(0.01))
high.fit(x, y, batch_size=50, epochs=30, verbose=0)
below = np.mean(y <= high.predict(x, verbose=0))
assert 0.8 < below < 0.98, below

K.clear_session()
tall = K.constant([[1.0, 2.0], [3.0, 4.0]])
assert K.int_shape(tall) == (2, 2)
assert np.allclose(K.eval(K.dot(tall, K.transpose(tall))), [[5, 11], [11, 25]])
assert np.allclose(K.get_value(K.softmax(tall)).sum(-1), 1)
