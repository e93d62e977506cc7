"""What image layers promise beyond Keras's numbers: boxes and masks follow, shapes, errors, fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_image_parity import BOXES, CASES, DATA, IMAGES, QUICK, run

import hornbill as hb
from hornbill.layers.preprocessing.image_base import ImagePreprocessing

L = hb.layers
MOVES = [
    ("RandomFlip", {}),
    ("RandomRotation", {"factor": 0.1}),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.2}),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": 0.2}),
    ("RandomShear", {"x_factor": 0.2, "y_factor": 0.2}),
    ("RandomPerspective", {"scale": 0.3}),
    ("RandomCrop", {"height": 30, "width": 34}),
    ("CenterCrop", {"height": 30, "width": 34}),
    ("CenterCrop", {"height": 50, "width": 20}),
    ("Resizing", {"height": 30, "width": 50}),
    ("Resizing", {"height": 30, "width": 50, "pad_to_aspect_ratio": True}),
    ("Resizing", {"height": 60, "width": 40, "crop_to_aspect_ratio": True}),
]


def make(name, settings, **more):
    drawn = {} if name in ("Resizing", "CenterCrop") else {"seed": 5}
    return getattr(L, name)(**settings, **drawn, **more)


@pytest.mark.parametrize(("name", "settings"), MOVES)
def test_boxes_and_masks_follow_the_image(name, settings):
    """A white rectangle on black, its box and its mask stay together."""
    images = np.zeros((3, 40, 48, 1), "float32")
    images[:, 14:27, 12:33] = 1
    fill = {"fill_mode": "constant"} if name.startswith(("RandomR", "RandomT", "RandomZ")) else {}
    fill = {"fill_mode": "constant"} if name == "RandomShear" else fill
    corners = np.array([[[12, 14, 33, 27], [0, 0, 0, 0]]] * 3, "float32")
    form = "rel_center_xywh"  # the parity tests have "xyxy"
    layer = make(name, {**settings, **fill}, bounding_box_format=form)
    convert = hb.utils.bounding_boxes.convert_format
    boxes = convert(corners, "xyxy", form, 40, 48)
    labels = np.array([[7, 8]] * 3)
    data = {"images": images, "bounding_boxes": {"boxes": boxes, "labels": labels}}
    got = run(layer, {**data, "segmentation_masks": images.astype("int32")})
    height, width = got["images"].shape[1:3]
    boxes = convert(got["bounding_boxes"]["boxes"], form, "xyxy", height, width)
    white = np.asarray(got["images"][..., 0] > 0.5)
    for image, box in zip(white, np.asarray(boxes), strict=True):
        ys, xs = np.nonzero(image)
        found = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        np.testing.assert_allclose(box[0], found, atol=1.6)
    assert got["segmentation_masks"].dtype == "int32"
    assert (np.asarray(got["segmentation_masks"][..., 0]) != white).mean() < 0.03
    # A box without area is padding.
    assert got["bounding_boxes"]["labels"].tolist() == [[7, -1]] * 3


def test_masks_of_an_elastic_transform_follow():
    layer = L.RandomElasticTransform((1, 1), (0.9, 0.9), interpolation="nearest", seed=1)
    masks = np.random.default_rng(1).integers(0, 9, (2, 30, 30, 1), "int32")
    got = run(layer, {"images": masks.astype("float32"), "segmentation_masks": masks})
    np.testing.assert_array_equal(got["images"], got["segmentation_masks"])
    assert (np.asarray(got["images"]) != masks).any()


def test_random_crop_shows_one_window_of_the_whole_batch():
    layer, starts = L.RandomCrop(5, 3, seed=1), set()
    for _ in range(12):
        got = np.asarray(layer(IMAGES))
        matches = [
            (top, left)
            for top in range(4)
            for left in range(4)
            if np.array_equal(got, IMAGES[:, top : top + 5, left : left + 3])
        ]
        assert len(matches) == 1
        starts |= set(matches)
    assert len(starts) > 4


@pytest.mark.parametrize(("shape", "training"), [((2, 8, 6, 3), False), ((2, 3, 9, 1), True)])
def test_random_crop_else_shows_the_largest_middle(shape, training):
    images = np.random.default_rng(1).normal(size=shape).astype("float32")
    got = L.RandomCrop(4, 4)(images, training=training)
    side = min(shape[1:3])
    top, left = (shape[1] - side) // 2, (shape[2] - side) // 2
    window = images[:, top : top + side, left : left + side]
    np.testing.assert_allclose(got, hb.ops.image.resize(window, (4, 4)), rtol=1e-5, atol=1e-5)


def test_mixing_takes_boxes_and_masks_from_both():
    layer = L.MixUp(1.0, seed=2, bounding_box_format="xyxy")
    data = {**DATA, "labels": np.arange(3.0)}
    weight, order = np.array([0.3, 0.6, 0.9], "float32"), np.array([2, 0, 1])
    drawn = {"mix_weight": weight, "permutation_order": order}
    labels = layer.transform_labels(data["labels"], drawn)
    np.testing.assert_allclose(labels, weight * np.arange(3) + (1 - weight) * order, rtol=1e-5)
    boxes = layer.transform_bounding_boxes(BOXES, drawn)
    np.testing.assert_array_equal(boxes["boxes"][:, 2:], BOXES["boxes"][order])
    np.testing.assert_array_equal(boxes["labels"][:, 2:], BOXES["labels"][order])
    masks, w = DATA["segmentation_masks"], weight[:, None, None, None]
    mixed = layer.transform_segmentation_masks(masks, drawn)
    np.testing.assert_allclose(mixed, w * masks + (1 - w) * masks[order], rtol=1e-5, atol=1e-6)


def test_cut_mix_cuts_masks_where_it_cuts_images_and_weighs_by_area():
    images = np.stack([np.full((40, 40, 1), float(i)) for i in range(4)]).astype("float32")
    data = {"images": images, "segmentation_masks": images, "labels": np.eye(4, dtype="float32")}
    got = run(L.CutMix(seed=4), data)
    np.testing.assert_array_equal(got["images"], got["segmentation_masks"])
    own = (np.asarray(got["images"]) == images).mean((1, 2, 3))
    labels = np.asarray(got["labels"])
    np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-5)
    other = labels.diagonal() < 1 - 1e-6
    np.testing.assert_allclose(labels.diagonal()[other], own[other], atol=0.06)
    assert other.any()


def test_erasing_paints_in_three_colours():
    layer = L.RandomErasing((1, 1), scale=(0.25, 0.25), fill_value=(1.0, 2.0, 3.0), seed=1)
    got = np.asarray(run(layer, np.zeros((2, 8, 8, 3), "float32")))
    assert set(map(tuple, got.reshape(-1, 3))) == {(0, 0, 0), (1, 2, 3)}
    assert (got[..., 0] == 1).sum((1, 2)).tolist() == [16, 16]


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0])
def test_probabilities(factor):
    images = np.zeros((400, 1, 1, 3), "float32")
    images[..., 0] = 100
    for layer in (L.RandomInvert((factor, factor), seed=1), L.RandomGrayscale(factor, seed=1)):
        changed = (np.asarray(run(layer, images)) != images).any((1, 2, 3)).mean()
        assert abs(changed - factor) < 0.08


def test_aug_mix_is_the_weighted_mean_of_its_chains():
    layer = L.AugMix(num_chains=2, chain_depth=2, seed=3)
    drawn = layer.get_random_transformation({"images": IMAGES})
    names = list(layer.names)
    brightness, nothing = names.index("random_brightness"), len(names)
    drawn["layers"] = jnp.array([[nothing, brightness], [brightness, brightness]])

    def lighter(images, key):
        low, high = layer.factor
        share = hb.random.uniform((3, 1, 1, 1), low, high, seed=key)
        return np.clip(images + share * 255, 0, 255)

    keys, shares = drawn["keys"], np.asarray(drawn["chain_mixing_weights"])
    np.testing.assert_allclose(shares.sum(), 1, rtol=1e-5)
    chains = lighter(IMAGES, keys[0, 1]), lighter(lighter(IMAGES, keys[1, 0]), keys[1, 1])
    weight = float(drawn["weight_sample"])
    expected = weight * IMAGES + (1 - weight) * (chains[0] * shares[0] + chains[1] * shares[1])
    traced = jax.jit(layer.transform_images, compiler_options=QUICK)
    for method in (layer.transform_images, traced):
        np.testing.assert_allclose(method(IMAGES, drawn), expected, rtol=1e-4, atol=1e-3)


def all_layers():
    seen = dict(reversed(CASES))
    return [*seen.items(), ("RandomCrop", {"height": 4, "width": 4}), ("RandAugment", {})]


@pytest.mark.parametrize(("name", "settings"), all_layers())
def test_symbolic_and_inference(name, settings):
    layer = getattr(L, name)(**settings)
    same = name not in ("Resizing", "CenterCrop", "RandomCrop")
    size = (8, 6) if same else tuple(layer.size_of((settings["height"], settings["width"], 0)))
    symbolic = layer(hb.Input((8, 6, 3)))
    assert symbolic.shape == (None, *size, 3)
    assert symbolic.dtype == "float32"
    if name != "RandomElasticTransform":
        open_shape = layer(hb.Input((None, None, 3))).shape
        assert open_shape == ((None, None, None, 3) if same else (None, *size, 3))
    if same and name not in ("AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization"):
        np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES)


def test_rand_augment_moves_boxes_in_turn():
    layer = L.RandAugment(num_ops=2, seed=1, bounding_box_format="xyxy")
    drawn = layer.get_random_transformation(IMAGES)
    drawn["layer_idxes"] = jnp.array([1, 2])  # translation, then rotation
    expected = BOXES
    for name in layer.names[1:3]:
        step = getattr(layer, name)
        expected = step.transform_bounding_boxes(expected, drawn["transforms"][name])
    got = jax.jit(layer.transform_bounding_boxes, compiler_options=QUICK)(BOXES, drawn)
    np.testing.assert_allclose(got["boxes"], expected["boxes"], rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(got["labels"], expected["labels"])


def test_output_shapes_of_a_dict():
    layer = L.MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
    shapes = {"images": (None, 8, 6, 3), "bounding_boxes": {"boxes": (None, 5, 4)}}
    shapes["bounding_boxes"]["labels"] = (None, 5)
    got = layer.compute_output_shape(shapes)["bounding_boxes"]
    assert got == {"boxes": (None, 3, 4), "labels": (None, 3)}


def test_one_image_is_a_batch_of_one():
    data = {
        "images": IMAGES[0],
        "labels": 3,
        "bounding_boxes": {"boxes": BOXES["boxes"][0], "labels": [1, 2]},
        "segmentation_masks": DATA["segmentation_masks"][0],
    }
    one = run(L.RandomFlip(seed=1, bounding_box_format="xyxy"), data)
    batch = jax.tree.map(lambda x: np.asarray(x)[None], data)
    batch["bounding_boxes"]["labels"] = np.array([[1, 2]])
    many = run(L.RandomFlip(seed=1, bounding_box_format="xyxy"), batch)
    assert one["images"].shape == IMAGES[0].shape
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(many), strict=True):
        np.testing.assert_allclose(a, b[0], rtol=1e-5, atol=1e-4)


def test_lists_of_boxes_are_filled_up():
    boxes = {"boxes": [[[0, 0, 2, 2]], [[1, 1, 3, 3], [0, 0, 1, 1]]], "labels": [[5], [6, 7]]}
    layer = L.MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
    data = {"images": IMAGES[:2], "bounding_boxes": boxes, "name": "kept"}
    got = layer(data)
    assert got["name"] == "kept"
    assert data["bounding_boxes"] is boxes  # the dict given stays as it was
    got = got["bounding_boxes"]
    assert got["labels"].tolist() == [[5, -1, -1], [6, 7, -1]]
    assert got["boxes"].shape == (2, 3, 4)
    assert got["boxes"][0, 1].tolist() == [0, 0, 0, 0]


def test_mixed_precision_and_ints():
    layer = L.RandomBrightness(0.2, dtype="mixed_bfloat16")
    assert layer(IMAGES).dtype == "bfloat16"
    assert L.RandomBrightness(0.2)(IMAGES.astype("uint8")).dtype == "float32"
    assert L.Resizing(4, 4)(IMAGES.astype("uint8")).dtype == "uint8"


def test_fit_augments_and_predict_does_not():
    layers = [
        L.RandomFlip(seed=1),
        L.RandomRotation(0.1, seed=1),
        L.RandAugment(seed=1),
        L.Rescaling(1 / 255),
        L.GlobalAveragePooling2D(),
        L.Dense(2, activation="softmax"),
    ]
    model = hb.Sequential([hb.Input((8, 6, 3)), *layers])
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = layers[0].generator.state.numpy()
    history = model.fit(IMAGES, np.array([0, 1, 0]), epochs=2, batch_size=3, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert layers[0].generator.state.numpy()[1] == before[1] + 2  # one draw a step
    a, b = model.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0)
    np.testing.assert_array_equal(a, b)


class Shift(ImagePreprocessing):
    """A layer as a user writes it."""

    def __init__(self, most=3, **kwargs):
        super().__init__(**kwargs)
        self.most = most

    def draw(self, images, seed):
        return hb.random.randint((images.shape[0], 1, 1, 1), 1, self.most + 1, seed=seed)

    def change(self, images, transformation):
        return images + transformation


def test_a_layer_of_ones_own():
    layer = Shift.from_config(Shift(2, seed=1).get_config())
    added = np.asarray(layer(np.zeros((50, 1, 1, 1), "float32")))
    assert set(added.ravel()) == {1.0, 2.0}
    with pytest.raises(NotImplementedError, match="Shift cannot move bounding boxes"):
        Shift(bounding_box_format="xyxy")({"images": IMAGES, "bounding_boxes": BOXES})


WRONG = [
    (lambda: L.RandomFlip("diagonal"), "RandomFlip's mode is one of 'horizontal'.*'diagonal'"),
    (lambda: L.RandomRotation(2.0), r"factor is a number between -1 and 1.*factor=2.0"),
    (lambda: L.RandomRotation("a"), r"Received: factor='a'"),
    (lambda: L.RandomRotation((1, 2, 3)), r"Received: factor=\(1, 2, 3\)"),
    (lambda: L.RandomRotation(0.1, fill_mode="mirror"), "fill_mode is one of 'reflect'"),
    (lambda: L.RandomRotation(0.1, interpolation="cubic"), "interpolation is one of 'nearest'"),
    (lambda: L.RandomTranslation((-2, 0.5), 0.1), "height_factor is a number between -1 and 1"),
    (lambda: L.RandomZoom(-1.0), "height_factor is above -1"),
    (lambda: L.RandomPerspective(scale=2), "scale is between 0 and 1.*scale=2"),
    (lambda: L.Resizing(0, 4), "Resizing's height is a positive int.*height=0"),
    (lambda: L.Resizing(4, 4, "cubic"), "interpolation is one of"),
    (lambda: L.Resizing(4, 4, fill_mode="reflect"), "fill_mode is one of 'constant'"),
    (
        lambda: L.Resizing(4, 4, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
        "crops or pads to the aspect ratio, not both",
    ),
    (lambda: L.CenterCrop(2.5, 2), "CenterCrop's height is a positive int"),
    (lambda: L.RandomBrightness(0.1, value_range=255), "value_range is two numbers"),
    (lambda: L.RandomGrayscale(1.5), "factor is between 0 and 1"),
    (lambda: L.RandomGaussianBlur(kernel_size=4), "kernel_size is an odd int"),
    (lambda: L.RandomErasing(fill_value=(1, 2)), "fill_value is a number, three numbers"),
    (lambda: L.RandomPosterization(9), "factor is a number between 1 and 8"),
    (lambda: L.MixUp(0), "alpha is a positive number.*alpha=0"),
    (lambda: L.AugMix(alpha=-1), "alpha is a positive number"),
    (lambda: L.RandAugment(num_ops=0), "num_ops is a positive int"),
    (lambda: L.MaxNumBoundingBoxes(0), "max_number is a positive int"),
    (lambda: L.Equalization(bins=0), "bins is a positive int"),
    (
        lambda: L.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=8),
        "tile_grid_size is two positive ints",
    ),
    (lambda: L.RandomFlip(bounding_box_format="xxyy"), "bounding_box_format is one of 'xyxy'"),
    (lambda: L.AutoContrast(seed=1), "draws nothing, so it takes no seed"),
    (lambda: L.RandomFlip()(IMAGES[0, 0]), r"one image \(rank 3\) or a batch.*\(6, 3\)"),
    (lambda: L.RandomFlip()({"labels": IMAGES}), "dict with the key 'images'"),
    (lambda: L.RandomFlip()(DATA), "pass bounding_box_format='xyxy'"),
    (
        lambda: L.CutMix(bounding_box_format="xyxy").transform_bounding_boxes(BOXES, {}),
        "CutMix cannot move bounding boxes",
    ),
    (
        lambda: L.RandomFlip(bounding_box_format="xyxy")(
            {"images": IMAGES, "bounding_boxes": BOXES["boxes"]}
        ),
        "a dict with the keys 'boxes' and 'labels'",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_errors(wrong, message):
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=message):
        wrong()
