"""Each image layer against Keras's, with the same seed and so the same draws.

One compiled call on a dict of images, labels, boxes and masks. Where Keras's own result is wrong
(see `SKIP`), other tests say what is right.
"""

import json

import jax
import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill.engine.serialize import deserialize, serialize

# As in keras_parity: compiling takes nearly all of the time.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
RNG = np.random.default_rng(0)
HEIGHT, WIDTH = 8, 6
IMAGES = RNG.uniform(0, 255, (3, HEIGHT, WIDTH, 3)).astype("float32")
BOXES = {
    "boxes": np.array([[[1, 2, 4, 7], [0, 0, 3, 3]]] * 3, "float32"),
    "labels": np.array([[1, 2], [3, 4], [5, 6]], "int32"),
}
DATA = {
    "images": IMAGES,
    "labels": np.eye(3, 4, dtype="float32"),
    "bounding_boxes": BOXES,
    "segmentation_masks": RNG.integers(0, 4, (3, HEIGHT, WIDTH, 1)).astype("float32"),
}

# (layer, arguments)
CASES = [
    ("Resizing", {"height": 5, "width": 7}),
    ("Resizing", {"height": 4, "width": 4, "crop_to_aspect_ratio": True}),
    ("Resizing", {"height": 6, "width": 9, "pad_to_aspect_ratio": True, "fill_value": 7}),
    ("Resizing", {"height": 3, "width": 3, "interpolation": "bicubic", "antialias": True}),
    ("CenterCrop", {"height": 5, "width": 3}),
    ("CenterCrop", {"height": 10, "width": 4}),
    ("RandomFlip", {}),
    ("RandomFlip", {"mode": "horizontal"}),
    ("RandomFlip", {"mode": "vertical"}),
    ("RandomRotation", {"factor": 0.3}),
    ("RandomRotation", {"factor": (0.1, 0.2), "fill_mode": "constant", "fill_value": 9.0}),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": (-0.2, 0.4)}),
    ("RandomZoom", {"height_factor": 0.4}),
    ("RandomZoom", {"height_factor": (-0.3, 0.2), "width_factor": 0.3, "fill_mode": "wrap"}),
    ("RandomShear", {"x_factor": 0.4, "y_factor": (0.1, 0.3)}),
    ("RandomPerspective", {"factor": (0.5, 1.0), "scale": 0.6}),
    ("RandomElasticTransform", {"scale": (0.8, 0.8), "fill_mode": "mirror"}),
    ("RandomBrightness", {"factor": 0.4}),
    ("RandomContrast", {"factor": 0.6}),
    ("RandomContrast", {"factor": (0.2, 0.9), "value_range": (0, 200)}),
    ("RandomColorDegeneration", {"factor": 0.7}),
    ("RandomGrayscale", {"factor": 0.6}),
    ("RandomHue", {"factor": 0.5}),
    ("RandomSaturation", {"factor": (0.2, 0.7)}),
    (
        "RandomColorJitter",
        {
            "brightness_factor": 0.2,
            "contrast_factor": 0.3,
            "saturation_factor": 0.2,
            "hue_factor": 0.1,
        },
    ),
    ("RandomSharpness", {"factor": 0.9}),
    ("RandomGaussianBlur", {"factor": (0.5, 1.0), "kernel_size": (3, 5), "sigma": (0.5, 0.9)}),
    ("RandomInvert", {"factor": 0.8, "value_range": (0, 250)}),
    ("RandomPosterization", {"factor": (2, 7)}),
    ("RandomPosterization", {"factor": 8, "value_range": (0, 300)}),
    ("Solarization", {"addition_factor": 0.3, "threshold_factor": (0.2, 0.6)}),
    ("RandomErasing", {"factor": (0.5, 1.0), "scale": (0.3, 0.6)}),
    ("RandomErasing", {"scale": 0.5, "fill_value": 300.0}),
    ("MixUp", {"alpha": 0.5}),
    ("CutMix", {"factor": (0.3, 0.9)}),
    ("AutoContrast", {"value_range": (0, 300)}),
    ("Equalization", {"bins": 8}),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (3, 2)}),
    ("MaxNumBoundingBoxes", {"max_number": 3}),
]
NO_SEED = {
    *("Resizing", "CenterCrop", "AutoContrast", "Equalization", "MaxNumBoundingBoxes"),
    "ContrastLimitedAdaptiveHistogramEqualization",
}
# What Keras refuses (boxes of CutMix and Elastic, dicts to Grayscale), or where it is wrong: it
# draws the distortion of masks anew (Elastic), repeats masks for each channel (CutMix), takes
# masks and joins labels along a wrong axis (MixUp), shears boxes as if images were square, and
# interpolates masks (CenterCrop of small images).
SKIP = {
    "RandomElasticTransform": {"bounding_boxes", "segmentation_masks"},
    "RandomShear": {"bounding_boxes"},
    "MixUp": {"bounding_boxes", "segmentation_masks"},
    "CutMix": {"bounding_boxes", "segmentation_masks"},
    "RandomGrayscale": {"bounding_boxes", "segmentation_masks", "labels"},
    "CenterCrop": {"segmentation_masks"},
    "ContrastLimitedAdaptiveHistogramEqualization": {
        *("bounding_boxes", "segmentation_masks", "labels"),
    },
}
# Keras's cannot be traced, or, compiled without optimization by JAX 0.12, mixes up channels.
EAGER = {"RandomElasticTransform", "MaxNumBoundingBoxes", "RandomColorJitter"}


