"""Arrays of other libraries, known by the module of their class: none is imported for it."""

import sys
from collections.abc import Callable

import ml_dtypes
import numpy as np

from ...engine import config
from .rows import Rows


def library(value) -> str:
    """The top-level module of an object's class, `"torch"` for a torch tensor."""
    return type(value).__module__.partition(".")[0]


def _pandas(value):
    if value.ndim == 1:
        value = value.to_frame()
    array = value.to_numpy()
    if array.dtype == object:  # columns of several types, or with pandas's own NA
        try:
            array = value.to_numpy(dtype=config.floatx(), na_value=np.nan)
        except (TypeError, ValueError):
            return array
    return array


def _torch(value):
    value = value.detach().cpu()
    if value.is_sparse:
        value = value.to_dense()
    value = value.resolve_conj().resolve_neg()
    torch = sys.modules["torch"]
    if value.dtype == torch.bfloat16:  # NumPy has none of its own: the same bits, seen so
        return value.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return value.numpy()


def _tensorflow(value):
    if hasattr(value, "dense_shape"):  # a SparseTensor
        dense = np.zeros(tuple(np.asarray(value.dense_shape)), np.asarray(value.values).dtype)
        dense[tuple(np.asarray(value.indices).T)] = np.asarray(value.values)
        return dense
    return value.numpy() if hasattr(value, "numpy") else np.asarray(value)


def _scipy(value):
    return Rows(value) if hasattr(value, "tocsr") else np.asarray(value)


def _h5py(value):
    return Rows(value) if value.ndim else np.asarray(value)


_CONVERSIONS: dict[str, Callable] = {
    "pandas": _pandas,
    "torch": _torch,
    "tensorflow": _tensorflow,
    "scipy": _scipy,
    "h5py": _h5py,
}


def to_numpy(value):
    """An array of any library as NumPy's, without a copy where that can be; files as `Rows`."""
    if isinstance(value, np.memmap) and value.ndim:
        return Rows(value)
    if isinstance(value, np.ndarray):
        return value
    return _CONVERSIONS.get(library(value), np.asarray)(value)
