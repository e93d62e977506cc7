import numpy as np
import pytest

import hornbill as hb
from hornbill import layers


class Loop(hb.Model):
    """Layers in lists and dicts, appended one by one; a loop, a condition, a skip link."""

    def __init__(self, keras=hb, **kwargs):
        super().__init__(**kwargs)
        self.convs, self.norms = [], []
        for _ in range(2):
            self.convs.append(keras.layers.Dense(4))
            self.norms.append(keras.layers.Dense(4))
        self.heads = {"b": keras.layers.Dense(2), "a": keras.layers.Dense(3)}
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, x, training=None, flip=False):
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = x + norm(conv(x))
        if flip:
            x = -x
        return {name: head(x) * self.scale for name, head in self.heads.items()}


def keras_loop():
    import keras

    namespace = {k: v for k, v in vars(Loop).items() if k in ("call",)}

    def init(self):
        keras.Model.__init__(self)
        self.convs, self.norms = [], []
        for _ in range(2):
            self.convs.append(keras.layers.Dense(4))
            self.norms.append(keras.layers.Dense(4))
        self.heads = {"b": keras.layers.Dense(2), "a": keras.layers.Dense(3)}
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    return type("Loop", (keras.Model,), {**namespace, "__init__": init})()


def test_tracking_order_and_outputs_are_keras():
    theirs, ours = keras_loop(), Loop()
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    expected = theirs(x)
    ours(x)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    assert [v.path.split("/")[-1] for v in ours.weights] == [
        v.path.split("/")[-1] for v in theirs.weights
    ]
    ours.set_weights(theirs.get_weights())
    for name, value in ours(x).items():
        np.testing.assert_allclose(
            np.asarray(value), np.asarray(expected[name]), rtol=1e-5, atol=1e-6
        )
    flipped, bias = np.asarray(ours(x, flip=True)["a"]), ours.heads["a"].bias.numpy()
    np.testing.assert_allclose(flipped, -np.asarray(ours(x)["a"]) + 2 * bias, rtol=1e-4, atol=1e-5)


def test_build_makes_all_weights():
    model = Loop()
    model.build((None, 4))
    assert len(model.weights) == 1 + 4 * 2 + 2 * 2
    assert model.count_params() == 1 + 4 * 20 + 10 + 15


def test_fit_with_dict_outputs():
    model = Loop()
    model.compile("adam", loss={"a": "mse", "b": "mae"}, metrics={"a": ["mae"]})
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    y = {"a": x[:, :3], "b": x[:, :2]}
    history = model.fit(x, y, epochs=8, verbose=0).history
    assert set(history) == {"loss", "a_loss", "b_loss", "a_mae"}
    assert history["loss"][-1] < history["loss"][0]


def test_training_flag_reaches_every_layer():
    class Flag(layers.Layer):
        def call(self, x, training=None):
            return x + (1.0 if training else 0.0)

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Flag()

        def call(self, x):  # takes no `training` itself
            return self.inner(x)

    class Net(hb.Model):
        def __init__(self):
            super().__init__()
            self.outer = Outer()

        def call(self, x, training=False):
            return self.outer(x)

    net, x = Net(), np.zeros((1, 1), "float32")
    assert float(net(x)[0, 0]) == 0.0
    assert float(net(x, training=True)[0, 0]) == 1.0
    i = hb.Input((1,))
    functional = hb.Model(i, Outer()(i))
    assert float(functional(x, training=True)[0, 0]) == 1.0
    assert float(functional.predict(x, verbose=0)[0, 0]) == 0.0


