"""The small helpers: labels, sequences, Config, Progbar, graphs, names, the older configs."""

import copy
import pickle
import re

import jax.numpy as jnp
import keras
import numpy as np
import pytest

import hornbill as hb

SEQUENCES = [[1], [2, 3], [], [4, 5, 6, 7]]
PADDINGS = [
    {},
    {"maxlen": 2},
    {"maxlen": 6, "value": -1},
    {"maxlen": 3, "padding": "post"},
    {"maxlen": 3, "truncating": "post", "dtype": "float32"},
    {"padding": "post", "truncating": "post", "maxlen": 1},
]


@pytest.mark.parametrize("settings", PADDINGS, ids=str)
@pytest.mark.parametrize("vectors", [False, True])
def test_pad_sequences(settings, vectors):
    data = [np.array([[n, -n] for n in s]) for s in SEQUENCES] if vectors else SEQUENCES
    ours = hb.preprocessing.sequence.pad_sequences(data, **settings)
    theirs = keras.utils.pad_sequences(data, **settings)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_pad_sequences_of_strings_and_to_nothing():
    words = [["a"], ["b", "cc"]]
    padded = hb.utils.pad_sequences(words, dtype=object, value="-")
    assert padded.tolist() == [["-", "a"], ["b", "cc"]]
    assert hb.utils.pad_sequences(SEQUENCES, maxlen=0).shape == (4, 0)
    assert hb.utils.pad_sequences([]).shape == (0, 0)


LABELS = [[0, 2, 1], [[0], [1]], [[0, 1], [2, 2]], 3, []]


@pytest.mark.parametrize("labels", LABELS, ids=str)
@pytest.mark.parametrize("num_classes", [None, 5])
def test_to_categorical(labels, num_classes):
    if labels == [] and num_classes is None:
        assert hb.utils.to_categorical([]).shape == (0, 0)  # Keras fails here
        return
    ours = hb.utils.to_categorical(labels, num_classes)
    theirs = keras.utils.to_categorical(labels, num_classes)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    np.testing.assert_array_equal(ours, theirs)


def test_to_categorical_of_tensors():
    tensor = jnp.array([[0], [2]])
    np.testing.assert_array_equal(
        hb.utils.to_categorical(tensor, 4), keras.utils.to_categorical(tensor, 4)
    )
    assert hb.utils.to_categorical(hb.Input((1,), dtype="int32"), 4).shape == (None, 4)


@pytest.mark.parametrize(("axis", "order"), [(-1, 2), (1, 1), (0, 3)])
def test_normalize(axis, order):
    x = np.random.default_rng(0).normal(size=(3, 4))
    x[1], x[:, 2] = 0, 0
    expected = x / np.maximum(np.linalg.norm(x, order, axis, keepdims=True), 1e-12)
    np.testing.assert_allclose(hb.utils.normalize(x, axis, order), expected)
    tensor = hb.utils.normalize(jnp.asarray(x), axis, order)
    np.testing.assert_allclose(tensor, expected, rtol=1e-5, atol=1e-6)


def test_config():
    config, theirs = hb.utils.Config(b=1, a=[2]), keras.utils.Config(b=1, a=[2])
    for c in (config, theirs):
        c.c = 3
        c["d"] = 4
        c.update({"e": 5}, f=6)
        assert (c.pop("f"), c.pop("g", 7)) == (6, 7)
        del c["e"]
    for name in ("as_dict", "to_json", "keys", "values", "items"):
        ours = getattr(config, name)()
        expected = getattr(theirs, name)()
        assert (ours if isinstance(ours, str) else list(ours)) == (
            expected if isinstance(expected, str) else list(expected)
        )
    assert list(config) == list(theirs) == ["a", "b", "c", "d"]
    assert (len(config), "a" in config, config.get("z", 9), config.a) == (4, True, 9, [2])
    assert repr(config) == repr(theirs)
    config.freeze()
    assert config.frozen
    for change in (
        lambda: setattr(config, "a", 0),
        lambda: config.update(q=1),
        lambda: config.pop("a"),
        lambda: config.__delitem__("a"),
    ):
        with pytest.raises(ValueError, match=r"frozen.*unfreeze\(\).*Received: "):
            change()
    config.unfreeze()
    config.a = 0
    twin = pickle.loads(pickle.dumps(copy.deepcopy(config)))
    assert twin.as_dict() == config.as_dict()
    with pytest.raises(AttributeError, match=r"no entry 'lerning_rate'. Did you mean 'learning_r"):
        _ = hb.utils.Config(learning_rate=1).lerning_rate
    with pytest.raises(AttributeError, match="part of Config itself"):
        config.keys = 3


def progress(capsys, library, **settings):
    bar = library.utils.Progbar(4, **settings)
    bar.update(1, [("loss", 2.0), ("acc", 0.5)])
    bar.update(3, [("loss", 1.0), ("acc", 0.75)])
    bar.add(1, [("loss", 0.5), ("acc", 1.0), ("tiny", 1e-5)])
    return capsys.readouterr().out


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_progbar_ends_as_kerass(capsys, verbose):
    ours = progress(capsys, hb, verbose=verbose)
    theirs = progress(capsys, keras, verbose=verbose)
    if verbose == 0:
        assert ours == theirs == ""
        return
    # The last line, without colours and times.
    clean = [
        re.sub(r"\x1b\[\d+m|\d+[smu]*s[/ ]", "", t.strip().splitlines()[-1]) for t in (ours, theirs)
    ]
    numbers = [re.findall(r"\w+: [\d.e-]+", line) for line in clean]
    assert numbers[0] == numbers[1] == ["loss: 0.5000", "acc: 1.0000", "tiny: 1.0000e-05"]
    assert clean[0].startswith("4/4")
    assert len(ours.splitlines()) == 1  # no terminal: one line, without a bar
    assert "━" not in ours


