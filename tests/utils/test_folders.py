"""Folders of images, texts and sounds as datasets; windows of a series."""

import os

import numpy as np
import pytest
from keras.src.utils import dataset_utils
from scipy import signal
from scipy.io import wavfile

import hornbill as hb
from hornbill.utils import resampling
from hornbill.utils.directory import list_files

PHOTO = np.random.default_rng(0).integers(0, 255, (8, 10, 3)).astype("uint8")
FILES = ["b/1.txt", "b/2.txt", "b/deep/0.txt", "a/x.txt", "a/Y.TXT", "a/no.md", ".hidden/z.txt"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"täxt {name}", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("labels", "class_names"),
    [("inferred", None), ("inferred", ["b", "a"]), ("inferred", ["b"]), (None, None)],
)
@pytest.mark.parametrize("seed", [None, 7])
def test_files_labels_and_order_are_kerass(texts, labels, class_names, seed):
    theirs = dataset_utils.index_directory(
        str(texts), labels, (".txt",), class_names, seed is not None, seed, verbose=False
    )
    data = hb.utils.text_dataset_from_directory(
        texts,
        labels,
        class_names=class_names,
        # Keras's order before its own shuffling of the dataset is that of file_paths.
        shuffle=seed is not None,
        seed=seed,
        verbose=False,
    )
    assert data.file_paths == theirs[0]
    assert data.class_names == theirs[2]
    if seed is None and labels is not None:
        assert np.concatenate([y for _, y in data]).tolist() == theirs[1].tolist()


def test_given_labels(texts):
    given = [5, 3, 3, 5, 3, 3]  # in the order of the paths; hidden folders count
    _, labels, names = list_files("test", texts, given, (".txt",))
    assert labels.tolist() == given
    assert names == ["3", "5"]


@pytest.mark.parametrize("shuffle", [True, False])
def test_parts_are_kerass(texts, shuffle):
    settings = {"validation_split": 0.4, "shuffle": shuffle, "seed": 3, "verbose": False}
    read = hb.utils.text_dataset_from_directory
    train, validation = read(texts, subset="both", **settings)
    paths, labels, _ = dataset_utils.index_directory(
        str(texts), "inferred", (".txt",), None, shuffle, 3, verbose=False
    )
    for part, data in (("training", train), ("validation", validation)):
        expected, _ = dataset_utils.get_training_or_validation_split(paths, labels, 0.4, part)
        assert data.file_paths == expected
        assert read(texts, subset=part, **settings).file_paths == expected
    assert (len(train.file_paths), len(validation.file_paths)) == (3, 2)


def test_texts(texts, capsys):
    data = hb.utils.text_dataset_from_directory(texts, batch_size=3, max_length=6, shuffle=False)
    assert "Found 5 files belonging to 2 classes." in capsys.readouterr().out
    (x, y), (x2, _) = data
    assert len(data) == 2
    assert (x.dtype, x.tolist(), y.dtype) == (object, ["täxt a", "täxt a", "täxt b"], np.int32)
    assert x2.shape == (2,)
    single = hb.utils.text_dataset_from_directory(texts, None, batch_size=None, verbose=False)
    assert sorted(str(t) for t in single)[0] == "täxt .hidden/z.txt"
    numbers = data.map(lambda t, label: (np.array([len(s) for s in t]), label))
    assert [y.tolist() for y, _ in numbers] == [[6, 6, 6], [6, 6]]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("int", [0, 0, 1, 1, 1]), ("binary", [[0], [0], [1], [1], [1]]), ("categorical", None)],
)
def test_label_modes(texts, mode, expected):
    data = hb.utils.text_dataset_from_directory(
        texts, label_mode=mode, shuffle=False, verbose=False
    )
    _, y = next(iter(data))
    expected = np.eye(2)[[0, 0, 1, 1, 1]].tolist() if expected is None else expected
    assert y.tolist() == expected
    assert y.dtype == (np.int32 if mode == "int" else np.float32)
    assert len(next(iter(hb.utils.text_dataset_from_directory(texts, None, verbose=False)))) == 6


