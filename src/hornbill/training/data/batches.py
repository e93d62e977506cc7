"""The form of a batch: `x`, `(x, y)` or `(x, y, sample_weight)`."""

import jax
import numpy as np

from ...engine import config


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
    """One array of a user's data as NumPy or JAX, with floats in `floatx()`.

    pandas frames, torch and TensorFlow tensors come through their array protocols.
    """
    if isinstance(value, jax.Array):
        return value
    if type(value).__module__.partition(".")[0] == "pandas":
        value = value.to_numpy() if value.ndim > 1 else value.to_numpy()[:, None]
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    if array.dtype.kind in "OUS":
        raise ValueError(
            f"{what} has dtype {array.dtype}, which cannot be trained on. "
            "Turn text into numbers first, and make all rows equally long."
        )
    if array.dtype == np.float64:
        array = array.astype(config.floatx())
    return array


def as_arrays(structure, what: str):
    """`as_array` for each leaf of a structure of lists, tuples and dicts."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {k: as_arrays(v, f"{what}['{k}']") for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        if structure and all(isinstance(v, (bool, int, float)) for v in structure):
            raise ValueError(
                f"{what} is a list of numbers. A list means several inputs: write "
                f"np.array({what}) for one array."
            )
        return [as_arrays(v, f"{what}[{i}]") for i, v in enumerate(structure)]
    return as_array(structure, what)


def batch_size_of(batch) -> int | None:
    """The length of the first array of a batch."""
    for leaf in jax.tree.leaves(batch):
        if getattr(leaf, "ndim", 0) > 0:
            return leaf.shape[0]
    return None
