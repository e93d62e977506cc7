"""EfficientNetV2: its first blocks expand by one convolution of all channels."""

import functools
import math

from ..initializers import Constant
from ..layers import DepthwiseConv2D, Normalization, Rescaling
from .assemble import ARGUMENTS, ORDER, STORE, application, channel_axis, multiple_of_8
from .efficientnet import (
    POOLS,
    bottleneck,
    classifier,
    convolved,
    each_block,
    fan_out,
    normalized,
    shortcut,
)
from .imagenet_utils import TORCH_DEVIATION, TORCH_MEAN, decode_predictions, preprocessing

__all__ = [
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "decode_predictions",
    "preprocess_input",
]

preprocess_input = preprocessing(None)

MOMENTUM = 0.9
KERNEL = 3

# Strides, expansion, and whether it is fused, of each stage.
STAGES = (
    (1, 1, True),
    (2, 4, True),
    (2, 4, True),
    (2, 4, False),
    (1, 6, False),
    (2, 6, False),
    (1, 6, False),
)
# Repeats and filters: the paper's table 4 for S, and likewise.
BASE = (1, 16), (2, 32), (2, 48), (3, 96), (5, 112), (8, 192)
SMALL = (2, 24), (4, 48), (4, 64), (6, 128), (9, 160), (15, 256)
MEDIUM = (3, 24), (5, 48), (5, 80), (7, 160), (14, 176), (18, 304), (5, 512)
LARGE = (4, 32), (7, 64), (7, 96), (10, 192), (19, 224), (25, 384), (7, 640)


def _depthwise(x, kernel: int, strides: int, name: str):
    return DepthwiseConv2D(
        kernel,
        strides=strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=fan_out(),
        name=f"{name}dwconv2",
    )(x)


def _fused(inputs, name: str, drop: float, strides: int, filters: int, expansion: int):
    """A bottleneck that expands and convolves in one; without expansion that is all."""
    first = {"kernel": KERNEL, "strides": strides}
    x = inputs
    if expansion > 1:
        x = convolved(x, x.shape[channel_axis()] * expansion, f"{name}expand_", **first)
        x = normalized(x, f"{name}expand_", MOMENTUM)
        first = {}
    x = convolved(x, filters, f"{name}project_", **first)
    x = normalized(x, f"{name}project_", MOMENTUM, activated=expansion == 1)
    return shortcut(inputs, x, strides, drop, name)


def _standardized(x):
    """By the mean and deviation of ImageNet's channels."""
    x = Rescaling(1 / 255)(x)
    variance = [deviation**2 for deviation in TORCH_DEVIATION]
    return Normalization(channel_axis(), mean=list(TORCH_MEAN), variance=variance)(x)


def _centered(x):
    """From -1 to 1."""
    return Rescaling(1 / 128, -1)(x)


def _features(x, prepare, table, stem: int, width: float, depth: float):
    def scaled(filters: int) -> int:
        return multiple_of_8(filters * width)

    stages = [
        (math.ceil(depth * repeats), strides, scaled(filters), expansion, fused)
        for (repeats, filters), (strides, expansion, fused) in zip(table, STAGES, strict=False)
    ]
    if prepare is not None:
        x = prepare(x)
    x = convolved(x, scaled(stem), "stem_", KERNEL, strides=2)
    x = normalized(x, "stem_", MOMENTUM)
    drops = sum(repeats for repeats, _ in table)  # as published: not those of `stages`
    for name, drop, strides, filters, expansion, fused in each_block(stages, drops):
        if fused:
            x = _fused(x, name, drop, strides, filters, expansion)
        else:
            sizes = (KERNEL, filters, expansion)
            x = bottleneck(x, name, drop, strides, *sizes, _depthwise, MOMENTUM)
    x = convolved(x, scaled(1280), "top_")
    return normalized(x, "top_", MOMENTUM)


def _efficientnet(variant: str, table, stem: int, width, depth, size: int, prepare, hashes):
    published = f"efficientnetv2-{variant.lower()}"
    base = f"{STORE}efficientnet_v2/{published}"
    files = {True: (f"{base}.h5", hashes[0]), False: (f"{base}_notop.h5", hashes[1])}
    scales = {"table": table, "stem": stem, "width": width, "depth": depth}

    def chosen(include_preprocessing, **_):
        first = prepare if include_preprocessing else None
        return {"features": functools.partial(_features, prepare=first, **scales)}

    return application(
        f"EfficientNetV2{variant}",
        f"EfficientNetV2-{variant}, for images of {size} by {size}, pixels from 0 to 255.\n\n"
        f"Source: Tan and Le 2021, https://arxiv.org/abs/2104.00298.\n\n{ARGUMENTS}"
        "    include_preprocessing: whether the first layers scale the pixels.\n",
        order=(*ORDER[:-1], "include_preprocessing", "name"),
        chosen=chosen,
        name=published,
        size=size,
        least=32,
        files=files,
        top=functools.partial(classifier, dropout=0.2, bias_initializer=Constant(0.0)),
        pools=POOLS,
    )


EfficientNetV2B0 = _efficientnet(
    *("B0", BASE, 32, 1.0, 1.0, 224, _standardized),
    ("21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"),
)
EfficientNetV2B1 = _efficientnet(
    *("B1", BASE, 32, 1.0, 1.1, 240, _standardized),
    ("069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"),
)
EfficientNetV2B2 = _efficientnet(
    *("B2", BASE, 32, 1.1, 1.2, 260, _standardized),
    ("424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"),
)
EfficientNetV2B3 = _efficientnet(
    *("B3", BASE, 32, 1.2, 1.4, 300, _standardized),
    ("1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"),
)
EfficientNetV2S = _efficientnet(
    *("S", SMALL, 24, 1.0, 1.0, 384, _centered),
    ("e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070"),
)
EfficientNetV2M = _efficientnet(
    *("M", MEDIUM, 24, 1.0, 1.0, 480, _centered),
    ("a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342"),
)
EfficientNetV2L = _efficientnet(
    *("L", LARGE, 32, 1.0, 1.0, 480, _centered),
    ("27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615"),
)