def test_shuffling_is_by_the_seed_and_anew_each_time(texts):
    def orders(seed):
        data = hb.utils.text_dataset_from_directory(texts, seed=seed, verbose=False)
        return [next(iter(data))[0].tolist() for _ in range(2)]

    first, second = orders(1)
    assert sorted(first) == sorted(second)
    assert orders(1) == [first, second]
    assert len({tuple(first), tuple(second), *map(tuple, orders(2))}) > 1


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for i, name in enumerate(["cat/1.png", "cat/2.jpg", "dog/1.bmp"]):
        (folder / name).parent.mkdir(exist_ok=True)
        hb.utils.save_img(folder / name, PHOTO[: 8 - i], scale=False)
    return folder


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({}, (4, 5, 3)),
        ({"color_mode": "grayscale", "image_size": 6}, (6, 6, 1)),
        ({"color_mode": "rgba", "data_format": "channels_first"}, (4, 4, 5)),
        ({"crop_to_aspect_ratio": True, "interpolation": "nearest"}, (4, 5, 3)),
        ({"pad_to_aspect_ratio": True}, (4, 5, 3)),
    ],
    ids=str,
)
def test_images(photos, settings, shape):
    settings = {"image_size": (4, 5), **settings}
    data = hb.utils.image_dataset_from_directory(photos, shuffle=False, verbose=False, **settings)
    ((x, y),) = data
    assert (x.shape, x.dtype, y.tolist()) == ((3, *shape), np.float32, [0, 0, 1])
    assert data.class_names == ["cat", "dog"]
    image = np.asarray(hb.utils.load_img(photos / "cat/1.png", settings.get("color_mode", "rgb")))
    image = image.astype("float32").reshape(8, 10, -1)
    size = x.shape[-2:] if "data_format" in settings else x.shape[1:3]
    for name in ("crop", "pad"):
        if settings.get(f"{name}_to_aspect_ratio"):
            image = getattr(resampling, f"{name}_to_ratio")(image, size)
    expected = resampling.resize(image, size, settings.get("interpolation", "bilinear"))
    expected = expected.transpose(2, 0, 1) if "data_format" in settings else expected
    np.testing.assert_allclose(x[0], expected)


