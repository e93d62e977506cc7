"""A cross-entropy behind a softmax or sigmoid is computed from the logits."""

import numpy as np
import pytest
from scipy.special import log_expit, log_softmax

import hornbill as hb
from hornbill import layers

LOGITS = np.array([[200.0, 0.0, -150.0], [0.5, 1.0, -2.0]], "float32")
LABELS = np.array([2, 1])

CASES = {
    "sparse_categorical_crossentropy": (
        "softmax",
        LABELS,
        -log_softmax(LOGITS, -1)[[0, 1], LABELS],
    ),
    "categorical_crossentropy": (
        "softmax",
        np.eye(3)[LABELS],
        -log_softmax(LOGITS, -1)[[0, 1], LABELS],
    ),
    "binary_crossentropy": (
        "sigmoid",
        np.eye(3)[LABELS],
        -np.where(np.eye(3)[LABELS], log_expit(LOGITS), log_expit(-LOGITS)).mean(-1),
    ),
}


class Bias(layers.Layer):
    """Logits that do not depend on the input, as one weight."""

    def build(self, shape):
        self.logits = self.add_weight(shape=LOGITS.shape, name="logits")
        self.logits.assign(LOGITS)

    def call(self, x):
        return self.logits + x


def as_argument(activation):
    return [Bias(), layers.Activation(activation)]


def as_function(activation):
    return [Bias(), layers.Lambda(getattr(hb.ops, activation))]


def in_a_nested_model(activation):
    return [Bias(), hb.Sequential([layers.Activation(activation)])]


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("written", [as_argument, as_function, in_a_nested_model])
@pytest.mark.parametrize("loss", CASES)
def test_saturated_probabilities_still_learn(loss, written, eagerly):
    activation, targets, expected = CASES[loss]
    x = np.zeros_like(LOGITS)
    model = hb.Sequential([hb.Input((3,), batch_size=2), *written(activation)])
    model.compile(hb.optimizers.SGD(1.0), loss, run_eagerly=eagerly)
    # Keras clips probabilities to 1e-7: its loss ends at 16.1, with a gradient of zero.
    np.testing.assert_allclose(model.evaluate(x, targets, verbose=0), expected.mean(), rtol=1e-6)
    np.testing.assert_allclose(model.train_on_batch(x, targets), expected.mean(), rtol=1e-6)
    probabilities = np.exp(log_softmax(LOGITS, -1)) if activation == "softmax" else None
    if probabilities is None:
        probabilities = np.exp(log_expit(LOGITS))
    count = 2 if activation == "softmax" else 6
    gradient = (probabilities - np.eye(3)[LABELS]) / count
    np.testing.assert_allclose(LOGITS - model.get_weights()[0], gradient, atol=2e-5)


@pytest.mark.parametrize("softmax", [True, False])
def test_only_the_probabilities_themselves(softmax):
    """What was changed behind the softmax, or made along another axis, is taken as it is."""
    change = (lambda p: p * 1.0) if softmax else (lambda p: p)
    axis = -1 if softmax else 0
    model = hb.Sequential(
        [
            hb.Input((3,), batch_size=2),
            Bias(),
            layers.Lambda(lambda x: change(hb.ops.softmax(x, axis=axis))),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    predicted = np.asarray(model.predict(np.zeros_like(LOGITS), verbose=0), "float64")
    predicted /= predicted.sum(-1, keepdims=True)
    expected = -np.log(np.clip(predicted[[0, 1], LABELS], 1e-7, 1 - 1e-7)).mean()
    loss = model.evaluate(np.zeros_like(LOGITS), LABELS, verbose=0)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


def test_called_by_itself_a_loss_is_kerass():
    probabilities = hb.ops.softmax(LOGITS)
    loss = hb.losses.sparse_categorical_crossentropy(LABELS, probabilities)
    assert 16.0 < float(loss[0]) < 16.2
