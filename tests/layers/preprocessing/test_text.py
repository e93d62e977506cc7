"""Layers that run on the host: hashes, lookups, TextVectorization. Keras's need TensorFlow, so
the expectations are its documented results, or plain Python."""

import collections
import json
import math

import jax
import numpy as np
import pytest

import hornbill as hb
from hornbill.engine.serialize import deserialize, serialize
from hornbill.layers.preprocessing.fingerprints import farmhash64, siphash64

L = hb.layers
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" * 4


def through_json(layer):
    return deserialize(json.loads(json.dumps(serialize(layer))))


# ---- hashes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "expected"),  # by Google's FarmHash (pyfarmhash 0.5.1)
    [
        (0, 11160318154034397263),
        (3, 2640714258260161385),
        (7, 4341691227789030229),
        (16, 6080716761534418621),
        (20, 7349542659848948094),
        (40, 14762962691779012804),
        (64, 1439996334115954701),
        (65, 17691237809532431058),
        (130, 17676267675511370958),
    ],
)
def test_farmhash(length, expected):
    assert farmhash64(LETTERS[:length].encode()) == expected


def test_siphash_of_the_paper():
    key = tuple(int.from_bytes(bytes(range(i, i + 8)), "little") for i in (0, 8))
    assert siphash64(bytes(range(15)), key) == 0xA129CA6149BE45E5


NAMES = ["omar", "stringer", "marlo", "wire", "skywalker"]


@pytest.mark.parametrize(
    ("settings", "values", "expected"),  # Keras's documentation and tests
    [
        ({"num_bins": 3}, list("ABCDE"), [1, 0, 1, 1, 2]),
        ({"num_bins": 3, "mask_value": ""}, ["A", "B", "", "C", "D"], [1, 1, 0, 2, 2]),
        ({"num_bins": 3, "salt": [133, 137]}, list("ABCDE"), [1, 2, 1, 0, 2]),
        ({"num_bins": 3, "salt": 133}, list("ABCDE"), [0, 0, 2, 1, 0]),
        ({"num_bins": 2}, NAMES, [0, 0, 1, 0, 0]),
        ({"num_bins": 3, "mask_value": "omar"}, NAMES, [0, 1, 2, 1, 1]),
        ({"num_bins": 2, "salt": [211, 137]}, NAMES, [1, 0, 1, 0, 1]),
        ({"num_bins": 3}, [0, 1, 2, 3, 4], [1, 0, 1, 0, 2]),
        ({"num_bins": 3}, [0.5, 1.9, 2.0, 3.0, 4.0], [1, 0, 1, 0, 2]),
        ({"num_bins": 3, "salt": [133, 137]}, [0, 1, 2, 3, 4], [1, 1, 2, 0, 1]),
        ({"num_bins": 1}, list("AB"), [0, 0]),
        ({"num_bins": 3, "output_mode": "multi_hot"}, [[0, 2], [1, 4]], [[0, 1, 0], [1, 0, 1]]),
        ({"num_bins": 3, "output_mode": "count"}, [[0, 2], [1, 4]], [[0, 2, 0], [1, 0, 1]]),
        ({"num_bins": 3, "output_mode": "one_hot"}, [[0], [1]], [[0, 1, 0], [1, 0, 0]]),
    ],
)
def test_hashing(settings, values, expected):
    layer = through_json(L.Hashing(**settings))
    got = layer(values)
    np.testing.assert_array_equal(got, expected)
    array = np.array(values)
    assert layer.compute_output_shape(array.shape) == got.shape
    if array.dtype.kind == "U":
        np.testing.assert_array_equal(layer(array.astype("S")), expected)
    else:
        np.testing.assert_array_equal(jax.jit(layer)(array), expected)
        symbolic = layer(hb.Input(batch_shape=(None, *array.shape[1:]), dtype="int32"))
        assert symbolic.dtype == got.dtype.name


