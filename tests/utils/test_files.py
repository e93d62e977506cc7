"""get_file: cache, hashes, archives; against a small server of files (file:// URLs)."""

import hashlib
import io
import os
import tarfile
import time
import urllib.error
import urllib.request
import zipfile

import pytest

import hornbill as hb
from hornbill.utils.archives import extract_archive
from hornbill.utils.files import keras_home


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder with a file, and an empty cache."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    (tmp_path / "words.txt").write_text("some words")
    return tmp_path


def url(path):
    return path.as_uri()


def tar(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            else:
                member.type, member.linkname = content
                archive.addfile(member)
    return path


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def read(path):
    with open(path) as file:
        return file.read()


def test_home(monkeypatch):
    monkeypatch.setenv("KERAS_HOME", "/somewhere")
    assert keras_home() == "/somewhere"
    monkeypatch.delenv("KERAS_HOME")
    assert keras_home() == os.path.expanduser("~/.keras")


def test_cache_and_force(server, capsys):
    origin = url(server / "words.txt")
    path = hb.utils.get_file(origin=origin)
    assert path == str(server / "home" / "datasets" / "words.txt")
    assert "Downloading data from" in capsys.readouterr().out
    (server / "words.txt").write_text("newer words")
    assert read(hb.utils.get_file("words.txt", origin)) == "some words"
    assert capsys.readouterr().out == ""
    assert read(hb.utils.get_file("words.txt", origin, force_download=True)) == "newer words"
    elsewhere = hb.utils.get_file("w", origin, cache_subdir="a/b", cache_dir=server / "other")
    assert elsewhere == str(server / "other" / "a" / "b" / "w")
    # Nothing half written stays behind.
    assert os.listdir(server / "other" / "a" / "b") == ["w"]


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
@pytest.mark.parametrize("auto", [True, False])
def test_hashes(server, algorithm, auto, capsys):
    origin = url(server / "words.txt")
    digest = hashlib.new(algorithm, b"some words").hexdigest()
    settings = {"file_hash": digest.upper(), "hash_algorithm": "auto" if auto else algorithm}
    path = hb.utils.get_file("w", origin, **settings)
    # A damaged file in the cache is downloaded again.
    with open(path, "w") as file:
        file.write("some wor")
    assert read(hb.utils.get_file("w", origin, **settings)) == "some words"
    assert "its hash differs" in capsys.readouterr().out
    (server / "words.txt").write_text("others")
    with pytest.raises(ValueError, match=r"not the file expected.*Received: [0-9a-f]{32}"):
        hb.utils.get_file("v", origin, **settings)
    assert os.listdir(server / "home" / "datasets") == ["w"]


def test_md5_hash(server):
    digest = hashlib.md5(b"some words").hexdigest()
    assert hb.utils.get_file("w", url(server / "words.txt"), md5_hash=digest)
    with pytest.raises(ValueError, match="not the file expected"):
        hb.utils.get_file("v", url(server / "words.txt"), md5_hash="0" * 32)


MEMBERS = {"top.txt": b"1", "inner/deep.txt": b"2"}


@pytest.mark.parametrize(
    ("fname", "file", "folder"),
    [
        ("data.tar.gz", "data.tar.gz", "data_extracted"),
        ("data", "data_archive", "data"),
        (None, "a.tgz_archive", "a.tgz"),
    ],
)
def test_places_of_archives_are_kerass(server, fname, file, folder):
    import keras

    origin = url(tar(server / "a.tgz", MEMBERS))
    path = hb.utils.get_file(fname, origin, extract=True)
    datasets = server / "home" / "datasets"
    assert path == str(datasets / folder)
    assert sorted(os.listdir(datasets)) == sorted([file, folder])
    assert read(os.path.join(path, "inner", "deep.txt")) == "2"
    os.makedirs(server / "theirs_home", exist_ok=True)
    theirs = keras.utils.get_file(fname, origin, extract=True, cache_dir=server / "theirs_home")
    assert os.path.basename(theirs) == folder
    # It is unpacked again only when the archive is newer.
    os.unlink(os.path.join(path, "top.txt"))
    hb.utils.get_file(fname, origin, extract=True)
    assert not os.path.exists(os.path.join(path, "top.txt"))
    later = time.time() + 10
    os.utime(datasets / file, (later, later))
    hb.utils.get_file(fname, origin, extract=True)
    assert read(os.path.join(path, "top.txt")) == "1"


def test_kinds_of_archives(server):
    zip_url = url(zipped(server / "a.zip", MEMBERS))
    for i, settings in enumerate([{}, {"archive_format": "zip"}, {"archive_format": ["zip"]}]):
        path = hb.utils.get_file(f"z{i}", zip_url, extract=True, **settings)
        assert read(os.path.join(path, "inner", "deep.txt")) == "2"
    path = hb.utils.get_file("t", url(tar(server / "a.tar", MEMBERS, "w")), untar=True)
    assert read(os.path.join(path, "top.txt")) == "1"
    with pytest.raises(ValueError, match=r"no archive .* as tar. Received"):
        hb.utils.get_file("y", zip_url, extract=True, archive_format="tar")
    with pytest.raises(ValueError, match="Received: archive_format='rar'"):
        hb.utils.get_file("x", zip_url, extract=True, archive_format="rar")


UNSAFE = [
    ("up.tar", {"ok.txt": b"", "../evil.txt": b"x"}),
    ("absolute.tar", {"/tmp/hornbill-evil.txt": b"x"}),
    ("link.tar", {"link": (tarfile.SYMTYPE, "../.."), "link/evil.txt": b"x"}),
    ("hard.tar", {"link": (tarfile.LNKTYPE, "../../words.txt")}),
    ("device.tar", {"null": (tarfile.CHRTYPE, "")}),
    ("up.zip", {"ok.txt": b"", "../evil.txt": b"x"}),
    ("absolute.zip", {"/tmp/hornbill-evil.txt": b"x"}),
]


@pytest.mark.parametrize(("name", "members"), UNSAFE, ids=[n for n, _ in UNSAFE])
def test_members_that_lead_out_are_refused(tmp_path, name, members):
    make = zipped if name.endswith("zip") else tar
    archive = make(tmp_path / name, members)
    (tmp_path / "in").mkdir()
    with pytest.raises(ValueError, match=r"was not unpacked.*Received"):
        extract_archive(str(archive), str(tmp_path / "in" / "out"))
    assert os.listdir(tmp_path / "in") == []
    assert sorted(os.listdir(tmp_path)) == sorted(["in", name])
    assert not os.path.exists("/tmp/hornbill-evil.txt")


def test_offline(server, monkeypatch):
    def offline(*args, **kwargs):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    place = server / "home" / "datasets" / "x.bin"
    with pytest.raises(ConnectionError) as caught:
        hb.utils.get_file("x.bin", "https://example.org/x.bin", file_hash="0" * 64)
    message = str(caught.value)
    assert "Name or service not known" in message
    assert f"put it at '{place}'. It has the hash {'0' * 64}." in message
    assert message.endswith("Received: origin='https://example.org/x.bin'")
    assert not place.exists()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: hb.utils.get_file("x"), "Received: origin=None"),
        (lambda: hb.utils.get_file(origin="https://e.org/"), "Received: origin='https://e.org/'"),
        (lambda: hb.utils.get_file("a/b", "https://e.org/x"), "Received: fname='a/b'"),
        (lambda: hb.utils.get_file("..", "https://e.org/x"), "finds no file name"),
        (
            lambda: hb.utils.get_file("x", "https://e.org/x", hash_algorithm="crc"),
            "Received: hash_algorithm='crc'",
        ),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call()
