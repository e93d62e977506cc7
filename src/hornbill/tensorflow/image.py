"""`tf.image`: `(height, width, channels)` images or batches of them; files are read and written by
Pillow."""

import jax
import jax.numpy as jnp
import numpy as np

from .. import ops
from . import random
from .image_files import (
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    encode_png,
)
from .missing import missing
from .named import named, sizes
from .tensor import Tensor, unwrap

__all__ = [
    "decode_bmp",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "encode_jpeg",
    "encode_png",
]


class ResizeMethod:
    """The names of ways to resize."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = "bilinear", "nearest", "bicubic", "area"
    LANCZOS3, LANCZOS5 = "lanczos3", "lanczos5"


_METHODS = {
    "bilinear": "linear",
    "nearest": "nearest",
    "bicubic": "cubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
    "area": None,
}


def _array(images):
    x = jnp.asarray(unwrap(images))
    if x.ndim not in (3, 4):
        raise ValueError(
            "tf.image takes an image (height, width, channels) or a batch of them. "
            f"Received: shape {x.shape}"
        )
    return x


def _replace_size(x, height: int, width: int) -> tuple:
    return (*x.shape[:-3], height, width, x.shape[-1])


# ---- size ------------------------------------------------------------------------------------


def resize(
    images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False, name=None
) -> Tensor:
    """Images of another `(height, width)`, as float32 (`"nearest"` keeps the dtype).

    Args:
        method: `"bilinear"`, `"nearest"`, `"bicubic"`, `"lanczos3"`, `"lanczos5"` or `"area"`.
        preserve_aspect_ratio: whether the size is only a limit.
        antialias: whether shrinking averages over all pixels.
    """
    if method not in _METHODS:
        raise ValueError(
            f"tf.image.resize's method is one of {', '.join(map(repr, _METHODS))}. "
            f"Received: method={method!r}"
        )
    x = _array(images)
    height, width = sizes(size)
    if preserve_aspect_ratio:
        scale = min(height / x.shape[-3], width / x.shape[-2])
        height, width = (max(round(scale * n), 1) for n in x.shape[-3:-1])
    if method != "nearest":
        x = x.astype("float32")
    if method == "area":
        down, across = _shares(x.shape[-3], height), _shares(x.shape[-2], width)
        return Tensor(jnp.einsum("ih,jw,...hwc->...ijc", down, across, x))
    new = _replace_size(x, height, width)
    return Tensor(jax.image.resize(x, new, _METHODS[method], antialias=antialias))


def _shares(old: int, new: int):
    """How much each old pixel counts for each new one, by the length that they share."""
    edges = np.arange(new + 1) * old / new
    starts = np.arange(old)
    shared = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    return jnp.asarray(np.maximum(shared, 0) * new / old, "float32")


def pad_to_bounding_box(
    image, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Tensor:
    """The images at a place of a black image of the target's size."""
    x = _array(image)
    below = target_height - offset_height - x.shape[-3]
    beside = target_width - offset_width - x.shape[-2]
    if min(below, beside, offset_height, offset_width) < 0:
        raise ValueError(
            f"pad_to_bounding_box: an image of {x.shape[-3:-1]} at ({offset_height}, "
            f"{offset_width}) does not fit into ({target_height}, {target_width})."
        )
    widths = [(0, 0)] * (x.ndim - 3) + [(offset_height, below), (offset_width, beside), (0, 0)]
    return Tensor(jnp.pad(x, widths))


