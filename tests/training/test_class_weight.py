"""class_weight in fit, for one output and for several: held against sample weights."""

import functools

import numpy as np
import pytest

import hornbill as hb

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3)).astype("float32")
A = RNG.integers(0, 3, 12)  # labels
B = np.eye(2, dtype="float32")[RNG.integers(0, 2, 12)]  # one-hot
WEIGHTS_A, WEIGHTS_B = {0: 1.0, 1: 5.0, 2: 0.5}, {1: 3.0}
OF_A = np.array([WEIGHTS_A[c] for c in A], "float32")
OF_B = np.array([[1.0, 3.0][c] for c in B.argmax(-1)], "float32")
GIVEN = RNG.uniform(0.5, 1.5, 12).astype("float32")


@functools.cache
def _two_headed(outputs):
    x = hb.Input((3,))
    a = hb.layers.Dense(3, activation="softmax", kernel_initializer="zeros", name="a")(x)
    b = hb.layers.Dense(2, activation="softmax", kernel_initializer="zeros", name="b")(x)
    model = hb.Model(x, [a, b] if outputs is list else {"a": a, "b": b})
    losses = ["sparse_categorical_crossentropy", "categorical_crossentropy"]
    model.compile("sgd", losses if outputs is list else dict(zip("ab", losses, strict=True)))
    return model


def two_headed(outputs=list):
    """The same model each time, so that it is compiled once, at its beginning."""
    model = _two_headed(outputs)
    model.set_weights([np.zeros(w.shape, "float32") for w in model.get_weights()])
    return model


def trained(model, y, **settings):
    history = model.fit(X, y, batch_size=12, epochs=2, verbose=0, **settings)
    return [*history.history.values(), *model.get_weights()]


@pytest.mark.parametrize(
    ("class_weight", "given", "sample_weight"),
    [
        ({"a": WEIGHTS_A, "b": WEIGHTS_B}, None, [OF_A, OF_B]),
        ([WEIGHTS_A, WEIGHTS_B], None, [OF_A, OF_B]),
        ({"b": WEIGHTS_B}, None, [np.ones(12), OF_B]),
        ([WEIGHTS_A, None], None, [OF_A, np.ones(12)]),
        ({"a": WEIGHTS_A}, GIVEN, [OF_A * GIVEN, GIVEN]),
        ({"a": WEIGHTS_A, "b": None}, [GIVEN, GIVEN**2], [OF_A * GIVEN, GIVEN**2]),
        ([WEIGHTS_A, None], {"b": GIVEN}, [OF_A, GIVEN]),
    ],
)
@pytest.mark.parametrize("form", [list, dict])
def test_each_output_has_its_own(form, class_weight, given, sample_weight):
    y = [A, B]
    if form is dict:
        y = {"a": A, "b": B}
        if isinstance(class_weight, list):
            class_weight = dict(zip("ab", class_weight, strict=True))
        if isinstance(given, list):
            given = dict(zip("ab", given, strict=True))
        sample_weight = dict(zip("ab", sample_weight, strict=True))
    ours = trained(two_headed(form), y, class_weight=class_weight, sample_weight=given)
    expected = trained(two_headed(form), y, sample_weight=sample_weight)
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_dataset_and_a_batch_of_several_outputs():
    weights = {"a": WEIGHTS_A, "b": WEIGHTS_B}
    ours = two_headed()
    ours.fit(iter([(X, [A, B])]), class_weight=weights, verbose=0)
    ours.train_on_batch(X, [A, B], class_weight=weights)
    ours = ours.get_weights()
    expected = two_headed()
    expected.fit(X, [A, B], sample_weight=[OF_A, OF_B], batch_size=12, verbose=0)
    expected.train_on_batch(X, [A, B], sample_weight=[OF_A, OF_B])
    for a, b in zip(ours, expected.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_one_output_by_its_name():
    losses = []
    for class_weight in (WEIGHTS_A, {"a": WEIGHTS_A}, [WEIGHTS_A]):
        x = hb.Input((3,))
        layer = hb.layers.Dense(3, activation="softmax", kernel_initializer="zeros", name="a")
        model = hb.Model(x, layer(x))
        model.compile("sgd", "sparse_categorical_crossentropy")
        losses += model.fit(X, A, class_weight=class_weight, verbose=0).history["loss"]
    np.testing.assert_allclose(losses, np.log(3) * OF_A.mean(), rtol=1e-5)


def test_labels_below_0_have_weight_1():
    model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mae")
    y = np.array([-1.0, 0.0, 1.0, 1.0])
    loss = model.fit(X[:4], y, class_weight={1: 3.0}, verbose=0).history["loss"][0]
    assert loss == pytest.approx((1 + 0 + 3 + 3) / 4)


@pytest.mark.parametrize(
    ("y", "class_weight", "match"),
    [
        ([A, B], {0: 1.0, 1: 2.0}, "for one target, and there are 2. Give a dict for each"),
        ([A, B], {"a": WEIGHTS_A, "c": {0: 1.0}}, r"names \['c'\], and the targets are \['a', 'b'"),
        ([A, B], [WEIGHTS_A], "list of 1, and the targets are .* in their order"),
        ({"a": A, "b": B}, [WEIGHTS_A, None], "by these names"),
        ([A, B], {"a": 2.0}, r"class_weight\['a'\] is a dict"),
        ([A, B], [WEIGHTS_A, {"1": 2.0}], r"class_weight\[1\] .* Received: '1': 2.0"),
        ([A, B], {"a": {-1: 2.0}}, "ints from 0.* Received: -1: 2.0"),
        ([A, B], {"a": {1: "much"}}, "weights numbers. Received: 1: 'much'"),
    ],
)
def test_errors(y, class_weight, match):
    model = two_headed(type(y))
    with pytest.raises(ValueError, match=match):
        model.fit(X, y, class_weight=class_weight, verbose=0)
