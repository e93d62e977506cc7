"""`tf.io.parse_example`: serialized `tf.train.Example`s as tensors."""

import dataclasses
from typing import Any

import numpy as np

from ..layers.preprocessing.host import to_device
from .example import Example, Feature
from .named import sizes
from .tensor import DType, Tensor, to_numpy
from .text import Bytes, strings
from .tfrecord import as_bytes

# The list that holds the numbers of each dtype.
_LISTS = {"int64": "int64_list", "float32": "float_list", "string": "bytes_list"}


def _dtype(spec) -> None:
    object.__setattr__(spec, "dtype", DType(str(spec.dtype)))
    if spec.dtype not in _LISTS:
        raise ValueError(
            f"{type(spec).__name__}'s dtype is tf.int64, tf.float32 or tf.string, which is what an "
            f"Example holds; cast the tensor later. Received: dtype={spec.dtype}"
        )


@dataclasses.dataclass(frozen=True)
class FixedLenFeature:
    """A feature of a known shape.

    Args:
        shape: its shape; `[]` for a single value.
        dtype: `tf.int64`, `tf.float32` or `tf.string`.
        default_value: what stands where it is missing; None makes it required.
    """

    shape: Any
    dtype: Any
    default_value: Any = None

    def __post_init__(self):
        _dtype(self)
        shape = tuple(sizes(self.shape)) if isinstance(self.shape, (list, tuple)) else (self.shape,)
        if not all(isinstance(n, int) and n >= 0 for n in shape):
            raise ValueError(
                "FixedLenFeature's shape is known; take FixedLenSequenceFeature or VarLenFeature "
                f"for lists of any length. Received: shape={self.shape}"
            )
        object.__setattr__(self, "shape", shape)

    def read(self, name: str, found: np.ndarray | None) -> np.ndarray:
        """The feature's value from the list that was found."""
        if found is None:
            if self.default_value is None:
                raise ValueError(f"feature '{name}' is missing and has no default_value")
            return np.broadcast_to(_typed(self.default_value, self.dtype), self.shape)
        if found.size != np.prod(self.shape, dtype=int):
            raise ValueError(f"feature '{name}' has {found.size} values, not shape {self.shape}")
        return found.reshape(self.shape)


@dataclasses.dataclass(frozen=True)
class FixedLenSequenceFeature:
    """A list of any length of values of a known shape.

    In a batch, shorter lists are filled up at the end.

    Args:
        shape: the shape of one value.
        dtype: `tf.int64`, `tf.float32` or `tf.string`.
        allow_missing: whether it may be missing, which is an empty list; must be True.
        default_value: what shorter lists are filled with; 0 or an empty string when None.
    """

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None

    def __post_init__(self):
        _dtype(self)
        object.__setattr__(self, "shape", tuple(sizes(list(self.shape))))
        if not self.allow_missing:
            raise ValueError("FixedLenSequenceFeature needs allow_missing=True. Received: False")

    def read(self, name: str, found: np.ndarray | None) -> np.ndarray:
        """The feature's value from the list that was found."""
        found = _empty(self.dtype) if found is None else found
        if found.size % max(np.prod(self.shape, dtype=int), 1):
            raise ValueError(
                f"feature '{name}' has {found.size} values, no whole number of {self.shape}"
            )
        return found.reshape(-1, *self.shape)


@dataclasses.dataclass(frozen=True)
class VarLenFeature:
    """A list of any length, as a dense tensor; in a batch shorter ones end in 0 (or `""`).

    Args:
        dtype: `tf.int64`, `tf.float32` or `tf.string`.
    """

    dtype: Any
    shape = ()
    default_value = None

    def __post_init__(self):
        _dtype(self)

    read = FixedLenSequenceFeature.read


def parse_single_example(serialized, features: dict, example_names=None, name=None) -> dict:
    """The features of one serialized `tf.train.Example`, as tensors by their names.

    Args:
        serialized: its bytes.
        features: `FixedLenFeature`, `FixedLenSequenceFeature` or `VarLenFeature` by name.
        example_names: how messages call it.

    Raises:
        ValueError: if the bytes are no Example, or a feature is not as it should be.
    """
    row = _row(serialized, features, "The example", example_names)
    return {key: _tensor(value) for key, value in row.items()}


def parse_example(serialized, features: dict, example_names=None, name=None) -> dict:
    """`parse_single_example` of each of several, stacked.

    Args:
        serialized: the bytes of each, of shape `(batch,)`.
        features, example_names: as there.
    """
    array = to_numpy(serialized)
    if array.ndim == 0:
        return parse_single_example(serialized, features, example_names)
    if array.ndim != 1:
        raise ValueError(
            f"parse_example takes the bytes of each example. Received: shape {array.shape}"
        )
    rows = [_row(x, features, f"Example {i}", None) for i, x in enumerate(array.tolist())]
    return {
        key: _tensor(_batch([row[key] for row in rows], spec)) for key, spec in features.items()
    }


def _row(serialized, features: dict, who: str, called) -> dict[str, np.ndarray]:
    who = who if called is None else f"Example '{called}'"
    row = {}
    try:
        example = Example.FromString(as_bytes(serialized, "parse_example"))
        for name, spec in features.items():
            row[name] = spec.read(name, _values(name, spec, example.features.feature.get(name)))
    except ValueError as error:
        raise ValueError(f"{who} cannot be parsed: {error}") from None
    return row


def _values(name: str, spec, feature: Feature | None) -> np.ndarray | None:
    kind = None if feature is None else feature.WhichOneof()
    if kind is None:
        return None
    if kind != _LISTS[spec.dtype]:
        raise ValueError(f"feature '{name}' holds a {kind}, not {spec.dtype}")
    return _typed(getattr(feature, kind).value, spec.dtype)


def _typed(values, dtype: str) -> np.ndarray:
    if dtype != "string":
        return np.asarray(to_numpy(values), str(dtype))
    several = isinstance(values, (list, tuple, np.ndarray))
    items = np.asarray(values, dtype=object).ravel().tolist() if several else [values]
    array = np.empty(len(items), object)
    array[:] = [Bytes(as_bytes(v, "A string feature")) for v in items]
    return array if several else array.reshape(())


def _empty(dtype: str) -> np.ndarray:
    return np.zeros(0, object if dtype == "string" else str(dtype))


def _batch(rows: list[np.ndarray], spec) -> np.ndarray:
    if isinstance(spec, FixedLenFeature):
        return np.stack(rows) if rows else _empty(spec.dtype).reshape(0, *spec.shape)
    longest = max((len(row) for row in rows), default=0)
    fill = spec.default_value
    if fill is None:
        fill = b"" if spec.dtype == "string" else 0
    batch = np.empty((len(rows), longest, *spec.shape), _empty(spec.dtype).dtype)
    batch[...] = _typed(fill, spec.dtype)
    for place, row in zip(batch, rows, strict=True):
        place[: len(row)] = row
    return batch


def _tensor(array: np.ndarray):
    if array.dtype == object:
        return strings(array)
    return Tensor(to_device(array) if array.dtype == "int64" else array)
