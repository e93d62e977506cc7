"""`tf.io` and `tf.io.gfile`: files of this machine."""

import base64
import glob as globbing
import os
import shutil
import types
from pathlib import Path

import numpy as np

from ..engine.atomic import atomic_path
from .image_files import (
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    encode_png,
)
from .missing import missing
from .parsing import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    VarLenFeature,
    parse_example,
    parse_single_example,
)
from .tensor import Tensor, to_numpy
from .tensor_bytes import parse_tensor, serialize_tensor
from .text import Bytes, Text
from .tfrecord import TFRecordOptions, TFRecordWriter

__all__ = [
    "FixedLenFeature",
    "FixedLenSequenceFeature",
    "TFRecordOptions",
    "TFRecordWriter",
    "VarLenFeature",
    "decode_bmp",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "encode_jpeg",
    "encode_png",
    "parse_example",
    "parse_single_example",
    "parse_tensor",
    "serialize_tensor",
]


def _path(name) -> str:
    return str(Text.of(to_numpy(os.fspath(name) if isinstance(name, os.PathLike) else name)))


def _contents(contents) -> bytes:
    contents = to_numpy(contents)[()]
    return contents if isinstance(contents, bytes) else str(contents).encode()


def read_file(filename, name=None) -> Bytes:
    """All bytes of a file."""
    return Bytes(Path(_path(filename)).read_bytes())


def write_file(filename, contents, name=None) -> None:
    """Makes a file of bytes, or of text as UTF-8, and the folders around it."""
    path = Path(_path(filename))
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(str(path)) as temporary:
        Path(temporary).write_bytes(_contents(contents))


def decode_raw(input_bytes, out_type, little_endian: bool = True, name=None) -> Tensor:
    """The numbers that lie in bytes."""
    dtype = np.dtype(str(out_type)).newbyteorder("<" if little_endian else ">")
    numbers = np.frombuffer(_contents(input_bytes), dtype)
    return Tensor(numbers.astype(str(out_type)))


def decode_base64(input, name=None) -> Bytes:
    """Bytes of base64 in its form for addresses (`-` and `_`)."""
    text = _contents(input)
    return Bytes(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)))


def encode_base64(input, pad: bool = False, name=None) -> Bytes:
    """Base64 of bytes; with `pad` filled up by `=`."""
    encoded = base64.urlsafe_b64encode(_contents(input))
    return Bytes(encoded if pad else encoded.rstrip(b"="))


def matching_files(pattern, name=None) -> Text:
    """The sorted paths of the files that fit a pattern."""
    return Text.of(np.array(sorted(globbing.glob(_path(pattern))), dtype=str))


# ---- gfile -----------------------------------------------------------------------------------


def exists(path) -> bool:
    """Whether there is such a file or folder."""
    return os.path.exists(_path(path))


def isdir(path) -> bool:
    """Whether it is a folder."""
    return os.path.isdir(_path(path))


def listdir(path) -> list[str]:
    """The names in a folder."""
    return os.listdir(_path(path))


def makedirs(path) -> None:
    """Makes a folder and those around it."""
    os.makedirs(_path(path), exist_ok=True)


def mkdir(path) -> None:
    """Makes a folder."""
    os.mkdir(_path(path))


def glob(pattern) -> list[str]:
    """The paths that fit a pattern, or one of several."""
    patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
    return sorted(path for p in patterns for path in globbing.glob(_path(p)))


def remove(path) -> None:
    """Deletes a file."""
    os.remove(_path(path))


def rmtree(path) -> None:
    """Deletes a folder and all inside."""
    shutil.rmtree(_path(path))


def copy(src, dst, overwrite: bool = False) -> None:
    """Copies a file."""
    _free(dst, overwrite)
    shutil.copyfile(_path(src), _path(dst))


def rename(src, dst, overwrite: bool = False) -> None:
    """Moves a file."""
    _free(dst, overwrite)
    os.replace(_path(src), _path(dst))


def _free(path, overwrite: bool) -> None:
    if not overwrite and exists(path):
        raise FileExistsError(f"There is such a file: pass overwrite=True. Received: {path!r}")


def walk(top, topdown: bool = True, onerror=None):
    """As Python's `os.walk`."""
    return os.walk(_path(top), topdown, onerror)


def GFile(name, mode: str = "r"):
    """The file, opened as Python's `open` does."""
    return open(_path(name), mode, encoding=None if "b" in mode else "utf-8")


_GFILE = [exists, isdir, listdir, makedirs, mkdir, glob, remove, rmtree, copy, rename, walk, GFile]
gfile = types.SimpleNamespace(**{f.__name__: f for f in _GFILE}, join=os.path.join)

__getattr__ = missing("tf.io", globals())
