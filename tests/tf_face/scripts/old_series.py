"""A time series of old: windows by TimeseriesGenerator, an LSTM, a forecast step by step."""

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import LSTM, Conv1D, Dense, GlobalMaxPooling1D
from tensorflow.keras.models import Sequential, model_from_json
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator

np.random.seed(1)
tf.random.set_seed(1)

t = np.arange(400)
series = np.sin(t / 5) + np.random.normal(0, 0.02, 400)
series = series.reshape((len(series), 1)).astype("float32")
split = 320
scale_min, scale_max = series[:split].min(), series[:split].max()
scaled = (series - scale_min) / (scale_max - scale_min)
train, test = scaled[:split], scaled[split:]

n_input, n_features = 12, 1
generator = TimeseriesGenerator(train, train, length=n_input, batch_size=16)
held_out = TimeseriesGenerator(test, test, length=n_input, batch_size=16)
print("Samples: %d" % len(generator))
x, y = generator[0]
assert x.shape == (16, n_input, n_features) and y.shape == (16, 1)
assert np.array_equal(x[1, :-1], x[0, 1:])
assert np.array_equal(y[0], train[n_input])

model = Sequential()
model.add(LSTM(24, activation="tanh", input_shape=(n_input, n_features)))
model.add(Dense(1))
model.compile(optimizer=Adam(learning_rate=0.01), loss="mse", metrics=["mae"])
model.summary()
history = model.fit(generator, epochs=25, validation_data=held_out, shuffle=False, verbose=0)
assert history.history["val_loss"][-1] < 0.01, history.history["val_loss"]

# A forecast from its own forecasts.
batch = train[-n_input:].reshape((1, n_input, n_features))
forecast = []
for _ in range(10):
    step = model.predict(batch, verbose=0)[0]
    forecast.append(step)
    batch = np.append(batch[:, 1:, :], [[step]], axis=1)
error = np.abs(np.array(forecast) - test[:10]).mean()
assert error < 0.15, error

# Several series, thinned out, with strides, backwards and drawn at random.
both = np.hstack([scaled, np.roll(scaled, 1)])
settings = {"length": 20, "sampling_rate": 2, "batch_size": 32, "end_index": split - 1}
strided = TimeseriesGenerator(both, scaled, stride=2, **settings)
drawn = TimeseriesGenerator(both, scaled, shuffle=True, **settings)
back = TimeseriesGenerator(both, scaled, stride=2, reverse=True, **settings)
assert np.array_equal(strided[0][0][:, ::-1], back[0][0])
assert len(strided) == 5 and strided[0][0].shape == (32, 10, 2)
convolved = Sequential()
convolved.add(Conv1D(16, 3, activation="relu", input_shape=(None, 2)))
convolved.add(GlobalMaxPooling1D())
convolved.add(Dense(1))
convolved.compile(optimizer=Adam(0.01), loss="mae")
losses = convolved.fit(drawn, steps_per_epoch=len(drawn), epochs=15, verbose=0).history["loss"]
assert losses[-1] < losses[0] / 1.5, losses
assert convolved.evaluate(strided, verbose=0) < losses[0]

# The model as JSON and weights, as it was kept in those days.
with open("model.json", "w") as file:
    file.write(model.to_json())
model.save_weights("model.weights.h5")
with open("model.json") as file:
    loaded = model_from_json(file.read())
loaded.load_weights("model.weights.h5")
np.testing.assert_allclose(
    loaded.predict(held_out, verbose=0), model.predict(held_out, verbose=0), rtol=1e-4, atol=1e-5
)
