"""Rows that are not in memory as an array: in a file, or in a sparse matrix."""

from collections.abc import Callable

import numpy as np

from ...engine import config


class Rows:
    """The rows of an `np.memmap`, an h5py dataset or a SciPy sparse matrix, read when needed.

    Attributes:
        shape, dtype, ndim, nbytes: those of the dense array that all rows would make.
        streams: whether they are never to be read all at once, since they lie in a file.
    """

    def __init__(self, source, start: int = 0, stop: int | None = None):
        self.sparse = hasattr(source, "tocsr")
        self.source = source.tocsr() if self.sparse else source
        self.streams = not self.sparse
        self.start, self.stop = start, source.shape[0] if stop is None else stop
        self.shape = (self.stop - start, *source.shape[1:])
        self.ndim = len(self.shape)
        self.dtype = np.dtype(config.floatx() if source.dtype == np.float64 else source.dtype)
        self.nbytes = int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, part: slice | np.ndarray) -> "Rows | np.ndarray":
        """A slice of the rows, still unread; those with certain numbers as an array."""
        if not isinstance(part, slice):
            return self.read(part)
        start, stop, _ = part.indices(len(self))
        return Rows(self.source, self.start + start, self.start + stop)

    def read(self, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
        """The rows of a slice or with these numbers, as an array."""
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            found = self._dense(slice(self.start + start, self.start + stop))
        else:
            # A file is read from front to back, each row once; h5py can do nothing else.
            places, back = np.unique(rows, return_inverse=True)
            found = self._dense(places + self.start)[back]
        return np.asarray(found, dtype=self.dtype)

    def _dense(self, rows):
        found = self.source[rows]
        return found.toarray() if self.sparse else np.asarray(found)

    def __array__(self, dtype=None, copy=None):
        return self.read().astype(dtype or self.dtype, copy=False)


class EncodedRows(Rows):
    """Rows of strings that are read, batch by batch, as what layers on the host make of them.

    Args:
        strings: the array of strings.
        encode: gives what stands for some rows, which a slice or their numbers say.
    """

    streams = True

    def __init__(self, strings: np.ndarray, encode: Callable):
        self.source, self._encode = strings, encode
        self.shape, self.ndim, self.dtype = strings.shape, strings.ndim, strings.dtype
        self.nbytes = strings.nbytes

    def __getitem__(self, part: slice | np.ndarray):
        """A slice of the rows, still unread; those with certain numbers as they are read."""
        if not isinstance(part, slice):
            return self.read(part)
        places = np.arange(len(self))[part]
        return EncodedRows(self.source[part], lambda rows: self._encode(places[rows]))

    def read(self, rows: slice | np.ndarray = slice(None)):
        """What the layers make of a slice of the rows, or of those with these numbers."""
        return self._encode(rows)


def is_text(x) -> bool:
    """Whether it is an array of strings."""
    return isinstance(x, np.ndarray) and x.dtype.kind in "OUS"


def take(array, rows: slice | np.ndarray) -> np.ndarray:
    """Rows of an array or of `Rows`, on the host."""
    return array.read(rows) if isinstance(array, Rows) else np.asarray(array)[rows]
