"""The form of a batch: `x`, `(x, y)` or `(x, y, sample_weight)`."""

import numbers
from collections.abc import Callable, Mapping

import jax
import numpy as np

from ...engine import config
from .foreign import to_numpy
from .rows import Rows, is_text


def pack(x, y=None, sample_weight=None):
    """A batch from its parts, as `train_step` gets it.

    >>> from hornbill.utils import pack_x_y_sample_weight
    >>> pack_x_y_sample_weight(1), pack_x_y_sample_weight(1, 2)
    (1, (1, 2))
    """
    if y is None and sample_weight is None:
        return (x,) if isinstance(x, (list, tuple, dict)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack(data):
    """`(x, y, sample_weight)` from a batch, with None for what it lacks.

    >>> from hornbill.utils import unpack_x_y_sample_weight
    >>> unpack_x_y_sample_weight((1, 2))
    (1, 2, None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if len(data) in (1, 2, 3):
        return (*data, None, None)[:3]
    raise ValueError(
        "A batch is x, (x, y) or (x, y, sample_weight). "
        f"Received a tuple of {len(data)}. Several inputs go into one list: ([a, b], y)."
    )


unpack_x_y_sample_weight = unpack
pack_x_y_sample_weight = pack


def as_array(value, what: str, text: bool = False):
    """One array of a user's data as NumPy's or JAX's, or as `Rows` of a file; floats in `floatx()`.

    `text` says whether strings may stay as they are.

    Takes the arrays of pandas, torch, TensorFlow, SciPy (sparse ones too) and h5py, memory maps,
    and whatever has NumPy's array protocol.
    """
    if isinstance(value, (jax.Array, Rows)):
        return value
    if not isinstance(value, (numbers.Number, str, bytes, np.generic)):
        if not hasattr(value, "__array__") and not hasattr(value, "tocsr"):
            hint = "Wrap it in a torch.utils.data.DataLoader. " * hasattr(value, "__getitem__")
            raise ValueError(
                f"{what} is neither an array nor an iterable of batches. {hint}"
                f"Received: {type(value).__name__}"
            )
    array = to_numpy(value)
    if is_text(array) and text and _all_strings(array):
        return array
    if array.dtype.kind in "OUS":
        raise ValueError(
            f"{what} has dtype {array.dtype}, which cannot be trained on. "
            "Turn text into numbers first, and make all rows equally long."
        )
    if array.dtype == np.float64:
        array = array.astype(config.floatx(), copy=False)
    return array


def _all_strings(array) -> bool:
    return array.dtype.kind != "O" or all(isinstance(v, (str, bytes)) for v in array.flat)


def as_arrays(structure, what: str, text: bool = False):
    """`as_array` for each leaf of a structure of lists, tuples and dicts.

    A list of numbers or strings, or of lists of them, is one array.
    """
    if structure is None:
        return None
    if isinstance(structure, Mapping):
        return {k: as_arrays(v, f"{what}['{k}']", text) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        if _all_values(structure, text):
            try:
                return as_array(np.asarray(structure), what, text)
            except ValueError:
                raise ValueError(
                    f"{what} is a list of rows of different lengths. Make them equally long "
                    "first, with hornbill.utils.pad_sequences."
                ) from None
        return [as_arrays(v, f"{what}[{i}]", text) for i, v in enumerate(structure)]
    return as_array(structure, what, text)


def _all_values(structure, text: bool) -> bool:
    if isinstance(structure, (list, tuple)):
        return len(structure) > 0 and all(_all_values(v, text) for v in structure)
    return isinstance(structure, (numbers.Number, np.generic, *((str, bytes) if text else ())))


def inputs_of(x, encode: Callable | None, what: str = "x"):
    """`as_arrays` for a model's inputs, of which strings are encoded by `encode` if it is given."""
    x = as_arrays(x, what, text=encode is not None)
    return encode(x) if any(map(is_text, jax.tree.leaves(x))) else x


def convert_batch(batch, copy: bool = False, encode: Callable | None = None):
    """A batch as a user's iterator gives it, with arrays at its leaves.

    Args:
        batch: `x`, `(x, y)` or `(x, y, sample_weight)`.
        copy: whether NumPy arrays are copied, since the iterator may use their memory again.
        encode: what encodes strings among the inputs.
    """
    if isinstance(batch, list):
        batch = tuple(batch)
    if isinstance(batch, tuple) and len(batch) > 3:
        raise ValueError(
            "A generator yields x, (x, y) or (x, y, sample_weight). "
            f"It yielded a tuple of {len(batch)}. Several inputs go into one list: ([a, b], y)."
        )

    def convert(part, encode=None):
        arrays = inputs_of(part, encode, "The generator's batch")
        arrays = jax.tree.map(lambda a: a.read() if isinstance(a, Rows) else a, arrays)
        if copy:
            arrays = jax.tree.map(lambda a: a.copy() if isinstance(a, np.ndarray) else a, arrays)
        return arrays

    if isinstance(batch, tuple):
        converted = tuple(convert(p, None if i else encode) for i, p in enumerate(batch))
    else:
        converted = convert(batch, encode)
    if isinstance(converted, np.ndarray) and converted.ndim == 0:
        raise ValueError("A generator yields batches of arrays; it yielded a single number.")
    return converted


def batch_size_of(batch) -> int | None:
    """The length of the first array of a batch."""
    for leaf in jax.tree.leaves(batch):
        if getattr(leaf, "ndim", 0) > 0:
            return leaf.shape[0]
    return None
