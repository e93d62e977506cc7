"""The same tiny model in Hornbill and in Keras."""

import keras
import numpy as np

import hornbill as hb

LIBRARIES = (hb, keras)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 2)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0]]) + 0.5).astype("float32")
WEIGHTS = [np.array([[0.3], [0.1]], "float32"), np.array([0.2], "float32")]


def linear(k, optimizer=None, metrics=None):
    """A linear model of library `k` (Hornbill or Keras), compiled, always from the same weights."""
    model = k.Sequential([k.Input((2,)), k.layers.Dense(1, name="line")], name="tiny")
    model.set_weights(WEIGHTS)
    model.compile(optimizer or k.optimizers.SGD(0.125), "mse", metrics=metrics)
    return model


def fit(model, callbacks, **settings):
    """Trains without shuffling, in two batches an epoch."""
    settings = {"epochs": 3, "batch_size": 4, "shuffle": False, "verbose": 0, **settings}
    return model.fit(X, Y, callbacks=callbacks, **settings)