@pytest.mark.parametrize(
    "settings", [{}, {"stateful_metrics": ["acc"]}, {"stateless_metrics": ["acc"]}], ids=str
)
def test_progbar_averages_as_keras(settings):
    ours, theirs = (k.utils.Progbar(10, verbose=0, **settings) for k in (hb, keras))
    for bar in (ours, theirs):
        bar.update(2, [("loss", 2.0), ("acc", 0.5)])
        bar.update(5, [("loss", np.array([1.0, 2.0])), ("acc", 0.25)])
    for name in ("loss", "acc"):
        total, count = ours._values[name]
        expected = np.mean(theirs._values[name][0]) / theirs._values[name][1]
        assert total / count == pytest.approx(expected)


def test_progbar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    bar = hb.utils.Progbar(3, width=6, interval=0)
    for step in (1, 2, 3):
        bar.update(step)
    out = capsys.readouterr().out
    assert out.count("\r") == 3
    assert "1/3 ━━────" in out
    assert out.endswith("\n")
    hb.utils.Progbar(None, interval=0).update(2)
    assert "2/Unknown" in capsys.readouterr().out


def test_progbar_in_the_log(capsys, caplog):
    hb.utils.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", "hornbill"):
            hb.utils.Progbar(1).update(1, [("loss", 1.0)])
    finally:
        hb.utils.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert "loss: 1.0000" in caplog.text


def test_source_inputs():
    a, b, c = (hb.Input((2,), name=n) for n in "abc")
    hidden = hb.layers.Dense(2)(a + b)
    assert hb.utils.get_source_inputs(hidden * 2 + a) == [a, b]
    assert hb.utils.get_source_inputs(hb.layers.Concatenate()([c, hidden])) == [c, a, b]
    assert hb.utils.get_source_inputs(a) == [a]
    assert hb.utils.is_keras_tensor(hidden)
    assert not hb.utils.is_keras_tensor(np.ones(2))


def test_clear_session():
    hb.utils.clear_session()
    first = hb.layers.Dense(1).name
    assert hb.layers.Dense(1).name == f"{first}_1"
    hb.utils.clear_session(free_memory=False)
    assert hb.layers.Dense(1).name == first
    assert hb.backend.clear_session is hb.utils.clear_session


def double(x):
    return 2 * x


def test_older_configs():
    legacy = hb.utils.legacy
    layer = hb.layers.Dense(3, name="d")
    config = legacy.serialize_keras_object(layer)
    assert config["class_name"] == "Dense"
    again = legacy.deserialize_keras_object(config, vars(hb.layers))
    assert (again.units, again.name) == (3, "d")
    assert legacy.serialize_keras_object(double) == "double"
    assert legacy.deserialize_keras_object("double", {}, {"double": double}) is double
    assert legacy.deserialize_keras_object(double) is double
    assert legacy.deserialize_keras_object(None) is legacy.serialize_keras_object(None) is None
    made = legacy.deserialize_keras_object("Flatten", vars(hb.layers))
    assert isinstance(made, hb.layers.Flatten)
    with hb.utils.custom_object_scope({"double": double}):
        assert legacy.deserialize_keras_object("double", {}) is double


ERRORS = [
    (lambda u: u.to_categorical([0, 3], 2), ValueError, "labels from 0 to 3, num_classes=2"),
    (lambda u: u.to_categorical([-1]), ValueError, "Received: labels from -1"),
    (lambda u: u.to_categorical(hb.Input((1,))), ValueError, "needs num_classes"),
    (lambda u: u.pad_sequences([1, 2]), ValueError, "Received: 1"),
    (lambda u: u.pad_sequences(iter([[1]])), ValueError, "takes a list of sequences"),
    (lambda u: u.pad_sequences([[1]], padding="left"), ValueError, "Received: padding='left'"),
    (lambda u: u.pad_sequences([[1]], truncating="x"), ValueError, "Received: truncating='x'"),
    (lambda u: u.pad_sequences([["a"]], value="-"), ValueError, "Received: value='-'"),
    (lambda u: u.pad_sequences([[[1]], [[1, 2]]]), ValueError, r"here \(1,\). Received: \(2,\)"),
    (lambda u: u.Progbar(3, verbose=5), ValueError, "Received: verbose=5"),
    (
        lambda u: u.Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"]),
        ValueError,
        "not both. Received",
    ),
    (lambda u: u.get_source_inputs(np.ones(2)), ValueError, "takes a symbolic tensor"),
    (lambda u: u.legacy.serialize_keras_object(3), ValueError, "Received: 3"),
    (lambda u: u.legacy.deserialize_keras_object("nope", {}), ValueError, "Unknown object 'nope'"),
    (lambda u: u.legacy.deserialize_keras_object({"a": 1}), ValueError, "in the older form"),
]


@pytest.mark.parametrize(("call", "error", "match"), ERRORS)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call(hb.utils)
