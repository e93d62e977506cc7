"""EfficientNet: inverted bottlenecks, with width, depth and image size scaled together."""

import functools
import itertools
import math
import string

from ..initializers import VarianceScaling
from ..layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    Multiply,
    Normalization,
    Rescaling,
    Reshape,
    ZeroPadding2D,
)
from .assemble import ARGUMENTS, application, channel_axis, eights, stride_padding
from .imagenet_utils import TORCH_DEVIATION, decode_predictions, preprocessing

__all__ = [
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "decode_predictions",
    "preprocess_input",
]

preprocess_input = preprocessing(None)

STORE = "https://storage.googleapis.com/keras-applications/"  # without TensorFlow's folder
POOLS = {"avg": "avg_pool", "max": "max_pool"}
# How often a block's outputs are left out in training, at the end; the first one's never are.
DROP = 0.2
MOMENTUM = 0.99

# Repeats, strides, kernel, filters, expansion; the paper's table 1.
STAGES = (
    (1, 1, 3, 16, 1),
    (2, 2, 3, 24, 6),
    (2, 2, 5, 40, 6),
    (3, 2, 3, 80, 6),
    (3, 1, 5, 112, 6),
    (4, 2, 5, 192, 6),
    (1, 1, 3, 320, 6),
)


def fan_out(scale: float = 2.0, distribution: str = "truncated_normal") -> VarianceScaling:
    """An initializer by how many outputs a weight has a share in."""
    return VarianceScaling(scale, mode="fan_out", distribution=distribution)


def convolved(x, filters: int, name: str, kernel: int = 1, **options):
    options = {"padding": "same", "kernel_initializer": fan_out(), **options}
    return Conv2D(filters, kernel, use_bias=False, name=f"{name}conv", **options)(x)


def normalized(x, name: str, momentum: float, activated: bool = True):
    x = BatchNormalization(channel_axis(), momentum=momentum, name=f"{name}bn")(x)
    return Activation("silu", name=f"{name}activation")(x) if activated else x


def excited(x, reduced: int, name: str):
    """Squeeze and excitation: each channel times what the averages of all say about it."""
    channels = x.shape[channel_axis()]
    shape = (1, 1, channels) if channel_axis() == 3 else (channels, 1, 1)
    factor = GlobalAveragePooling2D(name=f"{name}squeeze")(x)
    factor = Reshape(shape, name=f"{name}reshape")(factor)
    steps = ("reduce", reduced, "silu"), ("expand", channels, "sigmoid")
    for step, filters, activation in steps:
        factor = Conv2D(
            filters,
            1,
            padding="same",
            activation=activation,
            kernel_initializer=fan_out(),
            name=f"{name}{step}",
        )(factor)
    return Multiply(name=f"{name}excite")([x, factor])


def shortcut(inputs, outputs, strides: int, drop: float, name: str):
    """The inputs plus the outputs, where they fit; in training some images go without these."""
    axis = channel_axis()
    if strides > 1 or inputs.shape[axis] != outputs.shape[axis]:
        return outputs
    if drop > 0:
        outputs = Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(outputs)
    return Add(name=f"{name}add")([outputs, inputs])


