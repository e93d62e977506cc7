"""Images sampled at other places: affine, perspective and elastic transforms."""

import jax
import jax.numpy as jnp
from jax.scipy import ndimage

from ...engine.operation import Tensor, op
from ...engine.random import draw_key
from ..common import public, to_float
from .common import FILL_MODES, INTERPOLATIONS, Layout, check_choice
from .filter import blur_weights, separable_filter


def _check(who: str, interpolation: str, fill_mode: str) -> None:
    check_choice(who, "interpolation", interpolation, INTERPOLATIONS)
    check_choice(who, "fill_mode", fill_mode, FILL_MODES)


def _sample(images, ys, xs, interpolation: str, fill_mode: str, fill_value):
    """Images `(batch, h, w, channels)` at the places `ys`, `xs` of shape `(batch, h', w')`."""

    def plane(values, y, x):
        return ndimage.map_coordinates(
            values, [y, x], INTERPOLATIONS[interpolation], fill_mode, fill_value
        )

    planes = jax.vmap(plane, in_axes=(-1, None, None), out_axes=-1)
    return jax.vmap(planes)(images, ys, xs)


def _grid(images):
    height, width = images.shape[1:3]
    return jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij")


def _projected(matrices, y, x):
    """Where eight numbers `a0 a1 a2 b0 b1 b2 c0 c1` for each image send the places of a grid."""
    a0, a1, a2, b0, b1, b2, c0, c1 = (m[:, None, None] for m in matrices.T)
    depth = c0 * x + c1 * y + 1
    return (b0 * x + b1 * y + b2) / depth, (a0 * x + a1 * y + a2) / depth


def _per_image(values, batch: int, ndim: int):
    """One value of rank `ndim` for all images, as one for each."""
    if values.ndim == ndim:
        values = values[None]
    return jnp.broadcast_to(values, (batch, *values.shape[1:]))


@op
def affine_transform(
    images: Tensor,
    transform: Tensor,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
):
    """Images moved, turned, scaled, sheared.

    The output at `(x, y)` is the input at `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`,
    with `k = c0 x + c1 y + 1`.

    Args:
        images: one image or a batch.
        transform: `(a0, a1, a2, b0, b1, b2, c0, c1)`, or one such row for each image.
        interpolation: `"bilinear"` or `"nearest"`.
        fill_mode: what lies outside: `"constant"`, `"nearest"` (the edge), `"wrap"`,
            `"mirror"` (without the edge) or `"reflect"` (with the edge).
        fill_value: the constant.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> image = [[[1.0], [2.0], [3.0]]]
    >>> hb.ops.image.affine_transform(image, [1, 0, 1, 0, 1, 0, 0, 0]).tolist()
    [[[2.0], [3.0], [0.0]]]
    """
    _check("affine_transform", interpolation, fill_mode)
    layout = Layout(images, data_format, "affine_transform")
    if transform.ndim not in (1, 2) or transform.shape[-1] != 8:
        raise ValueError(
            "image.affine_transform takes 8 numbers, or 8 for each image. "
            f"Received: transform.shape={transform.shape}"
        )
    images = layout.images
    matrices = _per_image(to_float(transform), images.shape[0], 1)
    ys, xs = _projected(matrices, *_grid(images))
    return layout.back(_sample(images, ys, xs, interpolation, fill_mode, fill_value))


def homographies(start, end):
    """The eight numbers for each image that send its `end` points to its `start` points."""
    (sx, sy), (ex, ey) = jnp.moveaxis(start, -1, 0), jnp.moveaxis(end, -1, 0)
    zero, one = jnp.zeros_like(ex), jnp.ones_like(ex)
    for_x = jnp.stack([ex, ey, one, zero, zero, zero, -sx * ex, -sx * ey], -1)
    for_y = jnp.stack([zero, zero, zero, ex, ey, one, -sy * ex, -sy * ey], -1)
    equations = jnp.concatenate([for_x, for_y], 1)
    return jnp.linalg.solve(equations, jnp.concatenate([sx, sy], -1)[..., None])[..., 0]


