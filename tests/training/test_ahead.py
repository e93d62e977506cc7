"""Batches under way side by side give what one after the other gives, bit for bit."""

import numpy as np
import pytest

import hornbill as hb
from hornbill.engine import compile as compiler

WIDE = 512  # so that a step is not looped
X = np.random.default_rng(0).normal(size=(75, WIDE)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


class EachBatch(hb.callbacks.Callback):
    """Wants to be called at each batch, so that no two are under way."""

    def __init__(self):
        super().__init__()
        self.outputs = []

    def on_test_batch_end(self, batch, logs=None):
        logs["loss"]

    def on_predict_batch_end(self, batch, logs=None):
        self.outputs.append(np.asarray(logs["outputs"]))


class Noise(hb.layers.Layer):
    """Draws at inference as well: each batch waits for the one before."""

    def __init__(self):
        super().__init__()
        self.seed = hb.random.SeedGenerator(3)

    def call(self, x):
        self.add_loss(hb.ops.mean(x**2))
        return x + hb.random.normal(x.shape, seed=self.seed)


class Counting(hb.layers.Layer):
    """Counts the samples that it saw, in a weight, and tells the loss nothing of it."""

    def build(self, shape):
        self.seen = self.add_weight((), "zeros", trainable=False)

    def call(self, x):
        self.seen.assign_add(x.shape[0])
        return x


def stateful():
    return [
        hb.Input(batch_shape=(15, WIDE)),
        hb.layers.Reshape((4, WIDE // 4)),
        hb.layers.LSTM(64, stateful=True),
    ]


BODIES = {
    "dense": lambda: [hb.layers.Dense(WIDE, "relu", kernel_regularizer="l2")],
    "normalized": lambda: [hb.layers.Dense(WIDE), hb.layers.BatchNormalization()],
    "noise": lambda: [hb.layers.Dense(WIDE), Noise()],
    "counting": lambda: [hb.layers.Dense(WIDE), Counting()],
    "stateful": stateful,
}


def both(body, batch_size, run):
    """The same run of two equal models, with batches side by side and one by one."""
    results = []
    for callbacks in ([], [EachBatch()]):
        hb.utils.set_random_seed(1)
        model = hb.Sequential([*BODIES[body](), hb.layers.Dense(1, "sigmoid")])
        metrics = ["accuracy", hb.metrics.AUC()]
        model.compile("sgd", "binary_crossentropy", metrics=metrics, weighted_metrics=["mae"])
        result = run(model, {"batch_size": batch_size, "callbacks": callbacks, "verbose": 0})
        results.append((result, model.get_weights()))
    return results


@pytest.fixture(autouse=True)
def three_cores(monkeypatch):
    monkeypatch.setattr(compiler, "cores", lambda: 3)


@pytest.mark.parametrize("body", BODIES)
def test_evaluate(body):
    size = 15 if body == "stateful" else 16
    weight = np.linspace(0, 1, len(X))
    together, singly = both(
        body, size, lambda m, options: m.evaluate(X, Y, sample_weight=weight, **options)
    )
    np.testing.assert_array_equal(together[0], singly[0])
    for one, other in zip(together[1], singly[1], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("body", BODIES)
def test_predict(body):
    size = 15 if body == "stateful" else 16
    together, singly = both(body, size, lambda m, options: m.predict(X, **options))
    assert together[0].shape == (75, 1)
    np.testing.assert_array_equal(together[0], singly[0])
    for one, other in zip(together[1], singly[1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_state_goes_from_batch_to_batch():
    model = hb.Sequential([hb.layers.Dense(WIDE), Counting()])
    model.predict(X, batch_size=16, verbose=0)
    assert model.layers[1].seen.numpy() == 75


def test_data_from_a_generator():
    def batches():
        for start in range(0, 75, 25):
            yield X[start : start + 25], Y[start : start + 25]

    together, singly = both("dense", None, lambda m, options: m.evaluate(batches(), **options))
    np.testing.assert_array_equal(together[0], singly[0])


def test_callbacks_of_a_users_own_come_one_by_one():
    """A function on the host is called batch by batch, in their order."""
    import jax

    seen = []

    def host(x):
        seen.append(float(x[0, 0]))
        return x

    class Host(hb.layers.Layer):
        def call(self, x):
            return jax.pure_callback(host, jax.ShapeDtypeStruct(x.shape, x.dtype), x)

        def compute_output_spec(self, x):
            return hb.KerasTensor(x.shape, x.dtype)

    model = hb.Sequential([Host(), hb.layers.Dense(WIDE), hb.layers.Dense(WIDE)])
    model.predict(X[:64], batch_size=16, verbose=0)
    del seen[:]
    model.predict(X[:64], batch_size=16, verbose=0)
    assert seen == X[:64:16, 0].tolist()


def test_an_error_in_a_batch_is_raised():
    """What fails on the way is raised, and the model can be used again."""

    def batches():
        yield X[:25], Y[:25]
        yield X[:25], Y[:25]
        raise OSError("the disk is gone")

    model = hb.Sequential([hb.layers.Dense(WIDE), hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(OSError, match="the disk is gone"):
        model.evaluate(batches(), verbose=0)
    assert np.isfinite(model.evaluate(X, Y, verbose=0))
    model.fit(X, Y, verbose=0)
