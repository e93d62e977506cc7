"""Images as files, as Pillow's objects and as arrays. Needs Pillow (`pip install pillow`)."""

import io
import os
import warnings
from typing import Any

import numpy as np

from .. import ops
from ..engine.config import floatx, standardize_data_format
from . import resampling

COLOR_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
PIL_METHODS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def pillow():
    """Pillow's `Image` module, or a clear error."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            "Reading and writing images needs Pillow: pip install pillow. Received: no module PIL"
        ) from None
    return Image


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype=None):
    """An array as a Pillow image.

    Args:
        x: an array of shape `(height, width, channels)` with 1, 3 or 4 channels.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        scale: whether the values are stretched to 0 ... 255, the least to 0.
        dtype: the dtype to compute in; `floatx()` when None.

    Returns:
        A Pillow image: grayscale, RGB or RGBA.

    >>> import hornbill as hb, numpy as np
    >>> hb.utils.array_to_img(np.zeros((4, 6, 3))).size
    (6, 4)
    """
    first = standardize_data_format(data_format) == "channels_first"
    x = np.asarray(x, dtype=dtype or floatx())
    if x.ndim != 3 or x.shape[0 if first else 2] not in (1, 3, 4):
        raise ValueError(
            "array_to_img takes one image of 1, 3 or 4 channels, of three axes. "
            f"Received: shape {x.shape}, channels {'first' if first else 'last'}"
        )
    if first:
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    if x.shape[2] == 1:
        x = x[..., 0]
        return pillow().fromarray(x.astype("int32" if x.max() > 255 else "uint8"))
    return pillow().fromarray(x.astype("uint8"))


def img_to_array(img: Any, data_format: str | None = None, dtype=None) -> np.ndarray:
    """A Pillow image as an array of three axes.

    Args:
        img: the image.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        dtype: the dtype; `floatx()` when None.

    >>> import hornbill as hb, numpy as np
    >>> hb.utils.img_to_array(hb.utils.array_to_img(np.zeros((4, 6, 1)))).shape
    (4, 6, 1)
    """
    first = standardize_data_format(data_format) == "channels_first"
    x = np.asarray(img, dtype=dtype or floatx())
    if x.ndim == 2:
        x = x[..., None]
    if x.ndim != 3:
        raise ValueError(f"img_to_array takes one image. Received: shape {x.shape}")
    return x.transpose(2, 0, 1) if first else x


def save_img(
    path,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs,
) -> None:
    """Writes an array to an image file.

    Args:
        path: a path, or an open binary file.
        x: an array of shape `(height, width, channels)`.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        file_format: `"png"`, `"jpeg"`, ...; that of the path's ending when None.
        scale: whether the values are stretched to 0 ... 255.
        kwargs: for Pillow's `Image.save`, such as `quality`.

    >>> import hornbill as hb, numpy as np, io
    >>> file = io.BytesIO()
    >>> hb.utils.save_img(file, np.zeros((4, 6, 3)), file_format="png")
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(os.fspath(path))[1][1:]
    file_format = (file_format or "").lower()
    file_format = "jpeg" if file_format == "jpg" else file_format
    image = array_to_img(x, data_format=data_format, scale=scale)
    if image.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("JPEG has no transparency: the image is saved as RGB.", stacklevel=2)
        image = image.convert("RGB")
    image.save(path, format=file_format or None, **kwargs)


def load_img(
    path,
    color_mode: str = "rgb",
    target_size=None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
):
    """Reads an image file.

    Args:
        path: a path, or an `io.BytesIO`.
        color_mode: `"grayscale"`, `"rgb"` or `"rgba"`.
        target_size: `(height, width)`; None leaves the size.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"hamming"`, `"box"`, `"lanczos"`.
        keep_aspect_ratio: whether the image is cut to the new ratio, in its middle, instead of
            being stretched.

    Returns:
        A Pillow image; `img_to_array` makes it an array.

    >>> import hornbill as hb, numpy as np, io
    >>> file = io.BytesIO()
    >>> hb.utils.save_img(file, np.zeros((4, 6, 3)), file_format="png")
    >>> hb.utils.load_img(file, "grayscale", target_size=(2, 3)).size
    (3, 2)
    """
    check_color_mode("load_img", color_mode)
    if interpolation not in PIL_METHODS:
        raise ValueError(
            f"load_img's interpolation is one of {', '.join(PIL_METHODS)}. "
            f"Received: interpolation={interpolation!r}"
        )
    image = read_image(path, color_mode)
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    size = (target_size[1], target_size[0])
    box = None
    if keep_aspect_ratio:
        width, height = image.size
        fit_height, fit_width = resampling.fitting(height, width, target_size)
        kept = min(width, fit_width), min(height, fit_height)
        left, top = (width - kept[0]) // 2, (height - kept[1]) // 2
        box = (left, top, left + kept[0], top + kept[1])
    return image.resize(size, getattr(pillow().Resampling, interpolation.upper()), box=box)


def check_color_mode(who: str, color_mode) -> None:
    """Refuses unknown colour modes."""
    if color_mode not in COLOR_MODES:
        raise ValueError(
            f"{who}'s color_mode is 'grayscale', 'rgb' or 'rgba'. "
            f"Received: color_mode={color_mode!r}"
        )


def read_image(path, color_mode: str):
    """A file as a Pillow image, its pixels read, in a colour mode."""
    if not isinstance(path, (str, bytes, os.PathLike, io.BytesIO)):
        raise TypeError(f"An image is read from a path or an io.BytesIO. Received: {path!r}")
    if isinstance(path, io.BytesIO):
        path.seek(0)
    with pillow().open(path) as image:
        image.load()
        # Grayscale of 16 and 32 bits keeps its depth.
        keep = ("L", "I;16", "I") if color_mode == "grayscale" else (COLOR_MODES[color_mode],)
        return image.copy() if image.mode in keep else image.convert(COLOR_MODES[color_mode])


def smart_resize(
    x: Any,
    size,
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
    **kwargs,
) -> Any:
    """Images in another size without distortion: they are cut, in their middle, to its ratio.

    Args:
        x: an image `(height, width, channels)` or a batch of them.
        size: `(height, width)`.
        interpolation: `"bilinear"`, `"nearest"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        data_format: `"channels_last"` or `"channels_first"`.
        kwargs: none; Keras's `backend_module` has no meaning here and is refused.

    Returns:
        A NumPy array where `x` is one, else a tensor.

    >>> import hornbill as hb, numpy as np
    >>> hb.preprocessing.image.smart_resize(np.zeros((20, 30, 3)), (5, 5)).shape
    (5, 5, 3)
    """
    if kwargs:
        raise TypeError(f"smart_resize got unknown arguments. Received: {sorted(kwargs)}")
    if len(size) != 2:
        raise ValueError(f"smart_resize's size is (height, width). Received: size={size!r}")
    resized = ops.image.resize(
        x, size, interpolation, crop_to_aspect_ratio=True, data_format=data_format
    )
    return np.asarray(resized) if isinstance(x, np.ndarray) else resized
