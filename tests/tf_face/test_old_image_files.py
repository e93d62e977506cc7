"""Keras 2's iterators over image files, held against Keras's own, draw for draw."""

import os

import numpy as np
import pytest
from keras.src.legacy.preprocessing import image as oracle

import hornbill.tensorflow as tf

ours = tf.keras.preprocessing.image
pytestmark = pytest.mark.filterwarnings("ignore:.*scipy.ndimage.interpolation.*:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes, one with a folder inside, and files that are no images."""
    base = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name, files in {"cats": 5, "dogs": 4, "owls/young": 3}.items():
        (base / name).mkdir(parents=True)
        for i in range(files):
            shape = (7 + i, 9, 3)
            tf.keras.utils.save_img(base / name / f"{i}.png", rng.uniform(0, 255, shape))
    (base / "dogs" / "notes.txt").write_text("none")
    (base / "readme.txt").write_text("none")
    return base


def check(folder, call, attributes=()):
    """Batches, by `next` and by number, and attributes are those of Keras."""
    made = []
    for module in (ours, oracle):
        np.random.seed(5)
        batches = call(module, folder)
        made.append((batches, [next(batches), next(batches), batches[0]], np.random.random()))
    (mine, got, after), (keras, want, after_keras) = made
    for a, b in zip(got, want, strict=True):
        same(a, b)
    assert after == after_keras
    for name in ("samples", "n", "filenames", "image_shape", "batch_size", *attributes):
        assert getattr(mine, name) == getattr(keras, name), name
    assert list(map(os.fspath, mine.filepaths)) == keras.filepaths
    return mine, keras


def same(mine, keras):
    if isinstance(keras, (tuple, list)):
        assert len(mine) == len(keras)
        for a, b in zip(mine, keras, strict=True):
            same(a, b)
    else:
        assert mine.dtype == keras.dtype
        np.testing.assert_allclose(mine, keras, rtol=1e-5, atol=1e-5)


def flow(generator=None, **settings):
    settings = {"target_size": (6, 5), "batch_size": 4, **settings}
    return lambda module, folder: module.ImageDataGenerator(
        **(generator or {})
    ).flow_from_directory(folder, **settings)


FLOWS = {
    "plain": flow(shuffle=False),
    "seed": flow(seed=3),
    "varied": flow({"rotation_range": 30, "horizontal_flip": True, "rescale": 1 / 255}, seed=1),
    "classes": flow(classes=["owls", "cats"], class_mode="binary"),
    "sparse": flow(class_mode="sparse", color_mode="grayscale"),
    "input": flow(class_mode="input", color_mode="rgba", seed=2),
    "images alone": flow(class_mode=None, shuffle=False, interpolation="bilinear"),
    "ratio": flow(keep_aspect_ratio=True, interpolation="bicubic", seed=0),
    "channels first": flow({"data_format": "channels_first", "zoom_range": 0.3}, seed=0),
    "training": flow({"validation_split": 0.4}, subset="training", shuffle=False),
    "validation": flow({"validation_split": 0.4}, subset="validation", batch_size=2),
    "double": flow({"dtype": "float64"}, seed=1),
}


@pytest.mark.parametrize("name", FLOWS)
def test_directory(name, folder, capsys):
    mine, keras = check(folder, FLOWS[name], ("class_indices", "num_classes", "class_mode"))
    assert mine.classes.tolist() == keras.classes.tolist() == mine.labels.tolist()
    printed = capsys.readouterr().out
    assert f"Found {mine.samples} images belonging to {mine.num_classes} classes." in printed


def test_directory_links_and_defaults(folder, tmp_path):
    (tmp_path / "birds").mkdir()
    os.symlink(folder / "owls", tmp_path / "birds" / "more")
    counts = [
        ours.DirectoryIterator(tmp_path, None, follow_links=follow).samples
        for follow in (False, True)
    ]
    assert counts == [0, 3]
    batch, labels = next(ours.DirectoryIterator(folder, None, shuffle=False))
    assert batch.shape == (12, 256, 256, 3)
    assert labels.sum(0).tolist() == [5, 4, 3]


def test_directory_saves(folder, tmp_path):
    batches = ours.ImageDataGenerator().flow_from_directory(
        folder, (6, 5), batch_size=3, save_to_dir=tmp_path, save_prefix="x", save_format="jpeg"
    )
    batches[0]
    assert len(list(tmp_path.glob("x_*.jpeg"))) == 3


def test_directory_in_training(folder):
    model = tf.keras.Sequential(
        [tf.keras.layers.GlobalAveragePooling2D(), tf.keras.layers.Dense(3, "softmax")]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    vary = ours.ImageDataGenerator(rescale=1 / 255, validation_split=0.4)
    parts = [
        vary.flow_from_directory(folder, (6, 5), batch_size=4, subset=subset)
        for subset in ("training", "validation")
    ]
    history = model.fit(parts[0], validation_data=parts[1], epochs=2, verbose=0).history
    assert len(history["val_accuracy"]) == 2
    assert model.predict(parts[1], verbose=0).shape == (parts[1].n, 3)


def table(folder):
    pandas = pytest.importorskip("pandas")
    names = [f"{kind}/{i}.png" for kind in ("cats", "dogs") for i in range(4)]
    return pandas.DataFrame(
        {
            "filename": names,
            "class": ["cat", "dog"] * 4,
            "several": [["cat"], ["dog", "cat"], ("owl",), ["dog"]] * 2,
            "age": np.arange(8) * 0.5,
            "size": np.arange(8),
            "weight": np.arange(8)[::-1] / 4,
        }
    )


def frame(generator=None, **settings):
    settings = {"target_size": (6, 5), "batch_size": 3, **settings}
    return lambda module, folder: module.ImageDataGenerator(
        **(generator or {})
    ).flow_from_dataframe(table(folder), os.fspath(folder), **settings)


FRAMES = {
    "plain": frame(shuffle=False),
    "varied": frame({"rotation_range": 30}, seed=4),
    "several": frame(y_col="several", seed=1),
    "some of several": frame(y_col="several", classes=["owl", "cat"], seed=1),
    "some": frame(classes=["dog"], shuffle=False),
    "binary": frame(class_mode="binary", weight_col="weight"),
    "sparse": frame(class_mode="sparse", seed=0),
    "raw": frame(class_mode="raw", y_col=["age", "size"], seed=0),
    "other": frame(class_mode="raw", y_col="age", weight_col="weight"),
    "outputs": frame(class_mode="multi_output", y_col=["age", "size"]),
    "input": frame(class_mode="input", seed=0),
    "images alone": frame(class_mode=None, validate_filenames=False),
    "training": frame({"validation_split": 0.3}, subset="training", seed=0),
    "validation": frame({"validation_split": 0.5}, subset="validation", seed=0),
}


@pytest.mark.parametrize("name", FRAMES)
def test_dataframe(name, folder, capsys):
    mine, keras = check(folder, FRAMES[name])
    for attribute in ("classes", "class_indices"):
        assert getattr(mine, attribute, None) == getattr(keras, attribute, None)
    lines = capsys.readouterr().out.split("\n")
    assert lines[0] == lines[1]  # what it found, as Keras says it


def test_dataframe_of_whole_paths_and_missing_files(folder):
    rows = table(folder)
    rows["filename"] = [os.fspath(folder / name) for name in rows["filename"]]
    rows.loc[2, "filename"] = "absent.png"
    with pytest.warns(UserWarning, match="leaves out 1 files of the column 'filename'"):
        batches = ours.ImageDataGenerator().flow_from_dataframe(
            rows, class_mode="other", y_col="age"
        )
    assert batches.n == 7
    assert isinstance(batches, ours.DataFrameIterator)
    with pytest.warns(UserWarning, match="no use for classes"):
        ours.ImageDataGenerator().flow_from_dataframe(
            table(folder), folder, class_mode=None, classes=["cat"]
        )


MISTAKES = {
    "mode": (ValueError, flow(class_mode="raw"), "class_mode='raw'"),
    "colors": (ValueError, flow(color_mode="bgr"), "color_mode='bgr'"),
    "subset": (ValueError, flow(subset="test"), "subset='test'"),
    "mode of a table": (ValueError, frame(class_mode="multi"), "class_mode='multi'"),
    "files": (TypeError, frame(x_col="age"), "strings in the column 'age'"),
    "numbers": (TypeError, frame(y_col="size"), "or lists of them, in the column 'size'"),
    "binary numbers": (TypeError, frame(y_col="size", class_mode="binary"), "'size'"),
    "three": (
        ValueError,
        frame(class_mode="binary", classes=["cat", "dog", "owl"]),
        "two classes.*owl",
    ),
    "no list": (TypeError, frame(class_mode="multi_output", y_col="age"), "y_col='age'"),
    "weights": (TypeError, frame(weight_col="class"), "column 'class' of weights"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name, folder):
    error, call, message = MISTAKES[name]
    with pytest.raises(error, match=message):
        call(ours, folder)