@pytest.mark.parametrize("shape", [(5,), (5, 1)])
def test_hashed_crossing(shape):  # Keras's documentation
    features = [np.array(list("ABABA")), np.array([101, 101, 101, 102, 102])]
    features = [f.reshape(shape) for f in features]
    layer = through_json(L.HashedCrossing(5))
    np.testing.assert_array_equal(layer(features).ravel(), [1, 4, 1, 1, 3])
    hot = L.HashedCrossing(5, output_mode="one_hot")(features)
    np.testing.assert_array_equal(hot, np.eye(5)[[1, 4, 1, 1, 3]])
    assert layer((np.array("A"), np.array(101))).shape == ()
    assert layer([hb.Input((1,), dtype="string"), hb.Input((1,), dtype="int32")]).shape == (None, 1)
    ints = [np.arange(5), features[1].ravel()]
    np.testing.assert_array_equal(jax.jit(layer)(ints), layer(ints))


# ---- lookups ---------------------------------------------------------------------------------

WORDS = ["a", "b", "c", "d"]
IDF = [0.25, 0.75, 0.6, 0.4]
DATA = [["a", "c", "d", "d"], ["d", "z", "b", "z"]]


@pytest.mark.parametrize(
    ("settings", "expected"),  # Keras's documentation, and its rules by hand
    [
        ({}, [[1, 3, 4, 4], [4, 0, 2, 0]]),
        ({"mask_token": ""}, [[2, 4, 5, 5], [5, 1, 3, 1]]),
        ({"mask_token": "z"}, [[2, 4, 5, 5], [5, 0, 3, 0]]),
        ({"output_mode": "multi_hot"}, [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]]),
        ({"output_mode": "count"}, [[0, 1, 0, 1, 2], [2, 0, 1, 0, 1]]),
        ({"output_mode": "count", "mask_token": "z"}, [[0, 1, 0, 1, 2], [0, 0, 1, 0, 1]]),
        (
            {"output_mode": "count", "max_tokens": 6, "pad_to_max_tokens": True},
            [[0, 1, 0, 1, 2, 0], [2, 0, 1, 0, 1, 0]],
        ),
        (
            {"output_mode": "tf_idf", "idf_weights": IDF},
            [[0, 0.25, 0, 0.6, 0.8], [1.0, 0, 0.75, 0, 0.4]],
        ),
        (
            {
                "output_mode": "tf_idf",
                "vocabulary": ["[UNK]", *WORDS],
                "idf_weights": [0.9, *IDF],
                "max_tokens": 6,
                "pad_to_max_tokens": True,
            },
            [[0, 0.25, 0, 0.6, 0.8, 0], [1.8, 0, 0.75, 0, 0.4, 0]],
        ),
    ],
)
def test_string_lookup(settings, expected):
    settings = {"vocabulary": WORDS, **settings}
    given = L.StringLookup(**settings)
    for layer in (given, through_json(given), through_json(through_json(given))):
        got = layer(DATA)
        np.testing.assert_allclose(got, expected, rtol=1e-6)
        np.testing.assert_array_equal(layer(np.array(DATA).astype("S")), got)
        assert layer.compute_output_shape((2, 4)) == got.shape
        assert layer.get_vocabulary(False) == WORDS
        assert layer(hb.Input((4,), dtype="string")).shape == (None, got.shape[1])


def test_one_hot_and_scalars():
    layer = L.StringLookup(vocabulary=WORDS, output_mode="one_hot")
    np.testing.assert_array_equal(layer([["a"], ["q"]]), np.eye(5)[[1, 0]])
    np.testing.assert_array_equal(layer(["a", "q"]), np.eye(5)[[1, 0]])
    assert int(L.StringLookup(vocabulary=WORDS)(np.array("c"))) == 3


def test_integer_lookup():
    layer = through_json(L.IntegerLookup(vocabulary=[12, 36, 1138, 42]))
    x = np.array([[12, 1138, 42], [42, 1000, 36]])
    np.testing.assert_array_equal(layer(x), [[1, 3, 4], [4, 0, 2]])
    np.testing.assert_array_equal(jax.jit(layer)(x), layer(x))
    inverse = L.IntegerLookup(vocabulary=layer.get_vocabulary(), invert=True)
    np.testing.assert_array_equal(inverse(layer(x)), [[12, 1138, 42], [42, -1, 36]])
    masked = L.IntegerLookup(vocabulary=[12, 36], mask_token=0)
    np.testing.assert_array_equal(masked([0, 12, 7]), [0, 2, 1])
    large = L.IntegerLookup(vocabulary=[2**40, 2**40 + 1])  # not cut to 32 bits
    np.testing.assert_array_equal(large([2**40 + 1, 2**40, 0]), [2, 1, 0])


