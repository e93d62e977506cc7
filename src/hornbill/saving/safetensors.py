"""`.safetensors`: weights in the plain format that other libraries read too.

A file is the length of a JSON header (8 bytes, little-endian), the header
`{name: {"dtype", "shape", "data_offsets"}}`, and the arrays' bytes without gaps. A weight's name is
its place in the model, as in `.weights.h5`: `layers/dense/vars/0`. The format is described at
https://huggingface.co/docs/safetensors; read and written here, it needs no package.
"""

import json
import math
import os
import struct
from typing import NamedTuple

import numpy as np

from ..engine import strict_json
from ..engine.dtypes import numpy_dtype

SUFFIX = ".safetensors"
MAX_HEADER = 100_000_000  # bytes, the format's own limit

# The format's names of dtypes, and ours.
DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
    "U16": "uint16",
    "I16": "int16",
    "F16": "float16",
    "BF16": "bfloat16",
    "U32": "uint32",
    "I32": "int32",
    "F32": "float32",
    "C64": "complex64",
    "U64": "uint64",
    "I64": "int64",
    "F64": "float64",
}
_NAMES = {ours: name for name, ours in DTYPES.items()}


def write_state(path: str, state) -> None:
    """Writes pairs of a path and `{key: array}` as tensors `path/vars/key`."""
    arrays = {
        f"{inner}/vars/{key}" if inner else f"vars/{key}": np.asarray(array)
        for inner, store in state
        for key, array in store.items()
    }
    header: dict[str, dict] = {"__metadata__": {"format": "np"}}
    end = 0
    for name, array in arrays.items():
        if array.dtype.name not in _NAMES:
            raise ValueError(
                f"A '{SUFFIX}' file cannot hold the dtype of '{name}'. Expected one of "
                f"{sorted(_NAMES)}. Received: {array.dtype.name}"
            )
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the arrays begin at a multiple of 8
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).reshape(-1).view("uint8").data)


class Stored(NamedTuple):
    """An array in a file."""

    path: str
    offset: int
    size: int
    dtype: str
    shape: tuple

    def read(self) -> np.ndarray:
        """The array, in memory."""
        data = np.fromfile(self.path, "uint8", self.size, offset=self.offset)
        if data.size != self.size:
            raise ValueError(f"'{self.path}' became shorter while it was read.")
        return data.view(numpy_dtype(self.dtype)).reshape(self.shape)


def read_state(path: str) -> dict[str, dict[str, Stored]]:
    """`{path: {key: Stored}}` of a file; no array is read before it is asked for.

    Raises:
        ValueError: if it is no such file, or its header says what cannot be: an unknown dtype, a
            shape that does not fit its bytes, bytes that overlap or lie outside, a name twice.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size - 8, MAX_HEADER):
            raise ValueError(
                f"'{path}' is no {SUFFIX} file: its header has at most {MAX_HEADER} bytes and lies "
                f"in the file. Received: a header of {length} bytes in a file of {size}"
            )
        header = strict_json.parse(file.read(length), f"The header of '{path}'")
    header.pop("__metadata__", None)
    state: dict[str, dict] = {}
    begin = end = 8 + length
    for name, entry in sorted(header.items(), key=lambda item: _offsets(path, *item)):
        offset, stop = (begin + o for o in _offsets(path, name, entry))
        if offset != end or stop < offset or stop > size:
            raise _wrong(path, name, "bytes that overlap, leave a gap or lie outside", entry)
        end = stop
        inner, _, key = name.rpartition("/")
        owner = inner.removesuffix("vars").removesuffix("/")
        state.setdefault(owner, {})[key] = _stored(path, name, entry, offset, stop - offset)
    if end != size:
        raise ValueError(f"'{path}' holds {size - end} bytes that its header does not name.")
    return state


def _offsets(path: str, name: str, entry) -> tuple[int, int]:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise _wrong(path, name, "no two 'data_offsets'", entry)
    return tuple(offsets)


def _stored(path: str, name: str, entry: dict, offset: int, size: int) -> Stored:
    dtype, shape = DTYPES.get(str(entry.get("dtype"))), entry.get("shape")
    if dtype is None:
        raise _wrong(path, name, f"a dtype that is none of {list(DTYPES)}", entry)
    if not _are_sizes(shape) or math.prod(shape) * numpy_dtype(dtype).itemsize != size:
        raise _wrong(path, name, "a shape that does not fit its bytes", entry)
    return Stored(path, offset, size, dtype, tuple(shape))


def _are_sizes(value) -> bool:
    return isinstance(value, list) and all(type(n) is int and n >= 0 for n in value)


def _wrong(path: str, name: str, what: str, entry) -> ValueError:
    return ValueError(f"'{path}' gives the tensor '{name}' {what}. Received: {entry!r}")
