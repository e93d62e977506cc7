"""Layers of numbers: Rescaling, Normalization, Discretization, CategoryEncoding, Pipeline."""

import json

import jax
import keras
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

import hornbill as hb
from hornbill.engine.serialize import deserialize, serialize

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(4, 3)) * [1, 5, 0.1] + [0, 100, -2]).astype("float32")
IDS = np.array([[0, 1, 1], [3, 2, 0], [1, 1, 1], [2, 3, 0]])


def through_json(layer):
    return deserialize(json.loads(json.dumps(serialize(layer))))


def in_keras(layer):
    return keras.saving.deserialize_keras_object(json.loads(json.dumps(serialize(layer))))


CASES = [
    ("Rescaling", {"scale": 1 / 255}, X),
    ("Rescaling", {"scale": [1.0, 2.0, 0.5], "offset": -1.0}, IDS),
    ("Rescaling", {"scale": np.array([1.0, 2.0, 0.5], "float32")}, X),
    ("Normalization", {"mean": 3.0, "variance": 4.0}, X),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [4.0, 9.0, 0.0]}, X),
    ("Normalization", {"mean": [1.0] * 4, "variance": [4.0] * 4, "axis": 0, "invert": True}, X),
    ("Normalization", {"mean": np.float32(1.0), "variance": np.float32(2.0), "axis": None}, X),
    ("Discretization", {"bin_boundaries": [-2.0, 0.0, 100.0]}, X),
    ("Discretization", {"bin_boundaries": [0.5, 2.0], "output_mode": "one_hot"}, IDS),
    ("Discretization", {"bin_boundaries": [-2.0, 0.0, 100.0], "output_mode": "multi_hot"}, X),
    ("Discretization", {"bin_boundaries": [-2.0, 0.0, 100.0], "output_mode": "count"}, X),
    ("CategoryEncoding", {"num_tokens": 4}, IDS),
    ("CategoryEncoding", {"num_tokens": 3, "output_mode": "one_hot"}, IDS[:, :1]),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, IDS),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, IDS),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, IDS[0]),
]


@pytest.mark.parametrize(("name", "settings", "x"), CASES)
def test_same_as_keras(name, settings, x):
    ours = through_json(getattr(hb.layers, name)(**settings))
    theirs = getattr(keras.layers, name)(**settings)
    expected = np.asarray(theirs(x))
    got = jax.jit(ours)(x)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(in_keras(ours)(x), expected)  # Keras opens the config
    assert ours.compute_output_shape(x.shape) == got.shape
    if x.ndim > 1 and settings.get("axis") != 0:
        open_shape = (None, *x.shape[1:])
        symbolic = ours(hb.Input(batch_shape=open_shape, dtype=x.dtype.name.replace("64", "32")))
        assert symbolic.shape == (None, *got.shape[1:])
        assert symbolic.dtype == got.dtype.name


def test_lists_of_numbers():
    assert hb.layers.Rescaling(2)([1, 2]).tolist() == [2.0, 4.0]
    assert hb.layers.CategoryEncoding(2, "one_hot")([1, 0]).tolist() == [[0, 1], [1, 0]]
    assert hb.layers.Discretization([1.0])([0.0, 1.0], training=True).tolist() == [0, 1]


def test_rescaling_of_channels_first():
    hb.config.set_image_data_format("channels_first")
    try:
        got = hb.layers.Rescaling([1.0, 2.0], [0.0, 5.0])(np.ones((1, 2, 2, 2), "float32"))
    finally:
        hb.config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(got[0, :, 0, 0], [1.0, 7.0])


def test_count_weights():
    weights = np.array([[0.5, 1.0, 2.0]] * 4, "float32")
    settings = {"num_tokens": 4, "output_mode": "count"}
    expected = keras.layers.CategoryEncoding(**settings)(IDS, count_weights=weights)
    got = hb.layers.CategoryEncoding(**settings)(IDS, count_weights=weights)
    np.testing.assert_allclose(got, expected)
    with pytest.raises(ValueError, match=r"count_weights with output_mode='count' only"):
        hb.layers.CategoryEncoding(4)(IDS, count_weights=weights)


