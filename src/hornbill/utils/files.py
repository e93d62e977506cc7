"""Files from the network, kept in a cache folder and checked."""

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import urlsplit

from ..engine.atomic import atomic_path
from ..training.callbacks.callback import write
from .archives import extract_archive
from .progbar import Progbar

# Seconds without an answer after which a download is given up.
TIMEOUT = 60
BLOCK = 1 << 20


def keras_home() -> str:
    """The folder of Keras's cache: `$KERAS_HOME`, else `~/.keras`."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format="auto",
    cache_dir: str | None = None,
    force_download: bool = False,
) -> str:
    """The path of a file, downloaded if it is not in the cache yet.

    Args:
        fname: the name of the file in the cache; that in the URL when None. For an archive, a
            name without a dot is the name of the folder that it is unpacked into.
        origin: the URL.
        untar: the older form of `extract=True, archive_format="tar"`.
        md5_hash: the older form of `file_hash`.
        file_hash: the SHA-256 or MD5 of the file, in hexadecimal digits. A file in the cache
            that does not have it is downloaded again. Give it where you can.
        cache_subdir: the folder inside the cache.
        hash_algorithm: `"sha256"`, `"md5"`, or `"auto"`, which knows them by their length.
        extract: whether the file is an archive to unpack.
        archive_format: `"tar"`, `"zip"`, a list of these, or `"auto"`.
        cache_dir: the cache; `$KERAS_HOME` or `~/.keras` when None.
        force_download: whether a file in the cache is downloaded again.

    Returns:
        The path of the file; of the folder with its contents when it was unpacked.

    Raises:
        ConnectionError: if it cannot be downloaded; the message says where to put it by hand.
        ValueError: if it does not have the hash, or an archive's member leads out of its folder.

    >>> import hornbill as hb, tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "there.txt").write_text("words")
    >>> path = hb.utils.get_file(
    ...     "here.txt", (folder / "there.txt").as_uri(), cache_dir=folder)
    Downloading data from file://...
    >>> pathlib.Path(path).read_text(), path.endswith("datasets/here.txt")
    ('words', True)
    """
    if origin is None:
        raise ValueError("get_file needs the URL of the file. Received: origin=None")
    if hash_algorithm not in ("auto", "sha256", "md5"):
        raise ValueError(
            "get_file's hash_algorithm is 'auto', 'sha256' or 'md5'. "
            f"Received: hash_algorithm={hash_algorithm!r}"
        )
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    extract = extract or untar
    folder = _cache_folder(cache_dir, cache_subdir)
    name = _file_name(fname, origin)
    file, unpacked = os.path.join(folder, name), ""
    if extract and fname and "." in name:
        unpacked = os.path.join(folder, f"{name[: name.find('.')]}_extracted")
    elif extract:
        file, unpacked = f"{file}_archive", file
    _fetch(origin, file, file_hash, hash_algorithm, force_download)
    if not extract:
        return file
    stale = not os.path.isdir(unpacked) or os.path.getmtime(unpacked) < os.path.getmtime(file)
    if stale or force_download:
        extract_archive(file, unpacked, "tar" if untar else archive_format)
    return unpacked


def _cache_folder(cache_dir, cache_subdir) -> str:
    home = os.path.expanduser(os.fspath(cache_dir) if cache_dir is not None else keras_home())
    try:
        folder = os.path.join(home, cache_subdir)
        os.makedirs(folder, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(folder)
    except OSError:
        # A home that cannot be written to, as in some containers.
        folder = os.path.join(tempfile.gettempdir(), ".keras", cache_subdir)
        os.makedirs(folder, exist_ok=True)
    return folder


def _file_name(fname, origin) -> str:
    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not name or name in (".", ".."):
        raise ValueError(
            f"get_file finds no file name in the URL: pass fname. Received: origin={origin!r}"
        )
    if os.path.basename(name) != name:
        raise ValueError(
            "get_file's fname is a name without folders: say the folder with cache_dir and "
            f"cache_subdir. Received: fname={name!r}"
        )
    return name


def _fetch(origin, file, file_hash, algorithm, force) -> None:
    """Sees to it that `file` is there, with the right hash."""
    if os.path.exists(file) and not force:
        if file_hash is None or file_digest(file, file_hash, algorithm) == file_hash.lower():
            return
        write(f"'{file}' is incomplete or out of date (its hash differs): downloading it again.")
    write(f"Downloading data from {origin}")
    with atomic_path(file) as temporary:
        try:
            _download(origin, temporary)
        except (OSError, HTTPException) as error:
            digest = f" It has the hash {file_hash}." if file_hash else ""
            raise ConnectionError(
                f"Could not download {origin} ({error}). If this machine is offline, fetch the "
                f"file elsewhere and put it at '{file}'.{digest} Received: origin={origin!r}"
            ) from None
        if file_hash is not None:
            digest = file_digest(temporary, file_hash, algorithm)
            if digest != file_hash.lower():
                raise ValueError(
                    f"What came from {origin} is incomplete or not the file expected: its hash "
                    f"is not {file_hash}. Received: {digest}"
                )


def _download(origin, path) -> None:
    with urllib.request.urlopen(origin, timeout=TIMEOUT) as response, open(path, "wb") as out:
        size = int(response.headers.get("Content-Length") or 0) or None
        bar, done = Progbar(size, unit_name="byte"), 0
        while block := response.read(BLOCK):
            out.write(block)
            done += len(block)
            bar.update(done)
    if size is not None and done < size:
        raise urllib.error.ContentTooShortError(f"got {done} of {size} bytes", None)


def file_digest(path: str, file_hash: str, algorithm: str = "auto") -> str:
    """A file's hash, computed by the algorithm that `file_hash` seems to come from."""
    if algorithm == "auto":
        algorithm = "sha256" if len(file_hash) == 64 else "md5"
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
