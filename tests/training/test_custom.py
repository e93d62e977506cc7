"""Training as people write it: frozen layers, a debugger's steps, rematerialized layers."""

import numpy as np

import hornbill as hb
from hornbill import layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype("float32")
Y = RNG.normal(size=(12, 1)).astype("float32")


def test_a_frozen_base_stays_and_its_batch_normalization_runs_in_inference():
    norm = layers.BatchNormalization()
    base = hb.Sequential([hb.Input((4,)), layers.Dense(3), norm])
    base.trainable = False
    head = layers.Dense(1)
    model = hb.Sequential([base, head])
    model.compile("sgd", "mse")
    before, first = base.get_weights(), head.get_weights() if head.built else None
    model.fit(X, Y, verbose=0)
    for a, b in zip(before, base.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert first is None or not np.array_equal(first[0], head.get_weights()[0])
    np.testing.assert_allclose(model(X, training=True), model(X, training=False), rtol=1e-6)


def test_run_eagerly_runs_python_in_each_step():
    seen = []

    class Look(layers.Layer):
        def call(self, x):
            seen.append(x.shape)
            return x

    model = hb.Sequential([hb.Input((4,)), Look(), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    seen.clear()
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0)
    assert seen == [(5, 4), (5, 4), (2, 4)] * 2


def test_rematerialized_layers_train_to_the_same_weights():
    found = []
    for mode in (None, "full"):
        hb.utils.set_random_seed(2)
        with hb.RematScope(mode=mode):
            parts = [layers.Dense(3, activation="tanh"), layers.Dense(1)]
        model = hb.Sequential([hb.Input((4,)), *parts])
        model.compile("sgd", "mse")
        model.fit(X, Y, shuffle=False, verbose=0)
        found.append(model.get_weights())
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
