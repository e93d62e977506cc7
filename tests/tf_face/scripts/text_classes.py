"""Reviews, of few words, are vectorized and judged."""

import re
import string

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, losses

tf.keras.utils.set_random_seed(33)
rng = np.random.default_rng(33)
good, bad = ["great", "lovely", "superb", "moving"], ["dull", "awful", "boring", "weak"]
filler = ["the", "film", "was", "and", "its", "plot", "actors", "music", "a", "scene"]


def review(positive):
    words = list(rng.choice(filler, 7)) + list(rng.choice(good if positive else bad, 2))
    rng.shuffle(words)
    return "<br />" + " ".join(words).capitalize() + "!"


targets = rng.integers(0, 2, 400)
reviews = np.array([review(t) for t in targets])


def custom_standardization(input_data):
    lowercase = tf.strings.lower(input_data)
    stripped_html = tf.strings.regex_replace(lowercase, "<br />", " ")
    return tf.strings.regex_replace(stripped_html, "[%s]" % re.escape(string.punctuation), "")


vectorize_layer = layers.TextVectorization(
    standardize=custom_standardization,
    max_tokens=50,
    output_mode="int",
    output_sequence_length=12,
)
raw = tf.data.Dataset.from_tensor_slices((reviews, targets)).batch(32)
vectorize_layer.adapt(raw.map(lambda text, label: text))
vocabulary = vectorize_layer.get_vocabulary()
assert vocabulary[:2] == ["", "[UNK]"] and {"great", "dull", "its"} <= set(vocabulary)
assert "br" not in vocabulary and "!" not in vocabulary


def vectorize_text(text, label):
    return vectorize_layer(tf.expand_dims(text, -1)), label


data = raw.map(vectorize_text).cache().prefetch(buffer_size=tf.data.AUTOTUNE)
train, test = data.take(10), data.skip(10)
model = tf.keras.Sequential(
    [
        layers.Embedding(len(vocabulary), 8),
        layers.Dropout(0.2),
        layers.GlobalAveragePooling1D(),
        layers.Dropout(0.2),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(
    loss=losses.BinaryCrossentropy(),
    optimizer=tf.keras.optimizers.Adam(0.02),
    metrics=[tf.metrics.BinaryAccuracy(threshold=0.5)],
)
model.fit(train, validation_data=test, epochs=12, verbose=0)
assert model.evaluate(test, verbose=0)[1] > 0.95

export = tf.keras.Sequential([vectorize_layer, model])
examples = tf.constant(["A great and superb film", "The plot was dull, the actors weak..."])
fine, poor = export(examples).numpy()[:, 0]
assert fine > 0.6 > 0.4 > poor, (fine, poor)
