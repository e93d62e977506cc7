"""Regularizers give Keras's penalties."""

import json

import jax
import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill import regularizers
from hornbill.engine.variable import Variable

X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
HALF = np.random.default_rng(1).normal(size=(5, 2)).astype("float16")

CASES = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 2}),
    ("L1L2", {"l1": 0.3, "l2": 0.2}),
    ("L1L2", {}),
    ("L1L2", {"l1": None, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_values_and_round_trip(name, settings):
    one = getattr(regularizers, name)(**settings)
    theirs = getattr(keras.regularizers, name)(**settings)
    expected = np.asarray(theirs(keras.ops.array(X)))
    np.testing.assert_allclose(one(X), expected, rtol=1e-6)
    np.testing.assert_allclose(one(Variable(X)), expected, rtol=1e-6)
    described = json.loads(json.dumps(regularizers.serialize(one)))
    assert described["config"].keys() == theirs.get_config().keys()
    again = regularizers.deserialize(described)
    assert type(again) is type(one)
    np.testing.assert_array_equal(again(X), one(X))
    opened = keras.regularizers.deserialize(described)
    np.testing.assert_allclose(np.asarray(opened(keras.ops.array(X))), expected)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_values_and_gradients_in_16_bits(name, settings):
    def both(library, dtype):
        one = getattr(library.regularizers, name)(**settings)
        return jax.jit(jax.value_and_grad(one))(HALF.astype(dtype))

    # The formula in single precision, of the same numbers.
    (value, slope), (expected, expected_slope) = both(hb, "float16"), both(keras, "float32")
    np.testing.assert_allclose(value, expected, rtol=5e-3)
    np.testing.assert_allclose(slope, expected_slope, rtol=1e-2, atol=1e-3)


def test_penalty_has_the_weights_dtype():
    assert regularizers.L1L2(0.1, 0.1)(X.astype("float16")).dtype == "float16"
    assert regularizers.L2(0.1)(X.astype("float16")).dtype == "float16"


def test_one_row_has_no_pairs():
    assert float(regularizers.OrthogonalRegularizer()(X[:1])) == 0


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("l1", "L1"),
        ("L2", "L2"),
        ("l2", "L2"),
        ("l1l2", "L1L2"),
        ("l1_l2", "L1L2"),
        ("orthogonal_regularizer", "OrthogonalRegularizer"),
    ],
)
def test_get(name, cls):
    assert type(regularizers.get(name)).__name__ == cls


def test_get_of_other_things():
    assert regularizers.get(None) is None
    assert regularizers.get(abs) is abs
    with pytest.raises(ValueError, match="Unknown regularizer 'l7'"):
        regularizers.get("l7")
    assert regularizers.Regularizer()(X) == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: regularizers.L1(-1), r"L1's l1.*Received: l1=-1"),
        (lambda: regularizers.L2("0.1"), r"L2's l2.*Received: l2='0.1'"),
        (lambda: regularizers.L1L2(l2=float("nan")), r"L1L2's l2.*Received: l2=nan"),
        (lambda: regularizers.OrthogonalRegularizer(mode="row"), r"Received: mode='row'"),
        (lambda: regularizers.OrthogonalRegularizer()(X[0]), r"two axes.*shape \(4,\)"),
    ],
)
def test_messages(make, message):
    with pytest.raises(ValueError, match=message):
        make()
