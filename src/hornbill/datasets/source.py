"""Where the published files come from, and how they are read without running anything in them.

A few hold pickles: ragged lists of words (IMDB, Reuters), CIFAR's batches. Each file's checksum is
compared before it is read, and the unpickler builds nothing but NumPy arrays and plain values.
"""

import pickle
import zipfile

import numpy as np

from ..utils.files import get_file

BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def fetch(name: str, published: str, file_hash: str | None, **where) -> str:
    """The path of a file of Keras's collection, named `name` in the cache."""
    return get_file(name, origin=BASE + published, file_hash=file_hash, **where)


# What an array's pickle names, under the modules of NumPy 1 and 2.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}


class ArrayUnpickler(pickle.Unpickler):
    """Reads pickles of NumPy arrays and plain Python values; refuses all else."""

    def find_class(self, module, name):
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(
                f"A data set's file holds arrays and numbers only. Received: {module}.{name}. The "
                "file is damaged or was tampered with: delete it."
            )
        return _ALLOWED[module, name]


def load_npz(path: str) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file, object arrays included."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as file:
                arrays[member.removesuffix(".npy")] = _read_array(file)
    return arrays


def _read_array(file) -> np.ndarray:
    version = np.lib.format.read_magic(file)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, fortran, dtype = header(file)
    if dtype.hasobject:
        return ArrayUnpickler(file).load().reshape(shape)
    array = np.frombuffer(file.read(), dtype)
    return array.reshape(shape, order="F" if fortran else "C").copy()


def check_test_split(test_split: float) -> None:
    """Refuses a share of test data that is not in [0, 1)."""
    if not 0 <= test_split < 1:
        raise ValueError(
            f"load_data's test_split is at least 0 and below 1. Received: test_split={test_split!r}"
        )


def shuffled(rng: np.random.RandomState, *arrays):
    """Arrays of equal length in one random order, Keras's for a `RandomState` of the seed."""
    order = np.arange(len(arrays[0]))
    rng.shuffle(order)
    return [a[order] for a in arrays]


def split(x, y, test_split: float):
    """`(x_train, y_train), (x_test, y_test)`, the last share of the samples for the test."""
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
