"""`tf.train.Example` and its parts: named lists of ints, floats or bytes."""

import collections

import numpy as np

from . import wire
from .tensor import unwrap


class _List:
    """A list of values of one kind; `value` is a Python list that may be changed."""

    def __init__(self, value=()):
        self.value = list(self._check(value))

    def __eq__(self, other):
        return type(other) is type(self) and self.value == other.value

    __hash__ = None

    def __repr__(self):
        return "".join(f"value: {_shown(v)}\n" for v in self.value)


_ESCAPES = {ord(c): f"\\{letter}" for c, letter in zip("\"'\\\n\r\t", "\"'\\nrt", strict=True)}


def _shown(value) -> str:
    if isinstance(value, float):
        return str(np.float32(value)).removesuffix(".0")
    if not isinstance(value, bytes):
        return str(value)
    letters = (_ESCAPES.get(b, chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in value)
    return f'"{"".join(letters)}"'


class BytesList(_List):
    """A list of `bytes`.

    >>> BytesList(value=[b"word"]).value
    [b'word']
    """

    @staticmethod
    def _check(values) -> list[bytes]:
        values = list(values)
        for value in values:
            if not isinstance(value, bytes):
                raise TypeError(
                    "BytesList's values are bytes: take text.encode(), tensor.numpy(). "
                    f"Received: value=[{value!r}]"
                )
        return [bytes(v) for v in values]

    def _write(self) -> bytes:
        return b"".join(wire.field(1, v) for v in self._check(self.value))

    @staticmethod
    def _read(kind, value) -> list[bytes]:
        if kind != wire.BYTES:
            raise wire.WireError("a string that is none")
        return [bytes(value)]


class FloatList(_List):
    """A list of floats, of 32 bits in a file."""

    @staticmethod
    def _check(values) -> list[float]:
        array = np.asarray(unwrap(values) if hasattr(values, "shape") else list(values))
        if array.ndim != 1 or (array.dtype.kind not in "fiub" and array.size):
            raise TypeError(f"FloatList's values are floats. Received: value={values!r}")
        return array.astype("float32").tolist()

    def _write(self) -> bytes:
        data = np.asarray(self._check(self.value), "<f4").tobytes()
        return wire.field(1, data) if data else b""

    @staticmethod
    def _read(kind, value) -> list[float]:
        return wire.numbers(kind, value, "<f4").tolist()


class Int64List(_List):
    """A list of ints of 64 bits."""

    @staticmethod
    def _check(values) -> list[int]:
        array = np.asarray(unwrap(values) if hasattr(values, "shape") else list(values))
        if array.ndim != 1 or (array.dtype.kind not in "iub" and array.size):
            raise TypeError(
                f"Int64List's values are ints of at most 64 bits. Received: value={values!r}"
            )
        if array.dtype == "uint64" and array.size and array.max() > np.iinfo("int64").max:
            raise ValueError(f"Int64List's values have 64 bits, signed. Received: {array.max()}")
        return array.astype("int64").tolist()

    def _write(self) -> bytes:
        values = self._check(self.value)
        return wire.field(1, wire.pack_ints(np.array(values, "int64"))) if values else b""

    @staticmethod
    def _read(kind, value) -> list[int]:
        return wire.numbers(kind, value, "int").tolist()


_KINDS = {"bytes_list": (1, BytesList), "float_list": (2, FloatList), "int64_list": (3, Int64List)}


class Feature:
    """One list: of bytes, floats or ints."""

    def __init__(self, bytes_list=None, float_list=None, int64_list=None):
        given = {"bytes_list": bytes_list, "float_list": float_list, "int64_list": int64_list}
        set_ = [name for name, values in given.items() if values is not None]
        if len(set_) > 1:
            raise ValueError(f"A Feature holds one list. Received: {', '.join(set_)}")
        for name in set_:
            if not isinstance(given[name], _KINDS[name][1]):
                raise TypeError(
                    f"A Feature's {name} is a {_KINDS[name][1].__name__}. Received: {given[name]!r}"
                )
        self._kind = set_[0] if set_ else None
        self._lists = {n: _KINDS[n][1]() if v is None else v for n, v in given.items()}

    bytes_list = property(lambda self: self._lists["bytes_list"])
    float_list = property(lambda self: self._lists["float_list"])
    int64_list = property(lambda self: self._lists["int64_list"])

    def WhichOneof(self, oneof_group: str = "kind") -> str | None:
        """The list that the feature holds, by its name; None if none."""
        written = [name for name, values in self._lists.items() if values.value]
        return written[0] if written else self._kind

    def HasField(self, field_name: str) -> bool:
        """Whether it holds the list of that name."""
        return self.WhichOneof() == field_name

    def _write(self) -> bytes:
        kind = self.WhichOneof()
        return b"" if kind is None else wire.field(_KINDS[kind][0], self._lists[kind]._write())

    def _merge(self, data: memoryview) -> None:
        names = {number: name for name, (number, _) in _KINDS.items()}
        for number, kind, value in wire.fields(data):
            name = names.get(number)
            if name is None:
                continue
            if kind != wire.BYTES:
                raise wire.WireError("a list that is none")
            mine = self._lists[name]
            if self.WhichOneof() not in (None, name):
                self._lists = {n: cls() for n, (_, cls) in _KINDS.items()}
                mine = self._lists[name]
            self._kind = name
            for inner, how, part in wire.fields(value):
                if inner == 1:
                    mine.value += mine._read(how, part)

    def __eq__(self, other):
        return isinstance(other, Feature) and self._write() == other._write()

    __hash__ = None

    def __repr__(self):
        kind = self.WhichOneof()
        return "" if kind is None else _block(kind, self._lists[kind])


class Features:
    """Features by their names; `feature` is a dict that makes those that are asked for."""

    def __init__(self, feature=None):
        self.feature = collections.defaultdict(Feature)
        for name, value in dict(feature or {}).items():
            if not isinstance(name, str) or not isinstance(value, Feature):
                raise TypeError(
                    f"Features are Feature objects by name. Received: {name!r}: {value!r}"
                )
            self.feature[name] = value

    def _write(self) -> bytes:
        entries = (
            wire.field(1, name.encode()) + wire.field(2, feature._write())
            for name, feature in self.feature.items()
        )
        return b"".join(wire.field(1, entry) for entry in entries)

    def _merge(self, data: memoryview) -> None:
        for number, kind, entry in wire.fields(data):
            if number != 1 or kind != wire.BYTES:
                continue
            name, feature = "", Feature()
            for inner, how, part in wire.fields(entry):
                if how == wire.BYTES and inner == 1:
                    name = _utf8(part)
                elif how == wire.BYTES and inner == 2:
                    feature._merge(part)
            self.feature[name] = feature

    def __eq__(self, other):
        return isinstance(other, Features) and self.feature == other.feature

    __hash__ = None

    def __repr__(self):
        return "".join(
            _block("feature", f"key: {_shown(name.encode())}\n{_block('value', feature)}")
            for name, feature in sorted(self.feature.items())
        )


def _utf8(data) -> str:
    try:
        return bytes(data).decode()
    except UnicodeDecodeError:
        raise wire.WireError("a name that is no text") from None


def _block(name: str, contents) -> str:
    lines = str(contents).splitlines()
    return "\n".join([f"{name} {{", *(f"  {line}" for line in lines), "}"]) + "\n"


class Example:
    """One example: features by their names. It reads and writes TensorFlow's bytes.

    >>> import hornbill.tensorflow as tf
    >>> age = tf.train.Feature(int64_list=tf.train.Int64List(value=[29]))
    >>> example = tf.train.Example(features=tf.train.Features(feature={"age": age}))
    >>> again = tf.train.Example.FromString(example.SerializeToString())
    >>> again.features.feature["age"].int64_list.value
    [29]
    """

    def __init__(self, features: Features | None = None):
        if not isinstance(features, (Features, type(None))):
            raise TypeError(f"An Example's features are Features. Received: {features!r}")
        self.features = Features() if features is None else features

    def SerializeToString(self, deterministic: bool = False) -> bytes:
        """The bytes that a file holds; `deterministic` ones have their features by name."""
        features = self.features
        if deterministic:
            features = Features(dict(sorted(features.feature.items())))
        return wire.field(1, features._write())

    def ParseFromString(self, serialized: bytes) -> int:
        """Takes over what bytes hold, instead of what was there. Returns their number.

        Raises:
            ValueError: if they are no Example; nothing is taken over then.
        """
        features = Features()
        try:
            for number, kind, value in wire.fields(memoryview(serialized)):
                if number == 1 and kind == wire.BYTES:
                    features._merge(value)
        except wire.WireError as error:
            raise ValueError(f"These bytes are no tf.train.Example: {error}.") from None
        self.features = features
        return len(serialized)

    @classmethod
    def FromString(cls, serialized: bytes) -> "Example":
        """The example that bytes hold."""
        example = cls()
        example.ParseFromString(serialized)
        return example

    def __eq__(self, other):
        return isinstance(other, Example) and self.features == other.features

    __hash__ = None

    def __repr__(self):
        return _block("features", self.features)
