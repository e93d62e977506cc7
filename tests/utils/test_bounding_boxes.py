"""Bounding boxes against Keras, eagerly, compiled and on symbolic tensors."""

import itertools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill.ops.boxes.formats import FORMATS

OURS, THEIRS = hb.utils.bounding_boxes, keras.utils.bounding_boxes
RNG = np.random.default_rng(0)


def boxes(*shape):
    """Upright boxes (`xyxy`) in an image of 40 x 60."""
    corner = RNG.uniform(0, 30, (*shape, 2))
    return np.concatenate([corner, corner + RNG.uniform(1, 20, (*shape, 2))], -1).astype("float32")


ONE, MANY, OTHERS = boxes(5), boxes(2, 5), boxes(2, 3)
SIZE = {"height": 40, "width": 60}


@pytest.mark.parametrize(("source", "target"), list(itertools.product(FORMATS, FORMATS)))
def test_convert_format(source, target):
    x = np.asarray(OURS.convert_format(ONE, "xyxy", source, **SIZE))
    np.testing.assert_allclose(
        OURS.convert_format(x, source, target, **SIZE),
        THEIRS.convert_format(x, source, target, **SIZE),
        rtol=1e-5,
        atol=1e-5,
    )


def test_convert_keeps_a_dict_and_its_labels():
    given = {"boxes": ONE, "labels": [1]}
    new = OURS.convert_format(given, "XYXY", "xywh", dtype="float16")
    assert (new["labels"], str(new["boxes"].dtype)) == ([1], "float16")
    np.testing.assert_array_equal(given["boxes"], ONE)  # Keras changes what it is given
    assert OURS.convert_format(hb.Input((5, 4)), "xyxy", "xywh").shape == (None, 5, 4)


@pytest.mark.parametrize("form", ["xyxy", "rel_xyxy"])
@pytest.mark.parametrize("x", [ONE, MANY], ids=["one", "batch"])
def test_clip(form, x):
    x = jnp.asarray((x - 15) * 3 if form == "xyxy" else x / 20 - 0.3)
    given = {"boxes": x, "labels": jnp.ones(x.shape[:-1], "int32")}
    settings = {"bounding_box_format": form, **SIZE}
    ours = OURS.clip_to_image_size(given, **settings)
    theirs = THEIRS.clip_to_image_size(given, **settings)
    assert (np.asarray(theirs["labels"]) == -1).any()
    for name in ("boxes", "labels"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6)
    assert set(OURS.clip_to_image_size({"boxes": x}, **settings)) == {"boxes"}


def test_crop_and_pad():
    np.testing.assert_allclose(OURS.crop(MANY, 5, 8, 20, 25), THEIRS.crop(MANY, 5, 8, 20, 25))
    np.testing.assert_allclose(OURS.pad(MANY, 5, 8), THEIRS.pad(MANY, 5, 8))


@pytest.mark.parametrize("center", [{}, {"center_x": 0.2, "center_y": 0.7}], ids=str)
def test_affine_transform(center):
    numbers = [
        np.array(v, "float32")
        for v in ([20, -70], [0.1, 0], [0, -0.2], [1.2, 0.7], [5, 10], [0, 8])
    ]
    args = (MANY, *map(jnp.asarray, numbers), 40, 60)
    center = {name: jnp.full(2, value) for name, value in center.items()}
    np.testing.assert_allclose(
        OURS.affine_transform(*args, **center),
        THEIRS.affine_transform(*args, **center),
        rtol=1e-4,
        atol=1e-3,
    )


DELTAS = [
    {},
    {"encoding": "center_xywh"},
    {"variance": [0.1, 0.1, 0.2, 0.2]},
    {"box_format": "rel_xyxy", "image_shape": (40, 60, 3)},
]


