"""FeatureSpace. Keras's needs TensorFlow: widths are those of its tests, values are by hand."""

import numpy as np
import pytest

import hornbill as hb
from hornbill.layers.preprocessing.fingerprints import cross64, farmhash64

FeatureSpace = hb.utils.FeatureSpace

TABLE = {
    "float_1": np.random.default_rng(0).random(10),
    "float_2": np.random.default_rng(1).random(10),
    "float_3": np.random.default_rng(2).random(10),
    "string_1": np.array([f"string_{i}" for i in range(10)]),
    "string_2": np.array([f"string_{i}" for i in range(10)]),
    "int_1": np.arange(10),
    "int_2": np.arange(10),
    "int_3": np.arange(10),
}
KINDS = {
    "float_1": "float",
    "float_2": "float_normalized",
    "float_3": "float_discretized",
    "string_1": "string_categorical",
    "string_2": "string_hashed",
    "int_1": "integer_categorical",
    "int_2": "integer_hashed",
    "int_3": "integer_categorical",
}
CROSSES = [("float_3", "string_1"), ("string_2", "int_2")]


def test_concat():
    space = FeatureSpace(KINDS, crosses=CROSSES)
    space.adapt(TABLE)
    got = space(TABLE)
    assert got.shape == (10, 195)  # as Keras's
    one = space({key: column[3] for key, column in TABLE.items()})
    np.testing.assert_array_equal(one, got[3])
    np.testing.assert_allclose(got[:, 0], TABLE["float_1"], rtol=1e-6)
    x = TABLE["float_2"]
    np.testing.assert_allclose(got[:, 1], (x - x.mean()) / x.std(), rtol=1e-4, atol=1e-5)
    rows = list(hb.utils.Dataset.from_arrays(TABLE).map(space))
    np.testing.assert_allclose(np.stack(rows), got, rtol=1e-6)


@pytest.mark.parametrize("batch", [None, 4])
def test_adapt_on_a_dataset(batch):
    data = hb.utils.Dataset.from_arrays((TABLE, np.arange(10)))
    space, whole = FeatureSpace(KINDS), FeatureSpace(KINDS)
    space.adapt(data if batch is None else data.batch(batch))
    whole.adapt(TABLE)
    for name in ("string_1", "int_1"):
        ours, theirs = space.preprocessors[name], whole.preprocessors[name]
        assert ours.get_vocabulary() == theirs.get_vocabulary()
    np.testing.assert_allclose(space.preprocessors["float_2"].mean, TABLE["float_2"].mean())


def test_dict_of_ints():
    space = FeatureSpace(
        {
            "string_1": FeatureSpace.string_categorical(output_mode="int"),
            "int_2": FeatureSpace.integer_hashed(32, output_mode="int"),
            "float_1": FeatureSpace.float_rescaled(2.0, 1.0),
        },
        crosses=[FeatureSpace.cross(("string_1", "int_2"), 8, output_mode="int")],
        output_mode="dict",
    )
    space.adapt(TABLE)
    got = space(TABLE)
    assert sorted(got) == ["float_1", "int_2", "string_1", "string_1_X_int_2"]
    np.testing.assert_allclose(got["float_1"][:, 0], 1 + 2 * TABLE["float_1"], rtol=1e-6)
    hashed = [farmhash64(str(i).encode()) % 32 for i in range(10)]
    np.testing.assert_array_equal(got["int_2"][:, 0], hashed)
    words = np.asarray(got["string_1"][:, 0]).tolist()
    assert words == [10 - i for i in range(10)]  # of equal counts the greater first; 0 is unknown
    crossed = [cross64(pair) % 8 for pair in zip(words, hashed, strict=True)]
    np.testing.assert_array_equal(got["string_1_X_int_2"][:, 0], crossed)


def test_layer_of_ones_own():
    texts = {"text": ["a b", "b c"]}
    layer = hb.layers.TextVectorization(output_mode="multi_hot")
    space = FeatureSpace({"text": FeatureSpace.feature("string", layer, "float")})
    with pytest.raises(ValueError, match=r"learn \['text'\] first"):
        space(texts)
    space.adapt(texts)
    np.testing.assert_array_equal(space(texts), [[0, 1, 0, 1], [0, 1, 1, 0]])


def test_in_a_functional_model():
    kinds = {k: v for k, v in KINDS.items() if "string" not in k}
    table = {k: TABLE[k][:, None] for k in kinds}
    space = FeatureSpace(kinds, crosses=[("int_1", "int_2")])
    space.adapt(table)
    dense = hb.layers.Dense(1)
    encoded = space.get_encoded_features()
    model = hb.Model(space.get_inputs(), dense(encoded))
    assert encoded.shape == (None, space(table).shape[1])
    expected = dense(space(table))
    np.testing.assert_allclose(model(table), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(table, verbose=0), expected, rtol=1e-5, atol=1e-6)
    strings = FeatureSpace({"string_1": "string_hashed"})
    model = hb.Model(strings.get_inputs(), strings.get_encoded_features())
    table = {"string_1": TABLE["string_1"][:, None]}
    np.testing.assert_array_equal(model(table), strings(table))


def test_config():
    space = FeatureSpace(KINDS, crosses=CROSSES)
    space.adapt(TABLE)
    again = FeatureSpace.from_config(space.get_config())
    again.build_from_config(space.get_build_config())
    again.preprocessors["float_2"].set_weights(space.preprocessors["float_2"].get_weights())
    np.testing.assert_array_equal(again(TABLE), space(TABLE))
    assert again.crosses[0].feature_names == CROSSES[0]


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: FeatureSpace({}), "dict {column: kind}"),
        (lambda: FeatureSpace({"a": "word"}), "kinds are"),
        (lambda: FeatureSpace({"a": "float"}, "list"), "'concat' or 'dict'"),
        (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "b")]), "two or more of the columns"),
        (lambda: FeatureSpace({"a": "float_normalized"})({"a": [1.0]}), "learn .* first"),
        (lambda: FeatureSpace({"a": "float"})([1.0]), "dict of columns"),
        (lambda: FeatureSpace({"a": "float"})({"b": [1.0]}), r"\['a'\] are missing"),
        (lambda: FeatureSpace({"a": "float_normalized"}).adapt([]), "needs data"),
        (lambda: FeatureSpace.feature("float32", "relu", "float"), "preprocessor is a layer"),
        (lambda: FeatureSpace.cross(("a", "b"), 3, "float"), "output_mode is one of"),
        (
            lambda: FeatureSpace({"a": FeatureSpace.integer_hashed(3, "int")})({"a": [1]}),
            "joins vectors of floats",
        ),
        (
            lambda: FeatureSpace(
                {"a": FeatureSpace.feature("float32", hb.layers.Identity(), "one_hot")}
            )({"a": [1.0]}),
            "how many categories",
        ),
    ],
)
def test_wrong_uses(use, message):
    with pytest.raises((ValueError, TypeError), match=message):
        use()