def test_layers_and_variables_in_nested_containers():
    class Nest(layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = ({"x": [layers.Dense(2)]}, [(layers.Dense(3),)])
            self.free = hb.Variable(np.ones(2), name="free")
            self.seen = hb.metrics.Mean(name="seen")
            self.noise = hb.random.SeedGenerator(1)

        def call(self, x):
            return self.parts[1][0][0](self.parts[0]["x"][0](x) + self.free)

    layer = Nest()
    layer(np.ones((1, 4), "float32"))
    assert len(layer.weights) == 5
    assert len(layer.variables) == 6
    assert [m.name for m in layer.metrics] == ["seen"]
    layer.parts = ()
    assert len(layer.weights) == 1


def test_freezing():
    model = hb.Sequential([hb.Input((3,)), layers.Dense(2), layers.BatchNormalization()])
    assert (len(model.trainable_weights), len(model.non_trainable_weights)) == (4, 2)
    model.layers[0].trainable = False
    assert (len(model.trainable_weights), len(model.non_trainable_weights)) == (2, 4)
    model.trainable = False
    assert model.trainable_weights == []
    model.trainable = True
    assert (len(model.trainable_weights), len(model.non_trainable_weights)) == (4, 2)
    with pytest.raises(TypeError, match="trainable is True or False"):
        model.trainable = "no"


def test_stateless_call_is_pure():
    model = hb.Sequential([hb.Input((3,)), layers.Dense(2), layers.BatchNormalization()])
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    before = model.get_weights()
    values = (
        [v.value for v in model.trainable_variables],
        [v.value for v in model.non_trainable_variables],
    )
    out, state = model.stateless_call(*values, x, training=True)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(state[0], values[1][0])
    np.testing.assert_allclose(np.asarray(out), np.asarray(model(x, training=True)), rtol=1e-6)
    with pytest.raises(ValueError, match="4 trainable and 2 other"):
        model.stateless_call(values[0][:1], values[1], x)


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda: hb.Model()(np.ones((1, 2))), NotImplementedError, r"has no call\(\)"),
        (lambda: layers.Layer(name="a/b"), ValueError, "without '/'"),
        (lambda: layers.Layer(units=3), TypeError, "unknown arguments: units"),
        (lambda: layers.Layer(trainable=2), TypeError, "trainable is True or False"),
        (lambda: layers.Dense(2).count_params(), ValueError, "no weights to count yet"),
        (lambda: layers.Dense(2).input, AttributeError, "never called on symbolic"),
        (lambda: layers.Dense(2).set_weights([np.ones(1)]), ValueError, "Build the layer first"),
    ],
)
def test_layer_errors(use, error, message):
    with pytest.raises(error, match=message):
        use()


def test_a_forgotten_super_init():
    class Forgot(layers.Layer):
        def __init__(self):
            self.units = 3

        def call(self, x):
            return x

    with pytest.raises(RuntimeError, match=r"did not call super\(\).__init__"):
        Forgot()(np.ones(2))


def test_set_weights_names_what_does_not_fit():
    layer = layers.Dense(2)
    layer.build((None, 3))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=r"kernel: expected \(3, 2\), got \(2, 3\)"):
        layer.set_weights([np.ones((2, 3)), np.ones(2)])
    np.testing.assert_array_equal(layer.get_weights()[0], before[0])


def test_errors_inside_call_name_the_path():
    class Bad(layers.Layer):
        def call(self, x):
            return x @ np.ones((9, 2), "float32")

    class Net(hb.Model):
        def __init__(self):
            super().__init__(name="net")
            self.bad = Bad(name="bad")

        def call(self, x):
            return self.bad(x)

    with pytest.raises(
        ValueError, match=r"Layer 'net/bad' \(Bad\) cannot take these inputs"
    ) as info:
        Net()(np.ones((2, 3), "float32"))
    assert "shape (2, 3) float32" in str(info.value)


def test_errors_of_ops_inside_a_layer_name_the_path():
    class Net(hb.Model):
        def __init__(self):
            super().__init__(name="net")
            self.bad = layers.Lambda(lambda x: hb.ops.matmul(x, hb.ops.ones((9, 2))), name="bad")

        def call(self, x):
            return self.bad(x)

    with pytest.raises(ValueError, match=r"^Layer 'net/bad' \(Lambda\): ops\.matmul cannot take"):
        Net()(np.ones((2, 3), "float32"))


def test_build_may_call_the_base_build():
    class Scale(layers.Layer):
        def build(self, input_shape):
            super().build(input_shape)
            self.scale = self.add_weight((input_shape[-1],), "ones", name="scale")

        def call(self, x):
            return x * self.scale

    layer = Scale()
    assert layer(np.ones((2, 3), "float32")).shape == (2, 3)
    assert [w.name for w in layer.weights] == ["scale"]


def test_a_users_own_errors_come_through():
    class Picky(layers.Layer):
        def call(self, x):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Picky()(np.ones(2))


def test_a_value_that_compiled_code_does_not_have_is_explained():
    class Look(hb.Model):
        def call(self, x):
            return x * float(x.sum())

    model = Look(name="look")
    assert model(np.ones((2, 1), "float32")).shape == (2, 1)  # eagerly it is fine
    line = Look.call.__code__.co_firstlineno + 1
    match = rf"Layer 'look' .* in line {line} of {__file__}.*run_eagerly=True"
    with pytest.raises(TypeError, match=match):
        model.predict(np.ones((2, 1)), verbose=0)


def test_config_round_trip_of_a_layer_of_a_users_own():
    class Power(layers.Layer):
        def __init__(self, power=2, **kwargs):
            super().__init__(**kwargs)
            self.power = power

        def call(self, x):
            return x**self.power

    layer = Power(3, name="cube")
    again = Power.from_config(layer.get_config())
    assert (again.power, again.name) == (3, "cube")
    assert layer.get_config()["power"] == 3
