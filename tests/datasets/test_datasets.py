"""The loaders on small files made here, against Keras's own loaders on the same files."""

import gzip
import hashlib
import importlib
import io
import json
import os
import pickle
import tarfile
import urllib.error
import urllib.request

import numpy as np
import pytest

import hornbill as hb
from hornbill.datasets import source
from hornbill.engine import config

KERAS = "keras.src.datasets."


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The cache's folder `datasets`; nothing can be downloaded."""

    def offline(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", offline)
    folder = tmp_path / "datasets"
    folder.mkdir()
    return folder


def trust(monkeypatch, module, path, name="HASH"):
    monkeypatch.setattr(module, name, hashlib.sha256(path.read_bytes()).hexdigest())


def keras_load(monkeypatch, name, path, *args, **kwargs):
    module = importlib.import_module(KERAS + name)
    monkeypatch.setattr(module, "get_file", lambda *a, **k: str(path))
    return module.load_data(*args, **kwargs)


def same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        for x, y in zip(a, b, strict=True):
            y = np.asarray(y)
            assert len(x) == len(y)
            assert x.dtype == y.dtype
            if x.dtype != object:  # of lists of equal length Keras makes a matrix
                assert x.shape == y.shape
            assert x.tolist() == y.tolist()


def random(*shape):
    return np.random.default_rng(0).integers(0, 255, shape).astype("uint8")


def test_mnist(cache, monkeypatch):
    path = cache / "mnist.npz"
    x, y = random(5, 28, 28), random(5)
    np.savez(path, x_train=x[:3], y_train=y[:3], x_test=x[3:], y_test=y[3:])
    trust(monkeypatch, hb.datasets.mnist, path)
    same(hb.datasets.mnist.load_data(), keras_load(monkeypatch, "mnist", path))


def test_fashion_mnist(cache, monkeypatch):
    folder = cache / "fashion-mnist"
    folder.mkdir()
    hashes = {}
    for name in hb.datasets.fashion_mnist.FILES:
        array = random(4, 28, 28) if "images" in name else random(4)
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        (folder / name).write_bytes(gzip.compress(header + array.tobytes()))
        hashes[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    monkeypatch.setattr(hb.datasets.fashion_mnist, "FILES", hashes)
    module = importlib.import_module(KERAS + "fashion_mnist")
    monkeypatch.setattr(module, "get_file", lambda name, **k: str(folder / name))
    same(hb.datasets.fashion_mnist.load_data(), module.load_data())


HOUSING = [
    ("boston_housing", {}),
    ("boston_housing", {"test_split": 0.5, "seed": 3}),
    ("california_housing", {}),
    ("california_housing", {"version": "small", "test_split": 0.0}),
]


@pytest.mark.parametrize(("name", "settings"), HOUSING, ids=str)
def test_housing(cache, monkeypatch, name, settings):
    path = cache / f"{name}.npz"
    np.savez(path, x=np.arange(650.0 * 2).reshape(650, 2), y=np.arange(650.0))
    module = getattr(hb.datasets, name)
    trust(monkeypatch, module, path)
    same(module.load_data(**settings), keras_load(monkeypatch, name, path, **settings))


def objects(rows):
    out = np.empty(len(rows), dtype=object)
    out[:] = rows
    return out


TEXTS = objects([[1, 14, 5], [1, 2], [7, 300, 4, 1], [9], [3, 3, 3, 3, 8], [12, 1]])
WORDS = [
    {},
    {"num_words": 10},
    {"num_words": 12, "skip_top": 6, "oov_char": None},
    {"maxlen": 5, "seed": 1},
    {"start_char": None, "index_from": 0},
    {"start_char": None, "index_from": 2, "oov_char": 99, "num_words": 9},
]


@pytest.mark.parametrize("settings", WORDS, ids=str)
def test_imdb(cache, monkeypatch, settings):
    path = cache / "imdb.npz"
    y = np.arange(6)
    np.savez(path, x_train=TEXTS, y_train=y, x_test=TEXTS[::-1].copy(), y_test=y)
    trust(monkeypatch, hb.datasets.imdb, path)
    same(hb.datasets.imdb.load_data(**settings), keras_load(monkeypatch, "imdb", path, **settings))


@pytest.mark.parametrize("settings", [*WORDS, {"test_split": 0.5}], ids=str)
def test_reuters(cache, monkeypatch, settings):
    path = cache / "reuters.npz"
    np.savez(path, x=TEXTS, y=np.arange(6))
    trust(monkeypatch, hb.datasets.reuters, path)
    ours = hb.datasets.reuters.load_data(**settings)
    same(ours, keras_load(monkeypatch, "reuters", path, **settings))


def test_words_and_topics(cache, monkeypatch):
    import keras

    assert hb.datasets.reuters.get_label_names() == keras.datasets.reuters.get_label_names()
    for module in (hb.datasets.imdb, hb.datasets.reuters):
        path = cache / f"{module.__name__.rpartition('.')[2]}_word_index.json"
        path.write_text(json.dumps({"the": 1, "é": 2}))
        trust(monkeypatch, module, path, "INDEX_HASH")
        assert module.get_word_index() == {"the": 1, "é": 2}


def tar_of(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def cifar_batch(n, **labels):
    rows = {b"data": random(n, 3072)} | {k.encode(): v for k, v in labels.items()}
    return pickle.dumps(rows, protocol=4)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_cifar10(cache, monkeypatch, data_format):
    monkeypatch.setitem(config._settings, "image_data_format", data_format)
    archive = cache / "cifar-10-batches-py-target_archive"
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    files = {f"cifar-10-batches-py/{n}": cifar_batch(2, labels=[3, 9]) for n in names}
    tar_of(archive, files)
    trust(monkeypatch, hb.datasets.cifar10, archive)
    for _ in range(2):  # the second time it is unpacked already
        (x_train, y_train), (x_test, y_test) = hb.datasets.cifar10.load_data()
    expected = random(2, 3072).reshape(2, 3, 32, 32)
    if data_format == "channels_last":
        expected = np.moveaxis(expected, 1, -1)
    np.testing.assert_array_equal(x_test, expected)
    np.testing.assert_array_equal(x_train, np.concatenate([expected] * 5))
    assert y_train.tolist() == [[3], [9]] * 5
    assert y_test.dtype == y_train.dtype == np.uint8


@pytest.mark.parametrize("mode", ["fine", "coarse"])
def test_cifar100(cache, monkeypatch, mode):
    archive = cache / "cifar-100-python-target_archive"
    batch = cifar_batch(2, fine_labels=[70, 99], coarse_labels=[4, 19])
    tar_of(archive, {"cifar-100-python/train": batch, "cifar-100-python/test": batch})
    trust(monkeypatch, hb.datasets.cifar100, archive)
    ours = hb.datasets.cifar100.load_data(mode)
    unpacked = cache / "cifar-100-python-target"
    theirs = keras_load(monkeypatch, "cifar100", unpacked, mode)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])


OFFLINE = [
    ("mnist", "datasets/mnist.npz"),
    ("fashion_mnist", "datasets/fashion-mnist/train-images-idx3-ubyte.gz"),
    ("cifar10", "datasets/cifar-10-batches-py-target_archive"),
    ("cifar100", "datasets/cifar-100-python-target_archive"),
    ("imdb", "datasets/imdb.npz"),
    ("reuters", "datasets/reuters.npz"),
    ("boston_housing", "datasets/boston_housing.npz"),
    ("california_housing", "datasets/california_housing.npz"),
]


@pytest.mark.parametrize(("name", "place"), OFFLINE)
def test_offline_says_where_to_put_the_file(cache, name, place):
    with pytest.raises(ConnectionError) as caught:
        getattr(hb.datasets, name).load_data()
    assert f"put it at '{cache.parent}/{place}'" in str(caught.value)
    assert "It has the hash" in str(caught.value)
    assert os.listdir(os.path.dirname(cache.parent / place)) in ([], ["fashion-mnist"])


def test_a_wrong_file_is_not_read(cache):
    (cache / "imdb.npz").write_bytes(b"no zip at all")
    with pytest.raises(ConnectionError, match="put it at"):
        hb.datasets.imdb.load_data()
    assert (cache / "imdb.npz").read_bytes() == b"no zip at all"


class Evil:
    def __reduce__(self):
        return os.system, ("echo pwned > /tmp/pwned",)


def test_pickles_build_arrays_only(tmp_path):
    path = tmp_path / "evil.npz"
    np.savez(path, x=objects([[1], Evil()]))
    with pytest.raises(pickle.UnpicklingError, match=r"Received: (posix|nt).system"):
        source.load_npz(str(path))
    plain = tmp_path / "plain.npz"
    fortran = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.savez(plain, a=fortran, b=objects([[1, 2], [3]]), c=np.array("text"))
    loaded = source.load_npz(str(plain))
    np.testing.assert_array_equal(loaded["a"], fortran)
    assert loaded["b"].tolist() == [[1, 2], [3]]
    assert loaded["c"] == "text"


ERRORS = [
    (lambda d: d.boston_housing.load_data(test_split=1), ValueError, "Received: test_split=1"),
    (lambda d: d.california_housing.load_data("tiny"), ValueError, "Received: version='tiny'"),
    (lambda d: d.cifar100.load_data("both"), ValueError, "Received: label_mode='both'"),
    (lambda d: d.imdb.load_data(nb_words=3), TypeError, r"Received: \['nb_words'\]"),
    (lambda d: d.reuters.load_data(test_split=-1), ValueError, "Received: test_split=-1"),
    (lambda d: d.digits.load_data(2), ValueError, "Received: test_share=2"),
]


@pytest.mark.parametrize(("call", "error", "match"), ERRORS)
def test_errors(cache, call, error, match):
    with pytest.raises(error, match=match):
        call(hb.datasets)


def test_maxlen_that_keeps_nothing(cache, monkeypatch):
    path = cache / "reuters.npz"
    np.savez(path, x=TEXTS, y=np.arange(6))
    trust(monkeypatch, hb.datasets.reuters, path)
    with pytest.raises(ValueError, match=r"larger maxlen. Received: maxlen=1"):
        hb.datasets.reuters.load_data(maxlen=1)
