import sys

import keras
import matplotlib
import numpy as np
import pytest

import hornbill as hb
from hornbill.visualization import (
    draw_bounding_boxes,
    draw_segmentation_masks,
    plot_bounding_box_gallery,
    plot_image_gallery,
    plot_segmentation_mask_gallery,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (5, 12, 16, 3)).astype("uint8")
MASKS = RNG.integers(-1, 3, (5, 12, 16, 1))
BOXES = {"boxes": np.array([[[2, 3, 9, 8], [0, 0, 4, 4]]]), "labels": np.array([[1, -1]])}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"alpha": 0.3, "ignore_index": 1},
        {"color_mapping": {i: (50 * i, 10, 200) for i in range(3)}},
        {"blend": False},
    ],
)
def test_masks_equal_keras(settings):
    want = keras.visualization.draw_segmentation_masks(IMAGES, MASKS, num_classes=3, **settings)
    got = draw_segmentation_masks(IMAGES, MASKS, num_classes=3, **settings)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got.astype(int), np.asarray(want).astype(int), atol=1)
    np.testing.assert_array_equal(
        draw_segmentation_masks(IMAGES, MASKS[..., 0], 3, **settings), got
    )
    first = {"num_classes": 3, "data_format": "channels_first", **settings}
    moved = draw_segmentation_masks(
        IMAGES.transpose(0, 3, 1, 2), MASKS.transpose(0, 3, 1, 2), **first
    )
    np.testing.assert_array_equal(moved, got)


def test_the_highest_class_is_painted():
    mask, colors = np.full((1, 12, 16), 2), {1: (9, 9, 9), 2: (1, 2, 3)}
    drawn = draw_segmentation_masks(IMAGES[:1], mask, color_mapping=colors, alpha=1.0)
    assert (drawn == [1, 2, 3]).all()
    drawn = draw_segmentation_masks(IMAGES[:1], 0 * mask, color_mapping=colors)
    np.testing.assert_allclose(drawn, IMAGES[:1], atol=1)


