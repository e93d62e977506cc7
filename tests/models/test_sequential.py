import numpy as np
import pytest

import hornbill as hb
from hornbill import Input, Sequential, layers


def test_with_input_it_is_built_at_once():
    model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(2)])
    assert model.built
    assert model.output_shape == (None, 2)
    assert [x.name.rstrip("_0123456789") for x in model.layers] == ["dense", "dense"]


@pytest.mark.parametrize(
    "kwargs", [{"input_shape": (4,)}, {"input_dim": 4}, {"batch_input_shape": (None, 4)}]
)
def test_first_layers_of_keras_2_bring_the_shape(kwargs):
    model = Sequential([layers.Dense(3, **kwargs), layers.Dense(2)])
    assert model.input_shape == (None, 4)


def test_without_input_it_is_built_by_the_data():
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    assert not model.built
    assert model.weights == []
    assert model(np.ones((5, 4), "float32")).shape == (5, 2)
    assert model.input_shape == (None, 4)
    assert model(np.ones((7, 4), "float32")).shape == (7, 2)


def test_add_and_pop():
    model = Sequential()
    model.add(Input((4,)))
    model.add(layers.Dense(3))
    last = layers.Dense(2)
    model.add(last)
    assert model.output_shape == (None, 2)
    assert model.pop() is last
    assert model.output_shape == (None, 3)
    model.add(layers.Dense(6))
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 6)), verbose=0)


def test_models_as_layers_and_functions():
    encoder = Sequential([Input((6,)), layers.Dense(2, activation="relu")], name="encoder")
    decoder = Sequential([layers.Dense(6)], name="decoder")
    model = Sequential([encoder, decoder, lambda x: x * 2])
    x = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    np.testing.assert_allclose(np.asarray(model(x)), 2 * np.asarray(decoder(encoder(x))), rtol=1e-6)
    assert len(model.weights) == 4


def test_output_of_a_layer_makes_a_new_model():
    model = Sequential([Input((4,)), layers.Dense(3, name="features"), layers.Dense(2)])
    features = hb.Model(model.input, model.get_layer("features").output)
    x = np.ones((2, 4), "float32")
    np.testing.assert_allclose(
        features.predict(x, verbose=0), np.asarray(model.layers[0](x)), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Sequential(layers.Dense(1)), "takes a list of layers"),
        (lambda: Sequential([3]), "takes layers. Received: 3"),
        (lambda: Sequential([layers.Dense]), "Did you forget the parentheses"),
        (lambda: Sequential([Input((1,)), Input((1,))]), "Put Input first"),
        (lambda: Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")]), "named 'a'"),
        (lambda: Sequential().pop(), "no layers to take away"),
        (lambda: Sequential([Input((3,)), layers.Dense(2), layers.Conv2D(2, 3)]), "conv2d"),
    ],
)
def test_errors(build, message):
    with pytest.raises((ValueError, TypeError), match=message):
        build()


def test_a_failed_first_call_can_be_repeated_with_other_data():
    model = Sequential([layers.Dense(3), layers.Reshape((2, 2))])
    with pytest.raises(ValueError, match="reshape"):
        model(np.ones((5, 4), "float32"))
    model = Sequential([layers.Dense(4), layers.Reshape((2, 2))])
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        model(np.ones((5,), "float32"))
    assert model(np.ones((5, 7), "float32")).shape == (5, 2, 2)


def test_sizes_seen_in_the_first_data_are_no_rule(tmp_path):
    model = Sequential([layers.Embedding(9, 4, mask_zero=True), layers.GRU(3)])
    model(np.ones((2, 4)))
    model.save(tmp_path / "short.keras")
    longer = np.array([[1, 2, 3, 4, 5, 0, 0]])
    assert model(longer).shape == (1, 3)
    again = hb.models.load_model(tmp_path / "short.keras")
    np.testing.assert_allclose(again(longer), model(longer), atol=1e-6)
    narrow = Sequential([layers.Dense(2)])
    narrow(np.ones((2, 4)))
    with pytest.raises(ValueError, match="dense' expected axis -1"):
        narrow(np.ones((2, 5)))
