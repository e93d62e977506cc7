"""What people do with an architecture: weights, predictions, pixels, names of classes, files."""

import json
import math

import h5py
import jax
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

import hornbill as hb
from hornbill.applications import assemble, imagenet_utils
from hornbill.applications.inception_resnet_v2 import CustomScaleLayer

APPS = hb.applications
# Compiling fast code would take longer than running it.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def images(n: int, *shape) -> np.ndarray:
    return np.random.default_rng(n).uniform(0, 255, (n, *shape)).astype("float32")


def some_weights(model) -> list[np.ndarray]:
    """Random kernels, and positive numbers where variances may stand: of one axis."""
    rng = np.random.default_rng(0)
    return [
        rng.normal(size=w.shape) / math.sqrt(math.prod(w.shape[:-1]))
        if w.ndim > 1
        else rng.uniform(0.5, 1.5, w.shape)
        for w in model.get_weights()
    ]


def outputs(model, x) -> np.ndarray:
    return np.asarray(jax.jit(lambda x: model(x, training=False), compiler_options=QUICK)(x))


@pytest.mark.parametrize(
    ("name", "side"), [("ResNet50V2", 32), ("MobileNetV3Small", 40), ("ConvNeXtTiny", 32)]
)
def test_predictions_are_those_of_keras(name, side):
    settings = {"weights": None, "input_shape": (side, side, 3), "classes": 7}
    ours, theirs = (getattr(k.applications, name)(**settings) for k in (hb, keras))
    weights = some_weights(theirs)
    theirs.set_weights(weights)
    ours.set_weights(weights)
    x = images(2, side, side, 3)
    expected = outputs(theirs, x)
    assert np.ptp(expected, axis=-1).min() > 1e-3
    np.testing.assert_allclose(outputs(ours, x), expected, rtol=1e-3, atol=1e-6)


