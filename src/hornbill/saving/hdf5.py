"""HDF5 files of arrays: written plainly, and read without trusting them.

A file may come from anybody. Links (to other files, or to a group above), data that lies outside
the file, and anything but plain numbers are refused; arrays are read only when asked for, so that
what a file declares costs nothing before its shape has been compared with the model's.

Files that we write end in a checksum of all before it, and are refused before HDF5 sees them when
it does not fit: HDF5 checks neither numbers nor names, and may even crash on damaged ones. It lies
behind what HDF5 takes for the file's end, so that other readers pass it over, and a program that
changes the file on purpose cuts it off. Files without one, such as Keras's, are read all the same.
"""

import contextlib
import math
import os
import zlib
from typing import NamedTuple

import numpy as np

from ..engine.dtypes import numpy_dtype
from .hdf5_bytes import check_start, check_texts

MAX_OBJECTS = 1_000_000
MAX_DEPTH = 128
MAX_RATIO = 100  # how much larger an array may be than what the file holds of it
FREE_SIZE = 2**20  # what the arrays of a file may exceed that by, in all

_FILTERS = {1, 2}  # gzip and byte shuffling
_SEAL = b"\nhornbill crc32 "  # and eight hexadecimal digits: the end of a file that we wrote
_CHUNK = 2**20
_NUMBERS = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"
_NUMBERS = {np.dtype(name) for name in f"{_NUMBERS} complex64 complex128".split()}


def write_state(path: str, state, sealed: bool = True) -> None:
    """Writes pairs of a path and `{key: array}` as HDF5 groups `path/vars/key`.

    `sealed` adds the checksum: for all but members of zip files, which have one there.
    """
    import h5py

    with h5py.File(path, "w") as file:
        for inner, store in state:
            if not store:
                continue
            group = file.create_group(f"{inner}/vars" if inner else "vars")
            for key, array in store.items():
                array = np.asarray(array)
                dataset = group.create_dataset(key, data=array)
                if array.dtype == numpy_dtype("bfloat16"):
                    dataset.attrs["dtype"] = "bfloat16"  # HDF5 does not know it
    if sealed:
        seal(path)


def seal(path: str) -> None:
    with open(path, "r+b") as file:
        crc = _crc(file, os.path.getsize(path))
        file.seek(0, os.SEEK_END)
        file.write(_SEAL + b"%08x" % crc)


def _crc(file, size: int) -> int:
    crc = 0
    while size > 0 and (chunk := file.read(min(size, _CHUNK))):
        crc, size = zlib.crc32(chunk, crc), size - len(chunk)
    return crc


def _check_seal(path: str, source: str) -> None:
    length = len(_SEAL) + 8
    size = os.path.getsize(path) - length
    with open(path, "rb") as file:
        file.seek(max(size, 0))
        seal = file.read(length)
        if not seal.startswith(_SEAL):
            return
        file.seek(0)
        if seal[len(_SEAL) :] != b"%08x" % _crc(file, size):
            raise ValueError(
                f"'{source}' is damaged: its checksum does not fit. Take another copy of the file."
            )


class Stored(NamedTuple):
    """An array in an open file."""

    dataset: object
    source: str
    where: str

    @property
    def shape(self) -> tuple:
        return self.dataset.shape

    def read(self) -> np.ndarray:
        """The array, in memory."""
        with refusing(self.source):
            array = _aligned(self.shape, self.dataset.dtype)
            if array.size:
                self.dataset.read_direct(array)
            if array.dtype.kind != "V":
                return array.astype(array.dtype.newbyteorder("="), copy=False)
            if not self._is_bfloat16():
                raise ValueError(f"'{self.source}' holds data without a type at '{self.where}'.")
            return array.view(numpy_dtype("bfloat16"))

    def _is_bfloat16(self) -> bool:
        # A list of texts could be far larger than the file that holds them.
        attributes = self.dataset.attrs
        lone = "dtype" in attributes and attributes.get_id("dtype").shape == ()
        return lone and attributes["dtype"] == "bfloat16"


