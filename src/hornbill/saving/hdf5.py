"""HDF5 files of arrays: written plainly, and read without trusting them.

A file may come from anybody. Links (to other files, or to a group above), data that lies outside
the file, and anything but plain numbers are refused; arrays are read only when asked for, so that
what a file declares costs nothing before its shape has been compared with the model's.
"""

import contextlib
from typing import NamedTuple

import numpy as np

from ..engine.dtypes import numpy_dtype

MAX_OBJECTS = 1_000_000
MAX_DEPTH = 128
MAX_RATIO = 100  # how much larger an array may be than what the file holds of it
FREE_SIZE = 2**20


def write_state(path: str, state) -> None:
    """Writes pairs of a path and `{key: array}` as HDF5 groups `path/vars/key`."""
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
            array = np.asarray(self.dataset[()])
            if self.dataset.attrs.get("dtype") != "bfloat16":
                return array
            return array.view(numpy_dtype("bfloat16"))


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
def open_file(path: str, source: str):
    """Yields the open file and all that lies in it: `{path: Stored or h5py.Group}`.

    Args:
        path: the file.
        source: what messages call it.

    Raises:
        ValueError: as `open_state`.
    """
    import h5py

    with refusing(source):
        file = h5py.File(path, "r")
    try:
        with refusing(source):
            found = _index(h5py, file, source)
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
    stack = [("", file)]
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
    return found


def _checked(dataset, source: str, where: str) -> Stored:
    kind = getattr(getattr(dataset, "dtype", None), "kind", None)
    if kind not in tuple("biufcV") or dataset.external or dataset.is_virtual or dataset.dtype.names:
        raise ValueError(
            f"'{source}' holds data at '{where}' that is not plain numbers in the file, which is "
            "refused."
        )
    if dataset.shape is None:
        raise ValueError(f"'{source}' holds no data at '{where}'.")
    if dataset.nbytes > max(FREE_SIZE, MAX_RATIO * dataset.id.get_storage_size()):
        raise ValueError(
            f"'{source}' declares {dataset.nbytes} bytes at '{where}', of which it holds "
            f"{dataset.id.get_storage_size()}, and is refused."
        )
    return Stored(dataset, source, where)
