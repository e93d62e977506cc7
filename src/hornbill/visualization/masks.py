"""Segmentation masks laid over images."""

import numpy as np

from ..engine.config import standardize_data_format
from ..engine.operation import convert_to_numpy
from .common import image_batch


def draw_segmentation_masks(
    images,
    segmentation_masks,
    num_classes: int | None = None,
    color_mapping: dict | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> np.ndarray:
    """Paints each pixel in the color of its class.

    Args:
        images: `(batch, height, width, 3)`, of values from 0 to 255.
        segmentation_masks: the class of each pixel, ints of shape `(batch, height, width)` or
            `(batch, height, width, 1)`.
        num_classes: the highest class; that of the masks when None. Pixels of higher ones stay.
        color_mapping: `{class: (red, green, blue)}`; made up when None, black for class 0, the
            background. Pixels of class 0 stay as they are when the mapping leaves it out.
        alpha: how much of the color covers the image, from 0 to 1.
        blend: False paints the plain color.
        ignore_index: a class whose pixels stay as they are.
        data_format: `"channels_last"` or `"channels_first"`, of images and masks; the configured
            one when None.

    Returns:
        The images, channels last: bytes, or float32 without `blend`.

    Raises:
        ValueError: for images of another form, a class without a color, or an alpha outside 0 to 1.
        TypeError: if the masks are not ints.

    >>> import hornbill as hb, numpy as np
    >>> image, mask = np.zeros((1, 1, 2, 3)), np.array([[[0, 1]]])
    >>> colors = {1: (100, 50, 0)}
    >>> hb.visualization.draw_segmentation_masks(
    ...     image, mask, color_mapping=colors, alpha=0.5
    ... ).tolist()
    [[[[0, 0, 0], [50, 25, 0]]]]
    """
    images = image_batch("draw_segmentation_masks", images, data_format).astype("float32")
    masks = convert_to_numpy(segmentation_masks)
    if masks.dtype.kind not in "iu":
        raise TypeError(
            "visualization.draw_segmentation_masks takes masks of ints. "
            f"Received: segmentation_masks.dtype={masks.dtype}"
        )
    if masks.ndim == 4:
        masks = (
            masks[:, 0]
            if standardize_data_format(data_format) != "channels_last"
            else (masks[..., 0])
        )
    if masks.shape != images.shape[:3]:
        raise ValueError(
            "visualization.draw_segmentation_masks needs a class for each pixel. Received: images "
            f"of shape {images.shape}, segmentation_masks of shape {masks.shape}"
        )
    if not 0 <= alpha <= 1:
        raise ValueError(f"draw_segmentation_masks's alpha is from 0 to 1. Received: {alpha!r}")
    highest = int(masks.max(initial=0)) if num_classes is None else num_classes
    painted = images.copy()
    for label in np.unique(masks):
        if 0 <= label <= highest and label != ignore_index:
            color = _color(int(label), color_mapping)
            if color is not None:
                painted[masks == label] = color
    return ((1 - alpha) * images + alpha * painted).astype("uint8") if blend else painted


def _color(label: int, mapping: dict | None):
    if mapping is None:
        # Far apart for neighbouring classes, and the same for each run.
        return [label * step % 255 for step in (2**25 - 1, 2**15 - 1, 2**21 - 1)]
    if label not in mapping and label != 0:
        raise ValueError(
            f"draw_segmentation_masks's color_mapping has no color for class {label}. "
            f"Received: color_mapping with the classes {sorted(mapping)}"
        )
    return mapping.get(label)