def test_channels_first():
    """The same numbers, wherever the channels stand."""
    x, outcomes = images(2, 40, 40, 3), []
    for data_format in ("channels_last", "channels_first"):
        hb.config.set_image_data_format(data_format)
        try:
            shape = (40, 40, 3) if data_format == "channels_last" else (3, 40, 40)
            model = APPS.MobileNetV2(weights=None, input_shape=shape, classes=5, alpha=0.35)
            model.set_weights(some_weights(model))
            x = x if data_format == "channels_last" else np.moveaxis(x, -1, 1)
            outcomes.append(outputs(model, x))
        finally:
            hb.config.set_image_data_format("channels_last")
    np.testing.assert_allclose(*outcomes, rtol=1e-4)


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Files as they are published, in a folder instead of the network: `{name: what was asked}`."""
    asked = {}

    def get_file(name, url, cache_subdir, file_hash):
        assert url.endswith(f"/{name}")
        asked[name] = (url, cache_subdir, file_hash)
        return str(tmp_path / name)

    for module in (assemble, imagenet_utils):
        monkeypatch.setattr(module, "get_file", get_file)
    return asked


def test_imagenet_weights(published, tmp_path):
    theirs = keras.applications.MobileNetV2(weights=None, include_top=False, alpha=0.35)
    theirs.set_weights(some_weights(theirs))
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
    with h5py.File(tmp_path / name, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
    ours = APPS.MobileNetV2(include_top=False, alpha=0.35)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    ((url, folder, _),) = published.values()
    assert url.startswith("https://storage.googleapis.com/tensorflow/keras-applications/")
    assert folder == "models"


def test_a_file_of_weights(tmp_path):
    theirs = keras.applications.MobileNet(
        weights=None, input_shape=(32, 32, 3), classes=3, alpha=0.25
    )
    path = tmp_path / "m.weights.h5"
    theirs.save_weights(path)
    ours = APPS.MobileNet(weights=str(path), input_shape=(32, 32, 3), classes=3, alpha=0.25)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_is_trained_on_top_of():
    """Transfer learning, as a tutorial has it."""
    base = APPS.MobileNetV3Small(
        weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg"
    )
    base.trainable = False
    before = base.get_weights()
    inputs = hb.Input((32, 32, 3))
    model = hb.Model(inputs, hb.layers.Dense(2)(base(inputs, training=False)))
    model.compile("adam", hb.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(images(4, 32, 32, 3), np.array([0, 1, 0, 1]), verbose=0)
    assert len(model.trainable_variables) == 2
    for one, other in zip(base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


MODULES = (
    "convnext densenet efficientnet efficientnet_v2 inception_resnet_v2 inception_v3 mobilenet "
    "mobilenet_v2 mobilenet_v3 nasnet resnet resnet50 resnet_v2 vgg16 vgg19 xception"
).split()


@pytest.mark.parametrize("module", MODULES)
def test_pixels(module):
    ours, theirs = (getattr(k.applications, module).preprocess_input for k in (hb, keras))
    for x in (images(2, 5, 4, 3), images(2, 3, 4, 3)[0], images(2, 5, 4, 3).astype("uint8")):
        np.testing.assert_allclose(ours(x.copy()), theirs(x.copy()), rtol=1e-5, atol=1e-4)
        # Keras counts tensors of bytes modulo 256.
        tensors = ours(hb.ops.convert_to_tensor(x)), theirs(keras.ops.cast(x, "float32"))
        np.testing.assert_allclose(*tensors, rtol=1e-5, atol=1e-4)
    x = images(2, 3, 5, 4)
    expected = theirs(x.copy(), data_format="channels_first")
    np.testing.assert_allclose(ours(x, data_format="channels_first"), expected, rtol=1e-5)


def test_pixels_of_symbolic_images():
    inputs = hb.Input((4, 4, 3))
    model = hb.Model(inputs, APPS.resnet50.preprocess_input(inputs))
    x = images(2, 4, 4, 3)
    expected = keras.applications.resnet50.preprocess_input(x.copy())
    np.testing.assert_allclose(model(x), expected, rtol=1e-5, atol=1e-4)


def test_names_of_classes(published, tmp_path):
    index = {str(i): [f"n{i:08}", f"thing_{i}"] for i in range(1000)}
    (tmp_path / "imagenet_class_index.json").write_text(json.dumps(index))
    imagenet_utils._names.cache_clear()
    predictions = np.zeros((2, 1000))
    predictions[0, [7, 3]] = 0.6, 0.4
    predictions[1, 999] = 1
    first, second = APPS.vgg16.decode_predictions(predictions, top=2)
    assert first == [("n00000007", "thing_7", 0.6), ("n00000003", "thing_3", 0.4)]
    assert second[0] == ("n00000999", "thing_999", 1)
    imagenet_utils._names.cache_clear()
    with pytest.raises(ValueError, match=r"\(images, 1000\).*Received: preds.shape=\(2, 10\)"):
        APPS.imagenet_utils.decode_predictions(np.zeros((2, 10)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": "nowhere.h5"}, "path of a file that is there.*'nowhere.h5'"),
        ({"classes": 10}, r"for 1000 classes.*include_top=False.*classes=10"),
        ({"classifier_activation": "relu"}, "ends in 'softmax', or in None.*'relu'"),
        ({"weights": None, "pooling": "mean"}, "pooling is None, 'avg' or 'max'.*'mean'"),
        ({"weights": None, "input_shape": (64, 64)}, r"such as \(224, 224, 3\).*\(64, 64\)"),
        ({"weights": None, "input_shape": (16, 64, 3)}, r"at least 32 by 32.*\(16, 64, 3\)"),
        ({"weights": None, "input_shape": (None, None, 3)}, "needs the images' size"),
        ({"input_shape": (64, 64, 3)}, r"images of 224 by 224 here.*\(64, 64, 3\)"),
        ({"input_shape": (64, 64, 1), "include_top": False}, "for 3 channels.*weights=None"),
    ],
)
def test_what_cannot_be(settings, message):
    with pytest.raises(ValueError, match=message):
        APPS.ResNet50(**settings)


def test_what_cannot_be_built_on():
    with pytest.raises(TypeError, match=r"symbolic tensor, such as Input.*ndarray"):
        APPS.ResNet50(weights=None, include_top=False, input_tensor=np.zeros((1, 64, 64, 3)))
    with pytest.raises(TypeError, match=r"EfficientNetB0\(\) .*unexpected keyword.*'alpha'"):
        APPS.EfficientNetB0(alpha=1)
    with pytest.raises(ValueError, match=r"mode is one of.*'other'"):
        APPS.imagenet_utils.preprocess_input(images(1, 2, 2, 3), mode="other")


def test_an_input_tensor():
    inputs = hb.Input((32, 32, 3), name="pixels")
    model = APPS.VGG16(
        weights=None, include_top=False, input_tensor=hb.layers.Rescaling(1 / 255)(inputs)
    )
    assert model.input is inputs
    assert [layer.name for layer in model.layers[:3]] == ["pixels", "rescaling", "block1_conv1"]


def test_layers_of_architectures_in_files(tmp_path):
    """Those that are no public layers of Keras: its files open here, and ours there."""
    for k in (hb, keras):
        inputs = k.Input((8, 8, 4))
        if k is hb:
            scale, convnext = CustomScaleLayer, APPS.convnext
        else:
            from keras.src.applications import convnext
            from keras.src.applications.inception_resnet_v2 import CustomScaleLayer as scale
        x = convnext.LayerScale(0.5, 4)(inputs)
        x = convnext.StochasticDepth(0.1)(x)
        k.Model(inputs, scale(0.25)([inputs, x])).save(tmp_path / f"{k.__name__}.keras")
    x = images(2, 8, 8, 4)
    for path in tmp_path.iterdir():
        for k in (hb, keras):
            got = k.saving.load_model(path)(x)
            np.testing.assert_allclose(got, x + 0.25 * 0.5 * x, rtol=1e-6)
