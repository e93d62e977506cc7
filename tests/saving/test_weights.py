"""Weights alone: `.weights.h5` both ways with Keras, in one file or several."""

import os
import re

import h5py
import keras
import numpy as np
import pytest

import hornbill as hb

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(2, 6)).astype("float32")


def functional(k):
    x = k.Input((6,))
    y = k.layers.Dense(4, name="b")(x) + k.layers.Dense(4, name="a")(x)
    return k.Model(x, k.layers.BatchNormalization()(y))


def sequential(k):
    return k.Sequential(
        [k.Input((6,)), k.layers.Dense(4), k.layers.Dropout(0.5), k.layers.Dense(2)]
    )


def nested(k):
    i = k.Input((6,))
    inner = k.Model(i, k.layers.Dense(6)(i))
    return k.Sequential([k.Input((6,)), inner, k.Sequential([k.layers.Dense(3)])])


def bfloat16(k):
    return k.Sequential([k.Input((6,)), k.layers.Dense(4, dtype="bfloat16")])


def subclassed(k):
    class Block(k.layers.Layer):
        def __init__(self):
            super().__init__()
            self.zero, self._hidden = k.layers.Dense(3), k.layers.Dense(2)

        def build(self, input_shape):
            self.own = self.add_weight(shape=(2,), name="own")
            self.zero.build(input_shape)
            self._hidden.build((None, 3))

        def call(self, x):
            return self._hidden(self.zero(x)) + self.own

    class Whole(k.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [Block(), Block(), k.layers.Dense(6)]
            self.named = {"x": k.layers.Dense(6), "y": k.layers.BatchNormalization()}

        def call(self, x):
            x = self.named["y"](self.named["x"](self.blocks[2](x)))
            return self.blocks[0](x) + self.blocks[1](x)

    model = Whole()
    model(ROWS)
    return model


def compiled(k):
    model = sequential(k)
    model.compile("adam", "mse")
    model.fit(ROWS, ROWS[:, :2], verbose=0)
    return model


CASES = (functional, sequential, nested, bfloat16, subclassed, compiled)


def draw(model, seed):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 0.9, w.shape).astype(w.dtype) for w in model.weights])


def same(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(np.asarray(a, "float32"), np.asarray(b, "float32"))


@pytest.mark.parametrize("build", CASES)
def test_both_ways(build, tmp_path):
    theirs, ours = build(keras), build(hb)
    draw(theirs, 1)
    draw(ours, 2)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.save_weights(tmp_path / "ours.weights.h5")
    with (
        h5py.File(tmp_path / "theirs.weights.h5") as a,
        h5py.File(tmp_path / "ours.weights.h5") as b,
    ):
        assert datasets(a) == datasets(b)
    mine, keras_own = build(hb), build(keras)
    mine.load_weights(tmp_path / "theirs.weights.h5")
    same(mine, theirs)
    keras_own.load_weights(tmp_path / "ours.weights.h5")
    same(keras_own, ours)
    if build is compiled:
        for a, b in ((mine, theirs), (keras_own, ours)):
            for v, w in zip(a.optimizer.variables, b.optimizer.variables, strict=True):
                np.testing.assert_array_equal(np.asarray(v.value), np.asarray(w.value))


def datasets(file):
    found = set()
    file.visititems(lambda n, x: found.add((n, x.shape)) if isinstance(x, h5py.Dataset) else None)
    return found


def test_several_files(tmp_path):
    theirs, ours = sequential(keras), sequential(hb)
    index = tmp_path / "ours.weights.json"
    ours.save_weights(index, max_shard_size=1e-7)  # about 100 bytes
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "ours.weights.json",
        "ours_00000.weights.h5",
        "ours_00001.weights.h5",
    ]
    theirs.load_weights(index)
    same(theirs, ours)
    draw(ours, 5)
    ours.save_weights(index, max_shard_size=1e-7)
    files = sorted(p.name for p in tmp_path.iterdir())
    marked = [re.sub("-save[0-9a-f]{8}", "-save", name) for name in files]
    assert marked == [
        "ours-save_00000.weights.h5",
        "ours-save_00001.weights.h5",
        "ours.weights.json",
        "ours_00000.weights.h5",  # empty: Keras opens it whatever the index names
    ]
    theirs.load_weights(tmp_path / "ours.weights.json")
    same(theirs, ours)
    draw(theirs, 3)
    theirs.save_weights(tmp_path / "theirs.weights.json", max_shard_size=1e-6)
    ours.load_weights(tmp_path / "theirs.weights.json")
    same(ours, theirs)
    # One's set takes the place of the other's, and leaves nothing of it.
    draw(ours, 4)
    ours.save_weights(tmp_path / "theirs.weights.json", max_shard_size=1e-7)
    assert len(list(tmp_path.iterdir())) == 2 * len(files)
    theirs.load_weights(tmp_path / "theirs.weights.json")
    same(theirs, ours)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("{}", "no 'weight_map'"),
        ('{"weight_map": {"/vars": "../x.weights.h5"}}', "Received: '../x.weights.h5'"),
        ('{"weight_map": {"/vars": "x.py"}}', r"no \.weights\.h5 file beside it"),
        ('{"weight_map": {"/vars": "x.weights.h5"}}', "names a file that is not there"),
    ],
)
def test_hostile_indices(index, message, tmp_path):
    (tmp_path / "m.weights.json").write_text(index)
    with pytest.raises(ValueError, match=message):
        sequential(hb).load_weights(tmp_path / "m.weights.json")


