"""Layer.log: numbers from inside a step in the logs."""

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers, ops

X = np.arange(20, dtype="float32").reshape(10, 2)
Y = X.sum(1, keepdims=True)


class Spread(layers.Layer):
    """Logs the mean of its input."""

    def __init__(self, title="level", **kwargs):
        super().__init__(**kwargs)
        self.title = title

    def call(self, x):
        self.log(self.title, ops.mean(x))
        return x


class Block(layers.Layer):
    """A layer within a layer."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Spread()

    def call(self, x):
        return self.inner(x)


def model_with(*parts, metrics=None, **compiled):
    model = hb.Sequential([hb.Input((2,)), *parts, layers.Dense(1)])
    model.compile(hb.optimizers.SGD(0.0), "mse", metrics=metrics, **compiled)
    return model


class EachBatch(hb.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        assert isinstance(logs["level"], float)


WAYS = {
    "looped": ({}, []),
    "single steps": ({}, [EachBatch()]),
    "eager": ({"run_eagerly": True}, []),
    "checked": ({"check_numerics": True}, []),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("part", [Spread, Block])
def test_the_mean_over_the_samples_of_an_epoch(way, part):
    compiled, callbacks = WAYS[way]
    model = model_with(part(), **compiled)
    settings = {"batch_size": 4, "shuffle": False, "verbose": 0}
    history = model.fit(
        X, Y, epochs=2, validation_data=(X[:3], Y[:3]), callbacks=callbacks, **settings
    ).history
    assert set(history) == {"loss", "level", "val_loss", "val_level"}
    # The last batch has two samples instead of four, and counts half.
    np.testing.assert_allclose(history["level"], [X.mean()] * 2, rtol=1e-6)
    np.testing.assert_allclose(history["val_level"], [X[:3].mean()] * 2, rtol=1e-6)
    assert model.evaluate(X, Y, verbose=0)[1] == pytest.approx(X.mean())
    assert model.train_on_batch(X[:2], Y[:2], return_dict=True)["level"] == X[:2].mean()
    assert model.predict(X, verbose=0).shape == (10, 1)


def test_from_a_train_step_of_a_users_own(capsys):
    class Ours(hb.Model):
        def train_step(self, data):
            x, y = data

            def loss_fn():
                return self.compute_loss(x, y, self(x, training=True))

            loss, gradients = hb.value_and_grad(loss_fn, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            self.log("norm", ops.sqrt(sum(ops.sum(g * g) for g in gradients)))
            return {"loss": loss}

    i = hb.Input((2,))
    model = Ours(i, layers.Dense(1, kernel_initializer="zeros")(Spread()(i)))
    model.compile(hb.optimizers.SGD(0.0), "mse")
    history = model.fit(X, Y, batch_size=10, epochs=2, verbose=2, validation_data=(X, Y)).history
    assert set(history) == {"loss", "level", "norm", "val_loss", "val_level"}
    kernel, bias = -2 * (X * Y).mean(0), -2 * Y.mean()
    np.testing.assert_allclose(history["norm"], np.sqrt((kernel**2).sum() + bias**2), rtol=1e-5)
    assert f"norm: {history['norm'][0]:.4f}" in capsys.readouterr().out


def test_elsewhere_it_does_nothing_and_leaves_no_trace():
    layer = Spread()
    layer(X)
    assert layer.metrics == []
    model = model_with(layer)
    model.predict(X, verbose=0)
    assert layer.metrics == []
    model.fit(X, Y, verbose=0)
    assert [m.name for m in layer.metrics] == ["level"]
    assert [w.shape for w in model.weights] == [(2, 1), (1,)]


class Wrong(layers.Layer):
    def __init__(self, name_of_it, value, **kwargs):
        super().__init__(**kwargs)
        self.name_of_it, self.value = name_of_it, value

    def call(self, x):
        self.log(self.name_of_it, self.value)
        return x


class LoggingCell(layers.Layer):
    state_size = 2

    def call(self, inputs, states, training=False):
        self.log("inside", ops.mean(inputs))
        return states[0], states


MISTAKES = {
    "a vector": (lambda: [Wrong("v", [1.0, 2.0])], r"logs scalars.*Received: shape \(2,\)"),
    "no name": (lambda: [Wrong(3, 1.0)], "logs under a name. Received: name=3"),
    "the loss": (lambda: [Wrong("loss", 1.0)], "logs 'loss', but there is a metric"),
    "a metric": (lambda: [Wrong("mae", 1.0)], "logs 'mae', but there is a metric"),
    "two layers": (lambda: [Spread(), Spread()], "both log 'level'"),
    "in a loop": (
        lambda: [layers.Reshape((2, 1)), layers.RNN(LoggingCell())],
        "logs as 'inside' cannot leave the loop",
    ),
}


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name, eagerly):
    make, message = MISTAKES[name]

    def use():
        model_with(*make(), metrics=["mae"], run_eagerly=eagerly).fit(X, Y, verbose=0)

    with pytest.raises((ValueError, TypeError), match=message):
        use()
