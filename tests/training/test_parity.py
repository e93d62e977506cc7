"""fit, evaluate and predict give Keras's numbers: histories and weights, without shuffling."""

import keras
import numpy as np
import pytest

import hornbill as hb

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 6)).astype("float32")
LABELS = RNG.integers(0, 3, 50)
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
TARGET = RNG.normal(size=(50, 1)).astype("float32")
WEIGHTS = RNG.random(50).astype("float32")


def mlp(k):
    return k.Sequential(
        [
            k.Input((6,)),
            k.layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            k.layers.BatchNormalization(),
            k.layers.Dense(3, activation="softmax"),
        ]
    )


def regressor(k):
    return k.Sequential([k.Input((6,)), k.layers.Dense(5, activation="tanh"), k.layers.Dense(1)])


def two_heads(k):
    i = k.Input((6,))
    h = k.layers.Dense(8, activation="relu")(i)
    return k.Model(
        i,
        [
            k.layers.Dense(3, activation="softmax", name="kind")(h),
            k.layers.Dense(1, name="size")(h),
        ],
    )


def dict_heads(k):
    i = k.Input((6,))
    h = k.layers.Dense(8, activation="relu")(i)
    kind = k.layers.Dense(3, activation="softmax", name="kind")(h)
    return k.Model(i, {"kind": kind, "size": k.layers.Dense(1, name="size")(h)})


def masked_sequence(k):
    i = k.Input((5,), dtype="int32")
    x = k.layers.Embedding(10, 4, mask_zero=True)(i)
    x = k.layers.LSTM(4, return_sequences=True)(x)
    return k.Model(i, k.layers.Dense(1)(x))


def both(build):
    theirs, ours = build(keras), build(hb)
    ours.set_weights(theirs.get_weights())
    return theirs, ours


def assert_same_history(theirs, ours, rtol=1e-4):
    assert set(ours.history) == set(theirs.history)
    for name in theirs.history:
        np.testing.assert_allclose(
            ours.history[name], theirs.history[name], rtol=rtol, atol=1e-6, err_msg=name
        )


def assert_same_weights(theirs, ours, rtol=1e-4):
    for a, b in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, rtol=rtol, atol=1e-5)


