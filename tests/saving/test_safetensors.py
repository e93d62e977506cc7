"""`.safetensors`: the bytes as the format's description has them, and as its own library does."""

import json
import re
import struct

import numpy as np
import pytest

import hornbill as hb
from hornbill.saving import safetensors

ROWS = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")


def model(units=4, dtype="float32"):
    layers = [hb.layers.Dense(units, dtype=dtype, name="one"), hb.layers.BatchNormalization()]
    inner = hb.Sequential([hb.layers.Dense(3)], name="inner")
    return hb.Sequential([hb.Input((6,)), *layers, inner])


def draw(model, seed):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 0.9, w.shape).astype(w.dtype) for w in model.weights])


def same(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a.view("uint8"), b.view("uint8"))


def raw(entries, data: bytes = b"", length=None) -> bytes:
    """A file as the format describes it, or as it does not."""
    header = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def entry(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_round_trip(dtype, tmp_path):
    one, other = model(dtype=dtype), model(dtype=dtype)
    draw(one, 1)
    one.save_weights(tmp_path / "m.safetensors")
    other.load_weights(tmp_path / "m.safetensors")
    same(other, one)
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_optimizer_state_goes_along(tmp_path):
    one, other = model(), model()
    for m in (one, other):
        m.compile("adam", "mse")
        m.fit(ROWS, ROWS[:, :3], verbose=0)
    one.save_weights(tmp_path / "m.safetensors")
    other.load_weights(tmp_path / "m.safetensors")
    for v, w in zip(one.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(v.numpy(), w.numpy())


def test_the_bytes(tmp_path):
    """The layout, written out by hand from the format's description."""
    made = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    made.set_weights([np.array([[1.5], [2.5]], "float32"), np.array([-1.0], "float32")])
    made.save_weights(tmp_path / "m.safetensors")
    content = (tmp_path / "m.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    assert length % 8 == 0
    assert json.loads(content[8 : 8 + length]) == {
        "__metadata__": {"format": "np"},
        "layers/dense/vars/0": entry("F32", [2, 1], 0, 8),
        "layers/dense/vars/1": entry("F32", [1], 8, 12),
    }
    assert content[8 + length :] == struct.pack("<3f", 1.5, 2.5, -1.0)


def test_their_library_agrees(tmp_path):
    theirs = pytest.importorskip("safetensors.numpy")
    one, other = model(), model()
    draw(one, 2)
    one.save_weights(tmp_path / "ours.safetensors")
    tensors = theirs.load_file(tmp_path / "ours.safetensors")
    np.testing.assert_array_equal(tensors["layers/dense/vars/0"], one.get_weights()[0])
    assert len(tensors) == len(one.weights)
    theirs.save_file(tensors, tmp_path / "theirs.safetensors", {"any": "thing"})
    other.load_weights(tmp_path / "theirs.safetensors")
    same(other, one)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no .safetensors file"),
        (b"\x01", "is no .safetensors file"),
        (raw({}, length=2**63), "a header of 9223372036854775808 bytes"),
        (raw({}, length=100), "a header of 100 bytes in a file of 10"),
        (raw(b"[1]"), "Received: a list"),
        (raw(b"\xff\xfe"), "no valid JSON"),
        (raw(b"[" * 10_000), "nested too deep|no valid JSON"),
        (raw(b'{"a": 1, "a": 1}'), "names a member twice"),
        (raw({"a": 3}), "'a' no two 'data_offsets'"),
        (raw({"a": entry("F32", [1], 0, True)}, b"1234"), "no two 'data_offsets'"),
        (raw({"a": entry("F32", [1], -4, 0)}), "no two 'data_offsets'"),
        (raw({"a": entry("F32", [1], 0, 4)}), "lie outside"),
        (raw({"a": entry("F32", [1], 4, 0)}, b"1234"), "lie outside"),
        (raw({"a": entry("F32", [1], 4, 8)}, b"12345678"), "leave a gap"),
        (
            raw({c: entry("F32", [2], s, s + 8) for c, s in (("a", 0), ("b", 4))}, b"0" * 12),
            "overl",
        ),
        (raw({"a": entry("F32", [1], 0, 4)}, b"12345"), "holds 1 bytes that its header does not"),
        (raw({"a": entry("O", [1], 0, 4)}, b"1234"), "a dtype that is none of"),
        (raw({"a": entry("F32", [2], 0, 4)}, b"1234"), "a shape that does not fit"),
        (raw({"a": entry("F32", "x", 0, 4)}, b"1234"), "a shape that does not fit"),
        (raw({"a": entry("F32", [1.0], 0, 4)}, b"1234"), "a shape that does not fit"),
        (raw({"a": entry("F32", [2**40, 2**40], 0, 4)}, b"1234"), "a shape that does not fit"),
        (raw({"layers/dense/vars/0": entry("F32", [1], 0, 4)}, b"1234"), r"the file has \(1,\)"),
    ],
)
def test_hostile_files(content, message, tmp_path):
    (tmp_path / "m.safetensors").write_bytes(content)
    made = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    before = made.get_weights()
    with pytest.raises(ValueError, match=message):
        made.load_weights(tmp_path / "m.safetensors")
    for a, b in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_truncations(tmp_path):
    path = tmp_path / "m.safetensors"
    made = model()
    made.save_weights(path)
    content = path.read_bytes()
    for size in np.linspace(0, len(content) - 1, 30, dtype=int):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"m\.safetensors"):
            made.load_weights(path)


