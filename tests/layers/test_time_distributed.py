import json

import keras
import numpy as np
import pytest
from keras_parity import data

import hornbill as hb
from hornbill.engine.serialize import deserialize, serialize

X = data(2, 3, 4, 5)
L = hb.layers


@pytest.mark.parametrize(
    "make",
    [
        lambda k: k.Activation("relu"),
        lambda k: k.Conv1D(2, 2),
        lambda k: k.LSTM(3, return_sequences=True),
        lambda k: k.BatchNormalization(),
    ],
    ids=["activation", "conv", "lstm", "statistics"],
)
@pytest.mark.parametrize("training", [False, True])
def test_equals_keras(make, training):
    theirs = keras.layers.TimeDistributed(make(keras.layers))
    theirs.build(X.shape)
    config = json.dumps(serialize(L.TimeDistributed(make(L))))
    keras.saving.deserialize_keras_object(json.loads(config))
    ours = deserialize(json.loads(config))
    ours.build(X.shape)
    ours.set_weights(theirs.get_weights())
    y = ours(X, training=training)
    np.testing.assert_allclose(y, theirs(X, training=training), rtol=1e-5, atol=1e-5)
    # Batch normalization has seen one step after the other.
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert ours(hb.Input((None, 4, 5))).shape == (None, None, *y.shape[2:])
    assert ours.compute_output_shape((None, 3, 4, 5)) == (None, 3, *y.shape[2:])


def test_masks():
    """The wrapped layer gets its steps' masks; the input's mask goes on."""

    class Sum(L.Layer):
        def build(self, input_shape):
            """It could not run without a mask, as the default build would."""

        def call(self, x, mask=None):
            return (x * mask[..., None]).sum(1)

    mask = np.arange(24).reshape(2, 3, 4) % 3 > 0
    np.testing.assert_allclose(
        L.TimeDistributed(Sum())(X, mask=mask), (X * mask[..., None]).sum(2), rtol=1e-5
    )
    steps = mask[..., 0]
    embedded = L.Masking()(X[:, :, 0] * steps[..., None])
    last = L.LSTM(2)
    assert last(L.TimeDistributed(L.Dense(2))(embedded)).shape == (2, 2)
    without = last(L.TimeDistributed(last_dense := L.Dense(2))(embedded))
    np.testing.assert_allclose(
        without, last(last_dense(np.asarray(embedded)), mask=steps), rtol=1e-5, atol=1e-6
    )


def test_dropout_differs_from_step_to_step():
    y = L.TimeDistributed(L.Dropout(0.5, seed=1))(np.ones((1, 2, 50), "float32"), training=True)
    assert not np.array_equal(y[0, 0], y[0, 1])


def test_models_and_several_inputs():
    a, b = hb.Input((4,)), hb.Input((4,))
    both = L.TimeDistributed(hb.Model([a, b], a + b))
    np.testing.assert_allclose(both([X[..., 0], X[..., 1]]), X[..., 0] + X[..., 1], rtol=1e-6)
    inner = hb.Sequential([L.Dense(3), L.Dense(2)])
    outer = L.TimeDistributed(inner)
    assert outer(X[:, :, 0]).shape == (2, 3, 2)
    assert len(outer.weights) == 4


def test_learns_in_fit():
    x, y = data(32, 3, 4), data(32, 3, 4)[..., :1] * 2
    hb.utils.set_random_seed(0)
    model = hb.Sequential(
        [
            hb.Input((None, 4)),
            L.TimeDistributed(L.BatchNormalization()),
            L.TimeDistributed(L.Dense(1)),
        ]
    )
    model.compile(hb.optimizers.Adam(0.1), "mse")
    losses = model.fit(x, y, epochs=40, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.TimeDistributed("dense"), "wraps a layer.*Received: layer='dense'"),
        (lambda: L.TimeDistributed(L.Dense(2))(X[0, 0]), "rank 3 or more.*Received"),
        (
            lambda: L.TimeDistributed(L.Dense(2))(X, mask=np.ones((2, 4), bool)),
            r"mask of shape \(batch, time, ...\) = \(2, 3\). Received: mask.shape=\(2, 4\)",
        ),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
