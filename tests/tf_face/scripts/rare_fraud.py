"""Rare cases: a bias that knows how rare, weights that make up for it, metrics that count."""

import numpy as np
from tensorflow import keras

keras.utils.set_random_seed(31)
rng = np.random.default_rng(31)
n = 1500
labels = (rng.random(n) < 0.08).astype("float32")[:, None]
features = rng.normal(size=(n, 8)) + labels * np.array([1.6, -1.4, 1.2, 0, 0, 1.0, 0, 0])
features = features.astype("float32")
train_x, train_y, val_x, val_y = features[:1000], labels[:1000], features[1000:], labels[1000:]
negatives, positives = np.bincount(train_y[:, 0].astype(int))


def make_model(output_bias=None):
    if output_bias is not None:
        output_bias = keras.initializers.Constant(output_bias)
    return keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(24, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1, activation="sigmoid", bias_initializer=output_bias or "zeros"),
        ]
    )


def compiled(model):
    metrics = [
        keras.metrics.FalseNegatives(name="fn"),
        keras.metrics.FalsePositives(name="fp"),
        keras.metrics.TruePositives(name="tp"),
        keras.metrics.TrueNegatives(name="tn"),
        keras.metrics.Precision(name="precision"),
        keras.metrics.Recall(name="recall"),
        keras.metrics.AUC(name="prc", curve="PR"),
    ]
    model.compile(
        optimizer=keras.optimizers.Adam(1e-2), loss="binary_crossentropy", metrics=metrics
    )
    return model


# A bias that starts at the odds of the classes starts with a smaller loss.
plain = compiled(make_model()).evaluate(train_x, train_y, verbose=0)[0]
model = compiled(make_model(np.log(positives / negatives)))
informed = model.evaluate(train_x, train_y, verbose=0)[0]
assert informed < 0.75 * plain, (plain, informed)

model.fit(train_x, train_y, batch_size=100, epochs=8, verbose=0)
unweighted = model.evaluate(val_x, val_y, verbose=0, return_dict=True)
weighted_model = compiled(make_model())
weight = {0: 1.0 / negatives * 500, 1: 1.0 / positives * 500}
stop = keras.callbacks.EarlyStopping(
    monitor="val_prc", patience=10, mode="max", restore_best_weights=True
)
weighted_model.fit(
    train_x,
    train_y,
    batch_size=100,
    epochs=12,
    class_weight=weight,
    callbacks=[stop],
    validation_data=(val_x, val_y),
    verbose=0,
)
weighted = weighted_model.evaluate(val_x, val_y, verbose=0, return_dict=True)
assert weighted["recall"] > 0.75 and weighted["recall"] >= unweighted["recall"], (
    weighted,
    unweighted,
)
assert weighted["fp"] > unweighted["fp"]  # what recall costs
assert weighted["prc"] > 0.6, weighted
assert sum(weighted[k] for k in ("fn", "fp", "tp", "tn")) == 500
