"""Tickets of a help desk: two texts and tags go in, a priority and a department come out."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(2)
rng = np.random.default_rng(2)
words, tags, departments = 60, 6, 3
n = 512

title = keras.Input(shape=(None,), name="title", dtype="int32")
body = keras.Input(shape=(None,), name="body", dtype="int32")
marks = keras.Input(shape=(tags,), name="marks")
shared = layers.Embedding(words, 12, name="words")
read_title = layers.GRU(12)(shared(title))
read_body = layers.GlobalAveragePooling1D()(shared(body))
x = layers.concatenate([read_title, read_body, marks])
x = layers.Dropout(0.1)(layers.Dense(32, activation="relu")(x))
priority = layers.Dense(1, activation="sigmoid", name="priority")(x)
department = layers.Dense(departments, name="department")(x)
model = keras.Model(
    inputs=[title, body, marks], outputs={"priority": priority, "department": department}
)

titles, bodies = rng.integers(0, words, (n, 5)), rng.integers(0, words, (n, 9))
given = rng.integers(0, 2, (n, tags)).astype("float32")
urgent = (given[:, 0] + given[:, 1] > 0).astype("float32")[:, None]
kind = titles[:, -1] * departments // words
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss={
        "priority": keras.losses.BinaryCrossentropy(),
        "department": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    },
    metrics={"priority": ["binary_accuracy"], "department": ["accuracy"]},
    loss_weights={"priority": 1.0, "department": 0.8},
)
dataset = tf.data.Dataset.from_tensor_slices(
    (
        {"title": titles, "body": bodies, "marks": given},
        {"priority": urgent, "department": kind},
    )
)
model.fit(dataset.shuffle(n, seed=2).batch(32), epochs=12, verbose=0)
scores = model.evaluate(dataset.batch(64), verbose=0, return_dict=True)
assert scores["priority_binary_accuracy"] > 0.9, scores
assert scores["department_accuracy"] > 0.85, scores

# The same network, made again from its description.
again = keras.Model.from_config(model.get_config())
again.set_weights(model.get_weights())
one = {"title": titles[:4], "body": bodies[:4], "marks": given[:4]}
for name, value in model.predict(one, verbose=0).items():
    assert np.allclose(value, again.predict(one, verbose=0)[name], atol=1e-5)
