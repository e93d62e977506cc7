"""Images: files and arrays against Keras; resampling against JAX."""

import io
import os

import jax
import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill.utils import resampling

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 255, (13, 9, 3)).astype("uint8")


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_arrays_and_images(channels, scale, data_format):
    x = RNG.uniform(0, 200, (5, 6, channels)).astype("float32")
    x = x if data_format == "channels_last" else np.moveaxis(x, -1, 0)
    ours = hb.utils.array_to_img(x, data_format, scale)
    theirs = keras.utils.array_to_img(x, data_format, scale)
    assert (ours.mode, ours.size) == (theirs.mode, theirs.size)
    # Scaling rounds once more or less: a grey level at most.
    assert np.abs(np.asarray(ours, int) - np.asarray(theirs, int)).max() <= 1
    back = hb.utils.img_to_array(theirs, data_format, "float64")
    np.testing.assert_array_equal(back, keras.utils.img_to_array(theirs, data_format, "float64"))
    assert back.shape == x.shape


def test_a_flat_and_a_deep_image():
    assert np.asarray(hb.utils.array_to_img(np.full((2, 2, 1), 7.0))).tolist() == [[0, 0], [0, 0]]
    deep = hb.utils.array_to_img(np.full((2, 2, 1), 300.0), scale=False)
    assert (deep.mode, np.asarray(deep).max()) == ("I", 300)
    assert hb.utils.img_to_array(deep).dtype == np.float32


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp"])
def test_save_and_load(tmp_path, ending):
    ours, theirs = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    hb.utils.save_img(ours, PHOTO, scale=False)
    keras.utils.save_img(theirs, PHOTO, scale=False)
    assert ours.read_bytes() == theirs.read_bytes()
    for path in (ours, str(ours), os.fsencode(ours), io.BytesIO(ours.read_bytes())):
        assert hb.utils.load_img(path).size == (9, 13)


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "lanczos"])
def test_load_img(tmp_path, color_mode, keep, interpolation):
    path = tmp_path / "a.png"
    hb.utils.save_img(path, PHOTO, scale=False)
    args = (color_mode, (6, 8), interpolation, keep)
    ours, theirs = hb.utils.load_img(path, *args), keras.utils.load_img(path, *args)
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_jpeg_has_no_transparency(tmp_path):
    with pytest.warns(UserWarning, match="saved as RGB"):
        hb.utils.save_img(tmp_path / "a.jpg", np.zeros((2, 2, 4)))


JAX_NAMES = {m: m for m in resampling.METHODS} | {"bilinear": "linear", "bicubic": "cubic"}


@pytest.mark.parametrize("method", resampling.METHODS)
@pytest.mark.parametrize("size", [(20, 30), (5, 4), (13, 9)], ids=str)
def test_resampling_is_jaxs(method, size):
    ours = resampling.resize(PHOTO, size, method)
    theirs = jax.image.resize(PHOTO.astype("float32"), (*size, 3), JAX_NAMES[method], False)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("size", [(6, 6), (4, 8), (12, 5)], ids=str)
def test_ratios_are_those_of_ops(size):
    resize = keras.ops.image.resize
    image = PHOTO.astype("float32")
    for name, cut in (("crop", resampling.crop_to_ratio), ("pad", resampling.pad_to_ratio)):
        ours = resampling.resize(cut(image, size), size)
        theirs = resize(image, size, **{f"{name}_to_aspect_ratio": True})
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_smart_resize(batched, data_format):
    smart_resize = hb.preprocessing.image.smart_resize
    x = PHOTO.astype("float32")
    x = x if data_format == "channels_last" else np.moveaxis(x, -1, 0)
    x = x[None] if batched else x
    ours = smart_resize(x, (6, 6), data_format=data_format)
    theirs = keras.preprocessing.image.smart_resize(x, (6, 6), data_format=data_format)
    assert isinstance(ours, np.ndarray)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)
    tensor = smart_resize(jax.numpy.asarray(x), (6, 6), data_format=data_format)
    assert isinstance(tensor, jax.Array)


ERRORS = [
    (lambda u: u.array_to_img(np.ones((2, 2))), ValueError, r"Received: shape \(2, 2\)"),
    (lambda u: u.array_to_img(np.ones((2, 2, 2))), ValueError, "channels last"),
    (lambda u: u.img_to_array(np.ones(3)), ValueError, r"Received: shape \(3,\)"),
    (lambda u: u.load_img("x.png", "cmyk"), ValueError, "Received: color_mode='cmyk'"),
    (lambda u: u.load_img("x.png", interpolation="cubic"), ValueError, "interpolation='cubic'"),
    (lambda u: u.load_img(3), TypeError, "Received: 3"),
]


@pytest.mark.parametrize(("call", "error", "match"), ERRORS)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call(hb.utils)


def test_smart_resize_errors():
    smart_resize = hb.preprocessing.image.smart_resize
    with pytest.raises(TypeError, match=r"Received: \['backend_module'\]"):
        smart_resize(PHOTO, (2, 2), backend_module=np)
    with pytest.raises(ValueError, match=r"Received: size=\(2,\)"):
        smart_resize(PHOTO, (2,))


def test_without_pillow(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        hb.utils.array_to_img(np.ones((2, 2, 3)))