def test_weights_of_a_whole_model_file(tmp_path):
    theirs, ours = functional(keras), functional(hb)
    draw(theirs, 4)
    theirs.save(tmp_path / "m.keras")
    ours.load_weights(tmp_path / "m.keras")
    same(ours, theirs)


def test_what_does_not_fit_is_listed_at_once(tmp_path):
    path = tmp_path / "m.weights.h5"
    functional(hb).save_weights(path)
    other = hb.Sequential([hb.Input((6,)), hb.layers.Dense(5), hb.layers.Dense(4, use_bias=False)])
    before = other.get_weights()
    with pytest.raises(ValueError, match="do not fit") as caught:
        other.load_weights(path)
    message = str(caught.value)
    for part in (
        "'layers/dense' (Dense 'dense",
        "weight 0: expected shape (6, 5), the file has (6, 4)",
        "weight 1: expected shape (5,), the file has (4,)",
        "weight 0: expected shape (5, 4), the file has (6, 4)",
        "'layers/dense_1'",
        "the file has a weight 1 too many",
        "'layers/batch_normalization': in the file, not in the model",
        "skip_mismatch=True",
    ):
        assert part in message
    for a, b in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_skip_mismatch(tmp_path):
    path = tmp_path / "m.weights.h5"
    saved = sequential(hb)
    saved.save_weights(path)
    other = hb.Sequential([hb.Input((6,)), hb.layers.Dense(4), hb.layers.Dense(3)])
    last = other.get_weights()[2]
    with pytest.warns(UserWarning, match="left alone.*dense_1"):
        other.load_weights(path, skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[0], saved.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], last)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.weights.h5"
    model = sequential(hb)
    model.save_weights(path)
    before = path.read_bytes()

    class Broken(hb.layers.Dense):
        def save_own_variables(self, store):
            raise OSError("disk full")

    broken = hb.Sequential([hb.Input((6,)), hb.layers.Dense(2), Broken(2)])
    with pytest.raises(OSError, match="disk full"):
        broken.save_weights(path)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(OSError, match="killed"):
        model.save_weights(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.weights.h5"]


def test_a_damaged_file_changes_nothing(tmp_path):
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        for name, shapes in (("dense", [(6, 4), (4,)]), ("dense_1", [(4, 2), (2,)])):
            for i, shape in enumerate(shapes):
                file.create_dataset(
                    f"layers/{name}/vars/{i}",
                    data=np.ones(shape, "float32"),
                    chunks=shape,
                    compression="gzip",
                )
        packed = file["layers/dense_1/vars/1"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[packed.byte_offset + packed.size - 1] ^= 1  # of zlib's own checksum
    path.write_bytes(content)
    model = sequential(hb)
    before = model.get_weights()
    with pytest.raises(ValueError, match="no readable HDF5 file"):
        model.load_weights(path)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


WRONG = [
    (lambda m, p: m.save_weights(p / "m.h5"), ValueError, r"ends in '\.weights\.h5'"),
    (lambda m, p: m.load_weights(p / "m.npz"), ValueError, r"ends in '\.weights\.h5'"),
    (lambda m, p: m.load_weights(p / "m.weights.h5"), ValueError, "no weights file"),
    (lambda m, p: m.save_weights(p / "x/m.weights.h5"), ValueError, "does not exist"),
    (lambda m, p: m.load_weights(p / "a.weights.h5", by_name=True), ValueError, "by_name"),
    (
        lambda m, p: m.save_weights(p / "a.weights.h5", overwrite=False),
        ValueError,
        "exists already",
    ),
    (
        lambda m, p: m.save_weights(p / "b.weights.json", max_shard_size=0),
        ValueError,
        "positive number",
    ),
    (
        lambda m, p: m.save_weights(p / "b.weights.h5", max_shard_size=1),
        ValueError,
        r"ends in '\.weights\.json'",
    ),
    (
        lambda m, p: hb.Sequential([hb.layers.Dense(2)]).save_weights(p / "b.weights.h5"),
        ValueError,
        "no weights to save yet",
    ),
    (
        lambda m, p: hb.Sequential([hb.layers.Dense(2)]).load_weights(p / "a.weights.h5"),
        ValueError,
        "must be built",
    ),
]


@pytest.mark.parametrize(("act", "error", "message"), WRONG)
def test_wrong_uses(act, error, message, tmp_path):
    model = sequential(hb)
    model.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(error, match=message):
        act(model, tmp_path)