def _aligned(shape: tuple, dtype) -> np.ndarray:
    """An empty array that JAX can take as it is: it copies those that lie otherwise."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + 64, "uint8")
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


@contextlib.contextmanager
def open_state(path: str, source: str | None = None):
    """Yields `{path: {key: Stored}}`, readable while the block lasts.

    Args:
        path: the file.
        source: what messages call it.

    Raises:
        ValueError: if it is no HDF5 file, damaged, or holds what is refused.
    """
    with open_file(path, path if source is None else source) as (_, found):
        state: dict[str, dict] = {}
        for where, thing in found.items():
            inner, _, name = where.rpartition("/")
            if isinstance(thing, Stored):
                owner = inner.removesuffix("vars").removesuffix("/")
                state.setdefault(owner, {})[name] = thing
            elif name == "vars":
                state.setdefault(inner, {})
        yield state


@contextlib.contextmanager
def open_file(path: str, source: str, texts: tuple[str, ...] = ()):
    """Yields the open file and all that lies in it: `{path: Stored or h5py.Group}`.

    Args:
        path: the file.
        source: what messages call it.
        texts: the names of the attributes whose texts will be read.

    Raises:
        ValueError: as `open_state`.
    """
    import h5py

    with refusing(source):
        _check_seal(path, source)
        check_start(path, source)
        if texts:
            check_texts(path, source, *texts)
        file = h5py.File(path, "r")
    try:
        with refusing(source):
            found = _index(h5py, file, source)
            if any(isinstance(s, Stored) and s.dataset.dtype.kind == "V" for s in found.values()):
                check_texts(path, source, "dtype")
        yield file, found
    finally:
        file.close()


@contextlib.contextmanager
def refusing(source: str):
    """The many errors of a damaged file as one kind."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, TypeError, AttributeError, UnicodeError) as error:
        raise ValueError(f"'{source}' is no readable HDF5 file: {error}") from None


def _index(h5py, file, source: str) -> dict:
    found: dict = {}
    stack, hollow = [("", file)], 0
    groups = {h5py.h5o.get_info(file.id).addr}
    while stack:
        inner, group = stack.pop()
        for name in group:
            where = f"{inner}/{name}" if inner else name
            if len(found) >= MAX_OBJECTS or where.count("/") > MAX_DEPTH:
                raise ValueError(f"'{source}' holds too many or too deep groups, at '{where}'.")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"'{source}' holds a link at '{where}', which is refused.")
            child = group[name]
            if isinstance(child, h5py.Group):
                address = h5py.h5o.get_info(child.id).addr
                if address in groups:
                    raise ValueError(f"'{source}' holds a group twice, at '{where}'.")
                groups.add(address)
                stack.append((where, child))
                found[where] = child
            else:
                found[where] = _checked(child, source, where)
                held = child.id.get_storage_size()
                hollow += max(0, child.nbytes - MAX_RATIO * held)
                if hollow > FREE_SIZE:
                    raise ValueError(
                        f"'{source}' declares {child.nbytes} bytes at '{where}', of which it holds "
                        f"{held}, and is refused."
                    )
    return found


def _checked(dataset, source: str, where: str) -> Stored:
    dtype = getattr(dataset, "dtype", None)
    plain = dtype is not None and dtype.newbyteorder("=") in _NUMBERS
    # Two bytes without a type are what HDF5 makes of bfloat16.
    if not (plain or str(dtype) == "|V2") or dataset.external or dataset.is_virtual:
        raise ValueError(
            f"'{source}' holds data at '{where}' that is not plain numbers in the file, which is "
            "refused."
        )
    settings = dataset.id.get_create_plist()
    filters = {settings.get_filter(i)[0] for i in range(settings.get_nfilters())}
    if not filters <= _FILTERS:
        raise ValueError(
            f"'{source}' holds data at '{where}' that is packed by other means than gzip, which is "
            f"refused: HDF5 would load a plugin for it, or crash. Received: HDF5 filters {filters}"
        )
    if dataset.shape is None:
        raise ValueError(f"'{source}' holds no data at '{where}'.")
    return Stored(dataset, source, where)
