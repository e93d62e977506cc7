"""`tf.image` against what TensorFlow 2.21 gives."""

import numpy as np
import pytest

import hornbill.tensorflow as tf

IMAGE = (np.arange(36).reshape(3, 4, 3) / 36).astype("float32")
INTS = (IMAGE * 255).astype("uint8")
image = tf.image

RESIZED = {
    "bilinear": [0.08333, 0.125, 0.18056, 0.23611, 0.29167, 0.33333],
    "nearest": [0.0, 0.08333, 0.08333, 0.16667, 0.25, 0.25],
    "bicubic": [0.05047, 0.09027, 0.15321, 0.20871, 0.27165, 0.31145],
    "area": [0.11111, 0.15278, 0.19444, 0.27778, 0.31944, 0.36111],
    "lanczos3": [0.03577, 0.07204, 0.14052, 0.19163, 0.2601, 0.29637],
}


@pytest.mark.parametrize("method", RESIZED)
def test_resize(method):
    resized = image.resize(IMAGE, (2, 6), method=method)
    np.testing.assert_allclose(resized[0, :, 0], RESIZED[method], atol=5e-5)
    assert image.resize(INTS[None], [2, 6], method).shape == (1, 2, 6, 3)


def test_sizes():
    smaller = image.resize(IMAGE, (2, 2), antialias=True)
    expected = [[0.18452, 0.31548], [0.60119, 0.73214]]
    np.testing.assert_allclose(smaller[..., 0], expected, atol=1e-5)
    assert image.resize(IMAGE, (6, 6), preserve_aspect_ratio=True).shape == (4, 6, 3)
    assert image.resize(INTS, (2, 2)).dtype == "float32"
    assert image.resize(INTS, (2, 2), image.ResizeMethod.NEAREST_NEIGHBOR).dtype == "uint8"
    padded = image.resize_with_pad(IMAGE, 4, 4)
    np.testing.assert_allclose(padded, np.pad(IMAGE, ((0, 1), (0, 0), (0, 0))), atol=1e-6)
    cut = image.resize_with_crop_or_pad(IMAGE, 5, 2)
    np.testing.assert_array_equal(cut, np.pad(IMAGE[:, 1:3], ((1, 1), (0, 0), (0, 0))))
    np.testing.assert_array_equal(image.central_crop(IMAGE, 0.5), IMAGE[:, 1:3])
    np.testing.assert_array_equal(image.crop_to_bounding_box(IMAGE, 1, 2, 2, 1), IMAGE[1:, 2:3])
    placed = image.pad_to_bounding_box(IMAGE, 1, 2, 5, 6)
    np.testing.assert_array_equal(placed, np.pad(IMAGE, ((1, 1), (2, 0), (0, 0))))
    crops = image.crop_and_resize(
        IMAGE[None], [[0.0, 0.0, 1.0, 0.5], [0.2, 0.2, 0.8, 0.8]], [0, 0], (2, 2)
    )
    expected = [[[0, 0.125], [0.66667, 0.79167]], [[0.18333, 0.33333], [0.58333, 0.73333]]]
    np.testing.assert_allclose(crops[..., 0], expected, atol=1e-5)


PLACE = {
    "hue": (image.adjust_hue(IMAGE, 0.2), [0.5388889, 0.5, 0.5555556]),
    "saturation": (image.adjust_saturation(IMAGE, 0.5), [0.5277778, 0.5416667, 0.5555556]),
    "contrast": (image.adjust_contrast(IMAGE, 2.0), [0.5416666, 0.5694444, 0.5972222]),
    "gamma": (image.adjust_gamma(IMAGE, 2.0, 3.0), [0.75, 0.8356482, 0.925926]),
    "brightness": (image.adjust_brightness(IMAGE, 0.1), IMAGE[1, 2] + 0.1),
    "bright ints": (image.adjust_brightness(INTS, 0.2), [178, 185, 192]),
    "contrast of ints": (image.adjust_contrast(INTS, 0.5), [121, 129, 136]),
    "saturation of ints": (image.adjust_saturation(INTS, 0.5), [134, 137, 141]),
    "grey ints": (image.rgb_to_grayscale(INTS), [132]),
    "to ints": (image.convert_image_dtype(IMAGE, tf.uint8), [127, 134, 141]),
    "hsv and back": (image.hsv_to_rgb(image.rgb_to_hsv(IMAGE)), IMAGE[1, 2]),
}


@pytest.mark.parametrize("name", PLACE)
def test_tone(name):
    changed, expected = PLACE[name]
    np.testing.assert_allclose(changed[1, 2], expected, atol=1e-6)
    assert "int" not in name or changed.dtype == "uint8"


def test_dtypes():
    floats = image.convert_image_dtype(np.array([0, 128, 255], "uint8"), "float32")
    np.testing.assert_allclose(floats, [0, 0.501961, 1], atol=1e-6)
    assert image.convert_image_dtype(np.array([2.0]), "uint8", saturate=True)[0] == 255
    assert image.convert_image_dtype(np.array([255], "uint8"), "uint16")[0] == 255 * 256
    standard = image.per_image_standardization(np.stack([IMAGE, np.ones_like(IMAGE)]))
    assert standard[0, 0, 0, 0].numpy() == pytest.approx(-1.6845884)
    assert not standard[1].numpy().any()
    assert image.grayscale_to_rgb(IMAGE[..., :1]).shape == (3, 4, 3)


