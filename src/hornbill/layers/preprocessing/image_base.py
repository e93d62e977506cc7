"""ImagePreprocessing: the base of all layers that change images, and their boxes and masks.

A call draws one transformation (`get_random_transformation`) and hands it to the four
`transform_*` methods, so that images, labels, boxes and masks change together. Inside, images
are always a batch: a single one becomes a batch of one at the door.
"""

import jax
import jax.numpy as jnp

from ...engine.config import standardize_data_format
from ...engine.random import SeedGenerator
from ...ops.boxes.formats import FORMATS
from ..base import Layer

PARTS = ("images", "bounding_boxes", "labels", "segmentation_masks")


class ImagePreprocessing(Layer):
    """Base of image layers.

    A subclass says what a transformation is and what it does. Of the methods below it overrides
    those that it needs:

    - `draw(images, seed)`: what one call draws, or
      `get_random_transformation(data, training, seed)`, which calls it in training only;
    - `change(images, transformation)`: the new images, in training, or `transform_images`;
    - `transform_labels`, `transform_bounding_boxes`, `transform_segmentation_masks`.

    Args:
        seed: an int, with which each run draws the same; None draws one. Only for layers that
            draw.
        bounding_box_format: how boxes are written, see `utils.bounding_boxes.convert_format`;
            needed when the data has boxes.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Inputs: images of rank 3 (one) or 4 (a batch), or a dict with `"images"` and any of
    `"labels"`, `"segmentation_masks"` (like images) and `"bounding_boxes"`, a dict of `"boxes"`,
    `(batch, n, 4)`, and `"labels"`, `(batch, n)`; lists of different lengths are filled up with
    boxes of zeros and the label -1. What else the dict holds is handed on. The dict given stays
    as it was.

    >>> import hornbill as hb
    >>> from hornbill.layers.preprocessing.image_base import ImagePreprocessing
    >>> class Negative(ImagePreprocessing):
    ...     def change(self, images, transformation):
    ...         return 255 - images
    >>> Negative()(hb.ops.ones((1, 1, 1))).tolist(), Negative()(
    ...     hb.ops.ones((1, 1, 1)), training=False).tolist()
    ([[[254.0]]], [[[1.0]]])
    """

    draws = True  # whether the layer has a generator of its own

    def __init__(self, seed=None, bounding_box_format=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        if bounding_box_format is not None:
            choice(self, "bounding_box_format", bounding_box_format, FORMATS)
        self.bounding_box_format = bounding_box_format
        self.data_format = standardize_data_format(data_format)
        if self.draws:
            self.seed = seed
            self.generator = SeedGenerator(seed)
        elif seed is not None:
            raise TypeError(
                f"{type(self).__name__} draws nothing, so it takes no seed. Received: seed={seed}"
            )

    # ---- one call --------------------------------------------------------------------------

    def call(self, data, training=True):
        if not isinstance(data, dict):
            return self.call({"images": data}, training=training)["images"]
        if "images" not in data:
            raise ValueError(
                f"{type(self).__name__} takes images or a dict with the key 'images'. "
                f"Received: keys {sorted(data)}"
            )
        convert = {"bounding_boxes": _dense}
        parts = {k: convert.get(k, jnp.asarray)(v) for k, v in data.items() if k in PARTS}
        rank = parts["images"].ndim
        if rank not in (3, 4):
            raise ValueError(
                f"{type(self).__name__} takes one image (rank 3) or a batch (rank 4). "
                f"Received: images of shape {parts['images'].shape}"
            )
        if "bounding_boxes" in parts and self.bounding_box_format is None:
            raise ValueError(
                f"The data has bounding boxes, but {type(self).__name__} was not told how they "
                "are written: pass bounding_box_format='xyxy' (or another format) to the layer. "
                "Received: bounding_box_format=None"
            )
        if rank == 3:
            parts = jax.tree.map(lambda x: x[None], parts)
        transformation = self.get_random_transformation(parts, training=training)
        changed = {
            name: getattr(self, f"transform_{name}")(part, transformation, training=training)
            for name, part in parts.items()
        }
        if rank == 3:
            changed = jax.tree.map(lambda x: x[0], changed)
        return {**data, **changed}

    # ---- what subclasses say ---------------------------------------------------------------

    def draw(self, images, seed):
        """What a call in training draws for a batch of images; any structure."""
        return None

    def change(self, images, transformation):
        """The images of a call in training; the dtype may change."""
        raise NotImplementedError(
            f"{type(self).__name__} does not say what it does to images. Write "
            "`def change(self, images, transformation)` or `transform_images`."
        )

    # ---- the steps of a call, as Keras has them --------------------------------------------

    def get_random_transformation(self, data, training: bool = True, seed=None):
        """What this call draws, for the `transform_*` methods; None when it changes nothing.

        Args:
            data: a batch of images, or the dict that has it.
            training: whether anything is drawn.
            seed: whatever `hornbill.random` takes; the layer's own generator when None.
        """
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        return self.draw(images, self.generator if seed is None and self.draws else seed)

    def transform_images(self, images, transformation=None, training: bool = True):
        """The new images, in the layer's compute dtype."""
        images = jnp.asarray(images, self.compute_dtype)
        if not training:
            return images
        return self.change(images, transformation).astype(self.compute_dtype)

    def transform_labels(self, labels, transformation=None, training: bool = True):
        """The new labels."""
        return labels

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training: bool = True):
        """The new boxes: a dict of `"boxes"` and `"labels"`."""
        raise NotImplementedError(
            f"{type(self).__name__} cannot move bounding boxes. Leave them out of the data, or "
            "write `def transform_bounding_boxes(self, bounding_boxes, transformation, training)`."
        )

    def transform_segmentation_masks(
        self, segmentation_masks, transformation=None, training: bool = True
    ):
        """The new masks: one class for each pixel, so nothing is interpolated."""
        raise NotImplementedError(
            f"{type(self).__name__} cannot change segmentation masks. Leave them out of the data, "
            "or write `def transform_segmentation_masks(self, segmentation_masks, transformation, "
            "training)`."
        )

    # ---- shapes ----------------------------------------------------------------------------

    @property
    def size_axes(self) -> tuple[int, int]:
        """The axes of height and width, counted from the end."""
        return (-3, -2) if self.data_format == "channels_last" else (-2, -1)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels, counted from the end."""
        return -1 if self.data_format == "channels_last" else -3

    def size_of(self, shape) -> tuple:
        """Height and width in a shape of images."""
        return tuple(shape[axis] for axis in self.size_axes)


class ColorPreprocessing(ImagePreprocessing):
    """Base of layers that change colours alone: boxes and masks stay as they are."""

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training: bool = True):
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks, transformation=None, training: bool = True
    ):
        return segmentation_masks


def _dense(bounding_boxes) -> dict:
    """Boxes and their labels as arrays; lists of different lengths are filled up."""
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= set(bounding_boxes):
        raise ValueError(
            "bounding_boxes is a dict with the keys 'boxes' and 'labels'. "
            f"Received: bounding_boxes={bounding_boxes!r}"
        )
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    if isinstance(boxes, (list, tuple)) and isinstance(labels, (list, tuple)):
        if len(boxes) != len(labels):
            raise ValueError(
                "bounding_boxes has as many entries in 'boxes' as in 'labels'. "
                f"Received: {len(boxes)} and {len(labels)}"
            )
        if labels and isinstance(labels[0], (list, tuple)):  # one list for each image
            most = max(len(one) for one in labels)
            boxes = [[*b, *[[0.0] * 4] * (most - len(b))] for b in boxes]
            labels = [[*one, *[-1] * (most - len(one))] for one in labels]
    made = {"boxes": jnp.asarray(boxes, "float32"), "labels": jnp.asarray(labels)}
    if made["boxes"].ndim not in (2, 3) or made["labels"].ndim < made["boxes"].ndim - 1:
        raise ValueError(
            "bounding_boxes holds boxes (n, 4) or (batch, n, 4), and one label for each. "
            f"Received: boxes {made['boxes'].shape}, labels {made['labels'].shape}"
        )
    return made


# ---- arguments ---------------------------------------------------------------------------------


def interval(layer, name: str, value, low=0.0, high=1.0, strict: bool = False):
    """The range to draw from, out of a number or two.

    A number `f` stands for `(-f, f)`, cut at `low`. Two numbers are the range itself; with
    `strict` both lie between `low` and `high`, without it the range only has to reach there.
    """
    who = f"{type(layer).__name__}'s {name}"
    if isinstance(value, (tuple, list)) and len(value) == 2:
        lower, upper = sorted(value)
        inside = low <= lower and upper <= high if strict else lower <= high and upper >= low
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        lower, upper = max(-abs(value), low), abs(value)
        inside = low <= value <= high
    else:
        inside = False
    if not inside:
        raise ValueError(
            f"{who} is a number between {low} and {high}, or two of them. "
            f"Received: {name}={value!r}"
        )
    return lower, upper


def check_value_range(layer, value) -> tuple:
    """The least and the largest value of a pixel."""
    if not isinstance(value, (tuple, list)) or len(value) != 2 or value[0] == value[1]:
        raise ValueError(
            f"{type(layer).__name__}'s value_range is two numbers, such as (0, 255): the least "
            f"and the largest value of a pixel. Received: value_range={value!r}"
        )
    return tuple(sorted(value))


def choice(layer, name: str, value, choices):
    """A setting that is one of a few."""
    if value not in choices:
        raise ValueError(
            f"{type(layer).__name__}'s {name} is one of {', '.join(map(repr, choices))}. "
            f"Received: {name}={value!r}"
        )
    return value


def positive_int(layer, name: str, value) -> int:
    """A size or a count."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value <= 0:
        raise ValueError(
            f"{type(layer).__name__}'s {name} is a positive int. Received: {name}={value!r}"
        )
    return int(value)


# ---- formulas ----------------------------------------------------------------------------------


def each(values, images):
    """One number for each image, in a shape and dtype that multiply images."""
    return jnp.asarray(values).reshape(-1, 1, 1, 1).astype(images.dtype)


def rescale(images, source, target):
    """Values of the range `source` in the range `target`."""
    if tuple(source) == tuple(target):
        return images
    share = (images - source[0]) / (source[1] - source[0])
    return share * (target[1] - target[0]) + target[0]
