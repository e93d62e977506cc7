"""`tf.io.serialize_tensor` and `parse_tensor`: a tensor as TensorFlow's `TensorProto`."""

import math

import jax.numpy as jnp
import numpy as np

from . import wire
from .arrays import cast
from .tensor import Tensor, to_numpy
from .text import Bytes, Text, is_text, strings
from .tfrecord import as_bytes

# TensorFlow's numbers of dtypes, https://github.com/tensorflow/tensorflow (types.proto).
_DTYPES = {
    "float32": 1,
    "float64": 2,
    "int32": 3,
    "uint8": 4,
    "int16": 5,
    "int8": 6,
    "string": 7,
    "complex64": 8,
    "int64": 9,
    "bool": 10,
    "bfloat16": 14,
    "uint16": 17,
    "complex128": 18,
    "float16": 19,
    "uint32": 22,
    "uint64": 23,
}
_NAMES = {number: name for name, number in _DTYPES.items()}
_DTYPE, _SHAPE, _VERSION, _CONTENT, _STRINGS = 1, 2, 3, 4, 8
# Fields that hold numbers one by one, as files of other programs may.
_NUMBERS = {5: "<f4", 6: "<f8", 7: "int", 10: "int", 11: "int", 16: "int", 17: "int"}


def serialize_tensor(tensor, name=None) -> Bytes:
    """A tensor as bytes, in TensorFlow's format.

    >>> parse_tensor(serialize_tensor([[1.0, 2.0]]), "float32").numpy().tolist()
    [[1.0, 2.0]]
    """
    text = is_text(array := to_numpy(tensor))
    if array.dtype == "float64" and not hasattr(tensor, "dtype"):
        array = array.astype("float32")
    kind = "string" if text else array.dtype.name
    if kind not in _DTYPES:
        raise TypeError(f"serialize_tensor knows no dtype {kind}. Received: {tensor!r}")
    dims = b"".join(wire.field(2, wire.number_field(1, n) if n else b"") for n in array.shape)
    head = wire.number_field(_DTYPE, _DTYPES[kind]) + wire.field(_SHAPE, dims)
    if text:
        items = [as_bytes(x, "serialize_tensor") for x in array.ravel().tolist()]
        return Bytes(head + b"".join(wire.field(_STRINGS, x) for x in items))
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return Bytes(head + (wire.field(_CONTENT, little.tobytes()) if array.size else b""))


def parse_tensor(serialized, out_type, name=None) -> Tensor | Text | Bytes:
    """The tensor that bytes of TensorFlow's format hold.

    Raises:
        ValueError: if they are none, or hold another dtype than `out_type`.
    """
    try:
        kind, shape, values = _read(memoryview(as_bytes(serialized, "parse_tensor")))
    except wire.WireError as error:
        raise ValueError(f"These bytes are no serialized tensor: {error}.") from None
    if kind != str(out_type):
        raise ValueError(f"The bytes hold {kind}. Received: out_type={out_type}")
    if kind == "string":
        return strings(values.reshape(shape))
    return cast(values.reshape(shape), out_type)


def _read(message: memoryview) -> tuple[str, tuple, np.ndarray]:
    kind, shape, content, listed = None, (), b"", []
    for number, how, value in wire.fields(message):
        if number == _DTYPE and how == wire.VARINT:
            kind = _NAMES.get(value)
        elif number == _SHAPE and how == wire.BYTES:
            shape = tuple(_size(dim) for n, w, dim in wire.fields(value) if (n, w) == (2, 2))
        elif number == _CONTENT and how == wire.BYTES:
            content = value
        elif number == _STRINGS and how == wire.BYTES:
            listed.append(Bytes(value))
        elif number in _NUMBERS:
            listed.extend(wire.numbers(how, value, _NUMBERS[number]).tolist())
    if kind is None:
        raise wire.WireError("it names no dtype that is known")
    count = math.prod(shape)
    if min(shape, default=0) < 0:
        raise wire.WireError("a negative size")
    if kind == "string":
        values = np.empty(len(listed), object)
        values[:] = listed
    elif len(content) or not count:
        dtype = jnp.dtype(kind).newbyteorder("<") if kind != "bfloat16" else jnp.dtype(kind)
        if len(content) != count * dtype.itemsize:
            raise wire.WireError(f"{len(content)} bytes for the shape {shape}")
        return kind, shape, np.frombuffer(content, dtype).astype(jnp.dtype(kind))
    elif kind in ("float16", "bfloat16", "complex64", "complex128"):
        raise wire.WireError(f"{kind} numbers one by one, which are not read")
    else:
        values = np.asarray(listed, kind)
    # A list that is shorter stands for one that goes on with its last value.
    if len(values) == count:
        return kind, shape, values
    if len(values) != 1:
        raise wire.WireError(f"{len(values)} values for the shape {shape}")
    return kind, shape, np.broadcast_to(values, (count,))


def _size(dim: memoryview) -> int:
    sizes = [value for number, how, value in wire.fields(dim) if (number, how) == (1, wire.VARINT)]
    size = sizes[-1] if sizes else 0
    return size - (1 << 64) if size >> 63 else size
