"""MaxNumBoundingBoxes: the same number of boxes for each image."""

import jax.numpy as jnp

from .image_base import ColorPreprocessing, positive_int


class MaxNumBoundingBoxes(ColorPreprocessing):
    """Fills boxes and their labels up to a number, or cuts them off there.

    Args:
        max_number: how many boxes each image has afterwards.
        fill_value: what the boxes and labels hold that are added.

    Inputs: a dict of `"images"` and `"bounding_boxes"`, see `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.MaxNumBoundingBoxes(2, bounding_box_format="xyxy")
    >>> boxes = {"boxes": hb.ops.ones((1, 1, 4)), "labels": hb.ops.ones((1, 1))}
    >>> data = layer({"images": hb.ops.ones((1, 4, 4, 3)), "bounding_boxes": boxes})
    >>> data["bounding_boxes"]["labels"].tolist()
    [[1.0, -1.0]]
    """

    draws = False

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs):
        super().__init__(**kwargs)
        self.max_number = positive_int(self, "max_number", max_number)
        self.fill_value = int(fill_value)

    def transform_images(self, images, transformation=None, training=True):
        return images

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        def fitted(values):
            values = jnp.asarray(values)[:, : self.max_number]
            sides = [(0, 0)] * values.ndim
            sides[1] = (0, self.max_number - values.shape[1])
            return jnp.pad(values, sides, constant_values=self.fill_value)

        return {name: fitted(values) for name, values in bounding_boxes.items()}
