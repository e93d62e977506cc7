import keras
import numpy as np
import pytest
from keras_parity import check, data

import hornbill as hb
from hornbill.engine.beside import get_mask, set_mask

X = data(2, 3, 4)
CASES = [
    ("Activation", {"activation": "tanh"}),
    ("ReLU", {}),
    ("ReLU", {"max_value": 1.0, "negative_slope": 0.2, "threshold": 0.5}),
    ("LeakyReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.1}),
    ("PReLU", {"alpha_regularizer": "l2", "alpha_constraint": "non_neg"}),
    ("ELU", {"alpha": 0.5}),
    ("Softmax", {}),
    ("Softmax", {"axis": [1, 2]}),
]


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_equals_keras(name, settings):
    check(name, settings, X, unknown=() if name == "PReLU" else (1,))


def test_prelu_shares_axes():
    layer = check("PReLU", {"shared_axes": [1]}, X, unknown=(1,))
    assert layer.alpha.shape == (1, 4)
    with pytest.raises(ValueError, match="expected axis 2 to have size 4, got 5"):
        layer(data(2, 3, 5))


@pytest.mark.parametrize("dtype", ["bool", "float32"])
@pytest.mark.parametrize("axis", [-1, [1, 2]])
def test_softmax_masks_as_keras(axis, dtype):
    mask = np.ones((2, 3, 4), dtype)
    mask[0, :, 1:] = 0
    mask[1] = 0  # nothing at all is left
    ours = hb.layers.Softmax(axis)(X, mask=mask)
    theirs = keras.layers.Softmax(axis)(X, mask=mask)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_masks_pass_through():
    x = hb.ops.array(X)
    set_mask(x, mask := hb.ops.ones((2, 3), "bool"))
    for layer in (hb.layers.Activation("relu"), hb.layers.ReLU(), hb.layers.ELU()):
        assert get_mask(layer(x)) is mask


def test_leaky_relu_takes_the_old_name():
    layer = hb.layers.LeakyReLU(alpha=0.5)
    assert layer.get_config()["negative_slope"] == 0.5
    assert "alpha" not in layer.get_config()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: m.ReLU(max_value=-1), "ReLU's max_value is a number.*Received: max_value=-1"),
        (lambda m: m.ReLU(negative_slope=-1), "ReLU's negative_slope"),
        (lambda m: m.ReLU(threshold=None), "ReLU's threshold.*Received: threshold=None"),
        (lambda m: m.LeakyReLU(-0.1), "LeakyReLU's negative_slope"),
        (lambda m: m.PReLU(shared_axes=0), "axis 0, the batch, is always shared"),
        (lambda m: m.PReLU(shared_axes=4)(X), "does not have. Received: input_shape"),
        (lambda m: m.Softmax(axis=1.5), "Softmax's axis is an int or a list of ints"),
        (lambda m: m.Softmax()(X, mask=np.ones((2, 3), "bool")), "a mask that broadcasts"),
        (lambda m: m.Activation("rellu"), "Unknown activation 'rellu'. Did you mean 'relu'"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make(hb.layers)