def bottleneck(inputs, name, drop, strides, kernel, filters, expansion, depthwise, momentum):
    """Channels expanded, convolved each by itself, excited, and projected to fewer again.

    Args:
        depthwise: `(x, kernel, strides, name) -> x`.
    """
    channels = inputs.shape[channel_axis()]
    x = inputs
    if expansion > 1:
        x = convolved(x, channels * expansion, f"{name}expand_")
        x = normalized(x, f"{name}expand_", momentum)
    x = depthwise(x, kernel, strides, name)
    x = normalized(x, name, momentum)
    x = excited(x, channels // 4, f"{name}se_")
    x = convolved(x, filters, f"{name}project_")
    x = normalized(x, f"{name}project_", momentum, activated=False)
    return shortcut(inputs, x, strides, drop, name)


def each_block(stages, drops: int):
    """`(name, drop, strides, ...)` of the blocks of stages `(repeats, strides, ...)`.

    Args:
        drops: the number of blocks after which the drop is `DROP`.
    """
    number = itertools.count()
    for i, (repeats, strides, *rest) in enumerate(stages, 1):
        for letter in string.ascii_lowercase[:repeats]:
            drop = DROP * next(number) / drops
            yield f"block{i}{letter}_", drop, strides if letter == "a" else 1, *rest


def classifier(x, classes: int, activation, dropout: float, bias_initializer="zeros"):
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    x = Dropout(dropout, name="top_dropout")(x)
    return Dense(
        classes,
        activation=activation,
        kernel_initializer=fan_out(1 / 3, "uniform"),
        bias_initializer=bias_initializer,
        name="predictions",
    )(x)


def _depthwise(x, kernel: int, strides: int, name: str):
    if strides > 1:
        x = ZeroPadding2D(stride_padding(x, kernel), name=f"{name}dwconv_pad")(x)
    return DepthwiseConv2D(
        kernel,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        use_bias=False,
        depthwise_initializer=fan_out(),
        name=f"{name}dwconv",
    )(x)


def _features(x, width: float, depth: float, imagenet: bool):
    x = Rescaling(1 / 255)(x)
    x = Normalization(channel_axis())(x)
    if imagenet:
        # The published files hold deviations for variances: their roots divide once more.
        x = Rescaling([deviation**-0.5 for deviation in TORCH_DEVIATION])(x)
    x = ZeroPadding2D(stride_padding(x, 3), name="stem_conv_pad")(x)
    x = convolved(x, eights(32 * width), "stem_", 3, strides=2, padding="valid")
    x = normalized(x, "stem_", MOMENTUM)
    stages = [
        (math.ceil(depth * repeats), strides, kernel, eights(filters * width), expansion)
        for repeats, strides, kernel, filters, expansion in STAGES
    ]
    for block in each_block(stages, sum(repeats for repeats, *_ in stages)):
        x = bottleneck(x, *block, _depthwise, MOMENTUM)
    x = convolved(x, eights(1280 * width), "top_")
    return normalized(x, "top_", MOMENTUM)


def _efficientnet(variant: str, width, depth, size: int, dropout: float, hashes):
    published = f"efficientnet{variant.lower()}"
    files = {
        True: (f"{STORE}{published}.h5", hashes[0]),
        False: (f"{STORE}{published}_notop.h5", hashes[1]),
    }

    def chosen(weights, **_):
        scales = {"width": width, "depth": depth}
        return {"features": functools.partial(_features, imagenet=weights == "imagenet", **scales)}

    return application(
        f"EfficientNet{variant}",
        f"EfficientNet-{variant}, for images of {size} by {size}, pixels from 0 to 255.\n\n"
        f"Source: Tan and Le 2019, https://arxiv.org/abs/1905.11946.\n\n{ARGUMENTS}",
        chosen=chosen,
        name=published,
        size=size,
        least=32,
        files=files,
        top=functools.partial(classifier, dropout=dropout),
        pools=POOLS,
    )


EfficientNetB0 = _efficientnet(
    *("B0", 1.0, 1.0, 224, 0.2),
    ("902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"),
)
EfficientNetB1 = _efficientnet(
    *("B1", 1.0, 1.1, 240, 0.2),
    ("1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"),
)
EfficientNetB2 = _efficientnet(
    *("B2", 1.1, 1.2, 260, 0.3),
    ("b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"),
)
EfficientNetB3 = _efficientnet(
    *("B3", 1.2, 1.4, 300, 0.3),
    ("ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"),
)
EfficientNetB4 = _efficientnet(
    *("B4", 1.4, 1.8, 380, 0.4),
    ("18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"),
)
EfficientNetB5 = _efficientnet(
    *("B5", 1.6, 2.2, 456, 0.4),
    ("ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"),
)
EfficientNetB6 = _efficientnet(
    *("B6", 1.8, 2.6, 528, 0.5),
    ("165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"),
)
EfficientNetB7 = _efficientnet(
    *("B7", 2.0, 3.1, 600, 0.5),
    ("8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"),
)
