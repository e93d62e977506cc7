import numpy as np
import pytest
from keras_parity import check, data

import hornbill as hb

X = data(2, 3, 4)
EINSUM = [
    {"equation": "abc,cd->abd", "output_shape": (None, 5), "bias_axes": "d"},
    {"equation": "ab...,bc->ac...", "output_shape": 2, "bias_axes": "c", "activation": "tanh"},
    {"equation": "...x,xy->...y", "output_shape": 3},
    {"equation": "...bc,cde->...bde", "output_shape": (3, 2, 3), "bias_axes": "be"},
    {"equation": "abc,bd->adc", "output_shape": (5, None), "bias_axes": "d"},
]


@pytest.mark.parametrize(
    "settings",
    [
        {"units": 3},
        {"units": 3, "activation": "relu", "use_bias": False, "kernel_regularizer": "l2"},
    ],
)
def test_dense_equals_keras(settings):
    check("Dense", settings, X, unknown=(1,))


@pytest.mark.parametrize("settings", EINSUM, ids=lambda s: s["equation"])
def test_einsum_dense_equals_keras(settings):
    fixed = settings["equation"].startswith(("abc,b", "ab...", "...bc"))
    check("EinsumDense", settings, X, unknown=() if fixed else (1,))


def test_einsum_dense_counts_fans_by_the_equation():
    seeded = hb.initializers.GlorotUniform(seed=1)
    layer = hb.layers.EinsumDense("...nh,nhd->...d", 1000, kernel_initializer=seeded)
    layer.build((None, 5, 2, 3))
    limit = np.sqrt(6 / (2 * 3 + 1000))
    assert 0.95 * limit < np.abs(layer.kernel).max() <= limit


def test_einsum_dense_takes_a_biass_size_from_the_input():
    layer = hb.layers.EinsumDense("abc,bd->adc", (5, None), bias_axes="dc")
    layer.build((None, 3, 4))
    assert layer.bias.shape == (5, 4)


def test_einsum_dense_takes_any_leading_axes_with_an_ellipsis():
    layer = hb.layers.EinsumDense("...x,xy->...y", 3)
    assert layer(hb.Input((None, None, 4))).shape == (None, None, None, 3)
    with pytest.raises(ValueError, match=r"'einsum_dense.*expected 4 dimensions, got 2"):
        layer(data(2, 4))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"equation": "abc,cd", "output_shape": 3}, "equation has the form.*Received: equation"),
        ({"equation": "...ab,bc->ac", "output_shape": 3}, "equation has the form"),
        ({"equation": "ab,bc->axc", "output_shape": 3}, "makes the axis 'x'"),
        ({"equation": "ab,bcz->ac", "output_shape": 3}, "gives the kernel an axis 'z'"),
        ({"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "b"}, "bias_axes are letters"),
        ({"equation": "ab,bc->ac", "output_shape": (-3,)}, "output_shape holds positive ints"),
    ],
)
def test_einsum_dense_refuses_equations(settings, message):
    with pytest.raises(ValueError, match=message):
        hb.layers.EinsumDense(**settings)


@pytest.mark.parametrize(
    ("equation", "output_shape", "message"),
    [
        ("ab,bc->ac", 3, "takes 2 axes"),
        ("abc,cd->abd", 3, "of which output_shape gives"),
        ("abc,cd->abd", (7, 3), "which says 7 for axis 'b', where the input has 3"),
    ],
)
def test_einsum_dense_refuses_inputs(equation, output_shape, message):
    with pytest.raises(ValueError, match=message):
        hb.layers.EinsumDense(equation, output_shape)(X)


@pytest.mark.parametrize("units", [0, -1, 2.5, True, "3", None])
def test_dense_refuses_units(units):
    with pytest.raises(ValueError, match=r"Dense's units is a positive int. Received: units="):
        hb.layers.Dense(units)


def test_dense_refuses_inputs():
    with pytest.raises(ValueError, match="expected at least 2 dimensions, got 1"):
        hb.layers.Dense(2)(data(4))
    layer = hb.layers.Dense(2)
    layer.build((None, 4))
    with pytest.raises(ValueError, match="expected axis -1 to have size 4, got 5"):
        layer(data(2, 5))
    with pytest.raises(ValueError, match="every dimension of a weight must be known"):
        hb.layers.Dense(2)(hb.Input((None,)))
    with pytest.raises(TypeError, match="unknown arguments: rank"):
        hb.layers.Dense(2, rank=2)