CASES = {
    "sparse": (
        mlp,
        X,
        LABELS,
        {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        {},
    ),
    "categorical": (
        mlp,
        X,
        ONE_HOT,
        {"loss": "categorical_crossentropy", "metrics": ["accuracy", "mae"]},
        {"validation_split": 0.2},
    ),
    "sample_weight": (
        mlp,
        X,
        LABELS,
        {
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            "weighted_metrics": ["accuracy"],
        },
        {"sample_weight": WEIGHTS},
    ),
    "class_weight": (
        mlp,
        X,
        LABELS,
        {"loss": "sparse_categorical_crossentropy", "weighted_metrics": ["accuracy"]},
        {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}},
    ),
    "regression": (
        regressor,
        X,
        TARGET,
        {"loss": "mse", "metrics": ["mae", "root_mean_squared_error"]},
        {"validation_data": (X[:20], TARGET[:20], WEIGHTS[:20]), "validation_freq": 2},
    ),
    "heads_as_list": (
        two_heads,
        X,
        [LABELS, TARGET],
        {
            "loss": ["sparse_categorical_crossentropy", "mse"],
            "loss_weights": [1.0, 0.3],
            "metrics": [["accuracy"], ["mae", "mse"]],
        },
        {},
    ),
    "heads_by_name": (
        two_heads,
        X,
        {"kind": LABELS, "size": TARGET},
        {
            "loss": {"kind": "sparse_categorical_crossentropy", "size": "mse"},
            "loss_weights": {"kind": 0.7, "size": 0.3},
            "metrics": {"kind": ["accuracy"]},
        },
        {},
    ),
    "dict_heads": (
        dict_heads,
        X,
        {"kind": LABELS, "size": TARGET},
        {
            "loss": {"kind": "sparse_categorical_crossentropy", "size": "huber"},
            "metrics": {"kind": "accuracy", "size": ["mae"]},
        },
        {"validation_split": 0.2},
    ),
    "one_loss_for_all": (two_heads, X, [ONE_HOT, TARGET], {"loss": "mse"}, {}),
    "temporal_weights": (
        masked_sequence,
        RNG.integers(0, 10, (50, 5)),
        RNG.normal(size=(50, 5, 1)).astype("float32"),
        {"loss": "mse"},
        {"sample_weight": RNG.random((50, 5)).astype("float32")},
    ),
    "steps_per_epoch": (
        regressor,
        X,
        TARGET,
        {"loss": "mae"},
        {"steps_per_epoch": 2, "batch_size": 8},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_fit_and_evaluate(name):
    build, x, y, compiled, options = CASES[name]
    theirs, ours = both(build)
    for k, model in ((keras, theirs), (hb, ours)):
        model.compile(optimizer=k.optimizers.Adam(0.01), **compiled)
    kwargs = {"epochs": 3, "batch_size": 16, "shuffle": False, "verbose": 0, **options}
    assert_same_history(theirs.fit(x, y, **kwargs), ours.fit(x, y, **kwargs))
    assert_same_weights(theirs, ours)
    expected = theirs.evaluate(x, y, verbose=0, return_dict=True)
    got = ours.evaluate(x, y, verbose=0, return_dict=True)
    assert set(got) == set(expected)
    for key in expected:
        np.testing.assert_allclose(got[key], expected[key], rtol=1e-4, atol=1e-6, err_msg=key)
    a, b = theirs.evaluate(x, y, verbose=0), ours.evaluate(x, y, verbose=0)
    if name != "sample_weight":  # Keras lists a metric of a name used twice once too often
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6)


OPTIMIZERS = {
    "SGD": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
    "Adam": {"learning_rate": 0.01, "clipnorm": 0.5},
    "AdamW": {"learning_rate": 0.01, "weight_decay": 0.01, "global_clipnorm": 1.0},
    "RMSprop": {"learning_rate": 0.01, "momentum": 0.5, "clipvalue": 0.1},
    "Adagrad": {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.9},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_of_each_optimizer(name):
    theirs, ours = both(mlp)
    for k, model in ((keras, theirs), (hb, ours)):
        settings = dict(OPTIMIZERS[name])
        if name == "SGD":
            settings["learning_rate"] = k.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
        model.compile(getattr(k.optimizers, name)(**settings), "sparse_categorical_crossentropy")
    kwargs = {"epochs": 5, "batch_size": 13, "shuffle": False, "verbose": 0}  # 4 steps, a short one
    assert_same_history(theirs.fit(X, LABELS, **kwargs), ours.fit(X, LABELS, **kwargs))
    assert_same_weights(theirs, ours)
    assert int(ours.optimizer.iterations) == 20


def test_generators_and_batches():
    theirs, ours = both(regressor)

    def batches():
        while True:
            for i in range(0, 48, 16):
                yield X[i : i + 16], TARGET[i : i + 16], WEIGHTS[i : i + 16]

    for model in (theirs, ours):
        model.compile("sgd", "mse", weighted_metrics=["mae"])
    kwargs = {"epochs": 2, "steps_per_epoch": 4, "verbose": 0, "shuffle": False}
    assert_same_history(theirs.fit(batches(), **kwargs), ours.fit(batches(), **kwargs))
    for method in ("train_on_batch", "test_on_batch"):
        a = getattr(theirs, method)(X[:16], TARGET[:16], return_dict=True)
        b = getattr(ours, method)(X[:16], TARGET[:16], return_dict=True)
        assert set(a) == set(b)
        np.testing.assert_allclose(b["loss"], a["loss"], rtol=1e-4)
    np.testing.assert_allclose(
        ours.predict_on_batch(X[:7]), theirs.predict_on_batch(X[:7]), rtol=1e-4, atol=1e-6
    )
    assert_same_weights(theirs, ours)


def test_activity_and_added_losses():
    def build(k):
        class Penalty(k.layers.Layer):
            def call(self, x):
                self.add_loss(k.ops.mean(x * x) * 0.1)
                return x

        return k.Sequential(
            [
                k.Input((6,)),
                k.layers.Dense(4, activity_regularizer="l1", bias_regularizer="l2"),
                Penalty(),
                k.layers.Dense(1),
            ]
        )

    theirs, ours = both(build)
    for model in (theirs, ours):
        model.compile("sgd", "mse")
    kwargs = {"epochs": 2, "batch_size": 25, "shuffle": False, "verbose": 0}
    assert_same_history(theirs.fit(X, TARGET, **kwargs), ours.fit(X, TARGET, **kwargs))
    assert len(ours.losses) == len(theirs.losses)


def test_same_seed_same_weights_as_keras():
    keras.utils.set_random_seed(5)
    theirs = mlp(keras).get_weights()
    hb.utils.set_random_seed(5)
    for a, b in zip(theirs, mlp(hb).get_weights(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-6)
