"""Callbacks that note, stop, slow down, write files and change weights."""

import csv
import os

import numpy as np
from tensorflow import keras

keras.utils.set_random_seed(34)
rng = np.random.default_rng(34)
x = rng.normal(size=(256, 5)).astype("float32")
y = np.tanh(x @ rng.normal(size=(5, 1))).astype("float32")


def get_model():
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(12, "tanh"), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.RMSprop(0.01), loss="mean_squared_error", metrics=["mae"])
    return model


class EarlyStoppingAtMinLoss(keras.callbacks.Callback):
    """Stops when the loss has not become smaller for a while, with the best weights."""

    def __init__(self, patience=0):
        super().__init__()
        self.patience = patience
        self.best_weights = None

    def on_train_begin(self, logs=None):
        self.wait, self.stopped_epoch, self.best = 0, 0, np.inf

    def on_epoch_end(self, epoch, logs=None):
        current = logs.get("val_loss")
        if np.less(current, self.best):
            self.best, self.wait = current, 0
            self.best_weights = self.model.get_weights()
        else:
            self.wait += 1
            if self.wait >= self.patience:
                self.stopped_epoch = epoch
                self.model.stop_training = True

    def on_train_end(self, logs=None):
        self.model.set_weights(self.best_weights)


class Notes(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen, self.rates = [], []

    def on_train_begin(self, logs=None):
        self.seen.append("train")

    def on_epoch_begin(self, epoch, logs=None):
        self.rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))

    def on_train_batch_end(self, batch, logs=None):
        assert set(logs) == {"loss", "mae"}
        self.seen.append(batch)

    def on_test_begin(self, logs=None):
        self.seen.append("test")


def lr_schedule(epoch, lr):
    return {10: 0.003, 20: 0.001}.get(epoch, lr)


notes, stopper = Notes(), EarlyStoppingAtMinLoss(patience=4)
messages = []
model = get_model()
before = model.evaluate(x, y, verbose=0)[0]
history = model.fit(
    x[:192],
    y[:192],
    batch_size=64,
    epochs=40,
    validation_data=(x[192:], y[192:]),
    callbacks=[
        notes,
        stopper,
        keras.callbacks.LearningRateScheduler(lr_schedule),
        keras.callbacks.CSVLogger("log.csv"),
        keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: messages.append(epoch)),
    ],
    verbose=0,
)
epochs = len(history.history["loss"])
assert notes.seen[:6] == ["train", 0, 1, 2, "test", 0], notes.seen[:6]
assert messages == list(range(epochs)) == history.epoch
assert np.isclose(notes.rates[0], 0.01) and np.isclose(notes.rates[11], 0.003)
with open("log.csv", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
assert len(rows) == epochs and np.isclose(float(rows[-1]["loss"]), history.history["loss"][-1])
best = model.evaluate(x[192:], y[192:], verbose=0)[0]
assert np.isclose(best, min(history.history["val_loss"]), atol=1e-5)
loaded = keras.models.load_model("best.keras").evaluate(x[192:], y[192:], verbose=0)[0]
assert np.isclose(loaded, best, atol=1e-5)
assert best < 0.2 * before, (before, best)

# A training that blows up ends by itself.
wild = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
wild.compile(keras.optimizers.SGD(1e18), "mse")
lost = wild.fit(x, y * 1e18, epochs=30, callbacks=[keras.callbacks.TerminateOnNaN()], verbose=0)
assert len(lost.history["loss"]) < 30
assert os.path.exists("best.keras")