def test_images_in_fit(photos):
    data = hb.preprocessing.image_dataset_from_directory(
        photos, image_size=(4, 4), batch_size=2, label_mode="binary", seed=1, verbose=False
    )
    hb.utils.set_random_seed(0)
    layers = [hb.Input((4, 4, 3)), hb.layers.Flatten(), hb.layers.Dense(1)]
    model = hb.Sequential(layers)
    model.compile("sgd", "mse")
    assert len(model.fit(data, epochs=2, verbose=0).history["loss"]) == 2


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    wave = np.sin(np.arange(80) / 9) * 0.8
    for name, array in {
        "a/16bit.wav": (wave * 32768).astype("int16"),
        "a/32bit.wav": (wave[:60] * 2**31).astype("int32"),
        "b/8bit.wav": (wave * 128 + 128).astype("uint8"),
        "b/float.wav": np.stack([wave] * 2, 1)[:, :1].astype("float32"),
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        wavfile.write(folder / name, 8000, array)
    return folder, wave


def test_sounds(sounds):
    folder, wave = sounds
    read = hb.utils.audio_dataset_from_directory
    ((x, y),) = read(folder, shuffle=False, verbose=False)
    assert (x.shape, x.dtype, y.tolist()) == ((4, 80, 1), np.float32, [0, 0, 1, 1])
    padded = np.where(np.arange(80) < 60, wave, 0)
    rows = [(wave, 1e-4), (padded, 1e-6), (wave, 1e-2), (wave, 1e-6)]  # by their precision
    for row, (expected, error) in enumerate(rows):
        np.testing.assert_allclose(x[row, :, 0], expected, atol=error)
    cut = next(iter(read(folder, None, output_sequence_length=70, shuffle=False, verbose=False)))
    np.testing.assert_array_equal(cut, x[:, :70])
    single = list(read(folder, batch_size=None, shuffle=False, verbose=False))
    assert [s.shape for s, _ in single] == [(80, 1), (60, 1), (80, 1), (80, 1)]
    faster = next(iter(read(folder, sampling_rate=16000, shuffle=False, verbose=False)))[0]
    expected = signal.resample_poly(x[0], 2, 1, axis=0)
    np.testing.assert_allclose(faster[0], expected, atol=1e-6)


SERIES = [
    {"sequence_length": 4},
    {"sequence_length": 3, "sampling_rate": 2, "sequence_stride": 3},
    {"sequence_length": 4, "start_index": 3, "end_index": 15},
    {"sequence_length": 20},
]


@pytest.mark.parametrize("settings", SERIES, ids=str)
@pytest.mark.parametrize("targets", [True, False])
def test_timeseries(settings, targets):
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20) * 10
    make = hb.utils.timeseries_dataset_from_array
    data = make(x, y if targets else None, batch_size=3, **settings)
    start, end = settings.get("start_index", 0), settings.get("end_index", 20)
    rate, stride = settings.get("sampling_rate", 1), settings.get("sequence_stride", 1)
    span = (settings["sequence_length"] - 1) * rate + 1
    windows = np.lib.stride_tricks.sliding_window_view(x[start:end], span, axis=0)
    windows = np.moveaxis(windows, -1, 1)[::stride, ::rate]
    batches = list(data)
    assert len(batches) == len(data) == -(-len(windows) // 3)
    found = np.concatenate([b[0] if targets else b for b in batches])
    np.testing.assert_array_equal(found, windows)
    if targets:
        expected = y[start:end][: len(windows) * stride : stride][: len(windows)]
        np.testing.assert_array_equal(np.concatenate([b[1] for b in batches]), expected)


def test_timeseries_shuffled_single_and_few_targets():
    x = np.arange(12)
    make = hb.utils.timeseries_dataset_from_array
    windows = [w.tolist() for w in make(x, None, 3, batch_size=None, shuffle=True, seed=2)]
    assert sorted(windows) == [[i, i + 1, i + 2] for i in range(10)] != windows
    ((_, targets),) = make(x, [7, 8], 3)
    assert targets.tolist() == [7, 8]


READ = hb.utils.text_dataset_from_directory
SERIES_OF = hb.utils.timeseries_dataset_from_array
ERRORS = [
    (lambda f: READ(f / "none"), "reads a folder. Received"),
    (lambda f: READ(f, format="grain"), "Received: format='grain'"),
    (lambda f: READ(f, labels="guess"), "Received: labels='guess'"),
    (lambda f: READ(f, labels=[1, 2]), "each of the 6 files .* Received: 2 labels"),
    (lambda f: READ(f, label_mode="ints"), "Received: label_mode='ints'"),
    (lambda f: READ(f, class_names=["c"]), r"\['a', 'b'\]. Received: class_names=\['c'\]"),
    (lambda f: READ(f, None, class_names=["a"]), "goes with labels='inferred'"),
    (lambda f: READ(f, class_names=["a"], label_mode="binary"), r"Received: classes \['a'\]"),
    (lambda f: READ(f, subset="both"), "go together. Received: validation_split=None"),
    (lambda f: READ(f, subset="all"), "Received: subset='all'"),
    (lambda f: READ(f, subset="both", validation_split=2), "Received: validation_split=2"),
    (lambda f: READ(f, subset="both", validation_split=0.5), "needs a seed"),
    (lambda f: READ(f, subset="both", validation_split=0.1, seed=1), "no validation files"),
    (lambda f: READ(f, max_length=0), "Received: max_length=0"),
    (lambda f: hb.utils.image_dataset_from_directory(f), "found no  ?files .* end in .bmp"),
    (lambda f: hb.utils.image_dataset_from_directory(f, color_mode="x"), "Received: color_mode"),
    (lambda f: hb.utils.image_dataset_from_directory(f, image_size=(1, 0)), "Received: image_size"),
    (
        lambda f: hb.utils.image_dataset_from_directory(f, interpolation="area"),
        "Received: interpolation='area'",
    ),
    (
        lambda f: hb.utils.image_dataset_from_directory(
            f, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True
        ),
        "crops or pads",
    ),
    (lambda f: hb.utils.audio_dataset_from_directory(f, ragged=True), "Received: ragged=True"),
    (lambda f: hb.utils.audio_dataset_from_directory(f, sampling_rate=0), "sampling_rate=0"),
    (lambda f: SERIES_OF(np.ones(5), None, 6), "Received: sequence_length=6"),
    (lambda f: SERIES_OF(np.ones(5), None, 2, sequence_stride=5), "sequence_stride=5"),
    (lambda f: SERIES_OF(np.ones(5), None, 2, start_index=4, end_index=4), "start_index=4"),
    (lambda f: SERIES_OF(np.ones(5), None, 4, sampling_rate=2), "shorter than one window"),
    (lambda f: SERIES_OF(np.ones(5), None, 2, format="grain"), "Received: format='grain'"),
]


@pytest.mark.parametrize(("call", "match"), ERRORS)
def test_errors(texts, call, match):
    with pytest.raises(ValueError, match=match):
        call(texts)


def test_links_to_folders(texts, tmp_path):
    os.symlink(texts / "a", tmp_path / "linked")
    (tmp_path / "x").mkdir()
    os.symlink(texts / "b", tmp_path / "x" / "inner")
    for follow, count in ((False, 2), (True, 5)):
        data = READ(tmp_path, follow_links=follow, verbose=False)
        assert len(data.file_paths) == count