# ---- Normalization ---------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [-1, None, (0, 1), 0])
def test_adapt_as_keras(axis):
    ours, theirs = hb.layers.Normalization(axis=axis), keras.layers.Normalization(axis=axis)
    ours.adapt(X)
    theirs.adapt(X)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    np.testing.assert_allclose(ours(X), theirs(X), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.mean, theirs.mean, rtol=1e-5)


@pytest.mark.parametrize(
    "batches",
    [
        lambda: [X[:1], X[1:]],
        lambda: ((x, 0) for x in (X[:3], X[3:])),
        lambda: hb.utils.Dataset.from_arrays((X, IDS)).batch(3),
        lambda: X.tolist(),
        lambda: jax.numpy.asarray(X),
    ],
    ids=["list", "generator", "dataset", "nested list", "jax"],
)
def test_adapt_in_batches(batches):
    layer = hb.layers.Normalization()
    layer.adapt(batches())
    np.testing.assert_allclose(layer(X), StandardScaler().fit_transform(X), rtol=1e-3, atol=1e-4)


def test_adapt_keeps_small_variance_beside_a_large_mean():
    x = (1e6 + np.arange(4.0))[:, None]
    layer = hb.layers.Normalization()
    layer.adapt([x[:1], x[1:]])
    np.testing.assert_allclose(layer.variance, [[np.var(x)]], rtol=1e-6)


def test_normalization_state_travels():
    layer = hb.layers.Normalization()
    layer.adapt(X)
    inverse = hb.layers.Normalization(invert=True)
    inverse.build((None, 3))
    store = {}
    layer.save_own_variables(store)
    inverse.load_own_variables(store)
    np.testing.assert_allclose(inverse(layer(X)), X, rtol=1e-5)
    again = through_json(layer)
    assert again.built
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(X), layer(X))


