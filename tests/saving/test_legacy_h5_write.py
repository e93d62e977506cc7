"""Whole models written as `.h5`: Keras opens them, and so do we, with the training going on."""

import json

import h5py
import keras
import numpy as np
import pytest

import hornbill as hb

RNG = np.random.default_rng(0)


def sequential(library):
    layers = library.layers
    return library.Sequential(
        [
            library.Input((6,)),
            layers.Dense(5, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def functional(library):
    layers = library.layers
    a, b = library.Input((4,), name="a"), library.Input((3,), name="b")
    shared = layers.Dense(4)
    x = layers.concatenate([shared(a), shared(shared(a)), b])
    inner = library.Sequential([library.Input((11,)), layers.Dense(2)], name="inner")
    return library.Model([a, b], [inner(x), layers.Dense(1, name="last")(x)])


def recurrent(library):
    layers = library.layers
    i = library.Input((5,))
    x = layers.Embedding(9, 4, mask_zero=True)(i)
    return library.Model(i, layers.Dense(1)(layers.Bidirectional(layers.LSTM(3))(x)))


CASES = {
    "sequential": (sequential, RNG.random((16, 6)), RNG.random((16, 3))),
    "functional": (
        functional,
        [RNG.random((16, 4)), RNG.random((16, 3))],
        [RNG.random((16, 2)), RNG.random((16, 1))],
    ),
    "recurrent": (recurrent, RNG.integers(0, 9, (16, 5)), RNG.random((16, 1))),
}


def trained(case):
    build, x, y = CASES[case]
    model = build(hb)
    model.compile(hb.optimizers.Adam(0.01), "mse", metrics=None)
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    return model, x, y


def outputs(model, x):
    found = model.predict(x, verbose=0)
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("case", CASES)
def test_both_open_it(case, tmp_path):
    model, x, y = trained(case)
    path = str(tmp_path / "m.h5")
    model.save(path)
    # Keras 3.15 cannot read back the name of a loss or metric, not even what it wrote itself.
    theirs, ours = keras.models.load_model(path, compile=False), hb.saving.load_model(path)
    assert ours.name == theirs.name == model.name
    for other in (theirs, ours):
        for found, expected in zip(outputs(other, x), outputs(model, x), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    histories = [m.fit(x, y, epochs=2, shuffle=False, verbose=0).history for m in (model, ours)]
    assert histories[0] == histories[1]


def test_without_the_training(tmp_path):
    model, x, _ = trained("sequential")
    hb.saving.save_model(model, tmp_path / "m.hdf5", include_optimizer=False)
    again = hb.saving.load_model(tmp_path / "m.hdf5")
    assert not again.compiled
    np.testing.assert_array_equal(outputs(again, x)[0], outputs(model, x)[0])


def test_weights_of_it_load_by_name(tmp_path):
    model, x, _ = trained("sequential")
    model.save(tmp_path / "m.h5")
    other = sequential(hb)
    for mine, layer in zip(other.layers, model.layers, strict=True):
        mine.name = layer.name
    other.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(outputs(other, x)[0], outputs(model, x)[0])


def test_many_layers(tmp_path):
    """More names than one attribute holds."""
    names = [f"a_name_{i:0400d}" for i in range(160)]
    layers = [hb.layers.Activation("linear", name=name) for name in names]
    hb.Sequential([hb.Input((1,)), *layers]).save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert "layer_names1" in file["model_weights"].attrs
        assert json.loads(file.attrs["model_config"])["class_name"] == "Sequential"
    assert [layer.name for layer in hb.saving.load_model(tmp_path / "m.h5").layers] == names


def test_what_is_refused(tmp_path):
    class Own(hb.Model):
        def call(self, x):
            return x

    path = tmp_path / "m.h5"
    with pytest.raises(ValueError, match=r"save to 'name.keras'.*class Own"):
        Own().save(path)
    assert not path.exists()
    model, *_ = trained("sequential")
    with pytest.raises(TypeError, match="include_optimizer for an"):
        model.save(tmp_path / "m.keras", include_optimizer=False)
    with pytest.raises(ValueError, match="zipped=True"):
        model.save(path, zipped=True)
    model.save(path)
    with pytest.raises(ValueError, match="exists already"):
        model.save(path, overwrite=False)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="damaged"):
        hb.saving.load_model(path)
