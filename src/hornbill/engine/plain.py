"""Plain data (numbers, text, arrays, and lists, tuples and dicts of them) as JSON and arrays.

JSON alone would turn tuples into lists and refuse NaN; here what comes back equals what went in.
Arrays stand beside the text, which refers to them by their number.
"""

import json
import math

import jax
import numpy as np

from . import strict_json

SCALARS = (type(None), bool, int, str)


def encode(value) -> tuple[str, list[np.ndarray]]:
    """Plain data as JSON text, and the arrays in it.

    Raises:
        TypeError: for anything else, with its place.

    >>> text, arrays = encode({"loss": [0.5, float("nan")], "place": (1, 2)})
    >>> decode(text, arrays)
    {'loss': [0.5, nan], 'place': (1, 2)}
    """
    arrays: list[np.ndarray] = []
    tree = _encode(value, arrays, "the data")
    return json.dumps({"data": tree}, allow_nan=False, separators=(",", ":")), arrays


def decode(text: str | bytes, arrays: list[np.ndarray]):
    """What `encode` took."""
    return _decode(strict_json.parse(text, "The text of plain data")["data"], arrays)


def is_plain(value) -> bool:
    """Whether a value is numbers and text, alone or in lists, tuples and dicts; no arrays."""
    if isinstance(value, (list, tuple)):
        return type(value) in (list, tuple) and all(map(is_plain, value))
    if isinstance(value, dict):
        return type(value) is dict and all(map(is_plain, [*value, *value.values()]))
    return isinstance(value, (*SCALARS, float, np.generic))


def copied(value):
    """The data with lists and dicts of its own, so that it stays as it is now."""
    if type(value) in (list, tuple):
        return type(value)(map(copied, value))
    if type(value) is dict:
        return {k: copied(v) for k, v in value.items()}
    return value


def _encode(value, arrays: list, where: str):
    # Exactly these types: an int of an enum, or a namedtuple, would come back as another thing.
    if type(value) in SCALARS or (type(value) is float and math.isfinite(value)):
        return value
    if type(value) is float:
        return {"float": str(value)}
    if type(value) is list:
        return [_encode(v, arrays, f"{where}[{i}]") for i, v in enumerate(value)]
    if type(value) is tuple:
        return {"tuple": [_encode(v, arrays, f"{where}[{i}]") for i, v in enumerate(value)]}
    if type(value) is dict:
        pairs = [
            [_encode(k, arrays, f"a key of {where}"), _encode(v, arrays, f"{where}[{k!r}]")]
            for k, v in value.items()
        ]
        return {"dict": pairs}
    if isinstance(value, (np.ndarray, np.generic, jax.Array)):
        array = np.asarray(value)
        if array.dtype.hasobject or array.dtype.names or array.dtype.kind in "USmM":
            raise TypeError(f"{where} is an array of numbers. Received: dtype {array.dtype}")
        arrays.append(array)
        return {"scalar" if isinstance(value, np.generic) else "array": len(arrays) - 1}
    raise TypeError(
        f"{where} is plain data: None, bool, int, float, str, an array, or a list, tuple or dict "
        f"of such. Received: {value!r} of type {type(value).__name__}"
    )


def _decode(value, arrays):
    if isinstance(value, list):
        return [_decode(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    ((kind, inside),) = value.items()
    if kind == "float":
        return float(inside)
    if kind == "tuple":
        return tuple(_decode(v, arrays) for v in inside)
    if kind == "dict":
        return {_decode(k, arrays): _decode(v, arrays) for k, v in inside}
    return arrays[inside] if kind == "array" else arrays[inside][()]
