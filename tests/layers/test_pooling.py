import keras
import numpy as np
import pytest
from keras_parity import check, data

import hornbill as hb

X = {1: data(2, 7, 4), 2: data(2, 6, 5, 4), 3: data(1, 4, 5, 4, 4)}

KINDS = [(kind, n) for kind in ("Max", "Average") for n in X]
POOLING = [
    *((f"{kind}Pooling{n}D", n, {"pool_size": 2}) for kind, n in KINDS),
    ("MaxPooling1D", 1, {"pool_size": 3, "strides": 2, "padding": "same"}),
    ("MaxPooling2D", 2, {"pool_size": (3, 2), "strides": 1, "data_format": "channels_first"}),
    ("AveragePooling2D", 2, {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"}),
    ("AveragePooling3D", 3, {"pool_size": 2, "padding": "same", "data_format": "channels_first"}),
]
GLOBAL = [
    *((f"Global{kind}Pooling{n}D", n, {}) for kind, n in KINDS),
    ("GlobalMaxPooling1D", 1, {"data_format": "channels_first", "keepdims": True}),
    ("GlobalMaxPooling2D", 2, {"keepdims": True}),
    ("GlobalAveragePooling1D", 1, {"keepdims": True}),
    ("GlobalAveragePooling3D", 3, {"data_format": "channels_first", "keepdims": True}),
]
ADAPTIVE = [
    *(
        (f"Adaptive{kind}Pooling{n}D", n, {"output_size": 2})
        for kind in ("Max", "Average")
        for n in X
    ),
    ("AdaptiveMaxPooling2D", 2, {"output_size": (4, 3), "data_format": "channels_first"}),
    ("AdaptiveAveragePooling2D", 2, {"output_size": (3, 5)}),
]


def spatial(x, settings):
    first = settings.get("data_format") == "channels_first"
    return tuple(range(2, x.ndim)) if first else tuple(range(1, x.ndim - 1))


@pytest.mark.parametrize(("name", "rank", "settings"), POOLING + GLOBAL + ADAPTIVE)
def test_equals_keras(name, rank, settings):
    check(name, settings, X[rank], unknown=spatial(X[rank], settings))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_defaults(rank):
    theirs = getattr(keras.layers, f"MaxPooling{rank}D")()
    ours = getattr(hb.layers, f"MaxPool{rank}D")()
    assert (ours.pool_size, ours.strides) == (theirs.pool_size, theirs.strides)
    assert ours.name == f"max_pooling{rank}d" or ours.name.startswith(f"max_pooling{rank}d_")


@pytest.mark.parametrize(
    ("settings", "x"),
    [
        ({}, X[1]),
        ({"keepdims": True}, X[1]),
        ({"data_format": "channels_first"}, X[1].swapaxes(1, 2)),
    ],
)
def test_global_average_leaves_out_masked_steps(settings, x):
    mask = np.arange(7) < np.array([[3], [7]])
    layer = hb.layers.GlobalAveragePooling1D(**settings)
    y = layer(x, mask=hb.ops.array(mask))
    theirs = keras.layers.GlobalAveragePooling1D(**settings)
    np.testing.assert_allclose(y, theirs(x, mask=mask), rtol=1e-5)
    rows = X[1][0, :3].mean(0)
    np.testing.assert_allclose(np.ravel(y[0]), rows, rtol=1e-5)


def test_global_average_takes_the_mask_from_a_layer_and_ends_it():
    x = np.array([[[1.0], [3.0], [0.0]]], "float32")
    inputs = hb.Input((None, 1))
    outputs = hb.layers.GlobalAveragePooling1D()(hb.layers.Masking()(inputs))
    model = hb.Model(inputs, outputs)
    assert model(x).tolist() == [[2.0]]
    layer = hb.layers.GlobalAveragePooling1D()
    assert layer.supports_masking
    assert layer.compute_mask(x, x[..., 0] > 0) is None


WRONG = [
    ("MaxPooling2D", {"pool_size": (2, 2, 2)}, r"MaxPooling2D's pool_size is an int.*tuple of 2"),
    ("MaxPooling1D", {"pool_size": 0}, "at least 1.*pool_size=0"),
    ("AveragePooling2D", {"pool_size": 2, "strides": (0, 1)}, r"strides=\(0, 1\)"),
    ("AveragePooling1D", {"pool_size": 2, "padding": "causal"}, "padding='causal'"),
    ("AveragePooling1D", {}, "pool_size"),
    ("MaxPooling2D", {"data_format": "NCHW"}, "data_format is"),
    ("GlobalMaxPooling1D", {"keepdims": 1}, "keepdims is True or False.*keepdims=1"),
    ("AdaptiveMaxPooling2D", {"output_size": (2, None)}, r"output_size=\(2, None\)"),
]


@pytest.mark.parametrize(("name", "settings", "message"), WRONG)
def test_refuses_settings(name, settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        getattr(hb.layers, name)(**settings)


@pytest.mark.parametrize("name", ["MaxPooling2D", "GlobalAveragePooling2D"])
def test_refuses_inputs(name):
    with pytest.raises(ValueError, match="expected 4 dimensions, got 3"):
        getattr(hb.layers, name)()(X[1])


def test_aliases():
    for n in "123":
        for short, long in (("AvgPool", "AveragePooling"), ("MaxPool", "MaxPooling")):
            for prefix in ("", "Global"):
                assert getattr(hb.layers, f"{prefix}{short}{n}D") is getattr(
                    hb.layers, f"{prefix}{long}{n}D"
                )
