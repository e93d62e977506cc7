"""When training goes wrong: nothing is silent, each mistake has one clear message."""

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype("float32")
LABELS = np.arange(12) % 3
ONE_HOT = np.eye(3, dtype="float32")[LABELS]


def dense(units, loss, activation=None, metrics=None, **compiled):
    layer = layers.Dense(units, activation=activation)
    model = hb.Sequential([hb.Input((4,)), layer])
    model.compile("sgd", loss, metrics=metrics, **compiled)
    return model


def classifier(loss="sparse_categorical_crossentropy", **compiled):
    return dense(3, loss, "softmax", **compiled)


# ---- labels ------------------------------------------------------------------------------

SPARSE = hb.losses.SparseCategoricalCrossentropy
LABEL_MISTAKES = {
    "too large": (
        "sparse_categorical_crossentropy",
        LABELS * 2,
        r"labels from 0 to 2, since the predictions have 3 classes\. Give the last layer 5 units.*"
        r"Received: labels from 0 to 4",
    ),
    "from 1": ("sparse_categorical_crossentropy", LABELS + 1, "counted from 0: subtract 1"),
    "negative": (
        SPARSE(name="mine"),
        LABELS - 1,
        r"loss 'mine'.*pass a loss with ignore_class.*Received: labels from -1 to 1",
    ),
    "beside the ignored": (SPARSE(ignore_class=-1), np.where(LABELS == 0, -1, 7), "from 7 to 7"),
    "floats": ("sparse_categorical_crossentropy", LABELS * 2.0, "Received: labels from 0.0 to 4.0"),
    "a column": ("crossentropy", LABELS[:, None] * 2, "labels from 0 to 2"),
    "one-hot": (
        "sparse_categorical_crossentropy",
        ONE_HOT,
        "look like one-hot labels: use categorical_crossentropy",
    ),
    "indices": ("categorical_crossentropy", LABELS, "use sparse_categorical_crossentropy"),
    "a column of indices": (
        "categorical_crossentropy",
        LABELS[:, None],
        "use sparse_categorical_crossentropy",
    ),
    "too few units": (
        "categorical_crossentropy",
        np.eye(5)[LABELS],
        r"as many units as there are classes.*y_true.shape=\(.*5\), y_pred.shape=\(.*3\)",
    ),
}


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("name", LABEL_MISTAKES)
def test_labels_that_cannot_be(name, eagerly):
    loss, y, message = LABEL_MISTAKES[name]
    model = classifier(loss, run_eagerly=eagerly)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, verbose=0)
    with pytest.raises(ValueError, match=message):
        model.evaluate(X, y, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_labels_are_looked_at_in_each_fit_and_for_each_output():
    model = classifier()
    model.fit(X, LABELS, verbose=0)
    with pytest.raises(ValueError, match="labels from 0 to 4"):
        model.fit(X, LABELS * 2, verbose=0)
    i = hb.Input((4,))
    two = hb.Model(i, [layers.Dense(3, name="a")(i), layers.Dense(5, name="b")(i)])
    two.compile("sgd", SPARSE(from_logits=True))
    two.fit(X, [LABELS, LABELS * 2], verbose=0)
    with pytest.raises(ValueError, match="of output 'a' takes labels from 0 to 2"):
        two.fit(X, [LABELS * 2, LABELS * 2], verbose=0)


def test_labels_that_do_not_count_may_be_anything():
    ignored = np.where(LABELS == 0, -1, LABELS)
    classifier(SPARSE(ignore_class=-1)).fit(X, ignored, verbose=0)
    classifier().fit(X, ignored, sample_weight=(ignored >= 0) * 1.0, verbose=0)
    with pytest.raises(ValueError, match="labels from -1"):
        classifier().fit(X, ignored, sample_weight=np.ones(12), verbose=0)
    masked = hb.Sequential(
        [hb.Input((4, 1)), layers.Masking(), layers.Dense(3, activation="softmax")]
    )
    masked.compile("sgd", "sparse_categorical_crossentropy")
    steps = np.where(np.arange(4) < 3, X, 0.0)
    labels = np.where(np.arange(4) < 3, LABELS[:, None], -1)
    masked.fit(steps[..., None], labels, verbose=0)


# ---- shapes ------------------------------------------------------------------------------

WIDE, COLUMN = np.ones((12, 5), "float32"), np.ones((12, 1), "float32")
BY_VALUE = (
    "mse mae mape msle huber log_cosh cosine_similarity hinge squared_hinge categorical_hinge "
    "poisson kl_divergence dice tversky"
).split()
METRICS = ["mse", "mae", "accuracy", "RootMeanSquaredError", "CosineSimilarity", "binary_accuracy"]


@pytest.mark.parametrize("loss", BY_VALUE)
def test_a_loss_refuses_to_broadcast(loss):
    with pytest.raises(ValueError, match=r"would broadcast these.*\(12, 1\).*\(12, 5\)"):
        dense(5, loss).train_on_batch(X, COLUMN)
    with pytest.raises(ValueError, match=r"would broadcast these.*\(12, 5\).*\(12, 1\)"):
        dense(1, loss).train_on_batch(X, WIDE)


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_refuses_to_broadcast(metric):
    def loss(y_true, y_pred):  # a user's own function may
        return hb.ops.mean((y_true - y_pred) ** 2, axis=-1)

    if metric in ("mse", "mae", "RootMeanSquaredError", "CosineSimilarity"):
        with pytest.raises(ValueError, match=r"metric .* would broadcast these"):
            dense(5, loss, metrics=[metric]).evaluate(X, COLUMN, verbose=0)
    with pytest.raises(ValueError, match=r"metric .* would broadcast these"):
        dense(1, loss, metrics=[metric]).evaluate(X, WIDE, verbose=0)
    assert np.isfinite(dense(5, loss).evaluate(X, COLUMN, verbose=0))


def test_class_indices_under_a_categorical_metric():
    model = classifier(metrics=["categorical_accuracy"])
    with pytest.raises(ValueError, match="look like class indices: use the 'sparse_' form"):
        model.evaluate(X, LABELS[:, None], verbose=0)


def test_a_last_axis_of_one_may_lack():
    for y in (COLUMN, COLUMN[:, 0]):
        assert np.isfinite(dense(1, "mse", metrics=["mae"]).evaluate(X, y, verbose=0)).all()


@pytest.mark.parametrize("shape", [(12, 5), (12, 12), (12, 1, 4)])
def test_weights_that_are_no_weights_of_samples(shape):
    with pytest.raises(ValueError, match=r"one weight per sample.*Received: sample_weight.shape"):
        dense(1, "mse").fit(X, COLUMN, sample_weight=np.ones(shape, "float32"), verbose=0)


@pytest.mark.parametrize("weights", [["accuracy"], "accuracy", {"a": "0.5"}, True])
def test_factors_of_losses_are_numbers(weights):
    model = dense(1, "mse")
    optimizer = model.optimizer
    with pytest.raises(ValueError, match=r"loss_weights=\.\.\.\) takes numbers"):
        model.compile("sgd", "mse", loss_weights=weights)
    assert model.optimizer is optimizer


# ---- gradients ---------------------------------------------------------------------------


class TwoParts(hb.Model):
    """`spare` is called, but the loss does not see what it gives."""

    def __init__(self, used=True, **kwargs):
        super().__init__(**kwargs)
        self.main, self.spare = layers.Dense(1, name="main"), layers.Dense(1, name="spare")
        self.used = used

    def call(self, x):
        out, spare = self.main(x), self.spare(x)
        out = out if self.used else hb.ops.stop_gradient(out)
        return out + 0 * hb.ops.stop_gradient(spare)


def test_weights_that_the_loss_does_not_depend_on_are_named_once():
    model = TwoParts(name="two")
    model.compile("sgd", "mse")
    spare = r"\['two/spare/kernel', 'two/spare/bias'\]"
    with pytest.warns(UserWarning, match=f"do not exist for variables {spare}") as caught:
        model.fit(X, COLUMN, batch_size=5, epochs=2, verbose=0)
    assert len(caught) == 1
    model.fit(X, COLUMN, verbose=0)  # told already: warnings are errors here
    model.evaluate(X, COLUMN, verbose=0)
    model.spare.trainable = False
    model.compile("sgd", "mse")
    model.fit(X, COLUMN, verbose=0)


def test_an_output_without_a_loss():
    i = hb.Input((4,))
    model = hb.Model(i, {"a": layers.Dense(1, name="a")(i), "b": layers.Dense(1, name="b")(i)})
    model.compile("sgd", {"a": "mse"})
    with pytest.warns(UserWarning, match=r"variables \['b/kernel', 'b/bias'\]"):
        model.fit(X, {"a": COLUMN}, verbose=0)


def test_a_loss_that_no_weight_enters():
    model = TwoParts(used=False, name="two")
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"depends on none of its weights.*two/main/kernel"):
        model.fit(X, COLUMN, verbose=0)
