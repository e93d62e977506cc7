"""Images turned, moved, zoomed, sheared and seen from aside, at random.

Each of these is one matrix for each image, which says where in the input each place of the output
lies. Images and masks are sampled there; boxes go the other way.
"""

import jax.numpy as jnp

from ... import ops, random
from ...ops.boxes import clip_to_image_size, convert_format
from ...ops.image.geometry import homographies
from .image_base import ImagePreprocessing, choice, interval
from .image_tone import chosen

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


class Warp(ImagePreprocessing):
    """Base: subclasses draw, and say the `matrices` that follow.

    Args:
        interpolation: `"bilinear"` or `"nearest"`; masks always take the nearest.
        fill_mode: what lies outside: `"constant"`, `"nearest"` (the edge), `"wrap"` (the other
            side) or `"reflect"` (mirrored).
        fill_value: the constant.
    """

    def __init__(self, interpolation: str, fill_mode: str, fill_value: float, **kwargs):
        super().__init__(**kwargs)
        self.interpolation = choice(self, "interpolation", interpolation, INTERPOLATIONS)
        self.fill_mode = choice(self, "fill_mode", fill_mode, FILL_MODES)
        self.fill_value = fill_value

    def matrices(self, transformation, height, width):
        """For each image the eight numbers of `ops.image.affine_transform`."""
        raise NotImplementedError

    def _warp(self, images, transformation, interpolation):
        if transformation is None:
            return images
        return ops.image.affine_transform(
            images,
            self.matrices(transformation, *self.size_of(images.shape)),
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        ).astype(images.dtype)

    def change(self, images, transformation):
        return self._warp(images, transformation, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        masks = jnp.asarray(segmentation_masks)
        return self._warp(masks, transformation, "nearest") if training else masks

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        if not training or transformation is None:
            return bounding_boxes
        size = self.size_of(transformation["input_shape"])
        moved = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", *size)
        to_input = self.matrices(transformation, *size)
        to_input = jnp.concatenate([to_input, jnp.ones_like(to_input[:, :1])], 1)
        to_output = jnp.linalg.inv(to_input.reshape(-1, 3, 3))

        def move(x, y):
            places = jnp.stack([x, y, jnp.ones_like(x)])
            x, y, depth = jnp.einsum("bij,jbnk->ibnk", to_output, places)
            return x / depth, y / depth

        moved = clip_to_image_size({**moved, "boxes": _hull(moved["boxes"], move)}, *size)
        return convert_format(moved, "xyxy", self.bounding_box_format, *size)


def _hull(boxes, move):
    """The upright boxes around corners that `move(x, y)` sends elsewhere."""
    xs, ys = move(boxes[..., jnp.array([0, 2, 2, 0])], boxes[..., jnp.array([1, 1, 3, 3])])
    return jnp.stack([xs.min(-1), ys.min(-1), xs.max(-1), ys.max(-1)], -1)


def _rows(*columns):
    """Eight columns, numbers or one value for each image, as `(batch, 8)`."""
    arrays = [jnp.asarray(c, "float32").reshape(-1) for c in columns]
    return jnp.stack(jnp.broadcast_arrays(*arrays), axis=1)


class RandomRotation(Warp):
    """Turns each image around its middle, in training.

    Args:
        factor: how far, in turns, counterclockwise: `f` draws from `(-f, f)`, two numbers draw
            between them; all between -1 and 1.
        fill_mode: what lies outside: `"reflect"` (mirrored), `"wrap"` (the other side),
            `"constant"` or `"nearest"` (the edge).
        interpolation: `"bilinear"` or `"nearest"`; masks always take the nearest.
        seed: an int, with which each run draws the same; None draws one.
        fill_value: the constant.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomRotation((0.25, 0.25))
    >>> turned = layer(hb.ops.array([[[1.0], [2.0]], [[3.0], [4.0]]]))
    >>> turned[..., 0].round().tolist()
    [[2.0, 4.0], [1.0, 3.0]]
    """

    def __init__(
        self,
        factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs,
    ):
        settings = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(interpolation, fill_mode, fill_value, **settings)
        self.factor = interval(self, "factor", factor, -1)

    def draw(self, images, seed):
        low, high = self.factor
        angle = random.uniform(images.shape[:1], low * 360, high * 360, seed=seed)
        return {"angle": angle, "input_shape": images.shape}

    def matrices(self, transformation, height, width):
        angle = jnp.deg2rad(transformation["angle"])
        cos, sin = jnp.cos(angle), jnp.sin(angle)
        x, y = (width - 1) / 2, (height - 1) / 2
        return _rows(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos, 0, 0)


class RandomTranslation(Warp):
    """Moves each image, in training.

    Args:
        height_factor: how far down, as a share of the height: `f` draws from `(-f, f)`, two
            numbers draw between them; all between -1 and 1.
        width_factor: how far right, in the same way.
        fill_mode: what lies outside: `"reflect"` (mirrored), `"wrap"` (the other side),
            `"constant"` or `"nearest"` (the edge).
        interpolation: `"bilinear"` or `"nearest"`; masks always take the nearest.
        seed: an int, with which each run draws the same; None draws one.
        fill_value: the constant.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.RandomTranslation((0.5, 0.5), 0.0, fill_mode="constant")
    >>> layer(hb.ops.array([[[1.0], [2.0]], [[3.0], [4.0]]]))[..., 0].tolist()
    [[0.0, 0.0], [1.0, 2.0]]
    """

    def __init__(
        self,
        height_factor,
        width_factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs,
    ):
        settings = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(interpolation, fill_mode, fill_value, **settings)
        self.height_factor = interval(self, "height_factor", height_factor, -1, strict=True)
        self.width_factor = interval(self, "width_factor", width_factor, -1, strict=True)

    def draw(self, images, seed):
        height, width = self.size_of(images.shape)
        shape = (images.shape[0], 1)
        down = random.uniform(shape, *self.height_factor, seed=seed) * height
        right = random.uniform(shape, *self.width_factor, seed=seed) * width
        shift = jnp.concatenate([right, down], axis=1)
        return {"translations": shift, "input_shape": images.shape}

    def matrices(self, transformation, height, width):
        right, down = jnp.asarray(transformation["translations"]).T
        return _rows(1, 0, -right, 0, 1, -down, 0, 0)


class RandomZoom(Warp):
    """Shows each image smaller or larger around its middle, in training.

    Args:
        height_factor: how much smaller, as a share: 0.2 shows 1.2 times the height, -0.2 shows
            0.8 of it. `f` draws from `(-f, f)`, two numbers draw between them; all above -1 and
            not above 1.
        width_factor: in the same way; None takes what was drawn for the height, so that
            proportions stay.
        fill_mode: what lies outside: `"reflect"` (mirrored), `"wrap"` (the other side),
            `"constant"` or `"nearest"` (the edge).
        interpolation: `"bilinear"` or `"nearest"`; masks always take the nearest.
        seed: an int, with which each run draws the same; None draws one.
        fill_value: the constant.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.RandomZoom(0.2)(hb.ops.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    def __init__(
        self,
        height_factor,
        width_factor=None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs,
    ):
        settings = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(interpolation, fill_mode, fill_value, **settings)
        self.height_factor = self._factor("height_factor", height_factor)
        self.width_factor = None
        if width_factor is not None:
            self.width_factor = self._factor("width_factor", width_factor)

    def _factor(self, name, value):
        found = interval(self, name, value, -1, strict=True)
        if -1 in (value if isinstance(value, (tuple, list)) else [value]):
            raise ValueError(
                f"RandomZoom's {name} is above -1, where nothing of the image would be shown. "
                f"Received: {name}={value!r}"
            )
        return found

    def draw(self, images, seed):
        def drawn(factor):
            shape = (images.shape[0], 1)
            return random.uniform(shape, 1.0 + factor[0], 1.0 + factor[1], seed=seed)

        height = drawn(self.height_factor)
        width = height if self.width_factor is None else drawn(self.width_factor)
        return {"height_zoom": height, "width_zoom": width, "input_shape": images.shape}

    def matrices(self, transformation, height, width):
        across, down = transformation["width_zoom"], transformation["height_zoom"]
        right, below = (width - 1) / 2 * (1 - across), (height - 1) / 2 * (1 - down)
        return _rows(across, 0, right, 0, down, below, 0, 0)


class RandomShear(Warp):
    """Slants each image, in training.

    Args:
        x_factor: how far each row is moved against the one above, in pixels: `f` draws from
            `(-f, f)`, two numbers draw between them. The direction is drawn as well.
        y_factor: in the same way for columns.
        interpolation: `"bilinear"` or `"nearest"`; masks always take the nearest.
        fill_mode: what lies outside: `"reflect"` (mirrored), `"wrap"` (the other side),
            `"constant"` or `"nearest"` (the edge).
        fill_value: the constant.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.RandomShear(0.3, 0.3)(hb.ops.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    def __init__(
        self,
        x_factor=0.0,
        y_factor=0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        settings = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(interpolation, fill_mode, fill_value, **settings)
        self.x_factor = interval(self, "x_factor", x_factor, -1, strict=True)
        self.y_factor = interval(self, "y_factor", y_factor, -1, strict=True)

    def draw(self, images, seed):
        shape = (images.shape[0], 1)
        direction = jnp.where(random.uniform(shape, seed=seed) > 0.5, -1.0, 1.0)
        down = random.uniform(shape, *self.y_factor, seed=seed)
        across = random.uniform(shape, *self.x_factor, seed=seed)
        shear = jnp.concatenate([across, down], axis=1) * direction
        return {"shear_factor": shear, "input_shape": images.shape}

    def matrices(self, transformation, height, width):
        across, down = jnp.asarray(transformation["shear_factor"]).T
        return _rows(1, across, 0, down, 1, 0, 0, 0)


class RandomPerspective(Warp):
    """Shows some of the images from aside, in training: the four corners are moved.

    Args:
        factor: the probability for each image: `f` draws it from `(0, f)`, two numbers draw it
            between them.
        scale: how far corners move: each coordinate by up to half of this share of itself.
        interpolation: `"bilinear"` or `"nearest"`; masks always take the nearest.
        fill_value: what lies outside.
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.RandomPerspective()(hb.ops.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    def __init__(
        self,
        factor=1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs,
    ):
        settings = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(interpolation, "constant", fill_value, **settings)
        self.factor = interval(self, "factor", factor)
        if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 0 <= scale <= 1:
            raise ValueError(
                f"RandomPerspective's scale is between 0 and 1. Received: scale={scale!r}"
            )
        self.scale = scale

    def draw(self, images, seed):
        height, width = self.size_of(images.shape)
        apply = chosen(images, self.factor, seed)
        half = 0.5 * self.scale
        moves = random.uniform((images.shape[0], 4, 2), -half, half, seed=seed)
        right, bottom = width - 1.0, height - 1.0
        corners = jnp.array([[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]])
        corners = jnp.broadcast_to(corners, moves.shape)
        return {
            "apply_perspective": apply,
            "start_points": corners,
            "end_points": corners + corners * moves,
            "input_shape": images.shape,
        }

    def matrices(self, transformation, height, width):
        start, end = (jnp.asarray(transformation[k]) for k in ("start_points", "end_points"))
        apply = jnp.asarray(transformation["apply_perspective"])[:, None]
        return jnp.where(apply, homographies(start, end), _rows(1, 0, 0, 0, 1, 0, 0, 0))