def test_several_oov_indices():
    vocabulary = [10, 20, 30]
    by_modulo = L.IntegerLookup(vocabulary=vocabulary, num_oov_indices=4)
    np.testing.assert_array_equal(by_modulo([7, 1, 30, -1]), [3, 1, 6, 3])
    values = np.arange(100, 140)
    settings = {"vocabulary": vocabulary, "num_oov_indices": 4, "oov_method": "farmhash"}
    hashed = through_json(L.IntegerLookup(**settings))(values)
    np.testing.assert_array_equal(hashed, [farmhash64(str(v).encode()) % 4 for v in values])
    salted = through_json(L.IntegerLookup(**settings, salt=[137, 42]))(values)
    np.testing.assert_array_equal(
        salted, [siphash64(str(v).encode(), (137, 42)) % 4 for v in values]
    )
    words = L.StringLookup(vocabulary=WORDS, num_oov_indices=3, mask_token="")
    expected = [1 + farmhash64(b"zebra") % 3, 4, 0]
    np.testing.assert_array_equal(words(["zebra", "a", ""]), expected)


def test_string_lookup_back():
    layer = L.StringLookup(vocabulary=WORDS, invert=True, mask_token="")
    got = layer([[2, 4, 5], [5, 0, 1], [99, -3, 2]])
    assert got.tolist() == [["a", "c", "d"], ["d", "", "[UNK]"], ["[UNK]", "[UNK]", "a"]]
    with pytest.raises(TypeError, match="compiled code cannot hold"):
        jax.jit(layer)(np.array([1]))


def test_adapt_counts():
    text = "the cat and the dog and the bird".split()
    layer = L.StringLookup(max_tokens=4)
    layer.adapt(np.array(text))
    counts = collections.Counter(text)
    ranked = sorted(counts, key=lambda t: (counts[t], t), reverse=True)
    assert layer.get_vocabulary() == ["[UNK]", *ranked[:3]]
    assert layer.vocabulary_size() == 4
    ints = L.IntegerLookup(mask_token=0)
    ints.adapt(iter([np.array([3, 3, 0]), np.array([[5], [5], [5], [7]])]), steps=2)
    assert ints.get_vocabulary() == [0, -1, 5, 3, 7]
    ints.adapt([1])  # anew
    assert ints.get_vocabulary() == [0, -1, 1]


def test_adapt_tf_idf():
    layer = L.StringLookup(output_mode="tf_idf")
    documents = np.array([["a", "a", "b"], ["a", "c", "c"]])
    layer.adapt(documents)
    assert layer.get_vocabulary() == ["[UNK]", "a", "c", "b"]
    idf = [math.log(1 + 2 / (1 + n)) for n in (2, 1, 1)]
    weights = [sum(idf) / 3, *idf]
    expected = np.array([[0, 2, 0, 1], [0, 1, 2, 0]]) * weights
    np.testing.assert_allclose(layer(documents), expected, rtol=1e-6)
    again = through_json(layer)
    np.testing.assert_allclose(again(documents), expected, rtol=1e-6)
    again.adapt(documents[:1])  # learned, not given: it may learn again
    assert again.get_vocabulary(False) == ["a", "b"]


