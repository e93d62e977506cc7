"""RandAugment and AugMix: a few of many augmentations, chosen at random."""

from functools import partial

import jax
import jax.numpy as jnp

from ... import random
from ...engine.random import draw_key
from ...engine.scope import StatelessScope
from .image_base import ImagePreprocessing, check_value_range, interval, positive_int
from .image_color import RandomBrightness, RandomColorDegeneration, RandomContrast
from .image_filter import RandomSharpness
from .image_tone import AutoContrast, Equalization, RandomPosterization, Solarization
from .image_warp import RandomRotation, RandomShear, RandomTranslation

COLORS = ("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness")
OTHERS = ("random_posterization", "solarization", "auto_contrast", "equalization")
MOVES = ("random_shear", "random_translation", "random_rotation")


def choose(index, branches, *args):
    """`branches[index](*args)`: only the chosen one runs, in a trace as well."""
    if isinstance(index, jax.core.Tracer):
        return jax.lax.switch(index, branches, *args)
    return branches[int(index)](*args)


def scan(step, values, drawn):
    """`step(values, row)` for each row of the arrays in `drawn`; compiled once in a trace."""
    if isinstance(drawn[0], jax.core.Tracer):
        return jax.lax.scan(lambda values, row: (step(values, row), None), values, drawn)[0]
    for row in zip(*drawn, strict=True):
        values = step(values, row)
    return values


class _Policy(ImagePreprocessing):
    """Base: holds the augmentations, as attributes of Keras's names, each of the same strength."""

    names: tuple[str, ...]

    def __init__(self, value_range, factor, interpolation, seed, data_format, **kwargs):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.value_range = check_value_range(self, value_range)
        self.factor = interval(self, "factor", factor)
        self.interpolation = interpolation
        base = {
            "dtype": self.dtype_policy,
            "data_format": data_format,
            "bounding_box_format": self.bounding_box_format,
        }
        values = {"value_range": self.value_range, **base}
        drawn = {"factor": self.factor, "seed": seed, **values}
        moved = {"interpolation": interpolation, "seed": seed, **base}
        bits = max(1, int(8 * self.factor[1]))
        f = self.factor
        self.random_shear = RandomShear(f, f, **moved)
        self.random_translation = RandomTranslation(f, f, **moved)
        self.random_rotation = RandomRotation(f, **moved)
        self.random_posterization = RandomPosterization(**{**drawn, "factor": bits})
        self.solarization = Solarization(f, f, seed=seed, **values)
        self.auto_contrast = AutoContrast(**values)
        self.equalization = Equalization(**values)
        if "random_brightness" in self.names:
            self.random_brightness = RandomBrightness(**drawn)
            self.random_color_degeneration = RandomColorDegeneration(**drawn)
            self.random_contrast = RandomContrast(**drawn)
            self.random_sharpness = RandomSharpness(**drawn)