def test_what_does_not_fit(tmp_path):
    path = tmp_path / "m.safetensors"
    one, other = model(), model(units=5)
    one.save_weights(path)
    with pytest.raises(ValueError, match=r"expected shape \(6, 5\), the file has \(6, 4\)"):
        other.load_weights(path)
    with pytest.warns(UserWarning, match="Weights left alone"):
        other.load_weights(path, skip_mismatch=True)
    with pytest.raises(ValueError, match="by_name=True is for Keras 2's"):
        one.load_weights(path, by_name=True)
    with pytest.raises(ValueError, match="exists already"):
        one.save_weights(path, overwrite=False)


def test_a_dtype_without_a_name_leaves_the_old_file(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"old")

    class Odd(hb.layers.Layer):
        def call(self, x):
            return x

        def save_own_variables(self, store):
            store["0"] = np.zeros(2, "complex128")

    made = hb.Sequential([hb.Input((2,)), Odd()])
    with pytest.raises(ValueError, match=r"'layers/odd/vars/0'.*Received: complex128"):
        made.save_weights(path)
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def shards_of(folder):
    return sorted(p.name for p in folder.iterdir())


INDEX = "m.safetensors.index.json"


def test_shards(tmp_path):
    """Hugging Face's layout: an index of tensors' names, and files that its library reads."""
    theirs = pytest.importorskip("safetensors.numpy")
    one, other = model(), model()
    draw(one, 3)
    one.save_weights(tmp_path / "m.safetensors", max_shard_size=1e-7)  # about 100 bytes
    *files, last = shards_of(tmp_path)
    assert last == INDEX
    assert files == [f"m-0000{i}-of-00003.safetensors" for i in (1, 2, 3)]
    one.save_weights(tmp_path / "m.safetensors", max_shard_size=1e-7)  # over the first
    *files, last = shards_of(tmp_path)
    assert last == INDEX
    for i, file in enumerate(files, 1):
        assert re.fullmatch(f"m-save[0-9a-f]{{8}}-0000{i}-of-00003.safetensors", file)
    index = json.loads((tmp_path / INDEX).read_text())
    tensors = {}
    for file in files:
        held = theirs.load_file(tmp_path / file)
        assert all(index["weight_map"][name] == file for name in held)
        tensors.update(held)
    assert tensors.keys() == index["weight_map"].keys()
    assert index["metadata"]["total_size"] == sum(t.nbytes for t in tensors.values())
    for name in ("m.safetensors", INDEX):
        draw(other, 4)
        other.load_weights(tmp_path / name)
        same(other, one)
    assert "dense" in hb.saving.KerasFileEditor(tmp_path / INDEX).weights_dict["layers"]
    # A single tensor may lie apart from its layer's others, as their own tools split them.
    places = {n: "a.safetensors" if n.endswith("0") else "b.safetensors" for n in tensors}
    for file in set(places.values()):
        held = {n: t for n, t in tensors.items() if places[n] == file}
        theirs.save_file(held, tmp_path / file)
    (tmp_path / "x.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    draw(other, 4)
    other.load_weights(tmp_path / "x.safetensors.index.json")
    same(other, one)


def test_one_file_and_shards_replace_each_other(tmp_path):
    path = tmp_path / "m.safetensors"
    one, other = model(), model()
    one.save_weights(path)
    for arguments in ({}, {"max_shard_size": 1}):
        with pytest.raises(ValueError, match="exists already"):
            one.save_weights(path, overwrite=False, **arguments)
    draw(one, 1)
    one.save_weights(path, max_shard_size=1)
    shard, index = shards_of(tmp_path)
    assert shard.endswith("-00001-of-00001.safetensors")
    assert index == INDEX
    other.load_weights(path)
    same(other, one)
    draw(one, 2)
    one.save_weights(path)
    other.load_weights(path)
    same(other, one)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "Received: a list"),
        ("{}", "no 'weight_map'"),
        ('{"weight_map": {"a": "../m.safetensors"}}', "no .safetensors file beside it"),
        ('{"weight_map": {"a": "/etc/m.safetensors"}}', "no .safetensors file beside it"),
        ('{"weight_map": {"a": "m.weights.h5"}}', "no .safetensors file beside it"),
        ('{"weight_map": {"a": 3}}', "no .safetensors file beside it"),
        ('{"weight_map": {"a": {"b": 3}}}', "no .safetensors file beside it"),
        ('{"weight_map": {"a": "gone.safetensors"}}', "names a file that is not there"),
        ('{"weight_map": {"a": "m.safetensors", "b": "n.safetensors"}}', "that both hold 'layers"),
        ('{"weight_map": {"a": "bad.safetensors"}}', "is no .safetensors file"),
    ],
)
def test_hostile_indices(content, message, tmp_path):
    made = model()
    for name in ("m.safetensors", "n.safetensors"):
        made.save_weights(tmp_path / name)
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    (tmp_path / "x.safetensors.index.json").write_text(content)
    before = made.get_weights()
    with pytest.raises(ValueError, match=message):
        made.load_weights(tmp_path / "x.safetensors.index.json")
    for a, b in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_shards_that_fail_leave_the_old_ones(tmp_path, monkeypatch):
    one = model()
    one.save_weights(tmp_path / "m.safetensors", max_shard_size=1e-7)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    write, calls = safetensors.write_state, []

    def failing(path, state):
        calls.append(path)
        if len(calls) == 3:
            raise OSError("No space left on device")
        write(path, state)

    monkeypatch.setattr(safetensors, "write_state", failing)
    draw(one, 5)
    with pytest.raises(OSError, match="No space left"):
        one.save_weights(tmp_path / "m.safetensors", max_shard_size=1e-7)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
