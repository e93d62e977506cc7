"""Learning curves and confusion matrices."""

import sys

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

import hornbill as hb
from hornbill.visualization import confusion_matrix, plot_confusion_matrix, plot_learning_curves

X = np.linspace(-1, 1, 16, dtype="float32").reshape(8, 2)
Y = X.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def history():
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model.fit(
        X, Y, batch_size=4, epochs=5, validation_data=(X, Y), validation_freq=2, verbose=0
    )


def lines(panel):
    return {line.get_label(): line.get_xydata().tolist() for line in panel.lines}


def test_history_plots_all_metrics_with_validation(history, tmp_path):
    figure = history.plot(path=tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert [panel.get_title() for panel in figure.axes] == ["loss", "mae"]
    for panel, name in zip(figure.axes, ("loss", "mae"), strict=True):
        values, checks = history.history[name], history.history[f"val_{name}"]
        drawn = lines(panel)
        assert drawn["training"] == [[i + 1, v] for i, v in enumerate(values)]
        # Validated at the end of the second and the fourth epoch.
        assert drawn["validation"] == [[2, checks[0]], [4, checks[1]]]
    (panel,) = history.plot("mae").axes
    assert panel.get_title() == "mae"


def test_runs_side_by_side(history):
    members = {"loss": np.arange(6.0).reshape(3, 2)}  # a population of two
    once = {"loss": [1.5], "val_loss": [2.5]}
    figure = plot_learning_curves({"one": history, "pair": members, "once": once}, ["loss"])
    (panel,) = figure.axes
    named = [label for label in lines(panel) if not label.startswith("_")]
    assert named == ["one", "one, validation", "pair", "once", "once, validation"]
    assert len(panel.lines) == 6
    assert panel.lines[-1].get_marker() == "o"
    many = plot_learning_curves({f"metric_{i}": [1, 2] for i in range(5)})
    assert len(many.axes) == 5
    sparse = plot_learning_curves({"loss": [4, 3, 2, 1], "val_loss": [3, 1]})
    assert lines(sparse.axes[0])["validation"] == [[2, 3], [4, 1]]


@pytest.mark.parametrize(
    ("histories", "metrics", "message"),
    [
        ({"loss": [1]}, ["accuracy"], r"\['loss'\]. Received: metrics=\['accuracy'\]"),
        ({}, None, "takes what fit returned"),
        (3, None, "takes what fit returned"),
        (hb.callbacks.History(), None, "draws metrics that fit recorded"),
    ],
)
def test_nothing_to_draw(histories, metrics, message):
    with pytest.raises(ValueError, match=message):
        plot_learning_curves(histories, metrics)


def test_confusion_matrix_is_scikit_learns():
    rng = np.random.default_rng(0)
    true, scores = rng.integers(0, 4, 60), rng.random((60, 4))
    expected = sklearn_metrics.confusion_matrix(true, scores.argmax(1))
    for labels in (true, true[:, None], np.eye(4)[true]):
        np.testing.assert_array_equal(confusion_matrix(labels, scores), expected)
    np.testing.assert_array_equal(confusion_matrix(true, scores.argmax(1), 4), expected)
    assert confusion_matrix([0, 1], [0, 0], 5).shape == (5, 5)


@pytest.mark.parametrize("normalize", [False, True])
def test_confusion_matrix_is_drawn(normalize, tmp_path):
    true, predicted = [0, 0, 0, 1, 2], [0, 0, 1, 1, 0]
    names = ["cat", "a very long name", "dog"]
    figure = plot_confusion_matrix(true, predicted, names, normalize, tmp_path / "a.svg")
    (axes,) = figure.axes
    counts = sklearn_metrics.confusion_matrix(true, predicted)
    parts = sklearn_metrics.confusion_matrix(true, predicted, normalize="true")
    np.testing.assert_allclose(axes.images[0].get_array(), parts)
    shown = [text.get_text() for text in axes.texts]
    assert shown == ([f"{p:.2f}" for p in parts.flat] if normalize else [*map(str, counts.flat)])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == names
    assert (tmp_path / "a.svg").stat().st_size > 0


@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        ([0, 1], [0], "2 labels, 1 predictions"),
        ([0, 5], [0, 1], "num_classes=3 wants 0 to 2"),
        ([0, 1], [0.2, 0.8], "Compare one probability with 0.5 first"),
    ],
)
def test_wrong_classes(true, predicted, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(true, predicted, 3)


def test_without_matplotlib_there_is_one_clear_error(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for draw in (history.plot, lambda: plot_confusion_matrix([0], [0])):
        with pytest.raises(ImportError, match=r"pip install hornbill\[plot\]"):
            draw()
