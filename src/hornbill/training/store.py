"""A folder of checkpoints: files that are whole, known to be whole, and few.

A file is 8 bytes that name the format, the SHA-256 of all that follows, the length of a JSON text
(8 bytes, little-endian), the text, and the bytes of the arrays that it speaks of. Nothing in it is
code. A file appears under its name when it is on the disk; `kill -9` leaves at most a temporary
file, whose name begins with a dot.
"""

import hashlib
import json
import os
import re
import struct
import warnings

import numpy as np

from ..engine import plain, strict_json
from ..engine.atomic import atomic_path
from ..engine.dtypes import numpy_dtype

FORMAT = b"hbckpt01"
NAME = re.compile(r"checkpoint-(\d{8})\.hornbill")


class Damaged(ValueError):
    """A file that is not what was written."""


def path_of(folder: str, number: int) -> str:
    return os.path.join(folder, f"checkpoint-{number:08d}.hornbill")


def numbers(folder: str) -> list[int]:
    """The numbers of the checkpoints in a folder, in their order."""
    if not os.path.isdir(folder):
        return []
    return sorted(int(m[1]) for m in map(NAME.fullmatch, os.listdir(folder)) if m)


def save(folder: str, state, keep: int) -> str:
    """Writes a checkpoint of plain data, then removes all but the last `keep`. Returns its path."""
    os.makedirs(folder, exist_ok=True)
    present = numbers(folder)
    path = path_of(folder, present[-1] + 1 if present else 1)
    with atomic_path(path) as temporary:
        write(temporary, state)
    for number in present[: max(len(present) + 1 - keep, 0)]:
        os.unlink(path_of(folder, number))
    return path


def load(folder: str):
    """The state of the newest checkpoint that is whole, None where there is none at all.

    Damaged ones that are newer are renamed to `....damaged`, with a warning.

    Raises:
        ValueError: if there are checkpoints, and all are damaged.
    """
    damaged = []
    for number in reversed(numbers(folder)):
        path = path_of(folder, number)
        try:
            state = read(path)
        except Damaged as error:
            damaged.append((path, error))
            continue
        for bad, error in damaged:
            os.replace(bad, f"{bad}.damaged")
            warnings.warn(f"{error} The one before it is used: '{path}'.", stacklevel=4)
        return state
    if damaged:
        raise ValueError(
            f"No checkpoint in '{folder}' can be read, so there is nothing to go on from. Delete "
            f"the folder to start anew. {' '.join(str(error) for _, error in damaged)}"
        )
    return None


def clean(folder: str) -> None:
    """Removes the temporary files of a process that was killed while it wrote."""
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith(".checkpoint-"):
            os.unlink(os.path.join(folder, name))


def write(path: str, state) -> None:
    """Writes one file."""
    text, arrays = plain.encode(state)
    kinds = [[array.dtype.name, list(array.shape)] for array in arrays]
    header = json.dumps({"arrays": kinds, "state": text}).encode()
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        file.write(FORMAT + bytes(digest.digest_size))
        parts = [struct.pack("<Q", len(header)), header]
        for part in (*parts, *(np.ascontiguousarray(a).reshape(-1).view("uint8") for a in arrays)):
            digest.update(part)
            file.write(part)
        file.seek(len(FORMAT))
        file.write(digest.digest())


def read(path: str):
    """The state in one file.

    Raises:
        Damaged: if it is not, byte for byte, what was written.
    """
    with open(path, "rb") as file:
        data = file.read()
    start = len(FORMAT) + hashlib.sha256().digest_size
    body = memoryview(data)[start:]
    whole = len(body) >= 8 and hashlib.sha256(body).digest() == data[len(FORMAT) : start]
    if not whole or not data.startswith(FORMAT):
        raise Damaged(
            f"The checkpoint '{path}' is damaged: its {len(data)} bytes do not agree with the "
            "checksum that was written with them."
        )
    (length,) = struct.unpack("<Q", body[:8])
    header = strict_json.parse(bytes(body[8 : 8 + length]), f"The header of '{path}'")
    arrays, place = [], 8 + length
    for name, shape in header["arrays"]:
        dtype = numpy_dtype(name)
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(body, dtype, count, place) if count else np.empty(0, dtype)
        arrays.append(array.reshape(shape).copy())
        place += array.nbytes
    return plain.decode(header["state"], arrays)
