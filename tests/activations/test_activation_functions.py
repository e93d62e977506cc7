import inspect

import jax
import keras
import numpy as np
import pytest

import hornbill as hb

X = np.linspace(-8, 8, 34, dtype="float32").reshape(17, 2)

# Keras's sparsemax adds up sums of sums (tests/ops/test_nn.py tests ours by its definition).
NAMES = [
    name
    for name, function in vars(keras.activations).items()
    if inspect.isfunction(function)
    and name not in ("get", "serialize", "deserialize", "sparsemax", "threshold")
]

SETTINGS = [
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 6.0}),
    ("relu", {"threshold": 1.0}),
    ("relu", {"negative_slope": 0.1, "max_value": 3.0, "threshold": 1.0}),
    ("gelu", {"approximate": True}),
    ("softmax", {"axis": 0}),
    ("threshold", {"threshold": 1.0, "default_value": 2.0}),
]


@pytest.mark.parametrize(("name", "kwargs"), [(name, {}) for name in NAMES] + SETTINGS)
def test_values_and_gradients(name, kwargs):
    weights = np.cos(np.arange(34)).reshape(17, 2).astype("float32")

    @jax.jit
    def both(x):
        def run(function):
            y = function(x, **kwargs)
            return y, jax.grad(lambda x: (function(x, **kwargs) * weights[:, : y.shape[1]]).sum())(
                x
            )

        return run(getattr(hb.activations, name)), run(getattr(keras.activations, name))

    (value, slope), (expected, expected_slope) = both(X)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slope, expected_slope, rtol=1e-4, atol=1e-6)


def test_every_name_of_keras_is_there():
    for name in dir(keras.activations):
        assert name.startswith("_") or hasattr(hb.activations, name), name


@pytest.mark.parametrize("name", [*NAMES, "sparsemax", "swish", "hard_swish"])
def test_by_name(name):
    function = hb.activations.get(name)
    assert function is getattr(hb.activations, name)
    assert hb.activations.deserialize(hb.activations.serialize(function)) is function


def test_get():
    def double(x):
        return 2 * x

    assert hb.activations.get(None) is hb.activations.linear
    assert hb.activations.get(double) is double
    with hb.saving.custom_object_scope({"double": double}):
        assert hb.activations.get("double") is double
    assert hb.activations.deserialize("double", {"double": double}) is double
    with pytest.raises(ValueError, match=r"Unknown activation 'rellu'\..* 'relu'"):
        hb.activations.get("rellu")
    with pytest.raises(ValueError, match="activation from 3"):
        hb.activations.get(3)


def test_a_lambda_is_not_written():
    with pytest.raises(TypeError, match="lambda"):
        hb.activations.serialize(lambda x: x)
