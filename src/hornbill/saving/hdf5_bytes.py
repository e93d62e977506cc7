"""What of an HDF5 file is looked at byte by byte, before the HDF5 library reads it.

That library (2.0.0 is the newest that was tried) trusts some numbers of a file: wrong ones make it
run for ever or end the process. These are the ones that random changes of files have shown; the
format is described in https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

import contextlib
import mmap

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HEAP = b"GCOL\x01"  # a "global heap collection": texts of free length, such as attributes'
_BLOCK = 2**20
_HEADER = 16  # bytes before a collection's first object, and before an object's own


def check_start(path: str, source: str) -> None:
    """Raises unless the file begins as h5py's files do: what else is looked at here counts on it.

    Args:
        path: the file.
        source: what messages call it.

    Raises:
        ValueError: if it is no HDF5 file from its first byte on, or has addresses or lengths of
            other than 8 bytes.
    """
    with open(path, "rb") as file:
        start = file.read(64)
    # By version: where the sizes of addresses and lengths stand, and the address of the beginning.
    places = {0: (13, 24), 1: (13, 28), 2: (9, 12), 3: (9, 12)}
    sizes, base = places.get(start[8], (0, 0)) if len(start) == 64 else (0, 0)
    fits = start[sizes : sizes + 2] == b"\x08\x08" and not any(start[base : base + 8])
    if not start.startswith(_SIGNATURE) or not fits:
        raise ValueError(
            f"'{source}' is no readable HDF5 file: it does not begin as h5py's files do."
        )


def check_texts(path: str, source: str, *names: str) -> None:
    """Raises unless texts in attributes of these names can be read without harm.

    HDF5 takes memory for what an attribute says of its text's length, up to 4 GiB, and only then
    looks whether there is such a text; and it does not end where a heap's part has the size 0.

    Args:
        path: the file.
        source: what messages call it.
        names: of the attributes. `"names"` stands for `names0`, `names1`, ... as well.
    """
    for heap in heaps(path):
        if not _is_filled(heap):
            raise ValueError(f"'{source}' is damaged: a heap of texts in it has wrong sizes.")
    with _mapped(path) as data:
        for name in names:
            for at in _places(data, name.encode()):
                if any(length > len(data) for length in _lengths_of_texts(data, at)):
                    raise ValueError(f"'{source}' is damaged: an attribute '{name}' is too long.")


def heaps(path: str):
    """The bytes of all in a file that may be a global heap collection."""
    with _mapped(path) as data:
        for at in _places(data, _HEAP):
            size = int.from_bytes(data[at + 8 : at + 16], "little")
            if size <= len(data) - at:  # others are no collections: HDF5 reads them whole
                yield data[at : at + size]


@contextlib.contextmanager
def _mapped(path: str):
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def _places(data, mark: bytes):
    """Where a mark occurs. A map's own `find` goes byte by byte; that of bytes does not."""
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK + len(mark) - 1]
        at = block.find(mark)
        while at >= 0:
            yield start + at
            at = block.find(mark, at + 1)


def _is_filled(heap: bytes) -> bool:
    """Whether the objects of a collection follow each other up to its end."""
    at = _HEADER
    while len(heap) - at >= _HEADER:
        number = int.from_bytes(heap[at : at + 2], "little")
        size = int.from_bytes(heap[at + 8 : at + 16], "little")
        if number:
            size = _HEADER + -(-size // 8) * 8
        # Number 0 is what is free, its own header included. A size of 0 would never end.
        if not _HEADER <= size <= len(heap) - at:
            return False
        at += size
    return True


def _lengths_of_texts(data, at: int):
    """What the attribute whose name may stand at `at` says of its texts' lengths.

    An attribute is: its version, flags, the sizes of name, type and shape, in version 3 the name's
    encoding, and then these three and the texts: for each a length and where it lies.
    """
    start = at - 8
    if start < 1 or data[start] not in (1, 2):
        start -= 1
        if start < 0 or data[start] != 3:
            return
    sizes = [int.from_bytes(data[start + i : start + i + 2], "little") for i in (2, 4, 6)]
    if data[start] == 1:
        sizes = [-(-size // 8) * 8 for size in sizes]
    kind = at + sizes[0]
    shape = kind + sizes[1]
    texts = shape + sizes[2]
    shared = data[start + 1] & 3  # type or shape are elsewhere in the file, which h5py never does
    if texts + 16 > len(data) or (not shared and data[kind] & 15 != 9):
        return  # not of free length
    if shared:
        yield len(data) + 1
    dims, count = shape + (8 if data[shape] == 1 else 4), 1
    for i in range(data[shape + 1]):
        count *= int.from_bytes(data[dims + 8 * i : dims + 8 * i + 8], "little")
    for place in range(texts, min(texts + 16 * count, len(data) - 16), 16):
        yield int.from_bytes(data[place : place + 4], "little")
