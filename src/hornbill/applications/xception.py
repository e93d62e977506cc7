"""Xception: separable convolutions, two or three to a block, with shortcuts around the blocks."""

from ..layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    MaxPooling2D,
    SeparableConv2D,
)
from .assemble import ARGUMENTS, application, files, last_axis
from .imagenet_utils import decode_predictions, preprocessing

__all__ = ["Xception", "decode_predictions", "preprocess_input"]


def _norm(x, name: str | None = None):
    return BatchNormalization(axis=last_axis(), name=name)(x)


def _relu(x, name: str):
    return Activation("relu", name=f"{name}_act")(x)


def _conv(x, name: str, filters: int, strides: int = 1):
    x = Conv2D(filters, 3, strides=strides, use_bias=False, name=name)(x)
    return _relu(_norm(x, f"{name}_bn"), name)


def _separable(x, name: str, filters: int):
    x = SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _norm(x, f"{name}_bn")


def _separables(x, block: int, *filters: int):
    """The separable convolutions of a block, each of which reads its input's positive part."""
    for i, count in enumerate(filters, 1):
        name = f"block{block}_sepconv{i}"
        if (block, i) != (2, 1):  # what block 2 reads is positive already
            x = _relu(x, name)
        x = _separable(x, name, count)
    return x


def _halved(x, block: int, *filters: int):
    """A block that halves the width and height, as its shortcut does."""
    shortcut = Conv2D(filters[-1], 1, strides=2, padding="same", use_bias=False)(x)
    x = _separables(x, block, *filters)
    x = MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(x)
    return Add()([x, _norm(shortcut)])


def _features(x):
    x = _conv(x, "block1_conv1", 32, strides=2)
    x = _conv(x, "block1_conv2", 64)
    for block, filters in enumerate((128, 256, 728), 2):
        x = _halved(x, block, filters, filters)
    for block in range(5, 13):
        x = Add()([_separables(x, block, 728, 728, 728), x])
    x = _halved(x, 13, 728, 1024)
    for name, filters in (("block14_sepconv1", 1536), ("block14_sepconv2", 2048)):
        x = _relu(_separable(x, name, filters), name)
    return x


Xception = application(
    "Xception",
    "Xception, for images of 299 by 299.\n\n"
    f"Source: Chollet 2016, https://arxiv.org/abs/1610.02357.\n\n{ARGUMENTS}",
    features=_features,
    name="xception",
    size=299,
    least=71,
    files=files(
        "xception",
        "xception",
        "0a58e3b7378bc2990ea3b43d5981f1f6",
        "b0042744bf5b25fce3cb969f33bebb97",
    ),
)

preprocess_input = preprocessing("tf")
