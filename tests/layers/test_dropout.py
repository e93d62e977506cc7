import numpy as np
import pytest
from keras_parity import check, data

import hornbill as hb
from hornbill.engine.beside import get_mask, set_mask

SHAPES = {1: (2, 3, 4), 2: (2, 3, 3, 4), 3: (2, 3, 2, 2, 4)}
CASES = [
    ("Dropout", 1, {"rate": 0.4}),
    ("Dropout", 1, {"rate": 0.4, "noise_shape": (None, 1, None)}),
    ("Dropout", 1, {"rate": 1}),
    ("SpatialDropout1D", 1, {"rate": 0.4}),
    ("SpatialDropout2D", 2, {"rate": 0.4}),
    ("SpatialDropout2D", 2, {"rate": 0.4, "data_format": "channels_first"}),
    ("SpatialDropout3D", 3, {"rate": 0.4}),
    ("AlphaDropout", 1, {"rate": 0.4}),
    ("AlphaDropout", 1, {"rate": 0.4, "noise_shape": [2, 1, 4]}),
    ("GaussianDropout", 1, {"rate": 0.4}),
    ("GaussianNoise", 1, {"stddev": 0.4}),
]


@pytest.mark.parametrize(("name", "rank", "settings"), CASES)
def test_training_equals_keras_with_the_same_seed(name, rank, settings):
    # The seed's counter is among the states that are compared.
    layer = check(name, {**settings, "seed": 7}, data(*SHAPES[rank]), training=True)
    x = hb.ops.array(data(*SHAPES[rank]))
    assert layer(x) is x
    assert layer(x, training=False) is x


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"])
def test_without_noise_there_is_no_seed(name):
    layer = getattr(hb.layers, name)(0.0)
    x = hb.ops.array(data(2, 3, 4))
    assert layer(x, training=True) is x
    assert layer.variables == []


def test_each_call_draws_anew_and_the_mask_stays():
    layer = hb.layers.Dropout(0.5, seed=1)
    x = hb.ops.ones((2, 3, 4))
    set_mask(x, mask := hb.ops.ones((2, 3), "bool"))
    first, second = layer(x, training=True), layer(x, training=True)
    assert (np.array(first) != np.array(second)).any()
    assert get_mask(first) is mask


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=(200, 500)).astype("float32")
    y = hb.layers.AlphaDropout(0.3, seed=1)(x, training=True)
    assert abs(float(y.mean())) < 0.02
    assert abs(float(y.var()) - 1) < 0.02


def test_fit_sees_new_noise_at_each_step():
    model = hb.Sequential([hb.Input((4,)), hb.layers.Dropout(0.5, seed=3), hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(data(8, 4), data(8, 1), batch_size=4, epochs=2, verbose=0)
    assert model.layers[0].seed_generator.state.numpy().tolist() == [3, 4]


@pytest.mark.parametrize("rate", [-0.1, 1.1, "0.5", None, True])
@pytest.mark.parametrize("name", ["Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianDropout"])
def test_refuses_rates(name, rate):
    with pytest.raises(ValueError, match=f"{name}'s rate is .*Received: rate="):
        getattr(hb.layers, name)(rate)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: m.AlphaDropout(1), "at least 0 and less than 1. Received: rate=1"),
        (lambda m: m.GaussianDropout(1.0), "at least 0 and less than 1"),
        (lambda m: m.GaussianNoise(-1), "GaussianNoise's stddev is between 0 and 1"),
        (lambda m: m.Dropout(0.5, noise_shape="ab"), "a tuple of positive ints and None"),
        (lambda m: m.Dropout(0.5, noise_shape=(0, 1)), "Received: noise_shape="),
        (lambda m: m.Dropout(0.5, (1,))(data(2, 3), training=True), "one entry for each"),
        (lambda m: m.AlphaDropout(0.5, (1,))(data(2, 3), training=True), "one entry for each"),
        (lambda m: m.SpatialDropout2D(0.5, data_format="x"), "data_format is"),
        (lambda m: m.SpatialDropout1D(0.5)(data(2, 3)), "expected 3 dimensions, got 2"),
        (lambda m: m.SpatialDropout2D(0.5)(data(2, 3)), "expected 4 dimensions, got 2"),
        (lambda m: m.SpatialDropout3D(0.5)(data(2, 3)), "expected 5 dimensions, got 2"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make(hb.layers)