@pytest.mark.parametrize("settings", DELTAS, ids=str)
def test_deltas(settings):
    settings = {"anchor_format": "xyxy", "box_format": "xyxy", **settings}
    encoding = settings.pop("encoding", "center_yxhw")
    x = MANY / np.array([60, 40, 60, 40], "float32") if "image_shape" in settings else MANY
    ours = OURS.encode_box_to_deltas(ONE, x, encoding_format=encoding, **settings)
    theirs = THEIRS.encode_box_to_deltas(ONE, x, encoding_format=encoding, **settings)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    back = OURS.decode_deltas_to_boxes(ONE, ours, encoded_format=encoding, **settings)
    np.testing.assert_allclose(back, x, rtol=1e-4, atol=1e-4)
    levels = OURS.decode_deltas_to_boxes(
        {0: ONE, 1: ONE}, {0: ours, 1: ours * 0}, encoded_format=encoding, **settings
    )
    np.testing.assert_allclose(levels[0], x, rtol=1e-4, atol=1e-4)
    assert not np.allclose(levels[1], x)


@pytest.mark.parametrize(
    ("a", "b"), [(ONE, ONE[:3]), (MANY, OTHERS), (MANY, ONE[:3]), (ONE, OTHERS)]
)
def test_iou(a, b):
    np.testing.assert_allclose(
        OURS.compute_iou(a, b, "xyxy"), THEIRS.compute_iou(a, b, "xyxy"), rtol=1e-4, atol=1e-6
    )


def test_iou_of_other_forms_and_padding():
    shape = (40, 60, 3)
    relative = OURS.convert_format(ONE, "xyxy", "rel_xywh", **SIZE)
    np.testing.assert_allclose(
        OURS.compute_iou(relative, relative, "rel_xywh", image_shape=shape),
        OURS.compute_iou(ONE, ONE, "xyxy"),
        rtol=1e-4,
        atol=1e-5,
    )
    padded = ONE.copy()
    padded[1] = -1
    ours = OURS.compute_iou(padded, padded, "xyxy", use_masking=True, mask_val=-7)
    theirs = THEIRS.compute_iou(padded, padded, "xyxy", use_masking=True, mask_val=-7)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    assert (np.asarray(ours)[1] == -7).all()


def test_ciou():
    a, b = ONE, ONE + np.array([2, 1, 4, 9], "float32")
    expected = THEIRS.compute_ciou(a, b, "xyxy")
    np.testing.assert_allclose(OURS.compute_ciou(a, b, "xyxy"), expected, rtol=1e-4)
    compiled = jax.jit(lambda a, b: OURS.compute_ciou(a, b, "xyxy"))
    np.testing.assert_allclose(compiled(a, b), expected, rtol=1e-4)


ERRORS = [
    (lambda: OURS.convert_format(ONE, "xy", "xyxy"), "Received: source='xy'"),
    (lambda: OURS.convert_format(ONE, "xyxy", "rel_xywh"), "needs height and width"),
    (lambda: OURS.convert_format(np.ones((2, 3)), "xyxy", "xywh"), r"Received: shape \(2, 3\)"),
    (lambda: OURS.clip_to_image_size({"boxes": ONE}), "needs height and width"),
    (lambda: OURS.clip_to_image_size({"boxes": ONE}, 1, 1, "xywh"), "_format='xywh'"),
    (lambda: OURS.crop(ONE, 0, 0, 1, 1, "xywh"), "Received: bounding_box_format='xywh'"),
    (lambda: OURS.encode_box_to_deltas(ONE, ONE, "xyxy", "xyxy", "xyxy"), "_format='xyxy'"),
    (
        lambda: OURS.decode_deltas_to_boxes(ONE, ONE, "xyxy", "xyxy", variance=[1, 2]),
        r"four numbers. Received: variance=\[1, 2\]",
    ),
    (lambda: OURS.compute_iou(ONE[0], ONE, "xyxy"), r"boxes1 .* Received: shape \(4,\)"),
    (lambda: OURS.compute_iou(ONE, ONE, "rel_xyxy"), "needs image_shape"),
    (lambda: OURS.pad(ONE, 1, 2, height=9), "Received: height=9"),
]


@pytest.mark.parametrize(("call", "match"), ERRORS)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call()
