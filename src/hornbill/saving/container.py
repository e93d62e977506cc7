"""What a saved model lies in: one zip file, or a folder. Read with limits, written whole.

The members are Keras 3's: `metadata.json`, `config.json`, `model.weights.h5` and `assets/...`.
No other name is read, and no name from a file becomes a path outside the place meant for it.
"""

import contextlib
import os
import shutil
import tempfile
import zipfile
import zlib

CONFIG, METADATA, WEIGHTS, ASSETS = "config.json", "metadata.json", "model.weights.h5", "assets/"

MAX_MEMBERS = 100_000
MAX_RATIO = 100  # how much larger a member may be than it is compressed; Keras does not compress
FREE_SIZE = 2**20  # members up to this size may have any ratio
_CHUNK = 2**20


class Container:
    """The members of a saved model.

    Args:
        source: the file or folder, for messages.
        sizes: `{name: size in bytes}` of its members.
        open_member: opens one of them for reading.
    """

    def __init__(self, source: str, sizes: dict[str, int], open_member):
        self.source, self.sizes, self._open = source, sizes, open_member
        if len(sizes) > MAX_MEMBERS:
            raise ValueError(
                f"'{source}' has at most {MAX_MEMBERS} members. Received: {len(sizes)}"
            )
        for name in sizes:
            _check_name(source, name)
        missing = [name for name in (CONFIG, WEIGHTS) if name not in sizes]
        if missing:
            raise ValueError(
                f"'{source}' is no model saved in Keras 3's format: {missing} are missing. "
                f"Received: {sorted(sizes)[:10]}"
            )

    @property
    def assets(self) -> list[str]:
        return [name for name in self.sizes if name.startswith(ASSETS) and name != ASSETS]

    def read(self, name: str, limit: int) -> bytes:
        """A member's content."""
        if self.sizes[name] > limit:
            raise ValueError(
                f"'{name}' in '{self.source}' has at most {limit} bytes. "
                f"Received: {self.sizes[name]}"
            )
        with _refusing(self.source), self._open(name) as member:
            return member.read(limit)

    def extract(self, name: str, path: str) -> None:
        """Writes a member to a file, made anew."""
        with _refusing(self.source), self._open(name) as member, open(path, "xb") as file:
            shutil.copyfileobj(member, file, _CHUNK)


def _check_name(source: str, name: str) -> None:
    parts = name.removesuffix("/").split("/")
    known = name in (CONFIG, METADATA, WEIGHTS) or parts[0] == "assets"
    if not known or any(p in ("", ".", "..") or "\\" in p or ":" in p or "\0" in p for p in parts):
        raise ValueError(
            f"'{source}' holds a member that does not belong into a saved model. Received: {name!r}"
        )


@contextlib.contextmanager
def open_container(path: str):
    """Yields the `Container` at a path, a `.keras` file or a folder.

    Raises:
        ValueError: if it is neither, damaged, or holds what no saved model holds.
    """
    if os.path.isdir(path):
        yield _folder(path)
        return
    with _refusing(path):
        archive = zipfile.ZipFile(path)
    with archive:
        yield _archive(path, archive)


@contextlib.contextmanager
def _refusing(source: str):
    """The many errors of a damaged file as one kind."""
    damage = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)
    try:
        yield
    except damage as error:
        raise ValueError(f"'{source}' is no readable .keras file: {error}") from None


def _archive(path: str, archive: zipfile.ZipFile) -> Container:
    sizes: dict[str, int] = {}
    for member in archive.infolist():
        if member.filename in sizes:
            raise ValueError(f"'{path}' holds the member '{member.filename}' twice.")
        if member.file_size > max(FREE_SIZE, MAX_RATIO * member.compress_size):
            raise ValueError(
                f"'{path}' holds a member that is suspiciously well compressed, and is refused. "
                f"Received: '{member.filename}' with {member.compress_size} bytes for "
                f"{member.file_size}"
            )
        sizes[member.filename] = member.file_size
    if sum(m.compress_size for m in archive.infolist()) > os.path.getsize(path):
        raise ValueError(f"'{path}' holds members that overlap, and is refused.")
    return Container(path, sizes, archive.open)


def _folder(path: str) -> Container:
    sizes = {}
    for folder, _, names in os.walk(path):
        for name in names:
            full = os.path.join(folder, name)
            inner = os.path.relpath(full, path).replace(os.sep, "/")
            if inner in (CONFIG, METADATA, WEIGHTS) or inner.startswith(ASSETS):
                if os.path.islink(full):
                    raise ValueError(f"'{path}' holds a link at '{inner}', which is refused.")
                sizes[inner] = os.path.getsize(full)
    return Container(path, sizes, lambda name: open(os.path.join(path, name), "rb"))


def write_archive(path: str, folder: str) -> None:
    """Packs a folder's files into a zip file, uncompressed, as Keras does."""
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
        for name in sorted(_files(folder), key=lambda n: (n != METADATA, n != CONFIG, n)):
            archive.write(os.path.join(folder, name), name)


def _files(folder: str) -> list[str]:
    return [
        os.path.relpath(os.path.join(base, name), folder).replace(os.sep, "/")
        for base, _, names in os.walk(folder)
        for name in names
    ]


def write_folder(path: str, folder: str) -> None:
    """Puts a folder's files in the place of the folder `path`."""
    parent = os.path.dirname(os.path.abspath(path))
    with tempfile.TemporaryDirectory(prefix=".saving-", dir=parent) as outer:
        new, old = os.path.join(outer, "new"), os.path.join(outer, "old")
        shutil.copytree(folder, new)
        if os.path.isdir(path):
            os.rename(path, old)
        os.rename(new, path)
