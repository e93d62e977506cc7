"""Unpacking archives, without a file landing outside the folder meant for it."""

import contextlib
import os
import shutil
import tarfile
import tempfile
import zipfile

FORMATS = ("tar", "zip")


def extract_archive(path: str, folder: str, archive_format="auto") -> None:
    """Unpacks a tar (also compressed) or zip file into `folder`: all of it, or nothing.

    Args:
        path: the archive.
        folder: where its files go; made if it is not there.
        archive_format: `"tar"`, `"zip"`, a list of these, or `"auto"` for both.

    Raises:
        ValueError: if it is no such archive, or a member or link leads out of the folder.
    """
    wanted = FORMATS if archive_format == "auto" else archive_format
    wanted = [wanted] if isinstance(wanted, str) else list(wanted or ())
    unknown = [f for f in wanted if f not in FORMATS]
    if unknown or not wanted:
        raise ValueError(
            "archive_format is 'tar', 'zip', a list of these, or 'auto'. "
            f"Received: archive_format={archive_format!r}"
        )
    parent = os.path.dirname(os.path.abspath(folder))
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=parent) as outer:
        inner = os.path.join(outer, "content")
        os.mkdir(inner)
        if "tar" in wanted and tarfile.is_tarfile(path):
            _extract_tar(path, inner)
        elif "zip" in wanted and zipfile.is_zipfile(path):
            _extract_zip(path, inner)
        else:
            raise ValueError(
                f"'{path}' is no archive that can be unpacked as {' or '.join(wanted)}. "
                f"Received: archive_format={archive_format!r}"
            )
        if os.path.isdir(folder):
            shutil.copytree(inner, folder, dirs_exist_ok=True, symlinks=True)
        else:
            os.rename(inner, folder)
    os.utime(folder)  # newer than the archive: unpacked already


def _extract_tar(path, folder):
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            _check_inside(path, member.name, folder)
        with _refusing(path):
            # The filter refuses links that lead out, devices, and odd permissions.
            archive.extractall(folder, filter="data")


@contextlib.contextmanager
def _refusing(path):
    try:
        yield
    except tarfile.FilterError as error:
        raise ValueError(
            f"'{path}' was not unpacked, since a member of it is unsafe. Received: {error}"
        ) from None


def _extract_zip(path, folder):
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            _check_inside(path, name, folder)
        archive.extractall(folder)


def _check_inside(path, name, folder):
    base = os.path.realpath(folder)
    target = os.path.realpath(os.path.join(base, name))
    if os.path.commonpath([base, target]) != base:
        raise ValueError(
            f"'{path}' was not unpacked: a member of it would be written outside its folder. "
            f"Received: member '{name}'"
        )