@op
def perspective_transform(
    images: Tensor,
    start_points: Tensor,
    end_points: Tensor,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
):
    """Images as seen from another place: four points of the input go to four of the output.

    Args:
        images: one image or a batch.
        start_points: four points `(x, y)` of the input, `(4, 2)`, or `(batch, 4, 2)`.
        end_points: where they go, of the same shape.
        interpolation: `"bilinear"` or `"nearest"`.
        fill_value: what lies outside.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> corners = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]]
    >>> moved = [[1.0, 0.0], [3.0, 0.0], [1.0, 2.0], [3.0, 2.0]]
    >>> image = [[[1.0], [2.0], [3.0]]]
    >>> hb.ops.image.perspective_transform(image, corners, moved).round(3).tolist()
    [[[0.0], [1.0], [2.0]]]
    """
    _check("perspective_transform", interpolation, "constant")
    layout = Layout(images, data_format, "perspective_transform")
    shapes = start_points.shape, end_points.shape
    if shapes[0] != shapes[1] or len(shapes[0]) not in (2, 3) or shapes[0][-2:] != (4, 2):
        raise ValueError(
            "image.perspective_transform takes four points (x, y) before and after, (4, 2) or "
            f"(batch, 4, 2). Received: start_points.shape={shapes[0]}, "
            f"end_points.shape={shapes[1]}"
        )
    images = layout.images
    start, end = (
        _per_image(points.astype("float32"), images.shape[0], 2)
        for points in (start_points, end_points)
    )
    ys, xs = _projected(homographies(start, end), *_grid(images))
    return layout.back(_sample(images, ys, xs, interpolation, "constant", fill_value))


@op
def elastic_transform(
    images: Tensor,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed=None,
    data_format: str | None = None,
):
    """Images distorted as if on rubber: each pixel is moved by smooth noise.

    The noise is the same in both directions, as in Keras: pixels move along the diagonal.

    Args:
        images: one image or a batch.
        alpha: how strong.
        sigma: how smooth: the deviation, in pixels, of the noise's blur (and of the noise).
        interpolation, fill_mode, fill_value: as in `affine_transform`.
        seed: an int, a `SeedGenerator` or None.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    >>> import hornbill as hb
    >>> hb.ops.image.elastic_transform(hb.ops.ones((2, 8, 8, 3)), seed=1).shape
    (2, 8, 8, 3)
    """
    size = int(6 * sigma) | 1
    look = (interpolation, fill_mode, fill_value)
    return distort(images, alpha, sigma, size, *look, draw_key(seed), data_format)


def distort(
    images, alpha, sigma, size: int, interpolation, fill_mode, fill_value, key, data_format
):
    """`elastic_transform` with a blur of `size` pixels, so that `sigma` may be traced."""
    _check("elastic_transform", interpolation, fill_mode)
    layout = Layout(images, data_format, "elastic_transform")
    images = layout.images
    dtype = to_float(images).dtype
    noise = jax.random.normal(key, images.shape[:3], dtype) * sigma
    weights = blur_weights(size, sigma, dtype)
    shift = alpha * separable_filter(noise[..., None], weights, weights, "same")[..., 0]
    y, x = _grid(images)
    moved = _sample(images, y + shift, x + shift, interpolation, fill_mode, fill_value)
    return layout.back(moved.astype(images.dtype))


@op
def map_coordinates(
    inputs: Tensor,
    coordinates: Tensor,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0,
):
    """The values of an array at places between its elements.

    Args:
        inputs: an array of any rank.
        coordinates: `(rank, ...)`, the places: one array for each axis of `inputs`.
        order: 0 takes the nearest element, 1 interpolates.
        fill_mode, fill_value: as in `affine_transform`.

    Returns:
        An array of shape `coordinates.shape[1:]`.

    >>> import hornbill as hb
    >>> hb.ops.image.map_coordinates([1.0, 2.0, 3.0], [[0.5, 2.0]], 1).tolist()
    [1.5, 3.0]
    """
    if coordinates.ndim < 2 or coordinates.shape[0] != inputs.ndim:
        raise ValueError(
            "image.map_coordinates takes one array of places for each axis of the inputs, shape "
            f"({inputs.ndim}, ...). Received: coordinates.shape={coordinates.shape}"
        )
    check_choice("map_coordinates", "order", order, (0, 1))
    check_choice("map_coordinates", "fill_mode", fill_mode, FILL_MODES)
    return ndimage.map_coordinates(inputs, list(coordinates), order, fill_mode, fill_value)


__all__ = [name for name in public(globals()) if name not in ("distort", "homographies")]