def crop_to_bounding_box(
    image, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Tensor:
    """The part of the images that starts at the offsets and has the target's size."""
    x = _array(image)
    ends = offset_height + target_height, offset_width + target_width
    if min(offset_height, offset_width) < 0 or ends[0] > x.shape[-3] or ends[1] > x.shape[-2]:
        raise ValueError(
            f"crop_to_bounding_box: ({target_height}, {target_width}) at ({offset_height}, "
            f"{offset_width}) is not inside an image of {x.shape[-3:-1]}."
        )
    return Tensor(x[..., offset_height : ends[0], offset_width : ends[1], :])


def resize_with_crop_or_pad(image, target_height: int, target_width: int) -> Tensor:
    """The images' middle, or the images in the middle of a black image, without resizing."""
    x = _array(image)
    for axis, target in ((-3, target_height), (-2, target_width)):
        have = x.shape[axis]
        if have > target:
            start = (have - target) // 2
            x = jax.lax.slice_in_dim(x, start, start + target, axis=axis % x.ndim)
        elif have < target:
            before = (target - have) // 2
            widths = [(0, 0)] * x.ndim
            widths[axis] = (before, target - have - before)
            x = jnp.pad(x, widths)
    return Tensor(x)


resize_image_with_crop_or_pad = resize_with_crop_or_pad


def resize_with_pad(
    image, target_height: int, target_width: int, method="bilinear", antialias=False
) -> Tensor:
    """The images resized at their ratio, with black borders where the target is larger."""
    resized = resize(image, (target_height, target_width), method, True, antialias)
    return resize_with_crop_or_pad(resized, target_height, target_width)


def central_crop(image, central_fraction: float) -> Tensor:
    """The middle `central_fraction` of height and width."""
    if not 0 < central_fraction <= 1:
        raise ValueError(f"central_fraction is above 0 and at most 1. Received: {central_fraction}")
    x = _array(image)
    starts = [int((n - n * central_fraction) / 2) for n in x.shape[-3:-1]]
    return crop_to_bounding_box(
        x, *starts, *(n - 2 * s for n, s in zip(x.shape[-3:-1], starts, strict=True))
    )


def crop_and_resize(
    image, boxes, box_indices, crop_size, method="bilinear", extrapolation_value=0.0, name=None
) -> Tensor:
    """A crop of the batch for each box `[y1, x1, y2, x2]` (parts of the size), resized.

    `box_indices` says from which image; `method` is `"bilinear"` or `"nearest"`.
    """
    if method not in ("bilinear", "nearest"):
        raise ValueError(f"crop_and_resize's method: bilinear or nearest. Received: {method!r}")
    x = jnp.asarray(unwrap(image)).astype("float32")
    boxes, places = jnp.asarray(unwrap(boxes)), jnp.asarray(unwrap(box_indices))
    height, width = sizes(crop_size)

    def along(first, last, count, size):
        if count == 1:
            return (0.5 * (first + last) * (size - 1))[None]
        return first * (size - 1) + jnp.arange(count) * (last - first) * (size - 1) / (count - 1)

    def crop(box, place):
        ys = along(box[0], box[2], height, x.shape[1])[:, None, None]
        xs = along(box[1], box[3], width, x.shape[2])[None, :, None]
        inside = (ys >= 0) & (ys <= x.shape[1] - 1) & (xs >= 0) & (xs <= x.shape[2] - 1)
        coordinates = jnp.broadcast_arrays(ys, xs, jnp.arange(x.shape[3]))
        if method == "nearest":
            coordinates = [jnp.floor(c + 0.5) for c in coordinates]
        found = jax.scipy.ndimage.map_coordinates(x[place], coordinates, 1, mode="nearest")
        return jnp.where(inside, found, extrapolation_value)

    return Tensor(jax.vmap(crop)(boxes, places))


# ---- turning ---------------------------------------------------------------------------------


def flip_left_right(image) -> Tensor:
    """The images mirrored."""
    return Tensor(jnp.flip(_array(image), -2))


def flip_up_down(image) -> Tensor:
    """The images upside down."""
    return Tensor(jnp.flip(_array(image), -3))


def transpose(image, name=None) -> Tensor:
    """Height and width exchanged."""
    return Tensor(jnp.swapaxes(_array(image), -3, -2))


def rot90(image, k: int = 1, name=None) -> Tensor:
    """The images turned by `k` times 90 degrees, against the clock."""
    return Tensor(jnp.rot90(_array(image), int(unwrap(k)), axes=(-3, -2)))


# ---- tone ------------------------------------------------------------------------------------


def convert_image_dtype(image, dtype, saturate: bool = False, name=None) -> Tensor:
    """Images in another dtype: floats lie in [0, 1], ints in their whole range.

    Floats outside of it wrap around unless `saturate`.
    """
    x, dtype = jnp.asarray(unwrap(image)), jnp.dtype(str(dtype))
    from_float, to_float = (jnp.issubdtype(d, jnp.floating) for d in (x.dtype, dtype))
    if from_float and to_float:
        return Tensor(x.astype(dtype))
    if to_float:
        return Tensor(x.astype(dtype) * (1.0 / jnp.iinfo(x.dtype).max))
    top = jnp.iinfo(dtype).max
    if not from_float:
        old = jnp.iinfo(x.dtype).max
        scaled = x // ((old + 1) // (top + 1)) if old > top else x.astype(dtype)
        return Tensor(scaled.astype(dtype) * (max((top + 1) // (old + 1), 1)))
    scaled = x * (top + 0.5)
    if saturate:
        scaled = jnp.clip(scaled, jnp.iinfo(dtype).min, top)
    return Tensor(jnp.trunc(scaled).astype("int64" if top > 2**31 - 1 else "int32").astype(dtype))


def _in_floats(image, change) -> Tensor:
    """`change` of the images as floats, back in their dtype."""
    x = _array(image)
    if jnp.issubdtype(x.dtype, jnp.floating):
        return Tensor(change(x))
    y = change(convert_image_dtype(x, "float32").value)
    return convert_image_dtype(y, x.dtype.name, saturate=True)


def adjust_brightness(image, delta) -> Tensor:
    """`delta` added; images of ints count as [0, 1]."""
    return _in_floats(image, lambda x: x + jnp.asarray(unwrap(delta), x.dtype))


def adjust_contrast(images, contrast_factor) -> Tensor:
    """The distance from each channel's mean, times a factor."""

    def change(x):
        mean = jnp.mean(x, axis=(-3, -2), keepdims=True)
        return (x - mean) * jnp.asarray(unwrap(contrast_factor), x.dtype) + mean

    return _in_floats(images, change)


def adjust_gamma(image, gamma=1, gain=1) -> Tensor:
    """`gain * image ** gamma`."""
    return _in_floats(image, lambda x: gain * x**gamma)


def adjust_hue(image, delta, name=None) -> Tensor:
    """The hue turned by `delta`, 1 being the whole circle."""

    def change(x):
        hue, *rest = jnp.split(ops.image.rgb_to_hsv(x, "channels_last"), 3, -1)
        hue = (hue + jnp.asarray(unwrap(delta), x.dtype)) % 1.0
        return ops.image.hsv_to_rgb(jnp.concatenate([hue, *rest], -1), "channels_last")

    return _in_floats(image, change)


def adjust_saturation(image, saturation_factor, name=None) -> Tensor:
    """The saturation times a factor, at most 1."""

    def change(x):
        hue, saturation, value = jnp.split(ops.image.rgb_to_hsv(x, "channels_last"), 3, -1)
        saturation = jnp.clip(saturation * unwrap(saturation_factor), 0, 1)
        return ops.image.hsv_to_rgb(jnp.concatenate([hue, saturation, value], -1), "channels_last")

    return _in_floats(image, change)


def rgb_to_grayscale(images, name=None) -> Tensor:
    """One channel, weighted as the eye does."""
    weights = jnp.array([0.2989, 0.587, 0.114])
    return _in_floats(images, lambda x: (x @ weights.astype(x.dtype))[..., None])


def grayscale_to_rgb(images, name=None) -> Tensor:
    """Three equal channels."""
    return Tensor(jnp.repeat(_array(images), 3, -1))


rgb_to_hsv = named(lambda x: ops.image.rgb_to_hsv(x, "channels_last"), "images")
hsv_to_rgb = named(lambda x: ops.image.hsv_to_rgb(x, "channels_last"), "images")


def per_image_standardization(image) -> Tensor:
    """Each image with mean 0 and variance 1 (a flat one is divided by `1 / sqrt(size)`)."""
    x = _array(image).astype("float32")
    axes = (-3, -2, -1)
    least = 1 / np.sqrt(np.prod(x.shape[-3:]))
    deviation = jnp.maximum(jnp.std(x, axis=axes, keepdims=True), least)
    return Tensor((x - jnp.mean(x, axis=axes, keepdims=True)) / deviation)


# ---- by chance -------------------------------------------------------------------------------


def _maybe(change):
    def randomly(image, seed=None) -> Tensor:
        x = _array(image)
        lead = (x.shape[0],) if x.ndim == 4 else ()
        yes = random.uniform((*lead, 1, 1, 1), seed=seed).value < 0.5
        return Tensor(jnp.where(yes, change(x).value, x))

    return randomly


random_flip_left_right = _maybe(flip_left_right)
random_flip_up_down = _maybe(flip_up_down)


def random_brightness(image, max_delta: float, seed=None) -> Tensor:
    """`adjust_brightness` by a number from `[-max_delta, max_delta)`."""
    return adjust_brightness(image, random.uniform((), -max_delta, max_delta, seed=seed))


def random_contrast(image, lower: float, upper: float, seed=None) -> Tensor:
    """`adjust_contrast` by a factor from `[lower, upper)`."""
    return adjust_contrast(image, random.uniform((), lower, upper, seed=seed))


def random_hue(image, max_delta: float, seed=None) -> Tensor:
    """`adjust_hue` by a number from `[-max_delta, max_delta)`."""
    return adjust_hue(image, random.uniform((), -max_delta, max_delta, seed=seed))


def random_saturation(image, lower: float, upper: float, seed=None) -> Tensor:
    """`adjust_saturation` by a factor from `[lower, upper)`."""
    return adjust_saturation(image, random.uniform((), lower, upper, seed=seed))


def random_crop(value, size, seed=None, name=None) -> Tensor:
    """A part of the size given, of a tensor of any rank, at a place drawn evenly."""
    x, size = jnp.asarray(unwrap(value)), sizes(size)
    if len(size) != x.ndim or any(n > m for n, m in zip(size, x.shape, strict=True)):
        raise ValueError(f"random_crop: {tuple(size)} is no part of the shape {x.shape}.")
    drawn = random.uniform((x.ndim,), seed=seed).value
    starts = jnp.floor(drawn * (jnp.array(x.shape) - jnp.array(size) + 1)).astype("int32")
    return Tensor(jax.lax.dynamic_slice(x, list(starts), size))


# ---- comparing -------------------------------------------------------------------------------


def psnr(a, b, max_val, name=None) -> Tensor:
    """The peak signal-to-noise ratio in decibels, for each image."""
    a, b = (convert_image_dtype(v, "float32").value for v in (a, b))
    top = convert_image_dtype(np.asarray(max_val, _array_dtype(unwrap(max_val))), "float32").value
    error = jnp.mean(jnp.square(a - b), axis=(-3, -2, -1))
    return Tensor(20 * jnp.log10(top) - 10 * jnp.log10(error))


def _array_dtype(value):
    return value.dtype if hasattr(value, "dtype") else "float32"


def ssim(
    img1, img2, max_val, filter_size: int = 11, filter_sigma: float = 1.5, k1=0.01, k2=0.03
) -> Tensor:
    """The structural similarity, for each image."""
    x, y = _array(img1), _array(img2)
    settings = (float(unwrap(max_val)), filter_size, filter_sigma, k1, k2, "channels_last")
    return Tensor(ops.image.ssim(x.astype("float32"), y.astype("float32"), *settings))


def total_variation(images, name=None) -> Tensor:
    """The sum of the distances between neighbours, for each image."""
    x = _array(images)
    steps = [jnp.abs(jnp.diff(x, axis=axis)) for axis in (-3, -2)]
    return Tensor(sum(jnp.sum(s, axis=(-3, -2, -1)) for s in steps))


def extract_patches(images, sizes, strides, rates, padding: str, name=None) -> Tensor:
    """Patches of a batch as vectors: `(batch, rows, columns, height * width * channels)`.

    `sizes`, `strides` and `rates` are `[1, down, across, 1]`; `padding` is `"VALID"` or `"SAME"`.
    """
    inner = [tuple(int(n) for n in setting[1:3]) for setting in (sizes, strides, rates)]
    if inner[2][0] != inner[2][1]:
        raise ValueError(f"extract_patches: the two rates are one. Received: rates={rates}")
    x = _array(images)
    return Tensor(
        ops.image.extract_patches(
            x, inner[0], inner[1], inner[2][0], padding.lower(), "channels_last"
        )
    )


sobel_edges = named(lambda x: ops.image.sobel_edges(x, "channels_last"), "image")


def non_max_suppression(
    boxes,
    scores,
    max_output_size,
    iou_threshold: float = 0.5,
    score_threshold: float = float("-inf"),
    name=None,
) -> Tensor:
    """The indices of the best boxes `[y1, x1, y2, x2]` that overlap no better one; eagerly."""
    boxes, scores = np.asarray(unwrap(boxes)), np.asarray(unwrap(scores))
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    areas = np.prod(high - low, axis=1)
    chosen: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if len(chosen) == int(unwrap(max_output_size)) or scores[i] <= score_threshold:
            break
        edges = np.minimum(high[i], high[chosen]) - np.maximum(low[i], low[chosen])
        shared = np.prod(np.maximum(edges, 0), axis=1)
        if np.all(shared <= iou_threshold * (areas[i] + areas[chosen] - shared)):
            chosen.append(int(i))
    return Tensor(np.array(chosen, "int32"))


__getattr__ = missing("tf.image", globals())