@pytest.mark.parametrize(
    ("cls", "tokens"), [(L.StringLookup, ["é", "b"]), (L.IntegerLookup, [7, 5])]
)
def test_vocabulary_files(cls, tokens, tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("\n".join(map(str, tokens)) + "\n", encoding="utf-8")
    layer = cls(vocabulary=str(path))
    assert layer.get_vocabulary(False) == tokens
    config = json.loads(json.dumps(layer.get_config()))
    assert config["vocabulary"] == layer.get_vocabulary()
    path.unlink()
    assert cls.from_config(config).get_vocabulary(False) == tokens
    with pytest.raises(ValueError, match="never the path of a file"):
        cls.from_config({**config, "vocabulary": str(path)})
    with pytest.raises(ValueError, match="no vocabulary file"):
        cls(vocabulary=path)


def test_assets(tmp_path):
    layer = L.StringLookup(
        output_mode="tf_idf", mask_token="", max_tokens=9, pad_to_max_tokens=True
    )
    layer.adapt([["a", "b"], ["a", "é"]])
    store = {}
    layer.save_own_variables(store)
    layer.save_assets(tmp_path)
    assert (tmp_path / "vocabulary.txt").read_text("utf-8") == "[UNK]\na\né\nb"
    # As Keras's files have it: the config knows the size alone.
    config = {**layer.get_config(), "vocabulary": None, "idf_weights": None}
    fresh = L.StringLookup.from_config(config)
    assert fresh.vocabulary_size() == 4
    fresh.load_own_variables(store)
    fresh.load_assets(tmp_path)
    np.testing.assert_array_equal(fresh([["a", "q"]]), layer([["a", "q"]]))
    assert fresh.get_vocabulary() == layer.get_vocabulary()


def test_keras_configs_are_read():
    # What keras 3 writes for StringLookup(vocabulary=["a"]).
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    config = {
        "name": "string_lookup", "trainable": True, "dtype": policy, "invert": False,
        "max_tokens": None, "num_oov_indices": 1, "oov_token": "[UNK]", "mask_token": None,
        "output_mode": "int", "sparse": False, "pad_to_max_tokens": False, "idf_weights": None,
        "vocabulary": ["a"], "vocabulary_size": 2, "encoding": "utf-8", "oov_method": "floormod",
        "salt": None,
    }  # fmt: skip
    assert L.StringLookup.from_config(config)(["a", "b"]).tolist() == [1, 0]


def test_ints_in_a_compiled_model():
    x = np.array([[5, 7], [9, 9], [1, 2]])
    lookup = L.IntegerLookup(output_mode="multi_hot")
    lookup.adapt(x[:2])
    model = hb.Sequential([hb.Input((2,), dtype="int32"), lookup, L.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, np.zeros((3, 1)), verbose=0)
    dense = model.layers[1]
    expected = lookup(x) @ dense.kernel + dense.bias
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)


# ---- TextVectorization -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "text", "tokens"),
    [
        ({}, "The  CAT, sat!\ton\nit's", ["the", "cat", "sat", "on", "its"]),
        ({"standardize": "lower"}, "A-b C", ["a-b", "c"]),
        ({"standardize": "strip_punctuation"}, "A-b C.", ["Ab", "C"]),
        ({"standardize": None}, "A. b", ["A.", "b"]),
        ({}, "ÉCOLE\u00a0X", ["École\u00a0x"]),
        ({"standardize": np.char.upper}, "a b", ["A", "B"]),
        ({"split": "character"}, "ab c", ["a", "b", " ", "c"]),
        (
            {"split": lambda texts: [t.split("-") for t in texts], "standardize": None},
            "a-b",
            ["a", "b"],
        ),
        ({"split": None}, "a b", ["a b"]),
        ({"ngrams": 2}, "a b c", ["a", "b", "c", "a b", "b c"]),
        ({"ngrams": (2, 3)}, "a b c", ["a b", "b c", "a b c"]),
        ({"ngrams": (2,)}, "a", []),
    ],
)
def test_tokens(settings, text, tokens):
    layer = L.TextVectorization(**settings)
    assert layer.documents(np.array([text])) == [tokens]


def test_vectorization_of_keras_documentation():
    layer = L.TextVectorization(max_tokens=5000, output_mode="int", output_sequence_length=4)
    layer.adapt(["foo bar", "bar baz", "baz bada boom"])
    assert layer.get_vocabulary()[:2] == ["", "[UNK]"]
    assert set(layer.get_vocabulary()[2:4]) == {"bar", "baz"}
    vocabulary = ["earth", "wind", "and", "fire"]
    layer = L.TextVectorization(vocabulary=vocabulary, output_sequence_length=4)
    assert layer.get_vocabulary() == ["", "[UNK]", *vocabulary]
    got = layer([["Earth, wind and fire and earth"], ["fire water"]])
    assert got.tolist() == [[2, 3, 4, 5], [5, 1, 0, 0]]