def test_turned():
    np.testing.assert_array_equal(image.flip_left_right(IMAGE), IMAGE[:, ::-1])
    np.testing.assert_array_equal(image.flip_up_down(IMAGE[None]), IMAGE[None, ::-1])
    np.testing.assert_array_equal(image.rot90(IMAGE), np.rot90(IMAGE))
    np.testing.assert_array_equal(image.transpose(IMAGE), IMAGE.swapaxes(0, 1))


RANDOM = {
    "flip_left_right": lambda: image.random_flip_left_right(IMAGE, seed=5),
    "flip_up_down": lambda: image.random_flip_up_down(IMAGE, seed=5),
    "brightness": lambda: image.random_brightness(IMAGE, 0.2, seed=5),
    "contrast": lambda: image.random_contrast(IMAGE, 0.5, 2.0, seed=5),
    "hue": lambda: image.random_hue(IMAGE, 0.2, seed=5),
    "saturation": lambda: image.random_saturation(IMAGE, 0.5, 2.0, seed=5),
    "crop": lambda: image.random_crop(IMAGE, (2, 2, 3), seed=5),
}


@pytest.mark.parametrize("name", RANDOM)
def test_random(name):
    def draw():
        tf.random.set_seed(1)
        return [RANDOM[name]().numpy() for _ in range(6)]

    first = draw()
    assert any((a != first[0]).any() for a in first)
    np.testing.assert_array_equal(draw(), first)


def test_comparisons():
    assert float(image.psnr(IMAGE, IMAGE * 0.9, 1.0)) == pytest.approx(24.954296, rel=1e-5)
    assert float(image.total_variation(IMAGE)) == pytest.approx(10.25)
    large = np.random.default_rng(1).random((16, 16, 3), "float32")
    assert float(image.ssim(large, large, 1.0)) == pytest.approx(1.0)
    assert float(image.ssim(large, 1 - large, 1.0)) < 0
    assert image.sobel_edges(IMAGE[None]).shape == (1, 3, 4, 3, 2)
    boxes = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 2, 1, 3], [0, 0, 0.5, 0.5]], "float32")
    scores = [0.9, 0.8, 0.7, 0.95]
    assert image.non_max_suppression(boxes, scores, 3, 0.5).numpy().tolist() == [3, 0, 2]
    assert image.non_max_suppression(boxes, scores, 4, 0.5, 0.75).numpy().tolist() == [3, 0]


def test_files():
    Image = pytest.importorskip("PIL.Image")
    import io

    png = image.encode_png(INTS)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), INTS)
    np.testing.assert_array_equal(image.decode_png(png), INTS)
    assert image.decode_png(png, channels=1).shape == (3, 4, 1)
    flat = np.full((8, 8, 3), 100, "uint8")
    assert abs(image.decode_jpeg(image.encode_jpeg(flat)).numpy().astype(int) - 100).max() <= 2
    floats = image.decode_image(png, dtype=tf.float32)
    np.testing.assert_allclose(floats, INTS / 255, atol=1e-6)
    frames = [Image.fromarray(flat), Image.fromarray(flat // 2)]
    file = io.BytesIO()
    frames[0].save(file, "gif", save_all=True, append_images=frames[1:])
    assert image.decode_gif(file.getvalue()).shape == (2, 8, 8, 3)
    assert image.decode_image(file.getvalue()).shape == (2, 8, 8, 3)
    file = io.BytesIO()
    frames[0].save(file, "bmp")
    np.testing.assert_array_equal(image.decode_bmp(file.getvalue()), flat)
    # Bytes go through a dataset whole.
    data = tf.data.Dataset.from_tensors(png + b"\0\0").map(lambda x: x).map(image.decode_png)
    np.testing.assert_array_equal(next(iter(data)), INTS)


ERRORS = {
    "one of 'bilinear'": lambda: image.resize(IMAGE, (2, 2), "mitchellcubic"),
    "a batch of them": lambda: image.flip_left_right(IMAGE[0]),
    "not inside": lambda: image.crop_to_bounding_box(IMAGE, 0, 0, 9, 9),
    "does not fit": lambda: image.pad_to_bounding_box(IMAGE, 0, 0, 2, 2),
    "at most 1": lambda: image.central_crop(IMAGE, 1.5),
    "no part of": lambda: image.random_crop(IMAGE, (9, 9, 3)),
    "does not shrink": lambda: image.decode_jpeg(b"", ratio=2),
    "bilinear or nearest": lambda: image.crop_and_resize(IMAGE[None], [], [], (1, 1), "area"),
    "uint8 or uint16": lambda: image.decode_png(b"", dtype="float32"),
    "has 3 channels": lambda: image.encode_jpeg(INTS, format="grayscale"),
    "are uint8": lambda: image.encode_png(IMAGE),
}


@pytest.mark.parametrize("message", ERRORS)
def test_refused(message):
    with pytest.raises(ValueError, match=message):
        ERRORS[message]()
