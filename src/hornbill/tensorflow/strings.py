"""`tf.strings`: text of the host, element by element."""

import re

import numpy as np

from .arrays import convert_to_tensor
from .missing import missing
from .tensor import Tensor, to_numpy, unwrap
from .text import Text, is_text


def _text(input) -> Text:
    array = to_numpy(input)
    if not is_text(array):
        raise TypeError(f"tf.strings takes strings. Received: dtype {array.dtype}")
    return Text.of(array)


def _each(function, input) -> np.ndarray:
    """What a function gives for each string, in the shape of the input."""
    text = _text(input)
    out = np.empty(text.size, object)
    out[:] = [function(str(x)) for x in np.asarray(text).ravel()]
    return out.reshape(text.shape)


def _words(function, input) -> Text:
    return Text.of(_each(function, input))


def lower(input, encoding: str = "utf-8", name=None) -> Text:
    """Small letters."""
    return _words(str.lower, input)


def upper(input, encoding: str = "utf-8", name=None) -> Text:
    """Capital letters."""
    return _words(str.upper, input)


def strip(input, name=None) -> Text:
    """Without white space at both ends."""
    return _words(str.strip, input)


def regex_replace(input, pattern: str, rewrite: str, replace_global: bool = True, name=None):
    """Each match of a pattern replaced; `\\1` in `rewrite` is the first group."""
    pattern, rewrite = str(_text(pattern)), str(_text(rewrite))
    # `\0` is the whole match in TensorFlow; Python writes \g<0>.
    rewrite = re.sub(r"\\0", r"\\g<0>", rewrite)
    count = 0 if replace_global else 1
    return _words(lambda x: re.sub(pattern, rewrite, x, count=count), input)


def regex_full_match(input, pattern: str, name=None) -> Tensor:
    """Whether a pattern matches all of a string."""
    pattern = str(_text(pattern))
    return Tensor(_each(lambda x: re.fullmatch(pattern, x) is not None, input).astype(bool))


def _check_unit(unit: str) -> bool:
    """Whether the unit is a byte."""
    if unit not in ("BYTE", "UTF8_CHAR"):
        raise ValueError(f"unit is 'BYTE' or 'UTF8_CHAR'. Received: unit={unit!r}")
    return unit == "BYTE"


def length(input, unit: str = "BYTE", name=None) -> Tensor:
    """How many bytes (of UTF-8) or characters a string has."""
    in_bytes = _check_unit(unit)
    return Tensor(_each(lambda x: len(x.encode() if in_bytes else x), input).astype("int32"))


def substr(input, pos, len, unit: str = "BYTE", name=None) -> Text:
    """`len` bytes or characters from `pos` on, which counts from the end where it is negative."""
    in_bytes, start, count = _check_unit(unit), int(unwrap(pos)), int(unwrap(len))

    def part(x):
        whole = x.encode() if in_bytes else x
        cut = whole[start:][:count]
        return cut.decode(errors="replace") if in_bytes else cut

    return _words(part, input)


def join(inputs, separator: str = "", name=None) -> Text:
    """The strings at the same places joined."""
    parts = np.broadcast_arrays(*(np.asarray(_text(x)) for x in inputs))
    rows = zip(*(p.ravel() for p in parts), strict=True)
    joined = [separator.join(map(str, row)) for row in rows]
    return Text.of(np.array(joined, dtype=str).reshape(parts[0].shape))


def reduce_join(inputs, axis=None, keepdims: bool = False, separator: str = "", name=None) -> Text:
    """The strings along an axis joined; all of them when None."""
    text = np.asarray(_text(inputs))
    moved = text.reshape(1, -1) if axis is None else np.moveaxis(text, axis, -1)
    rows = [separator.join(map(str, row)) for row in moved.reshape(-1, moved.shape[-1])]
    joined = np.array(rows, dtype=str).reshape(() if axis is None else moved.shape[:-1])
    if keepdims:
        joined = joined.reshape([1] * text.ndim) if axis is None else np.expand_dims(joined, axis)
    return Text.of(joined)


def _lists(function, input):
    """A list of strings for one string; for a vector of them a list of these."""
    parts = _each(lambda x: Text.of(np.array(function(x), dtype=str)), input)
    return parts[()] if parts.ndim == 0 else parts.tolist()


def split(input, sep=None, maxsplit: int = -1, name=None):
    """The parts of a string between `sep` (white space when None).

    For several strings a list with the parts of each, as their numbers may differ.
    """
    sep = None if sep is None or str(sep) == "" else str(_text(sep))
    return _lists(lambda x: x.split(sep, maxsplit), input)


def bytes_split(input, name=None):
    """The characters of ASCII strings."""
    return _lists(list, input)


def unicode_split(input, input_encoding: str = "UTF-8", name=None):
    """The characters of strings."""
    return _lists(list, input)


def unicode_decode(input, input_encoding: str = "UTF-8", name=None):
    """The code points of a string, or a list with those of each."""
    parts = _each(lambda x: Tensor(np.array([ord(c) for c in x], "int32")), input)
    return parts[()] if parts.ndim == 0 else parts.tolist()


def unicode_encode(input, output_encoding: str = "UTF-8", name=None) -> Text:
    """The string of code points, or those of a list of them."""
    if isinstance(input, list) and input and np.ndim(input[0]):
        return Text.of([str(unicode_encode(x)) for x in input])
    return Text.of("".join(chr(n) for n in to_numpy(input).tolist()))


def to_number(input, out_type="float32", name=None) -> Tensor:
    """The numbers that strings say."""
    kind = int if "int" in str(out_type) else float
    return convert_to_tensor(_each(kind, input).astype(str(out_type)), out_type)


def as_string(
    input,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name=None,
) -> Text:
    """Numbers as text: floats with six digits behind the point unless `precision` says more."""
    array = to_numpy(input)
    digits = 6 if precision < 0 else precision

    def write(x):
        if isinstance(x, bool):
            text = "true" if x else "false"
        elif isinstance(x, float):
            text = _write(x, f".{digits}e" if scientific else "g" if shortest else f".{digits}f")
        else:
            text = str(x)
        return text.rjust(max(width, 0), fill or " ")

    words = [write(x) for x in array.ravel().tolist()]
    return Text.of(np.array(words, dtype=str).reshape(array.shape))


_write = format


def format(template, inputs, placeholder: str = "{}", summarize: int = 3, name=None) -> Text:
    """The template with values in its places; long ones show `summarize` elements at each end."""
    values = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    parts = str(_text(template)).split(placeholder)
    if len(parts) != len(values) + 1:
        raise ValueError(
            f"tf.strings.format: the template has {len(parts) - 1} places. "
            f"Received: {len(values)} values"
        )
    edges = {"threshold": 2 * summarize, "edgeitems": max(summarize, 1)}
    shown = [np.array2string(to_numpy(v), **edges) for v in values]
    return Text.of("".join(p + s for p, s in zip(parts, [*shown, ""], strict=True)))


__getattr__ = missing("tf.strings", globals())
