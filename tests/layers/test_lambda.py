import json

import numpy as np
import pytest
from keras_parity import data

import hornbill as hb
from hornbill.engine.beside import get_mask, set_mask
from hornbill.engine.serialize import deserialize, serialize

X = data(2, 3)


@hb.saving.register_keras_serializable("test_lambda")
def scaled(x, factor=1.0, training=None, mask=None):
    x = x * factor if mask is None else x * factor * mask
    return x + 1 if training else x


@pytest.fixture(scope="module")
def layer():
    return hb.layers.Lambda(scaled, arguments={"factor": 3.0}, output_shape=(3,))


def test_calls_the_function_with_what_it_names(layer):
    np.testing.assert_allclose(layer(X), X * 3, rtol=1e-6)
    np.testing.assert_allclose(layer(X, training=True), X * 3 + 1, rtol=1e-6)
    x = hb.ops.array(X)
    set_mask(x, hb.ops.array([[True, False, True]] * 2))
    y = layer(x)
    np.testing.assert_allclose(y, X * 3 * [1, 0, 1], rtol=1e-6)
    assert get_mask(y) is None  # as Keras: a mask only where one is asked for


def test_survives_its_config(layer):
    again = deserialize(json.loads(json.dumps(serialize(layer))))
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(again(X), layer(X))


def test_shapes(layer):
    assert layer(hb.Input((None,))).shape == (None, None)
    assert layer.compute_output_shape((2, 3)) == (2, 3)
    assert hb.layers.Lambda(lambda x: x[:, :1]).compute_output_shape((2, 3)) == (2, 1)
    assert hb.layers.Lambda(abs, output_shape=lambda s: (*s, 7)).compute_output_shape((2,)) == (
        2,
        7,
    )


def test_masks():
    given = hb.ops.ones((2,), "bool")
    assert get_mask(hb.layers.Lambda(abs, mask=given)(X)) is given
    made = hb.layers.Lambda(abs, mask=lambda inputs, mask: inputs[:, 0] > 0)(X)
    np.testing.assert_array_equal(get_mask(made), X[:, 0] > 0)


def test_a_lambda_is_not_written():
    with pytest.raises(TypeError, match=r"'lambda.*argument 'function': A lambda cannot be saved"):
        hb.layers.Lambda(lambda x: x).get_config()


def test_a_lambda_is_not_read():
    bytecode = {"class_name": "__lambda__", "config": {"code": "4wEA", "defaults": None}}
    with pytest.raises(ValueError, match="Hornbill never runs code from files"):
        hb.layers.Lambda.from_config({"name": "a", "function": bytecode}, safe_mode=False)


def test_refuses():
    with pytest.raises(TypeError, match=r"Lambda takes a function.*Received: function=3"):
        hb.layers.Lambda(3)
    with pytest.raises(TypeError, match="arguments are a dict"):
        hb.layers.Lambda(abs, arguments=[1])