class RandAugment(_Policy):
    """Applies `num_ops` augmentations to a batch, chosen at random, in training.

    https://arxiv.org/abs/1909.13719. They are: shear, translation, rotation, brightness, color
    degeneration, contrast, sharpness, posterization, solarization, auto contrast, equalization.

    Args:
        value_range: the least and the largest value of a pixel.
        num_ops: how many, one after another; the same may be chosen twice.
        factor: how strong they are: `f` lets them draw from `(0, f)`, two numbers between them.
        interpolation: `"bilinear"` or `"nearest"`.
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, 3)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> hb.layers.RandAugment(num_ops=1)(hb.ops.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3)
    """

    names = (*MOVES, *COLORS, *OTHERS)

    def __init__(
        self,
        value_range=(0, 255),
        num_ops: int = 2,
        factor=0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(value_range, factor, interpolation, seed, data_format, **kwargs)
        self.num_ops = positive_int(self, "num_ops", num_ops)

    def draw(self, images, seed):
        chosen = random.randint((self.num_ops,), 0, len(self.names), seed=seed)
        drawn = {name: getattr(self, name).draw(images, seed) for name in self.names}
        return {"transforms": drawn, "layer_idxes": chosen}

    def _apply(self, method, values, transformation):
        drawn = transformation["transforms"]
        steps = [
            partial(getattr(getattr(self, name), method), transformation=drawn[name])
            for name in self.names
        ]

        def step(values, drawn):
            return choose(drawn[0], steps, values)

        return scan(step, values, (transformation["layer_idxes"],))

    def change(self, images, transformation):
        return self._apply("transform_images", images, transformation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        if not training:
            return segmentation_masks
        return self._apply("transform_segmentation_masks", segmentation_masks, transformation)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        if not training:
            return bounding_boxes
        return self._apply("transform_bounding_boxes", bounding_boxes, transformation)


class AugMix(_Policy):
    """A weighted mean of each image and of chains of augmentations of it, in training.

    https://arxiv.org/abs/1912.02781. Masks are mixed as images are; boxes stay.

    Args:
        value_range: the least and the largest value of a pixel; results are cut to it.
        num_chains: how many chains.
        chain_depth: how many steps each has; a step may also do nothing.
        factor: how strong the steps are: `f` lets them draw from `(0, f)`, two numbers between
            them.
        alpha: of the Dirichlet and beta distributions of the weights.
        all_ops: whether brightness, color degeneration, contrast and sharpness are among the
            steps; shear, translation, rotation, posterization, solarization, auto contrast and
            equalization always are.
        interpolation: `"bilinear"` or `"nearest"`.
        seed: an int, with which each run draws the same; None draws one.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, 3)`, or one image, or a dict, see
    `ImagePreprocessing`.

    >>> import hornbill as hb
    >>> layer = hb.layers.AugMix(num_chains=2, chain_depth=1)
    >>> layer(hb.ops.ones((2, 8, 8, 3)), training=False).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        value_range=(0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor=0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs,
    ):
        self.names = (*MOVES, *OTHERS, *(COLORS if all_ops else ()))
        super().__init__(value_range, factor, interpolation, seed, data_format, **kwargs)
        self.num_chains = positive_int(self, "num_chains", num_chains)
        self.chain_depth = positive_int(self, "chain_depth", chain_depth)
        if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or alpha <= 0:
            raise ValueError(f"AugMix's alpha is a positive number. Received: alpha={alpha!r}")
        self.alpha, self.all_ops = alpha, all_ops

    def draw(self, images, seed):
        shares = random.gamma((self.num_chains,), self.alpha, seed=seed)
        weight = random.beta((), self.alpha, self.alpha, seed=seed)
        steps = (self.num_chains, self.chain_depth)
        return {
            "chain_mixing_weights": shares / shares.sum(),
            "weight_sample": weight,
            # The last of the choices is to do nothing.
            "layers": random.randint(steps, 0, len(self.names) + 1, seed=seed),
            "keys": jax.random.bits(draw_key(seed), (*steps, 2), "uint32"),
        }

    def _step(self, name, method, values, key):
        """One augmentation, which draws from `key` instead of its own generator."""
        layer = getattr(self, name)
        with StatelessScope([(layer.generator.state, key)] if layer.draws else []):
            drawn = layer.get_random_transformation(values)
        return getattr(layer, method)(values, drawn)

    def _mix(self, method, values, transformation):
        steps = [partial(self._step, name, method) for name in self.names]
        steps.append(lambda values, key: values)

        def step(values, drawn):
            return choose(drawn[0], steps, values, drawn[1])

        def chain(mixed, drawn):
            layers, keys, share = drawn
            return mixed + scan(step, values, (layers, keys)) * share

        names = ("layers", "keys", "chain_mixing_weights")
        drawn = [jnp.asarray(transformation[name]) for name in names]
        drawn[2] = drawn[2].astype(values.dtype)
        mixed = scan(chain, jnp.zeros_like(values), drawn)
        weight = transformation["weight_sample"].astype(values.dtype)
        return weight * values + (1 - weight) * mixed

    def change(self, images, transformation):
        return jnp.clip(self._mix("transform_images", images, transformation), *self.value_range)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        if not training:
            return segmentation_masks
        masks = jnp.asarray(segmentation_masks, self.compute_dtype)
        return self._mix("transform_segmentation_masks", masks, transformation)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        return bounding_boxes
