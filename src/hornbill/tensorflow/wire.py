"""Protocol buffers' wire format, as much of it as `tf.train.Example` and tensors take.

https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator

import numpy as np

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}


class WireError(ValueError):
    """Bytes that are no message."""


def varint(number: int) -> bytes:
    """A number of at most 64 bits; negative ones are as in two's complement."""
    number &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, contents: bytes) -> bytes:
    """A field that holds bytes, text, a message, or packed numbers."""
    return varint(number << 3 | BYTES) + varint(len(contents)) + contents


def number_field(number: int, value: int) -> bytes:
    """A field that holds an int."""
    return varint(number << 3 | VARINT) + varint(value)


def fields(data: memoryview) -> Iterator[tuple[int, int, "int | memoryview"]]:
    """`(number, wire type, value)` of each field of a message, in order.

    The value is an int for `VARINT`, else the part of the message that holds it.

    Raises:
        WireError: for what is no message.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, place = _varint(data, place)
        elif kind == BYTES or kind in _SIZES:
            size = _SIZES.get(kind)
            if size is None:
                size, place = _varint(data, place)
            if size > len(data) - place:
                raise WireError(f"a field of {size} bytes where {len(data) - place} are left")
            value, place = data[place : place + size], place + size
        else:
            raise WireError(f"a field of the unknown kind {kind}")
        yield number, kind, value


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise WireError("it ends within a number")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise WireError("a number of more than ten bytes")


def pack_ints(values: np.ndarray) -> bytes:
    """Ints one after the other, as the contents of a packed field.

    >>> pack_ints(np.array([1, 300])).hex()
    '01ac02'
    """
    bits = np.asarray(values).astype("int64").view("uint64")
    septets = bits[:, None] >> np.arange(0, 70, 7, dtype="uint64")
    kept = septets > 0
    kept[:, 0] = True
    more = np.zeros_like(kept)
    more[:, :-1] = kept[:, 1:]
    return ((septets & 0x7F) | (more * 0x80).astype("uint64"))[kept].astype("uint8").tobytes()


def unpack_ints(data: memoryview) -> np.ndarray:
    """The ints of a packed field, as int64.

    >>> unpack_ints(memoryview(bytes.fromhex("01ac02"))).tolist()
    [1, 300]
    """
    raw = np.frombuffer(data, "uint8")
    ends = np.flatnonzero(raw < 0x80)
    if raw.size and (not ends.size or ends[-1] != raw.size - 1):
        raise WireError("it ends within a number")
    if not raw.size:
        return np.zeros(0, "int64")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > 10:
        raise WireError("a number of more than ten bytes")
    shifts = 7 * (np.arange(raw.size) - np.repeat(starts, lengths))
    septets = (raw & 0x7F).astype("uint64") << shifts.astype("uint64")
    return np.bitwise_or.reduceat(septets, starts).view("int64")


def numbers(kind: int, value, dtype: str) -> np.ndarray:
    """What a field of a repeated number holds: one, or several packed ones.

    Args:
        kind: the field's wire type.
        value: its value, as `fields` gives it.
        dtype: `"<f4"` or `"<f8"`; anything else stands for varints.
    """
    if dtype not in ("<f4", "<f8"):
        found = np.array([value], "uint64").view("int64") if kind == VARINT else unpack_ints(value)
        return found
    if kind == VARINT or len(value) % int(dtype[-1]):
        raise WireError("floats of another size")
    return np.frombuffer(value, dtype)