def test_normalization_in_a_model_follows_a_new_adapt():
    layer = hb.layers.Normalization()
    model = hb.Sequential([hb.Input((3,)), layer, hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    assert not model.layers[0].trainable_variables
    before = model.predict(X, verbose=0)
    layer.adapt(X)
    after = model.predict(X, verbose=0)
    expected = layer(X) @ model.layers[1].kernel + model.layers[1].bias
    np.testing.assert_allclose(after, expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(before, after)


# ---- Discretization --------------------------------------------------------------------------


def adapted(layer, batches):
    for batch in batches:
        layer.update_state(batch)
    layer.finalize_state()
    return layer


@pytest.mark.parametrize(("num_bins", "epsilon"), [(4, 0.01), (3, 0.2), (1, 0.01), (7, 0.001)])
def test_discretization_adapts_as_keras(num_bins, epsilon):
    batches = [RNG.normal(size=(50, 2)), RNG.uniform(size=(30,)), RNG.normal(size=70) * 3]
    theirs = adapted(keras.layers.Discretization(num_bins=num_bins, epsilon=epsilon), batches)
    ours = hb.layers.Discretization(num_bins=num_bins, epsilon=epsilon)
    ours.adapt(batches)
    np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-5)
    assert len(ours.bin_boundaries) == num_bins - 1
    # About equally many in each bin, by NumPy's quantiles.
    exact = np.quantile(
        np.concatenate([b.ravel() for b in batches]), np.arange(1, num_bins) / num_bins
    )
    np.testing.assert_allclose(ours.bin_boundaries, exact, atol=0.1 if epsilon < 0.1 else 1.5)

    again = through_json(ours)
    assert again.bin_boundaries == ours.bin_boundaries
    assert again.num_bins == num_bins
    assert in_keras(ours).bin_boundaries == ours.bin_boundaries
    fresh, store = hb.layers.Discretization(num_bins=num_bins, epsilon=epsilon), {}
    ours.save_own_variables(store)
    fresh.load_own_variables(store)
    assert fresh.bin_boundaries == ours.bin_boundaries


def test_adapt_of_an_endless_generator():
    def endless():
        while True:
            yield np.arange(100.0)

    layer = hb.layers.Discretization(num_bins=2)
    layer.adapt(endless(), steps=3)
    assert abs(layer.bin_boundaries[0] - 49.5) <= 1


# ---- Pipeline --------------------------------------------------------------------------------


def test_pipeline():
    layer = hb.layers.Pipeline(
        [hb.layers.Rescaling(2.0), hb.layers.Dropout(0.5, seed=1), hb.layers.Dense(2)], name="p"
    )
    x = np.ones((4, 3), "float32")
    quiet = layer(x, training=False)
    np.testing.assert_allclose(quiet, 2 * x @ np.asarray(layer.layers[2].kernel), rtol=1e-6)
    assert not np.allclose(layer(x), quiet)  # trains unless told otherwise, as in Keras
    again = through_json(layer)
    assert [type(x).__name__ for x in again.layers] == ["Rescaling", "Dropout", "Dense"]
    assert len(in_keras(layer).layers) == 3
    assert set(layer.get_config()) == {"layers", "name"}
    assert layer(hb.Input((3,))).shape == (None, 2)
    masked = hb.layers.Pipeline([hb.layers.Masking(), hb.layers.LSTM(2)])
    zeros = np.zeros((1, 3, 2), "float32")
    np.testing.assert_array_equal(masked(zeros), np.zeros((1, 2)))  # all steps are masked


# ---- wrong uses ------------------------------------------------------------------------------

L = hb.layers


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: L.Rescaling("a"), "scale is a number .* Received: scale='a'"),
        (lambda: L.Normalization(mean=1.0), "mean and variance together"),
        (lambda: L.Normalization(mean=[1.0], variance=[1.0, 2.0]), "same shape"),
        (lambda: L.Normalization(mean=[[1.0]], variance=[[1.0]]), "one dimension for each axis"),
        (lambda: L.Normalization(axis=3).adapt(X), r"lies in \[-2, 2\)"),
        (lambda: L.Normalization(axis=1)(hb.Input((None,))), "needs the size"),
        (lambda: L.Normalization(mean=1.0, variance=1.0).adapt(X), "nothing to adapt"),
        (lambda: L.Normalization().adapt([]), "at least one batch"),
        (lambda: L.Normalization().adapt(3), "array or an iterable"),
        (lambda: L.Normalization().adapt([X, X[:, :2]]), r"built for inputs of shape \(None, 3\)"),
        (lambda: L.Discretization(), "either bin_boundaries or num_bins"),
        (lambda: L.Discretization([1.0], 3), "either bin_boundaries or num_bins"),
        (lambda: L.Discretization([2.0, 1.0]), "rise"),
        (lambda: L.Discretization(num_bins=0), "at least 1"),
        (lambda: L.Discretization(num_bins=2, epsilon=0.0), "between 0 and 1"),
        (lambda: L.Discretization([1.0], output_mode="tf_idf"), "output_mode is one of"),
        (lambda: L.Discretization([1.0], sparse=True, output_mode="count"), "dense tensors only"),
        (lambda: L.Discretization([1.0]).adapt(X), "nothing to adapt"),
        (lambda: L.Discretization(num_bins=2)(X), r"call adapt\(data\) first"),
        (lambda: L.Discretization(num_bins=2).adapt(X, steps=2), "steps= is for iterables"),
        (lambda: L.CategoryEncoding(), "positive int"),
        (lambda: L.CategoryEncoding(0), "positive int"),
        (lambda: L.CategoryEncoding(2, "int"), "output_mode is one of"),
        (lambda: L.Pipeline(L.Rescaling(1)), "list of layers"),
    ],
)
def test_wrong_uses(use, message):
    with pytest.raises((ValueError, TypeError), match=message):
        use()


def test_a_model_file_holds_what_was_learned(tmp_path):
    normalization, bins = L.Normalization(), L.Discretization(num_bins=3, output_mode="one_hot")
    normalization.adapt(X)
    bins.adapt(np.arange(30.0))
    inputs = hb.Input((3,))
    model = hb.Model(inputs, bins(normalization(inputs) * 20))
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(hb.saving.load_model(tmp_path / "m.keras")(X), model(X))
