"""Examples, records and tensors, and the bytes that TensorFlow 2.21 writes for them.

`python tests/tf_face/record_cases.py` writes the latter to tests/data/tf_records.npz; it needs
tensorflow.
"""

import tempfile
from pathlib import Path

import numpy as np

GIVEN = Path(__file__).parent.parent / "data" / "tf_records.npz"
RECORDS = [b"", b"one", b"\x00\xff" * 30, bytes(range(256)) * 5]
KINDS = ["", "GZIP", "ZLIB"]


def examples(tf) -> dict:
    """Examples of `tf.train`."""

    def example(**features):
        return tf.train.Example(features=tf.train.Features(feature=features))

    def ints(*values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    def floats(*values):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))

    def strings(*values):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

    return {
        "empty": example(),
        "number": example(age=ints(29)),
        "ints": example(x=ints(0, 1, -1, 127, 128, 2**31, -(2**63), 2**63 - 1)),
        "floats": example(x=floats(0.0, -1.5, 0.1, 1e30)),
        "strings": example(x=strings(b"", b"word", b'\xff\x00"\\', "größer".encode())),
        "several": example(
            image=strings(b"\x89PNG\x00"), label=ints(3), w=floats(0.5), none=ints()
        ),
        "no list": example(x=tf.train.Feature()),
    }


def tensors() -> dict:
    """Tensors as NumPy arrays."""
    return {
        "float32": np.array([[1.5, -2], [0, 1e30]], "float32"),
        "int32": np.arange(-3, 3, dtype="int32").reshape(1, 6),
        "uint8": np.arange(256, dtype="uint8"),
        "bool": np.array([True, False]),
        "float16": np.array([0.5, 65504], "float16"),
        "scalar": np.float32(7.0),
        "empty": np.zeros((0, 3), "float32"),
        "string": np.array([b"a", b"\xff\x00", b""], object),
    }


if __name__ == "__main__":
    import tensorflow as tf

    found = {
        f"example/{k}": e.SerializeToString(deterministic=True) for k, e in examples(tf).items()
    }
    found |= {f"text/{k}": str(e).encode() for k, e in examples(tf).items()}
    for k, array in tensors().items():
        given = tf.constant(array.tolist()) if array.dtype == object else tf.constant(array)
        found[f"tensor/{k}"] = tf.io.serialize_tensor(given).numpy()
    # Numbers one by one instead of as bytes.
    for k, array in {
        "listed": np.float32([1.5, 2.5]),
        "repeated": np.full((2, 2), 3, "int32"),
    }.items():
        found[f"tensor/{k}"] = tf.make_tensor_proto(
            array.tolist(), shape=array.shape
        ).SerializeToString()
    proto = tf.make_tensor_proto([1, 2])
    proto.ClearField("tensor_content")
    proto.int_val.extend([-4, 5])
    found["tensor/int_val"] = proto.SerializeToString()
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/file"
            with tf.io.TFRecordWriter(path, kind) as writer:
                for record in RECORDS:
                    writer.write(record)
            found[f"file/{kind}"] = Path(path).read_bytes()
    np.savez_compressed(GIVEN, **{k: np.frombuffer(v, "uint8") for k, v in found.items()})
