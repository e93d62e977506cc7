import numpy as np
import pytest
from keras_parity import check, data

import hornbill as hb

CASES = [
    ("Flatten", {}, (2, 3, 4)),
    ("Flatten", {"data_format": "channels_first"}, (2, 3, 4)),
    ("Flatten", {}, (2,)),
    ("Reshape", {"target_shape": (4, 3)}, (2, 3, 4)),
    ("Reshape", {"target_shape": (2, -1)}, (2, 3, 4)),
    ("Permute", {"dims": (2, 1)}, (2, 3, 4)),
    ("RepeatVector", {"n": 3}, (2, 4)),
]


@pytest.mark.parametrize(("name", "settings", "shape"), CASES)
def test_equals_keras(name, settings, shape):
    check(name, settings, data(*shape))


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (hb.layers.Flatten(), (None, 3), (None, None)),
        (hb.layers.Flatten(), (2, 3), (None, 6)),
        (hb.layers.Reshape((-1, 6)), (None, 3, 2), (None, None, 6)),
        (hb.layers.Reshape((-1,)), (2, 3), (None, 6)),
        (hb.layers.Reshape((2, 4)), (None, 2), (None, 2, 4)),
        (hb.layers.Permute((2, 1)), (None, 3), (None, 3, None)),
    ],
)
def test_unknown_dimensions(layer, shape, expected):
    assert layer(hb.Input(shape)).shape == expected


def test_an_unknown_size_must_fit_once_it_is_known():
    model = hb.Sequential([hb.Input((None, 2)), hb.layers.Reshape((2, 4))])
    x = data(3, 4, 2)
    np.testing.assert_array_equal(model(x), x.reshape(3, 2, 4))
    with pytest.raises(ValueError, match="cannot reshape 10 values"):
        model(data(3, 5, 2))


@pytest.mark.parametrize("dtype", ["int32", "bool"])
def test_dtypes_stay(dtype):
    x = np.ones((2, 3), dtype)
    for layer in (hb.layers.Flatten(), hb.layers.Reshape((3, 1)), hb.layers.RepeatVector(2)):
        assert layer(x).dtype == dtype


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: m.Flatten(data_format="last"), "data_format is 'channels_last' or"),
        (lambda m: m.Reshape((-1, -1)), "one of which may be -1. Received: target_shape"),
        (lambda m: m.Reshape((-2, 3)), "Reshape's target_shape is a tuple of sizes"),
        (lambda m: m.Reshape(3), "Received: target_shape=3"),
        (lambda m: m.Reshape((5,))(data(2, 4)), "cannot reshape 4 values to .5,.*Received: inputs"),
        (lambda m: m.Reshape((3, -1))(data(2, 4)), "cannot reshape 4 values"),
        (lambda m: m.Reshape((5,))(hb.Input((4,))), "cannot reshape 4 values"),
        (lambda m: m.Permute((0, 1)), "Permute's dims name each axis from 1 on once"),
        (lambda m: m.Permute((1, 3)), "Received: dims="),
        (lambda m: m.Permute((2, 1))(data(2, 4)), "expected 3 dimensions, got 2"),
        (lambda m: m.RepeatVector(0), "RepeatVector's n is a positive int. Received: n=0"),
        (lambda m: m.RepeatVector(1.5), "Received: n=1.5"),
        (lambda m: m.RepeatVector(2)(data(2, 3, 4)), "expected 2 dimensions, got 3"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make(hb.layers)
