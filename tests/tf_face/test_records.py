"""TFRecord files, `tf.train.Example` and serialized tensors, against TensorFlow's bytes."""

import functools
import gzip
import struct
import zlib

import numpy as np
import pytest
from record_cases import GIVEN, KINDS, RECORDS, examples, tensors

import hornbill.tensorflow as tf

train, io = tf.train, tf.io
EXAMPLES = examples(tf)


@functools.cache
def given() -> dict:
    with np.load(GIVEN) as file:
        return {key: file[key].tobytes() for key in file}


# ---- files -------------------------------------------------------------------------------------


def written(path, records, kind="") -> bytes:
    with io.TFRecordWriter(str(path), kind) as writer:
        for record in records:
            writer.write(record)
        writer.flush()
    return path.read_bytes()


def read(path, kind=None) -> list[bytes]:
    return [x.numpy() for x in tf.data.TFRecordDataset(str(path), compression_type=kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_tensorflows(tmp_path, kind):
    (tmp_path / "theirs").write_bytes(given()[f"file/{kind}"])
    assert read(tmp_path / "theirs", kind) == RECORDS
    mine = written(tmp_path / "mine", RECORDS, kind)
    plain = {"": bytes, "GZIP": gzip.decompress, "ZLIB": zlib.decompress}[kind](mine)
    assert plain == given()["file/"]
    assert read(tmp_path / "mine", kind) == RECORDS


def test_many_files(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        written(path, [path.name.encode() + b"\xff", b"\x00"])
    several = [b"a\xff", b"\x00", b"b\xff", b"\x00"]
    names = tf.data.Dataset.from_tensor_slices([str(p) for p in paths])
    by_name = tf.data.TFRecordDataset([str(p) for p in paths], num_parallel_reads=2)
    for dataset in (
        by_name,
        tf.data.TFRecordDataset(names),
        names.flat_map(tf.data.TFRecordDataset),
        tf.data.Dataset.list_files(str(tmp_path / "*"), shuffle=False).interleave(
            lambda path: tf.data.TFRecordDataset(path), cycle_length=1
        ),
    ):
        assert [x.numpy() for x in dataset] == several
    (batch,) = by_name.batch(4)
    assert batch.numpy().tolist() == several
    assert (batch.shape, batch[0], batch[1:][0]) == ((4,), b"a\xff", b"\x00")
    assert [x.numpy() for x in by_name.batch(3).unbatch()] == several
    assert list(by_name.as_numpy_iterator()) == several
    options = io.TFRecordOptions(compression_type="GZIP")
    writer = io.TFRecordWriter(paths[0], options)
    writer.write(tf.constant("text"))
    writer.close()
    assert read(paths[0], "GZIP") == [b"text"]


def damaged(change) -> bytes:
    data = bytearray(given()["file/"])
    change(data)
    return bytes(data)


DAMAGED = {
    "a bit of a record": (lambda d: d.__setitem__(30, d[30] ^ 1), "Record 1 .*of its bytes"),
    "a bit of a length": (lambda d: d.__setitem__(16, 9), "Record 1 .*of its length"),
    "cut in a record": (lambda d: d.__delitem__(slice(-50, None)), "Record 3 .*within its 1280"),
    "cut in a length": (lambda d: d.__delitem__(slice(20, None)), "Record 1 .*within a length"),
    "text": (lambda d: d.__setitem__(slice(None), b"no records at all"), "Record 0 .*length"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_found(tmp_path, name):
    change, message = DAMAGED[name]
    (tmp_path / "file").write_bytes(damaged(change))
    with pytest.raises(tf.errors.DataLossError, match=message):
        read(tmp_path / "file")


@pytest.mark.parametrize("kind", KINDS)
def test_damage_of_compressed_files(tmp_path, kind):
    cut = given()[f"file/{kind}"][:-9]
    for data in (cut, b"no file of this kind"):
        (tmp_path / "file").write_bytes(data)
        with pytest.raises(tf.errors.DataLossError, match="is corrupt"):
            read(tmp_path / "file", kind)


def test_lengths_are_not_trusted(tmp_path):
    # A length of 2 ** 62 bytes with a checksum that holds takes no memory.
    from hornbill.tensorflow.tfrecord import _masked

    head = struct.pack("<Q", 2**62)
    (tmp_path / "file").write_bytes(head + _masked(head) + b"short")
    with pytest.raises(tf.errors.DataLossError, match=f"within its {2**62} bytes"):
        read(tmp_path / "file")


# ---- examples ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_tensorflows(name):
    example, theirs = EXAMPLES[name], given()[f"example/{name}"]
    assert example.SerializeToString(deterministic=True) == theirs
    again = train.Example.FromString(theirs)
    assert again == example
    assert again.SerializeToString(deterministic=True) == theirs
    # TensorFlow shows features in no particular order.
    text = given()[f"text/{name}"].decode()
    assert sorted(str(again).splitlines()) == sorted(text.splitlines())


def test_examples_can_be_changed():
    example = train.Example()
    example.features.feature["a"].int64_list.value.append(3)
    example.features.feature["b"].bytes_list.value.extend([b"x", b"y"])
    feature = train.Example.FromString(example.SerializeToString()).features.feature
    assert feature["a"].int64_list.value == [3]
    assert feature["a"].WhichOneof("kind") == "int64_list"
    assert feature["a"].HasField("int64_list")
    assert feature["b"].bytes_list == train.BytesList(value=[b"x", b"y"])
    assert sorted(feature) == ["a", "b"]
    assert train.FloatList(value=tf.constant([1.0, 2.0])).value == [1, 2]
    assert train.Int64List(value=np.array([1, 2], "uint8")).value == [1, 2]
    kept = example.SerializeToString()
    with pytest.raises(ValueError, match=r"no tf\.train\.Example"):
        example.ParseFromString(b"\x0a\xff")
    assert example.SerializeToString() == kept


def test_damaged_examples_are_refused():
    # Each cut of an example either is one, or says what is wrong; none hangs or fails inside.
    data, rng = given()["example/several"], np.random.default_rng(0)
    changed = [data[:size] for size in range(1, len(data))]
    for _ in range(300):
        noise = bytearray(data)
        noise[rng.integers(len(data))] = rng.integers(256)
        changed.append(bytes(noise))

    def refusal(serialized):
        try:
            train.Example.FromString(serialized)
        except ValueError as error:
            return str(error)

    refused = [message for message in map(refusal, changed) if message]
    assert len(refused) > len(data)
    assert all("no tf.train.Example" in message for message in refused)


# ---- parsing -----------------------------------------------------------------------------------

SPEC = {
    "image": io.FixedLenFeature([], tf.string),
    "label": io.FixedLenFeature([], tf.int64),
    "w": io.FixedLenFeature((1,), tf.float32),
    "more": io.FixedLenFeature([2], tf.float32, default_value=[1.0, 2.0]),
    "name": io.FixedLenFeature((), tf.string, default_value="nobody"),
    "none": io.VarLenFeature(tf.int64),
    "absent": io.VarLenFeature(tf.string),
}


def test_parse_single_example():
    found = io.parse_single_example(given()["example/several"], SPEC)
    assert list(found) == list(SPEC)
    assert found["image"].numpy() == b"\x89PNG\x00"
    assert (int(found["label"]), found["label"].shape) == (3, ())
    assert found["w"].numpy().tolist() == [0.5]
    assert found["more"].numpy().tolist() == [1, 2]
    assert found["name"].numpy() == b"nobody"
    assert (found["none"].shape, found["absent"].shape) == ((0,), (0,))


def test_parse_example_stacks():
    def example(*numbers):
        values = train.Int64List(value=numbers)
        pairs = train.FloatList(value=[float(n) for n in numbers for _ in (0, 1)])
        words = train.BytesList(value=[b"w%d" % n for n in numbers])
        features = {
            "n": train.Feature(int64_list=values),
            "p": train.Feature(float_list=pairs),
            "s": train.Feature(bytes_list=words),
        }
        return train.Example(features=train.Features(feature=features)).SerializeToString()

    spec = {
        "n": io.VarLenFeature(tf.int64),
        "p": io.FixedLenSequenceFeature([2], tf.float32, True, default_value=-1.0),
        "s": io.VarLenFeature(tf.string),
    }
    rows = [example(1), example(2, 3), example()]
    for given_rows in (rows, tf.constant(rows), np.array(rows, object)):
        found = io.parse_example(given_rows, spec)
        assert found["n"].numpy().tolist() == [[1, 0], [2, 3], [0, 0]]
        assert found["p"].shape == (3, 2, 2)
        assert found["p"].numpy()[0].tolist() == [[1, 1], [-1, -1]]
        assert found["s"].numpy().tolist() == [[b"w1", b""], [b"w2", b"w3"], [b"", b""]]
    fixed = {"n": io.FixedLenFeature([], tf.int64)}
    assert io.parse_example([example(5), example(7)], fixed)["n"].numpy().tolist() == [5, 7]
    assert int(io.parse_example(example(5), fixed)["n"]) == 5
    assert io.parse_example([], fixed)["n"].shape == (0,)
    with pytest.raises(ValueError, match="Example 2 cannot be parsed: feature 'n' has 0 values"):
        io.parse_example(rows[:1] * 2 + [example()], fixed)


REFUSED = {
    "feature 'x' has 4 values": ("floats", {"x": io.FixedLenFeature([3], tf.float32)}),
    "holds a float_list, not int64": ("floats", {"x": io.FixedLenFeature([4], tf.int64)}),
    "'y' is missing": ("floats", {"y": io.FixedLenFeature([], tf.int64)}),
    "no whole number": ("floats", {"x": io.FixedLenSequenceFeature([3], tf.float32, True)}),
    "need 64 bits": ("ints", {"x": io.VarLenFeature(tf.int64)}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_wrong_features(message):
    name, spec = REFUSED[message]
    with pytest.raises(ValueError, match=message):
        io.parse_single_example(given()[f"example/{name}"], spec)


WRONG = {
    "no tf.train.Example": (ValueError, lambda: io.parse_single_example(b"\x0a\x05a", SPEC)),
    "'e7' cannot": (ValueError, lambda: io.parse_single_example(b"\xff", SPEC, "e7")),
    "takes bytes": (TypeError, lambda: io.parse_single_example(5, SPEC)),
    "bytes of each": (ValueError, lambda: io.parse_example([[b"a"]], SPEC)),
    "tf.int64, tf.float32": (ValueError, lambda: io.FixedLenFeature([], tf.int32)),
    "shape is known": (ValueError, lambda: io.FixedLenFeature([None], tf.int64)),
    "allow_missing=True": (ValueError, lambda: io.FixedLenSequenceFeature([], tf.int64)),
    "values are bytes": (TypeError, lambda: train.BytesList(value=["text"])),
    "values are floats": (TypeError, lambda: train.FloatList(value=["1"])),
    "values are ints": (TypeError, lambda: train.Int64List(value=[1.5])),
    "64 bits, signed": (ValueError, lambda: train.Int64List(value=np.array([2**63], "uint64"))),
    "holds one list": (
        ValueError,
        lambda: train.Feature(int64_list=train.Int64List(), float_list=train.FloatList()),
    ),
    "is a Int64List": (TypeError, lambda: train.Feature(int64_list=[1])),
    "are Feature objects": (TypeError, lambda: train.Features(feature={"a": 1})),
    "features are Features": (TypeError, lambda: train.Example(features={})),
    "'GZIP', 'ZLIB'": (ValueError, lambda: io.TFRecordOptions("LZMA")),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_arguments(message):
    error, call = WRONG[message]
    with pytest.raises(error, match=message):
        call()


def test_from_files_to_training(tmp_path):
    # As scripts do it: write, read, decode, train.
    images = np.arange(4 * 6, dtype="uint8").reshape(4, 2, 3)
    rows = []
    for i, image in enumerate(images):
        features = {
            "image": train.Feature(bytes_list=train.BytesList(value=[image.tobytes()])),
            "label": train.Feature(int64_list=train.Int64List(value=[i % 2])),
        }
        example = train.Example(features=train.Features(feature=features))
        rows.append(example.SerializeToString())
    written(tmp_path / "file", rows)
    spec = {
        "image": io.FixedLenFeature([], tf.string),
        "label": io.FixedLenFeature([], tf.int64),
    }

    def parse(record):
        example = io.parse_single_example(record, spec)
        image = tf.reshape(io.decode_raw(example["image"], tf.uint8), (2, 3))
        return tf.cast(image, tf.float32) / 24.0, example["label"]

    records = tf.data.TFRecordDataset(str(tmp_path / "file"))
    x, y = next(iter(records.map(parse).batch(4)))
    np.testing.assert_allclose(x, images / 24, rtol=1e-6)
    assert y.numpy().tolist() == [0, 1, 0, 1]
    batches = records.batch(2).map(lambda r: io.parse_example(r, spec)["label"])
    assert [b.numpy().tolist() for b in batches] == [[0, 1], [0, 1]]
    model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(2)])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    assert np.isfinite(model.fit(records.map(parse).batch(2), verbose=0).history["loss"][0])


# ---- tensors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", tensors())
def test_tensors_are_tensorflows(name):
    array = tensors()[name]
    theirs = given()[f"tensor/{name}"]
    mine = tf.io.serialize_tensor(array if array.dtype == object else tf.constant(array))
    assert mine.numpy() == theirs
    kind = tf.string if array.dtype == object else array.dtype.name
    again = io.parse_tensor(theirs, kind)
    assert again.shape == array.shape
    np.testing.assert_array_equal(again.numpy(), array)


def test_tensors_with_numbers_one_by_one():
    assert io.parse_tensor(given()["tensor/listed"], "float32").numpy().tolist() == [1.5, 2.5]
    repeated = io.parse_tensor(given()["tensor/repeated"], tf.int32)
    assert repeated.numpy().tolist() == [[3, 3], [3, 3]]
    assert io.parse_tensor(given()["tensor/int_val"], tf.int32).numpy().tolist() == [-4, 5]


def test_wrong_tensors():
    data = given()["tensor/float32"]
    with pytest.raises(ValueError, match="hold float32"):
        io.parse_tensor(data, tf.int32)
    with pytest.raises(ValueError, match="no serialized tensor"):
        io.parse_tensor(data[:-1], tf.float32)
    with pytest.raises(ValueError, match="15 bytes for the shape"):
        io.parse_tensor(data[:-18] + b"\x22\x0f" + data[-15:], tf.float32)
    with pytest.raises(ValueError, match="names no dtype"):
        io.parse_tensor(b"", tf.float32)
