"""Resizing images on the host, with `hornbill.ops.image.resize`'s numbers.

A folder of images holds many sizes, and JAX would compile a program for each. Here an output
pixel is a weighted sum of a few input pixels along one axis, then along the other.
"""

import numpy as np


def _triangle(x):
    return np.maximum(0, 1 - x)


def _keys_cubic(x):
    # Keys 1981, "Cubic convolution interpolation for digital image processing", a = -1/2.
    near = ((1.5 * x - 2.5) * x) * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x >= 2, 0, np.where(x >= 1, far, near))


def _lanczos(radius):
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


# Each method's weight of an input pixel at a distance, and how far it reaches.
KERNELS = {
    "bilinear": (_triangle, 1),
    "bicubic": (_keys_cubic, 2),
    "lanczos3": (_lanczos(3), 3),
    "lanczos5": (_lanczos(5), 5),
}
METHODS = ("nearest", *KERNELS)


def resize(image: np.ndarray, size, interpolation: str = "bilinear") -> np.ndarray:
    """An image, or a batch, of shape `(..., height, width, channels)` in another size, float32."""
    image = np.asarray(image, "float32")
    for axis, n in zip((-3, -2), size, strict=True):
        image = _resize_axis(image, axis, n, interpolation)
    return image


def _resize_axis(image, axis, n, interpolation):
    old = image.shape[axis]
    if n == old:
        return image
    # Pixels are points at the middle of unit squares.
    centres = (np.arange(n) + 0.5) * old / n - 0.5
    if interpolation == "nearest":
        return np.take(image, np.floor(centres + 0.5).astype(int), axis)
    kernel, reach = KERNELS[interpolation]
    places = np.floor(centres).astype(int)[:, None] + np.arange(1 - reach, reach + 1)
    weights = kernel(np.abs(places - centres[:, None])) * ((places >= 0) & (places < old))
    weights = (weights / weights.sum(1, keepdims=True)).astype("float32")
    places = places.clip(0, old - 1)
    shape = [1] * image.ndim
    shape[axis] = n
    taps = range(2 * reach)
    return sum(np.take(image, places[:, t], axis) * weights[:, t].reshape(shape) for t in taps)


def fitting(height: int, width: int, size) -> tuple[int, int]:
    """The height that fits the width at the ratio of `size`, and the width that fits the height."""
    return width * size[0] // size[1], height * size[1] // size[0]


def crop_to_ratio(image: np.ndarray, size) -> np.ndarray:
    """The largest middle part of `(..., height, width, channels)` with the ratio of `size`."""
    old = image.shape[-3:-1]
    kept = [max(min(n, fit), 1) for n, fit in zip(old, fitting(*old, size), strict=True)]
    top, left = ((n - k) // 2 for n, k in zip(old, kept, strict=True))
    return image[..., top : top + kept[0], left : left + kept[1], :]


def pad_to_ratio(image: np.ndarray, size) -> np.ndarray:
    """The image with zeros on two sides, so that it has the ratio of `size`."""
    old = image.shape[-3:-1]
    sides = [((max(n, fit) - n) // 2,) * 2 for n, fit in zip(old, fitting(*old, size), strict=True)]
    return np.pad(image, [(0, 0)] * (image.ndim - 3) + [*sides, (0, 0)])
