import inspect

import jax
import keras
import numpy as np
import pytest

import hornbill as hb

X = np.linspace(-8, 8, 34, dtype="float32").reshape(17, 2)
# Away from the corners, where a gradient in 16 bits may be that of either side.
HALF = np.linspace(-7.3, 7.4, 24, dtype="float16").reshape(2, 3, 4)

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


@pytest.mark.parametrize(("x", "tolerance"), [(X, 1e-5), (HALF, 2e-3)], ids=["float32", "float16"])
@pytest.mark.parametrize(("name", "kwargs"), [(name, {}) for name in NAMES] + SETTINGS)
def test_values_and_gradients(name, kwargs, x, tolerance):
    def run(library):
        function = getattr(library.activations, name)

        def weighted(x):
            y = function(x, **kwargs)
            return (y * np.cos(np.arange(y.size)).reshape(y.shape).astype(x.dtype)).sum()

        return lambda x: (function(x, **kwargs), jax.grad(weighted)(x))

    ours, theirs = run(hb), run(keras)
    if str(jax.make_jaxpr(ours)(x)) == str(jax.make_jaxpr(theirs)(x)):
        return  # the same program: nothing need run
    (value, slope), (expected, expected_slope) = jax.jit(lambda x: (ours(x), theirs(x)))(x)
    assert value.dtype == expected.dtype == x.dtype
    np.testing.assert_allclose(value, expected, rtol=tolerance, atol=tolerance / 10)
    np.testing.assert_allclose(slope, expected_slope, rtol=10 * tolerance, atol=tolerance / 10)


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
