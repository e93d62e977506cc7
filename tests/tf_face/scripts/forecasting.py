"""Weather of our own making: windows of the past tell the next hours better than the last value."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(24)
rng = np.random.default_rng(24)
hours = np.arange(1500)
temperature = 10 + 8 * np.sin(2 * np.pi * hours / 24) + np.cumsum(rng.normal(0, 0.05, 1500))
pressure = 1000 + 5 * np.cos(2 * np.pi * hours / 24 + 1) + rng.normal(0, 0.5, 1500)
raw = np.stack([temperature, pressure], axis=1).astype("float32")
train_n = 1100
mean, std = raw[:train_n].mean(0), raw[:train_n].std(0)
series = (raw - mean) / std
past, ahead = 24, 6


def windows(begin, end, shuffle):
    return keras.utils.timeseries_dataset_from_array(
        data=series[begin : end - ahead],
        targets=series[begin + past + ahead - 1 : end, :1],
        sequence_length=past,
        sampling_rate=1,
        batch_size=64,
        shuffle=shuffle,
        seed=24 if shuffle else None,
    )


train, val = windows(0, train_n, True), windows(train_n, 1500, False)
for inputs, targets in val.take(1):
    assert tuple(inputs.shape) == (64, past, 2) and tuple(targets.shape) == (64, 1)
    assert np.allclose(inputs[0], series[train_n : train_n + past])
    assert np.allclose(targets[0], series[train_n + past + ahead - 1, 0])
naive = np.mean([np.mean((np.array(t)[:, 0] - np.array(x)[:, -1, 0]) ** 2) for x, t in val])

inputs = keras.layers.Input(shape=(past, 2))
x = layers.Conv1D(12, 5, padding="causal", activation="relu")(inputs)
x = layers.MaxPooling1D(2)(x)
x = layers.LSTM(16)(x)
model = keras.Model(inputs=inputs, outputs=keras.layers.Dense(1)(x))
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.005), loss="mse", metrics=["mae"])
callbacks = [
    keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=0, patience=5),
    keras.callbacks.ModelCheckpoint(
        "weather.weights.h5", monitor="val_loss", save_weights_only=True, save_best_only=True
    ),
    keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=3),
]
history = model.fit(train, epochs=10, validation_data=val, callbacks=callbacks, verbose=0).history
assert "learning_rate" in history
model.load_weights("weather.weights.h5")
loss, _ = model.evaluate(val, verbose=0)
assert abs(loss - min(history["val_loss"])) < 1e-5
assert loss < 0.2 * naive, (loss, naive)