# One case of each layer, but for what knows no axes and noise that is drawn in the images' shape.
CHANNELS_FIRST = [
    (name, settings)
    for i, (name, settings) in enumerate(CASES)
    if name not in ("MixUp", "CutMix", "MaxNumBoundingBoxes") and name != CASES[i - 1][0]
    if settings.get("fill_value") is not None or name != "RandomErasing"
]


def pair(name, settings):
    """Our layer, out of its own JSON, and Keras's, made alike."""
    settings = {**settings, "name": "layer", "bounding_box_format": "xyxy"}
    if name not in NO_SEED:
        settings["seed"] = 3
    theirs = getattr(keras.layers, name)(**settings)
    config = json.loads(json.dumps(serialize(getattr(hb.layers, name)(**settings))))
    if name != "RandomShear":  # Keras does not take what its get_config gives
        opened = keras.saving.deserialize_keras_object(config)
        assert json.dumps(opened.get_config()) == json.dumps(theirs.get_config())
        back = deserialize(json.loads(json.dumps(keras.saving.serialize_keras_object(theirs))))
        assert type(back) is getattr(hb.layers, name)
    return deserialize(config), theirs


def run(layer, data, compiled=True, training=True):
    def call(states, data):
        return layer.stateless_call([], states, data, training=training)[0]

    layer.built = True
    states = [v.value for v in layer.variables]
    call = jax.jit(call, compiler_options=QUICK) if compiled else call
    return call(states, data)


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")  # Keras's MixUp
@pytest.mark.parametrize(
    ("name", "settings"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)]
)
def test_same_seed_same_numbers(name, settings):
    ours, theirs = pair(name, settings)
    data = {k: v for k, v in DATA.items() if k not in SKIP.get(name, ())}
    got = run(ours, data)
    copied = jax.tree.map(np.copy, data)  # Keras writes into it
    copied = copied["images"] if name == "RandomGrayscale" else copied
    expected = run(theirs, copied, compiled=name not in EAGER)
    expected = {"images": expected} if name == "RandomGrayscale" else expected
    for key, value in jax.tree.leaves_with_path(expected):
        mine = got[key[0].key] if len(key) == 1 else got[key[0].key][key[1].key]
        np.testing.assert_allclose(mine, value, rtol=1e-4, atol=2e-3, err_msg=str(key))
    if name not in ("MaxNumBoundingBoxes", "Resizing", "CenterCrop"):
        assert not np.allclose(got["images"], IMAGES)

    if (name, settings) not in CHANNELS_FIRST:
        return
    first = getattr(hb.layers, name).from_config(
        {**ours.get_config(), "data_format": "channels_first"}
    )
    turned = run(first, np.moveaxis(IMAGES, -1, 1))
    np.testing.assert_allclose(
        np.moveaxis(turned, 1, -1), got["images"], rtol=1e-4, atol=2e-3, err_msg="channels first"
    )


def test_rand_augment():
    """Keras computes all its steps, which takes long to compile: the draws are compared, then
    what they make with the layers that are compared above."""
    ours, theirs = pair("RandAugment", {"num_ops": 3, "factor": (0.2, 0.9)})
    drawn = ours.get_random_transformation(IMAGES)
    expected = theirs.get_random_transformation(IMAGES)
    np.testing.assert_array_equal(drawn["layer_idxes"], expected["layer_idxes"])
    for name, values in drawn["transforms"].items():
        for key in set(values or {}) - {"input_shape"}:
            np.testing.assert_allclose(
                values[key], expected["transforms"][name][key], rtol=1e-4, err_msg=f"{name} {key}"
            )
    drawn["layer_idxes"] = np.array([7, 3, 8])
    images = IMAGES
    for name in ("random_posterization", "random_brightness", "solarization"):
        step = getattr(theirs, name)
        images = step.transform_images(images, expected["transforms"][name])
    got = jax.jit(ours.transform_images, compiler_options=QUICK)(IMAGES, drawn)
    np.testing.assert_allclose(got, images, rtol=1e-4, atol=2e-3)