MODES = [
    ({}, [[2, 3, 2], [4, 1, 0]]),
    ({"output_sequence_length": 2}, [[2, 3], [4, 1]]),
    ({"output_sequence_length": 4}, [[2, 3, 2, 0], [4, 1, 0, 0]]),
    ({"output_mode": "multi_hot"}, [[0, 1, 1, 0], [1, 0, 0, 1]]),
    ({"output_mode": "count"}, [[0, 2, 1, 0], [1, 0, 0, 1]]),
    (
        {"output_mode": "tf_idf", "idf_weights": [1.0, 2.0, 6.0]},
        [[0, 2.0, 2.0, 0], [3.0, 0, 0, 6.0]],
    ),
]


@pytest.mark.parametrize(("settings", "expected"), MODES)
def test_vectorization_modes(settings, expected):
    texts = np.array(["a b A", "c. d"])
    given = L.TextVectorization(vocabulary=["a", "b", "c"], **settings)
    for layer in (given, through_json(given)):
        got = layer(texts)
        np.testing.assert_allclose(got, expected)
        np.testing.assert_array_equal(layer(texts[:, None].astype("S")), got)
        np.testing.assert_array_equal(layer(texts[0]), layer(texts[:1])[0])
        symbolic = layer(hb.Input((1,), dtype="string"))
        assert all(n in (None, m) for n, m in zip(symbolic.shape, got.shape, strict=True))
        assert symbolic.dtype == got.dtype.name


def test_vectorization_adapts(tmp_path):
    texts = ["b a b", "a b", "c"]
    layers = [L.TextVectorization(output_mode="tf_idf") for _ in range(4)]
    layers[0].adapt(texts)
    layers[1].adapt(iter([np.array(texts[:1]), np.array(texts[1:])]))
    layers[2].adapt(texts, batch_size=2)
    layers[3].adapt(hb.utils.Dataset.from_arrays(np.array(texts)).batch(2))
    expected = layers[0](texts)
    np.testing.assert_allclose(expected[0, 1:3], [2 * math.log(2), math.log(2)], rtol=1e-6)
    for layer in layers[1:]:
        assert layer.get_vocabulary() == ["[UNK]", "b", "a", "c"]
        np.testing.assert_array_equal(layer(texts), expected)
    again = through_json(layers[0])
    np.testing.assert_array_equal(again(texts), expected)
    store = {}
    layers[0].save_own_variables(store)
    layers[0].save_assets(tmp_path)
    fresh = L.TextVectorization(output_mode="tf_idf")
    fresh.load_own_variables(store)
    fresh.load_assets(tmp_path)
    np.testing.assert_array_equal(fresh(texts), expected)


def test_vectorization_in_front_of_a_model():
    texts = np.array(["a b", "c"])
    layer = L.TextVectorization(vocabulary=["a", "b"], output_sequence_length=3)
    embedding = L.Embedding(4, 2)
    model = hb.Sequential([layer, embedding])
    expected = embedding(layer(texts))
    np.testing.assert_array_equal(model(texts), expected)
    inputs = hb.Input((1,), dtype="string")
    model = hb.Model(inputs, embedding(layer(inputs)))
    np.testing.assert_array_equal(model(texts[:, None]), expected)
    batches = list(hb.utils.Dataset.from_arrays(texts).batch(2).map(layer))
    np.testing.assert_array_equal(batches[0], layer(texts))
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.predict(texts, verbose=0), expected, rtol=1e-6)


def test_a_model_file_holds_the_vocabulary(tmp_path):
    layer = L.TextVectorization(output_mode="tf_idf")
    layer.adapt(["a b", "b c"])
    model = hb.Sequential([layer, L.Dense(2)])
    texts = np.array(["a a", "q b"])
    expected = model(texts, training=False)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(hb.saving.load_model(tmp_path / "m.keras")(texts), expected)


# ---- wrong uses ------------------------------------------------------------------------------

