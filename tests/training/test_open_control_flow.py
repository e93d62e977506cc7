"""Models whose Python depends on tensors: compiled, and equal to the same model run eagerly."""

import warnings

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers, ops

X = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")
Y = X[:, :1] * 2 - X[:, 1:2]


class Halting(layers.Layer):
    """Applies a layer until its output is small, or four times."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4, kernel_initializer="orthogonal")
        self.rounds = self.add_weight((), "zeros", trainable=False, name="rounds")

    def call(self, x):
        self.dense(x)
        for _ in range(4):
            if ops.mean(ops.abs(x)) < 0.3:
                break
            x = self.dense(x) * 0.7
            self.rounds.assign_add(1.0)
        return x


class Switching(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.left, self.right = layers.Dense(1), layers.Dense(1)
        self.norm = layers.BatchNormalization()

    def call(self, x, training=False):
        if training and ops.mean(x) > 0:
            x = self.norm(x, training=training)
        else:
            x = self.norm(x * 2, training=training)
        return self._choose(x)

    def _choose(self, x):
        left, right = self.left(x), self.right(x)
        if ops.sum(left) > ops.sum(right):
            return left
        return right + left * 0.1


class Stepping(hb.Model):
    """A train_step of a user's own, which takes as many small steps as the loss needs."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        rate, tries = 0.05, 0
        while True:
            error = self.dense(x) - y
            loss = ops.mean(error**2)
            tries += 1
            if loss < 0.5 or tries > 5:
                break
            slope = ops.matmul(ops.transpose(x), error) / x.shape[0]
            self.dense.kernel.assign_sub(rate * slope)
        return {"loss": loss, "tries": tries}


def sequential(*inside):
    return hb.Sequential([layers.Input((4,)), *inside, layers.Dense(1)])


MODELS = {
    "halting": lambda: sequential(Halting()),
    "switching": lambda: sequential(layers.Dense(4), Switching()),
    "stepping": Stepping,
}


@pytest.mark.parametrize("name", MODELS)
def test_compiled_equals_eager(name):
    results = []
    for eagerly in (False, True):
        hb.utils.set_random_seed(3)
        model = MODELS[name]()
        model.compile("sgd", "mse", run_eagerly=eagerly)
        with warnings.catch_warnings():
            # The ways that no batch takes leave weights without a gradient: not the point here.
            warnings.filterwarnings("ignore", message="Gradients do not exist")
            history = model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        results.append((history.history, model.get_weights(), model.predict(X, verbose=0)))
    compiled, eager = results
    for key, values in eager[0].items():
        np.testing.assert_allclose(compiled[0][key], values, rtol=1e-4)
    for a, b in zip(compiled[1], eager[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(compiled[2], eager[2], rtol=1e-4, atol=1e-6)


class Keeping(layers.Layer):
    def call(self, x):
        if ops.mean(x) > 0:
            self.last = x
        return x * 2


def test_what_cannot_be_compiled_runs_eagerly_with_one_warning():
    hb.utils.set_random_seed(0)
    model = hb.Sequential([layers.Dense(4), Keeping(), layers.Dense(1)])
    model.compile("sgd", "mse")
    line = Keeping.call.__code__.co_firstlineno + 2
    with pytest.warns(UserWarning, match=f"cannot be compiled because of line {line}") as told:
        model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    # A second warning would be an error.
    model.fit(X, Y, batch_size=8, epochs=1, shuffle=False, verbose=0)
    assert (len(told), told[0].filename, told[0].lineno) == (1, __file__, line)
    assert "`self.last = ...`" in str(told[0].message)
    found = model.get_weights()

    hb.utils.set_random_seed(0)
    model = hb.Sequential([layers.Dense(4), layers.Rescaling(2.0), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    model.fit(X, Y, batch_size=8, epochs=1, shuffle=False, verbose=0)
    for a, b in zip(found, model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_shapes_are_found_where_python_needs_values():
    assert Keeping()(layers.Input((4,))).shape == (None, 4)
    assert Keeping()(layers.Input((4,), batch_size=2)).shape == (2, 4)


def test_a_population_says_why_it_cannot_be_compiled():
    def build():
        model = hb.Sequential([layers.Dense(4), Keeping(), layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    with pytest.raises(TypeError, match=r"`self.last = ...` inside"):
        hb.Population(build, 2).fit(X, Y, epochs=1, verbose=0)  # one program is all it is


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda x: float(ops.sum(x)), r"float\(\), int\(\), \.item\(\)"),
        (lambda x: ops.sum(x).item(), r"float\(\), int\(\), \.item\(\)"),
        (lambda x: np.exp(x), "NumPy functions cannot take them"),
    ],
    ids=["float", "item", "numpy"],
)
def test_a_value_read_from_a_placeholder_names_layer_and_line(read, error):
    class Reading(layers.Layer):
        def call(self, x):
            return x * read(x)

    with pytest.raises(TypeError, match=rf"Layer 'reading' .* in line \d+ of {__file__}.*{error}"):
        Reading(name="reading")(layers.Input((4,)))
