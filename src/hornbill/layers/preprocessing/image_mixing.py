"""MixUp and CutMix: each image together with another of its batch."""

import jax.numpy as jnp

from ... import random
from .image_base import ImagePreprocessing, interval
from .image_erasing import random_span, rectangles


def _partners(values, transformation):
    return jnp.take(values, jnp.asarray(transformation["permutation_order"]), axis=0)


def _blend(values, transformation):
    """The weighted mean of each entry of a batch and its partner."""
    values = jnp.asarray(values)
    weight = jnp.asarray(transformation["mix_weight"])
    weight = weight.reshape(-1, *(1,) * (values.ndim - 1))
    if jnp.issubdtype(values.dtype, jnp.floating):
        weight = weight.astype(values.dtype)
    return weight * values + (1 - weight) * _partners(values, transformation)


class MixUp(ImagePreprocessing):
    """The weighted mean of each image and another of the batch, in training; so for labels.

    https://arxiv.org/abs/1710.09412. Labels are numbers or one-hot vectors. Boxes are those of
    both images. Masks are mixed as images are.

    Args:
        alpha: the weights come from the beta distribution of `(alpha, alpha)`: near 0 most are
            near 0 or 1, at 1 all are as likely.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        seed: an int, with which each run draws the same; None draws one.

    Input and output shape: `(batch, height, width, channels)`, or a dict, see
    `ImagePreprocessing`; boxes `(batch, n, 4)` become `(batch, 2 n, 4)`.

    >>> import hornbill as hb
    >>> data = {"images": hb.ops.ones((2, 4, 4, 3)), "labels": hb.ops.eye(2)}
    >>> hb.layers.MixUp()(data)["labels"].sum(1).round(3).tolist()
    [1.0, 1.0]
    """

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or alpha <= 0:
            raise ValueError(f"MixUp's alpha is a positive number. Received: alpha={alpha!r}")
        self.alpha = alpha

    def draw(self, images, seed):
        batch = images.shape[0]
        order = random.shuffle(jnp.arange(batch), seed=seed)
        weight = random.beta((batch,), self.alpha, self.alpha, seed=seed)
        return {"mix_weight": weight, "permutation_order": order}

    def change(self, images, transformation):
        return _blend(images, transformation)

    def transform_labels(self, labels, transformation=None, training=True):
        return _blend(labels, transformation) if training else labels

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        if not training:
            return bounding_boxes
        both = {
            name: jnp.concatenate([values, _partners(values, transformation)], axis=1)
            for name, values in bounding_boxes.items()
        }
        return both

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return _blend(segmentation_masks, transformation) if training else segmentation_masks


class CutMix(ImagePreprocessing):
    """A rectangle of each image comes from another of the batch, in training.

    https://arxiv.org/abs/1905.04899. Labels (numbers or one-hot vectors) are mixed by area,
    masks are cut in the same way. Bounding boxes are an error.

    Args:
        factor: the `alpha` of the beta distribution from which areas come: `f` draws it from
            `(0, f)`, two numbers draw it between them; all between 0 and 1.
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or a dict, see
    `ImagePreprocessing`. One image alone stays.

    >>> import hornbill as hb
    >>> data = {"images": hb.ops.ones((2, 4, 4, 3)), "labels": hb.ops.eye(2)}
    >>> hb.layers.CutMix()(data)["labels"].sum(1).round(3).tolist()
    [1.0, 1.0]
    """

    def __init__(
        self, factor=1.0, seed: int | None = None, data_format: str | None = None, **kwargs
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = interval(self, "factor", factor)

    def draw(self, images, seed):
        batch, (height, width) = images.shape[0], self.size_of(images.shape)
        # A little more than 0: the beta distribution has no meaning there.
        alpha = random.uniform((), *self.factor, seed=seed) + 1e-6
        side = jnp.sqrt(1 - random.beta((batch,), alpha, alpha, seed=seed))
        across, down = random_span(width, side, seed), random_span(height, side, seed)
        area = (across[1] - across[0]) * (down[1] - down[0])
        return {
            "batch_masks": rectangles(self, images, across, down),
            "mix_weight": 1 - area / (width * height),
            "permutation_order": random.shuffle(jnp.arange(batch), seed=seed),
        }

    def change(self, images, transformation):
        return jnp.where(transformation["batch_masks"], _partners(images, transformation), images)

    def transform_labels(self, labels, transformation=None, training=True):
        return _blend(labels, transformation) if training else labels

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return self.change(segmentation_masks, transformation) if training else segmentation_masks