S, INT, T = L.StringLookup, L.IntegerLookup, L.TextVectorization


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: L.Hashing(0), "num_bins is a positive int"),
        (lambda: L.Hashing(None), "num_bins is a positive int"),
        (lambda: L.Hashing(2, salt="a"), "an int or a pair"),
        (lambda: L.Hashing(2, salt=[1]), "an int or a pair"),
        (lambda: L.Hashing(2, dtype="float32"), "'int32' or 'int64'"),
        (lambda: L.Hashing(2, output_mode="tf_idf"), "output_mode is one of"),
        (lambda: L.Hashing(2, sparse=True, output_mode="count"), "dense tensors only"),
        (lambda: L.Hashing(2)([[True]]), "takes strings"),
        (lambda: L.HashedCrossing(2)(np.array(["a"])), "two or more features"),
        (lambda: L.HashedCrossing(2)([np.array([1])]), "two or more features"),
        (lambda: L.HashedCrossing(2)([[1.0], [2.0]]), "floats are no categories"),
        (lambda: L.HashedCrossing(2)([[[1, 2]], [[1, 2]]]), "features of one shape"),
        (lambda: S(max_tokens=1), "above 1"),
        (lambda: S(pad_to_max_tokens=True), "needs max_tokens"),
        (lambda: S(num_oov_indices=-1), "0 or more"),
        (lambda: S(invert=True, output_mode="count"), "invert=True goes with"),
        (lambda: S(sparse=True, output_mode="count"), "dense tensors only"),
        (lambda: S(vocabulary=["a"], idf_weights=[1.0]), "idf_weights with output_mode='tf_idf'"),
        (lambda: S(vocabulary=["a"], output_mode="tf_idf"), "idf_weights together"),
        (lambda: S(vocabulary=["a"], output_mode="tf_idf", idf_weights=[1, 2]), "each of the 1"),
        (lambda: S(vocabulary=[]), "at least one token"),
        (lambda: S(vocabulary=["a", "b", "a"]), r"each token once. Received twice: \['a'\]"),
        (lambda: S(vocabulary=["a", ""], mask_token=""), "at the start"),
        (lambda: S(vocabulary=["a", "[UNK]"], invert=True), "at the start"),
        (lambda: S(vocabulary=["a", "b"], max_tokens=2), "at most max_tokens=2"),
        (lambda: S(vocabulary=["a"]).adapt(["b"]), "nothing to adapt"),
        (lambda: S(vocabulary=["a"], num_oov_indices=0)(["q"]), r"Received: \['q'\]"),
        (lambda: S(output_mode="count")(["a"]), r"call adapt\(data\) first"),
        (lambda: S(output_mode="tf_idf")(["a"]), r"call adapt\(data\) first"),
        (lambda: S(vocabulary=["a"])([1]), "takes strings"),
        (lambda: jax.jit(S(vocabulary=["a"]))(np.array([1])), "outside compiled code"),
        (lambda: INT(vocabulary_dtype="int32"), "'int64'"),
        (lambda: INT(salt=3), "salt goes with oov_method='farmhash'"),
        (lambda: INT(oov_method="md5"), "'floormod' or 'farmhash'"),
        (lambda: INT(vocabulary=[1])(["a"]), "takes ints"),
        (lambda: INT(vocabulary=[2**40], invert=True)([1]), "need 64 bits"),
        (lambda: T(ragged=True), "dense tensors only"),
        (lambda: T(standardize="upper"), "standardize is"),
        (lambda: T(split="word"), "split is"),
        (lambda: T(ngrams=0), "ngrams is"),
        (lambda: T(ngrams="2"), "ngrams is"),
        (lambda: T(output_sequence_length=3, output_mode="count"), "output_sequence_length is"),
        (lambda: T(output_mode="one_hot"), "needs split=None"),
        (lambda: T(vocabulary=["a"])([["a", "b"]]), "splits texts of shape"),
        (lambda: T(vocabulary=["a"])([1, 2]), "takes strings"),
        (lambda: T(standardize=lambda x: x).get_config(), "lambda cannot be saved"),
        (lambda: T.from_config({"vocabulary": "/etc/passwd"}), "never the path of a file"),
    ],
)
def test_wrong_uses(use, message):
    with pytest.raises((ValueError, TypeError), match=message):
        use()
