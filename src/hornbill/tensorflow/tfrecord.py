"""TFRecord files: records of bytes, each with its length and checksums.

https://www.tensorflow.org/tutorials/load_data/tfrecord: a record is its length (8 bytes), the
masked CRC-32C of these, the bytes, and their masked CRC-32C (4 bytes each, little endian).
"""

import contextlib
import gzip
import os
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from .tensor import to_numpy
from .text import Text

_PART = 1 << 20  # how much is read at once: a wrong length takes no more memory than the file has


class DataLossError(ValueError):
    """A file is damaged (`tf.errors.DataLossError`)."""


# ---- the checksum ------------------------------------------------------------------------------


def _make_table() -> np.ndarray:
    table = np.arange(256, dtype="uint32")
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table


_TABLE = _make_table()
_LIST = _TABLE.tolist()


def crc32c(data: bytes) -> int:
    """The CRC-32C (Castagnoli) of bytes; long ones in parts side by side.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    lanes = int(2 * np.sqrt(len(data)))
    if lanes < 64:
        return _step(0xFFFFFFFF, data) ^ 0xFFFFFFFF
    length = len(data) // lanes
    columns = np.frombuffer(data, "uint8", lanes * length).reshape(lanes, length).T
    states = np.zeros(lanes, "uint32")
    states[0] = 0xFFFFFFFF
    for column in np.ascontiguousarray(columns):
        states = _TABLE[(states ^ column) & 0xFF] ^ (states >> 8)
    # A part's state counts as if `length` zeros followed, which is linear in its bits.
    bits = np.uint32(1) << np.arange(32, dtype="uint32")
    for _ in range(length):
        bits = _TABLE[bits & 0xFF] ^ (bits >> 8)
    bits, state = bits.tolist(), 0
    for part in states.tolist():
        moved = 0
        for place in range(32):
            if state >> place & 1:
                moved ^= bits[place]
        state = moved ^ part
    return _step(state, data[lanes * length :]) ^ 0xFFFFFFFF


def _step(state: int, data: bytes) -> int:
    for byte in data:
        state = _LIST[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


# ---- files -------------------------------------------------------------------------------------


class TFRecordOptions:
    """How a file is compressed: `"GZIP"`, `"ZLIB"` or not at all (`""`, None)."""

    def __init__(self, compression_type: str | None = None):
        self.compression_type = _compression(compression_type)


def _compression(kind) -> str:
    kind = getattr(kind, "compression_type", kind) or ""
    if kind not in ("", "GZIP", "ZLIB"):
        raise ValueError(f"A compression_type is 'GZIP', 'ZLIB' or ''. Received: {kind!r}")
    return kind


class _Inflated:
    """The contents of a file compressed by zlib, to be read from front to back."""

    def __init__(self, file):
        self._file, self._inflate = file, zlib.decompressobj()

    def read(self, size: int) -> bytes:
        out = b""
        while len(out) < size:
            pending = self._inflate.unconsumed_tail or self._file.read(_PART)
            out += self._inflate.decompress(pending, size - len(out))
            if not pending:
                break
        return out


def read_records(path: str, compression: str | None = None) -> Iterator[bytes]:
    """The records of a file.

    Raises:
        DataLossError: where the file is cut off or a checksum does not hold.
    """
    kind = _compression(compression)
    with open(path, "rb") as plain:
        file = plain
        if kind:
            file = gzip.GzipFile(fileobj=plain) if kind == "GZIP" else _Inflated(plain)
        for number in _count():
            try:
                record = _record(file)
            except (DataLossError, EOFError, OSError, zlib.error) as error:
                raise DataLossError(
                    f"Record {number} of '{path}' is corrupt: {error}. The file is damaged, or no "
                    f"TFRecord file of this kind. Received: compression_type={kind!r}"
                ) from None
            if record is None:
                return
            yield record


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def _record(file) -> bytes | None:
    head = file.read(12)
    if not head:
        return None
    if len(head) < 12:
        raise DataLossError("the file ends within a length")
    if _masked(head[:8]) != head[8:]:
        raise DataLossError("the checksum of its length does not hold")
    (size,) = struct.unpack("<Q", head[:8])
    data, parts = 0, []
    while data < size and (part := file.read(min(size - data, _PART))):
        parts.append(part)
        data += len(part)
    record, tail = b"".join(parts), file.read(4)
    if len(tail) < 4:
        raise DataLossError(f"the file ends within its {size} bytes")
    if _masked(record) != tail:
        raise DataLossError("the checksum of its bytes does not hold")
    return record


class TFRecordWriter:
    """Writes a TFRecord file; with `with`, it is closed at the end.

    Args:
        path: the file, which is made anew.
        options: `TFRecordOptions`, or a compression type.

    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "file.tfrecord")
    >>> with TFRecordWriter(path) as writer:
    ...     writer.write(b"one")
    >>> list(read_records(path))
    [b'one']
    """

    def __init__(self, path, options=None):
        kind = _compression(options)
        name = str(Text.of(to_numpy(os.fspath(path) if isinstance(path, os.PathLike) else path)))
        self._open = contextlib.ExitStack()
        self._file = self._open.enter_context(open(name, "wb"))  # noqa: SIM115
        self._deflate = None
        if kind == "GZIP":
            self._file = self._open.enter_context(gzip.GzipFile(fileobj=self._file, mode="wb"))
        elif kind == "ZLIB":
            self._deflate = zlib.compressobj()

    def write(self, record) -> None:
        """Appends a record: bytes, or text as UTF-8."""
        record = as_bytes(record, "TFRecordWriter.write")
        head = struct.pack("<Q", len(record))
        data = b"".join([head, _masked(head), record, _masked(record)])
        self._file.write(data if self._deflate is None else self._deflate.compress(data))

    def flush(self) -> None:
        """Hands what was written to the system."""
        if self._deflate is not None:
            self._file.write(self._deflate.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()

    def close(self) -> None:
        """Ends the file."""
        if self._deflate is not None:
            self._file.write(self._deflate.flush())
            self._deflate = None
        self._open.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def as_bytes(value, who: str) -> bytes:
    """One string as bytes, be it bytes, text or a tensor of either.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(value, bytes):
        return bytes(value)
    found = to_numpy(value)[()] if isinstance(value, (str, np.ndarray, np.generic)) else value
    if isinstance(found, bytes):
        return bytes(found)
    if isinstance(found, str):
        return found.encode()
    raise TypeError(f"{who} takes bytes. Received: {type(value).__name__}")