def test_boxes_are_drawn_where_they_are():
    black = np.zeros((1, 12, 16, 3), "uint8")
    drawn = draw_bounding_boxes(black, BOXES, "xyxy", color=(10, 20, 30), line_thickness=1)
    want = black.copy()
    want[0, 3:9, 2:10] = (10, 20, 30)
    want[0, 4:8, 3:9] = 0
    np.testing.assert_array_equal(drawn, want)
    relative = BOXES["boxes"] / [16, 12, 16, 12]
    again = draw_bounding_boxes(
        black / 1.0, {**BOXES, "boxes": relative}, "rel_xyxy", color=(10, 20, 30), line_thickness=1
    )
    np.testing.assert_array_equal(again, want)
    first = draw_bounding_boxes(
        black.transpose(0, 3, 1, 2), BOXES, "xyxy", None, (10, 20, 30), 1,
        data_format="channels_first",
    )  # fmt: skip
    np.testing.assert_array_equal(first, want.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("channels", [1, 4])
def test_boxes_on_images_of_other_channels(channels):
    drawn = draw_bounding_boxes(np.zeros((1, 12, 16, channels)), BOXES, "xyxy", line_thickness=1)
    assert drawn.shape == (1, 12, 16, channels)
    assert drawn[0, 3, 2, 0] == 128


def test_names_and_confidences_are_written():
    black = np.zeros((1, 60, 90, 3), "uint8")
    boxes = {"boxes": [[[10, 40, 50, 55]]], "labels": [[1]]}
    plain = draw_bounding_boxes(black, boxes, "xyxy")
    named = draw_bounding_boxes(black, boxes, "xyxy", {1: "cat"}, font_scale=0.5)
    sure = draw_bounding_boxes(
        black, {**boxes, "confidences": [[0.9]]}, "xyxy", {1: "cat"}, font_scale=0.5
    )
    other = draw_bounding_boxes(black, boxes, "xyxy", {2: "dog"})
    np.testing.assert_array_equal(other, plain)
    assert 0 < (named != plain).sum() < (sure != plain).sum()
    assert not plain[0, :38].any()
    assert named[0, :38].any()


def test_gallery_shows_all_images():
    figure = plot_image_gallery(
        IMAGES, y_true=[0, 1, 0, 1, 2], y_pred=[1] * 5, label_map={0: "a", 1: "b"}, show=False
    )
    shown = [axis for axis in figure.axes if axis.images]
    assert (len(figure.axes), len(shown)) == (6, 5)
    np.testing.assert_array_equal(shown[4].images[0].get_array(), IMAGES[4])
    assert [a.get_title() for a in shown[:1] + shown[4:]] == [
        "Label: a  Pred: b",
        "Label: Unknown  Pred: b",
    ]
    assert len(plot_image_gallery(IMAGES, rows=1, show=False).axes) == 5


def test_gallery_to_a_file(tmp_path):
    path = tmp_path / "gallery.png"
    images = np.full((1, 8, 8, 1), 0.5)
    assert plot_image_gallery(images, value_range=(0, 1), path=path) is None
    assert path.stat().st_size > 0
    assert plt.get_fignums() == []


def test_box_gallery():
    images = np.zeros((1, 12, 16, 3))
    figure = plot_bounding_box_gallery(
        images, "xyxy", y_true=BOXES, value_range=(0, 1), line_thickness=1, legend=True, show=False
    )
    pixels = figure.axes[0].images[0].get_array()
    assert pixels[3, 2].tolist() == [0, 188, 212]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["Ground Truth", "Prediction"]


def test_mask_gallery():
    figure = plot_segmentation_mask_gallery(IMAGES, 3, y_true=MASKS, y_pred=MASKS, show=False)
    assert len(figure.axes) == 15
    want = draw_segmentation_masks(IMAGES, MASKS, 3)
    np.testing.assert_array_equal(figure.axes[7].images[0].get_array(), want[2])


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: draw_bounding_boxes(IMAGES[0], BOXES, "xyxy"), ValueError, "four dimensions"),
        (lambda: draw_bounding_boxes(IMAGES, [], "xyxy"), TypeError, r"bounding_boxes=\[\]"),
        (lambda: draw_bounding_boxes(IMAGES, {"boxes": 1}, "xyxy"), ValueError, r"\['labels'\]"),
        (lambda: draw_bounding_boxes(IMAGES, BOXES, "xxyy"), ValueError, "source='xxyy'"),
        (lambda: draw_bounding_boxes(IMAGES[..., :2], BOXES, "xyxy"), ValueError, "2 channels"),
        (lambda: draw_segmentation_masks(IMAGES, MASKS / 2), TypeError, "dtype=float"),
        (lambda: draw_segmentation_masks(IMAGES, MASKS[:2]), ValueError, "each pixel"),
        (lambda: draw_segmentation_masks(IMAGES, MASKS, alpha=2), ValueError, "Received: 2"),
        (
            lambda: draw_segmentation_masks(IMAGES, MASKS, color_mapping={1: (0, 0, 0)}),
            ValueError,
            "no color for class 2",
        ),
        (lambda: plot_image_gallery(IMAGES, y_true=[1] * 5), ValueError, "label_map=None"),
        (lambda: plot_image_gallery(IMAGES, path="a", show=True), ValueError, "show=True"),
        (lambda: plot_image_gallery(IMAGES, value_range=(1, 0)), ValueError, r"\(1, 0\)"),
        (
            lambda: plot_bounding_box_gallery(IMAGES, "xyxy", legend=True, legend_handles=[1]),
            ValueError,
            "legend or legend_handles",
        ),
    ],
)
def test_wrong_uses(call, error, match):
    with pytest.raises(error, match=match):
        call()


@pytest.mark.parametrize(
    ("module", "call"),
    [
        ("PIL", lambda: draw_bounding_boxes(IMAGES, BOXES, "xyxy")),
        ("matplotlib.pyplot", lambda: hb.visualization.plot_image_gallery(IMAGES)),
    ],
)
def test_missing_packages(monkeypatch, module, call):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match="pip install"):
        call()
