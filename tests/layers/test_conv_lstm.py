import numpy as np
import pytest
from keras_parity import data, pair, run

import hornbill as hb

PLAIN = {"filters": 2, "kernel_size": 2}
CASES = [
    ("ConvLSTM1D", (2, 3, 4, 3), {**PLAIN, "go_backwards": True, "return_sequences": True}),
    (
        "ConvLSTM2D",
        (2, 3, 4, 4, 3),
        {"filters": 2, "kernel_size": (3, 1), "padding": "same", "strides": 2, "use_bias": False},
    ),
    ("ConvLSTM3D", (1, 2, 3, 3, 3, 2), {**PLAIN, "dilation_rate": 2, "activation": "relu"}),
]
DROPPED = {**PLAIN, "dropout": 0.5, "recurrent_dropout": 0.5, "seed": 1, "return_sequences": True}


@pytest.mark.parametrize(("name", "shape", "settings"), CASES)
def test_equals_keras(name, shape, settings):
    ours, theirs = pair(name, settings, shape)
    x = data(*shape)
    got, expected = run(ours, x), run(theirs, x)
    np.testing.assert_allclose(got["output"], expected["output"], rtol=2e-5, atol=1e-5)
    for one, other in zip(*(g["gradients"][0] for g in (got, expected)), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(*(g["gradients"][1] for g in (got, expected)), 2e-5, 1e-5)
    y = got["output"]
    unknown = (None, None) if ours.return_sequences else (None,)
    assert ours(hb.Input((None, *shape[2:]))).shape == (*unknown, *y.shape[len(unknown) :])


def test_dropout_is_that_of_keras():
    ours, theirs = pair("ConvLSTM2D", DROPPED, (2, 3, 4, 4, 3))
    x = data(2, 3, 4, 4, 3)
    np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True), 1e-5, 1e-5)


def test_channels_first_masks_and_states():
    """Keras fails on masks here: a masked sequence must equal the one without those steps."""
    x = data(2, 4, 4, 4, 3)
    settings = {**PLAIN, "return_sequences": True, "return_state": True}
    last = hb.layers.ConvLSTM2D(**settings)
    first = hb.layers.ConvLSTM2D(**settings, data_format="channels_first")
    turned = np.moveaxis(x, -1, 2)
    last.build(x.shape), first.build(turned.shape)
    first.set_weights(last.get_weights())

    mask = np.array([[True, False, True, True]] * 2)
    sequence, h, c = last(x, mask=mask)
    for one, other in zip(first(turned, mask=mask), (sequence, h, c), strict=True):
        np.testing.assert_allclose(np.moveaxis(one, -3, -1), other, rtol=1e-5, atol=1e-6)
    kept, kept_h, kept_c = last(x[:, [0, 2, 3]])
    np.testing.assert_allclose(sequence[:, [0, 2, 3]], kept, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(sequence[:, 1], sequence[:, 0])
    np.testing.assert_allclose([h, c], [kept_h, kept_c], rtol=1e-5, atol=1e-6)

    again, *_ = last(x[:, 2:], initial_state=last(x[:, :2])[1:])
    np.testing.assert_allclose(again, last(x)[0][:, 2:], rtol=1e-5, atol=1e-6)


def test_stateful_and_mixed_precision():
    layer = hb.layers.ConvLSTM1D(**PLAIN, stateful=True, dtype="mixed_bfloat16")
    x = data(2, 3, 4, 3)
    first, second = layer(x), layer(x)
    assert first.dtype == "bfloat16"
    assert not np.array_equal(first, second)
    layer.reset_state()
    np.testing.assert_array_equal(layer(x), first)
    assert len(layer.weights) == 3
    assert all(w.dtype == "float32" for w in layer.weights)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: hb.layers.ConvLSTM2D(0, 3), "filters is a positive int. Received: filters=0"),
        (lambda: hb.layers.ConvLSTM2D(2, (3, 3, 3)), "Received: kernel_size="),
        (lambda: hb.layers.ConvLSTM2D(2, 3, padding="causal"), "Received: padding='causal'"),
        (lambda: hb.layers.ConvLSTM1D(2, 3, strides=2, dilation_rate=2), "not both. Received"),
        (lambda: hb.layers.ConvLSTM1D(2, 3)(hb.Input((5, None, 3))), "the size of its images"),
        (lambda: hb.layers.ConvLSTM2D(2, 3)(data(2, 3, 4, 3)), "expected 5 dimensions"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
