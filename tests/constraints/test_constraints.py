"""Constraints project as Keras's do."""

import json

import keras
import numpy as np
import pytest

from hornbill import constraints
from hornbill.engine.variable import Variable

W = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
HALF = np.random.default_rng(1).normal(size=(3, 2, 5)).astype("float16")

CASES = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": [0, 1]}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 2.0, "max_value": 3.0, "rate": 0.3, "axis": 1}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 2}),
]


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_values_and_round_trip(name, settings):
    one = getattr(constraints, name)(**settings)
    theirs = getattr(keras.constraints, name)(**settings)
    if isinstance(settings.get("axis"), list):
        theirs.axis = tuple(theirs.axis)  # Keras takes lists and then fails on them
    expected = np.asarray(theirs(keras.ops.array(W)))
    np.testing.assert_allclose(one(W), expected, rtol=1e-6)
    np.testing.assert_allclose(one(Variable(W)), expected, rtol=1e-6)
    described = json.loads(json.dumps(constraints.serialize(one)))
    assert described["config"].keys() == theirs.get_config().keys()
    again = constraints.deserialize(described)
    assert type(again) is type(one)
    np.testing.assert_array_equal(again(W), one(W))
    assert type(keras.constraints.deserialize(described)).__name__ == name


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_values_in_16_bits(name, settings):
    theirs = getattr(keras.constraints, name)(**settings)
    if isinstance(settings.get("axis"), list):
        theirs.axis = tuple(theirs.axis)
    found, expected = getattr(constraints, name)(**settings)(HALF), theirs(keras.ops.array(HALF))
    assert found.dtype == "float16"
    np.testing.assert_allclose(found, np.asarray(expected), rtol=2e-3)


def test_tuples_survive_the_round_trip():
    again = constraints.deserialize(constraints.serialize(constraints.UnitNorm(axis=(0, 1))))
    assert again.axis == (0, 1)


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("max_norm", "MaxNorm"),
        ("MaxNorm", "MaxNorm"),
        ("min_max_norm", "MinMaxNorm"),
        ("non_neg", "NonNeg"),
        ("unit_norm", "UnitNorm"),
    ],
)
def test_get(name, cls):
    assert type(constraints.get(name)).__name__ == cls


def test_get_of_other_things():
    assert constraints.get(None) is None
    assert constraints.get(abs) is abs
    with pytest.raises(ValueError, match=r"Unknown constraint 'maxnorm'.*'max_norm'"):
        constraints.get("maxnorm")
    assert constraints.Constraint()(W) is W


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constraints.MaxNorm(0), r"MaxNorm's max_value.*Received: max_value=0"),
        (lambda: constraints.MinMaxNorm(2.0, 1.0), r"min_value <= max_value.*min_value=2.0"),
        (lambda: constraints.MinMaxNorm(rate=0), r"rate is in.*Received: rate=0"),
        (lambda: constraints.UnitNorm(axis="a"), r"axis is an int.*Received: axis='a'"),
    ],
)
def test_messages(make, message):
    with pytest.raises(ValueError, match=message):
        make()
