"""A stack of layers, grown and cut with `add` and `pop`, and read from within."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(1)
rng = np.random.default_rng(1)
angles = rng.uniform(0, 4 * np.pi, 600)
labels = rng.integers(0, 2, 600)
radius = angles / (4 * np.pi) + 0.05
points = np.stack(
    [radius * np.cos(angles + labels * np.pi), radius * np.sin(angles + labels * np.pi)], axis=1
)
# A spiral of two arms, told apart by waves of the angle.
waves = np.concatenate([points, np.sin(8 * points), np.cos(8 * points)], axis=1).astype("float32")

model = keras.Sequential(name="arms")
model.add(keras.Input(shape=(6,)))
model.add(layers.Dense(48, activation="relu", name="first"))
model.add(layers.Dense(48, activation="relu", name="second"))
model.add(layers.Dense(7))
model.pop()
model.add(layers.Dense(2, name="scores"))
assert len(model.layers) == 3 and model.count_params() == 6 * 48 + 48 + 48 * 49 + 2 * 49

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
)
_, before = model.evaluate(waves[:200], labels[:200], verbose=0)
model.fit(
    waves[200:],
    labels[200:],
    batch_size=40,
    epochs=40,
    validation_split=0.1,
    shuffle=True,
    verbose=0,
)
loss, after = model.evaluate(waves[:200], labels[:200], verbose=0)
assert before < 0.75 and after > 0.85, (before, after, loss)

reader = keras.Model(inputs=model.inputs, outputs=[layer.output for layer in model.layers])
features = reader(waves[:5])
assert [tuple(f.shape) for f in features] == [(5, 48), (5, 48), (5, 2)]
first = keras.Model(model.inputs, model.get_layer("second").output)
assert np.allclose(first.predict(waves[:5], verbose=0), features[1], atol=1e-5)
