"""The next picture of a short film, by convolutions that remember."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(42)
rng = np.random.default_rng(42)
size, frames, n = 10, 5, 96


def films(n):
    movie = np.zeros((n, frames + 1, size, size, 1), "float32")
    for film in movie:
        at, step = rng.integers(2, 6, 2), rng.choice([-1, 1], 2)
        for frame in film:
            top, left = np.clip(at, 0, size - 2)
            frame[top : top + 2, left : left + 2] = 1
            at = at + step * [1, 0]
    return movie


movie = films(n)
x, y = movie[:, :-1], movie[:, 1:]
inputs = layers.Input(shape=(None, size, size, 1))
z = layers.ConvLSTM2D(
    filters=8, kernel_size=(3, 3), padding="same", return_sequences=True, activation="relu"
)(inputs)
z = layers.BatchNormalization(momentum=0.8)(z)
z = layers.Conv3D(filters=1, kernel_size=(1, 3, 3), activation="sigmoid", padding="same")(z)
model = keras.models.Model(inputs, z)
model.compile(loss=keras.losses.BinaryCrossentropy(), optimizer=keras.optimizers.Adam(0.02))
early_stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10)
reduce_lr = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=5)
history = model.fit(
    x[:80],
    y[:80],
    batch_size=16,
    epochs=14,
    validation_data=(x[80:], y[80:]),
    callbacks=[early_stopping, reduce_lr],
    verbose=0,
).history
assert history["loss"][-1] < 0.35 * history["loss"][0], history["loss"]

# Better than the last picture, which is right where nothing moves.
predicted = model.predict(x[80:], verbose=0)[:, -1]
still = np.mean((x[80:, -1] - y[80:, -1]) ** 2)
assert np.mean((predicted - y[80:, -1]) ** 2) < 0.7 * still
