"""InceptionV3: blocks of branches of convolutions, side by side."""

from functools import reduce

from ..layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    MaxPooling2D,
)
from .assemble import ARGUMENTS, application, channel_axis, files
from .imagenet_utils import decode_predictions, preprocessing

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]


def conv(filters: int, kernel, strides: int = 1, padding: str = "same", name: str | None = None):
    """A step, which makes new layers wherever it is taken: convolve, normalize, rectify."""

    def step(x):
        x = Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False, name=name)(x)
        x = BatchNormalization(axis=channel_axis(), scale=False, name=name and f"{name}_bn")(x)
        return Activation("relu", name=name and f"{name}_ac")(x)

    return step


def halve(filters: int):
    """A convolution that halves the width and height."""
    return conv(filters, 3, 2, "valid")


def largest(x):
    """A step that halves the width and height, without weights."""
    return MaxPooling2D(3, strides=2)(x)


def average(x):
    """A step that blurs."""
    return AveragePooling2D(3, strides=1, padding="same")(x)


def chain(x, *steps):
    """One step after the other."""
    return reduce(lambda x, step: step(x), steps, x)


def mix(x, name: str | None, *branches):
    """Branches, which are sequences of steps, side by side."""
    return Concatenate(axis=channel_axis(), name=name)([chain(x, *steps) for steps in branches])


STEM = (
    conv(32, 3, 2, "valid"),
    conv(32, 3, 1, "valid"),
    conv(64, 3),
    largest,
    conv(80, 1, 1, "valid"),
    conv(192, 3, 1, "valid"),
    largest,
)


def local(single: int, pooled: int) -> tuple:
    """The branches of a block that looks at 5x5 pixels, two of them with so many channels."""
    return (
        [conv(single, 1)],
        [conv(48, 1), conv(64, 5)],
        [conv(64, 1), conv(96, 3), conv(96, 3)],
        [average, conv(pooled, 1)],
    )


def _crossed(n: int) -> tuple:
    """The branches of a block that looks at rows and columns of 7 pixels."""
    row, column = (1, 7), (7, 1)
    return (
        [conv(192, 1)],
        [conv(n, 1), conv(n, row), conv(192, column)],
        [conv(n, 1), conv(n, column), conv(n, row), conv(n, column), conv(192, row)],
        [average, conv(192, 1)],
    )


def _forked(name: str) -> tuple:
    """The branches of a block in which two end in a row and a column of 3 pixels."""

    def fork(name):
        return lambda x: mix(x, name, [conv(384, (1, 3))], [conv(384, (3, 1))])

    return (
        [conv(320, 1)],
        [conv(384, 1), fork(name)],
        [conv(448, 1), conv(384, 3), fork(None)],
        [average, conv(192, 1)],
    )


BLOCKS = (
    local(64, 32),
    local(64, 64),
    local(64, 64),
    ([halve(384)], [conv(64, 1), conv(96, 3), halve(96)], [largest]),
    _crossed(128),
    _crossed(160),
    _crossed(160),
    _crossed(192),
    (
        [conv(192, 1), halve(320)],
        [conv(192, 1), conv(192, (1, 7)), conv(192, (7, 1)), halve(192)],
        [largest],
    ),
    _forked("mixed9_0"),
    _forked("mixed9_1"),
)


def _features(x):
    x = chain(x, *STEM)
    for i, branches in enumerate(BLOCKS):
        x = mix(x, f"mixed{i}", *branches)
    return x


InceptionV3 = application(
    "InceptionV3",
    "The third version of Inception, for images of 299 by 299.\n\n"
    f"Source: Szegedy et al. 2015, https://arxiv.org/abs/1512.00567.\n\n{ARGUMENTS}",
    features=_features,
    name="inception_v3",
    size=299,
    least=75,
    files=files(
        "inception_v3",
        "inception_v3",
        "9a0d58056eeedaa3f26cb7ebd46da564",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
)

preprocess_input = preprocessing("tf")
