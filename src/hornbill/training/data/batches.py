"""The form of a batch: `x`, `(x, y)` or `(x, y, sample_weight)`."""

import numbers
from collections.abc import Mapping

import jax
import numpy as np

from ...engine import config
from .foreign import to_numpy
from .rows import Rows


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


def as_array(value, what: str):
    """One array of a user's data as NumPy's or JAX's, or as `Rows` of a file; floats in `floatx()`.

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
    if array.dtype.kind in "OUS":
        raise ValueError(
            f"{what} has dtype {array.dtype}, which cannot be trained on. "
            "Turn text into numbers first, and make all rows equally long."
        )
    if array.dtype == np.float64:
        array = array.astype(config.floatx(), copy=False)
    return array


def as_arrays(structure, what: str):
    """`as_array` for each leaf of a structure of lists, tuples and dicts.

    A list of numbers, or of lists of numbers, is one array.
    """
    if structure is None:
        return None
    if isinstance(structure, Mapping):
        return {k: as_arrays(v, f"{what}['{k}']") for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        if _all_numbers(structure):
            try:
                return as_array(np.asarray(structure), what)
            except ValueError:
                raise ValueError(
                    f"{what} is a list of rows of different lengths. Make them equally long "
                    "first, with hornbill.utils.pad_sequences."
                ) from None
        return [as_arrays(v, f"{what}[{i}]") for i, v in enumerate(structure)]
    return as_array(structure, what)


def _all_numbers(structure) -> bool:
    if isinstance(structure, (list, tuple)):
        return len(structure) > 0 and all(map(_all_numbers, structure))
    return isinstance(structure, (numbers.Number, np.generic))


def convert_batch(batch, copy: bool = False):
    """A batch as a user's iterator gives it, with arrays at its leaves.

    Args:
        batch: `x`, `(x, y)` or `(x, y, sample_weight)`.
        copy: whether NumPy arrays are copied, since the iterator may use their memory again.
    """
    if isinstance(batch, list):
        batch = tuple(batch)
    if isinstance(batch, tuple) and len(batch) > 3:
        raise ValueError(
            "A generator yields x, (x, y) or (x, y, sample_weight). "
            f"It yielded a tuple of {len(batch)}. Several inputs go into one list: ([a, b], y)."
        )

    def convert(part):
        arrays = as_arrays(part, "The generator's batch")
        arrays = jax.tree.map(lambda a: a.read() if isinstance(a, Rows) else a, arrays)
        if copy:
            arrays = jax.tree.map(lambda a: a.copy() if isinstance(a, np.ndarray) else a, arrays)
        return arrays

    converted = tuple(map(convert, batch)) if isinstance(batch, tuple) else convert(batch)
    if isinstance(converted, np.ndarray) and converted.ndim == 0:
        raise ValueError("A generator yields batches of arrays; it yielded a single number.")
    return converted


def batch_size_of(batch) -> int | None:
    """The length of the first array of a batch."""
    for leaf in jax.tree.leaves(batch):
        if getattr(leaf, "ndim", 0) > 0:
            return leaf.shape[0]
    return None
