"""A table with numbers, words and codes: layers learn how to prepare them."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.random.set_seed(25)
np.random.seed(25)
rng = np.random.default_rng(25)
n = 600
table = {
    "age": rng.integers(29, 77, n).astype("float32"),
    "cholesterol": rng.normal(246, 50, n).astype("float32"),
    "sex": rng.integers(0, 2, n),
    "pain": rng.integers(0, 4, n) * 10,
    "thal": rng.choice(["fixed", "normal", "reversible"], n),
}
risk = (table["age"] - 53) / 14 + (table["cholesterol"] - 246) / 50
risk += 1.5 * (table["thal"] == "reversible") - 1.0 * (table["pain"] == 20)
target = (risk > 0.2).astype("float32")


def make_dataset(rows):
    features = {name: column[rows] for name, column in table.items()}
    dataset = tf.data.Dataset.from_tensor_slices((features, target[rows]))
    return dataset.shuffle(buffer_size=len(features["age"]), seed=25)


train_ds, val_ds = make_dataset(slice(0, 450)).batch(32), make_dataset(slice(450, n)).batch(32)


def encode_numerical_feature(feature, name, dataset):
    normalizer = layers.Normalization(axis=None)
    normalizer.adapt(dataset.map(lambda x, y: tf.expand_dims(x[name], -1)))
    return normalizer(feature)


def encode_categorical_feature(feature, name, dataset, is_string):
    lookup_class = layers.StringLookup if is_string else layers.IntegerLookup
    lookup = lookup_class(output_mode="multi_hot")
    lookup.adapt(dataset.map(lambda x, y: tf.expand_dims(x[name], -1)))
    return lookup(feature)


inputs = {
    "age": keras.Input((1,), name="age"),
    "cholesterol": keras.Input((1,), name="cholesterol"),
    "sex": keras.Input((1,), name="sex", dtype="int64"),
    "pain": keras.Input((1,), name="pain", dtype="int64"),
    "thal": keras.Input((1,), name="thal", dtype="string"),
}
encoded = [encode_numerical_feature(inputs[k], k, train_ds) for k in ("age", "cholesterol")]
encoded += [encode_categorical_feature(inputs[k], k, train_ds, False) for k in ("sex", "pain")]
encoded.append(encode_categorical_feature(inputs["thal"], "thal", train_ds, True))
preprocessing = keras.Model(inputs, layers.concatenate(encoded))


def prepare(features, label):
    return preprocessing({k: tf.expand_dims(v, -1) for k, v in features.items()}), label


# Words become numbers in the pipeline; the network trains on these.
train_ready, val_ready = train_ds.map(prepare).cache(), val_ds.map(prepare)
x = layers.Dense(32, activation="relu")(preprocessing.output)
output = layers.Dense(1, activation="sigmoid")(layers.Dropout(0.2)(x))
training_model = keras.Model(preprocessing.output, output)
training_model.compile(
    keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy", "AUC"]
)
training_model.fit(train_ready, epochs=12, validation_data=val_ready, verbose=0)
scores = training_model.evaluate(val_ready, verbose=0)
assert scores[1] > 0.85 and scores[2] > 0.92, scores

# Whoever asks gives words and numbers as they are.
inference_model = keras.Model(inputs, training_model(preprocessing(inputs)))
sample = {"age": 70.0, "cholesterol": 320.0, "sex": 1, "pain": 0, "thal": "reversible"}
healthy = {"age": 35.0, "cholesterol": 180.0, "sex": 1, "pain": 20, "thal": "normal"}
as_tensors = [{k: tf.convert_to_tensor([[v]]) for k, v in row.items()} for row in (sample, healthy)]
sick, well = [float(inference_model(row)[0, 0]) for row in as_tensors]
assert sick > 0.8 and well < 0.2, (sick, well)
