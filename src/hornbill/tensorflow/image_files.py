"""Images from and to the bytes of files, by Pillow."""

import io

import numpy as np

from .tensor import Tensor, unwrap
from .text import Bytes

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def _open(contents):
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            f"Image files need Pillow: pip install pillow. Received: {error}"
        ) from None
    if isinstance(contents, np.ndarray):
        contents = contents[()]
    if not isinstance(contents, bytes):
        raise TypeError(
            "Images are decoded from bytes, as tf.io.read_file gives them. "
            f"Received: {type(contents).__name__}"
        )
    return Image.open(io.BytesIO(contents))


def _pixels(image, channels: int, dtype: str) -> Tensor:
    if channels not in (0, *_MODES):
        raise ValueError(f"channels is 0, 1, 3 or 4. Received: channels={channels}")
    deep = image.mode.startswith("I") and str(dtype) == "uint16"
    if not deep:
        natural = "RGB" if image.mode in ("P", "CMYK", "YCbCr") else image.mode
        natural = {"1": "L", "LA": "RGBA", "I;16": "L", "I": "L"}.get(natural, natural)
        image = image.convert(_MODES.get(channels, natural))
    pixels = np.asarray(image)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if str(dtype) == "uint16" and not deep:
        pixels = pixels.astype("uint16") * 257
    return Tensor(pixels.astype(str(dtype)))


def _check_dtype(dtype) -> None:
    if str(dtype) not in ("uint8", "uint16"):
        raise ValueError(f"PNG images are uint8 or uint16. Received: dtype={dtype}")


def decode_png(contents, channels: int = 0, dtype="uint8", name=None) -> Tensor:
    """An image `(height, width, channels)` from a file's bytes; 0 channels: those of the file."""
    _check_dtype(dtype)
    return _pixels(_open(contents), channels, dtype)


def decode_jpeg(
    contents, channels: int = 0, ratio: int = 1, fancy_upscaling: bool = True, name=None
) -> Tensor:
    """An image from a file's bytes. `fancy_upscaling` is a hint; `ratio` must be 1."""
    if ratio != 1:
        raise ValueError(f"decode_jpeg does not shrink: use resize. Received: ratio={ratio}")
    return _pixels(_open(contents), channels, "uint8")


def decode_bmp(contents, channels: int = 0, name=None) -> Tensor:
    """An image from a file's bytes."""
    return _pixels(_open(contents), channels, "uint8")


def decode_gif(contents, name=None) -> Tensor:
    """All `(frames, height, width, 3)` of an animation."""
    image = _open(contents)
    frames = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frames.append(np.asarray(image.convert("RGB")))
    return Tensor(np.stack(frames))


def decode_image(
    contents, channels: int = 0, dtype="uint8", name=None, expand_animations: bool = True
) -> Tensor:
    """An image from the bytes of a file of any kind; a GIF gives its frames unless told not to.

    Ints lie in the range of `dtype`, floats in [0, 1].
    """
    from .image import convert_image_dtype

    image = _open(contents)
    if image.format == "GIF" and expand_animations:
        pixels = decode_gif(contents)
    else:
        pixels = _pixels(image, channels, "uint8")
    return convert_image_dtype(pixels, dtype)


def _bytes(image, kind: str, **settings) -> Bytes:
    from PIL import Image

    pixels = np.asarray(unwrap(image))
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] not in _MODES:
        raise ValueError(
            "Images to write are uint8 (height, width, 1, 3 or 4 channels). "
            f"Received: {pixels.dtype} of shape {pixels.shape}"
        )
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(
        file, kind, **settings
    )
    return Bytes(file.getvalue())


def encode_png(image, compression: int = -1, name=None) -> Bytes:
    """The bytes of a PNG file; `compression` is 0 to 9, or -1 for the usual."""
    return _bytes(image, "png", compress_level=6 if compression == -1 else compression)


def encode_jpeg(image, format: str = "", quality: int = 95, name=None) -> Bytes:
    """The bytes of a JPEG file. `format` may only say what the channels say."""
    channels = np.shape(unwrap(image))[-1]
    if format not in ("", {1: "grayscale", 3: "rgb"}.get(channels)):
        raise ValueError(f"This image has {channels} channels. Received: format={format!r}")
    return _bytes(image, "jpeg", quality=quality)
