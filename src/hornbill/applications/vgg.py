"""VGG: blocks of 3x3 convolutions, each followed by pooling."""

from ..layers import Conv2D, Dense, Flatten, MaxPooling2D
from .assemble import ARGUMENTS, application, files

FILTERS = (64, 128, 256, 512, 512)


def _features(*convolutions: int):
    """The blocks, with so many convolutions each."""

    def features(x):
        for block, (filters, count) in enumerate(zip(FILTERS, convolutions, strict=True), 1):
            for i in range(1, count + 1):
                name = f"block{block}_conv{i}"
                x = Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
            x = MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
        return x

    return features


def _top(x, classes: int, activation):
    x = Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = Dense(4096, activation="relu", name=name)(x)
    return Dense(classes, activation=activation, name="predictions")(x)


def _vgg(name: str, layers: int, convolutions, hashes):
    return application(
        name,
        f"VGG with {layers} layers of weights, for images of 224 by 224.\n\n"
        f"Source: Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556.\n\n{ARGUMENTS}",
        features=_features(*convolutions),
        name=name.lower(),
        size=224,
        least=32,
        files=files(name.lower(), name.lower(), *hashes),
        top=_top,
    )


VGG16 = _vgg(
    "VGG16",
    16,
    (2, 2, 3, 3, 3),
    ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
)
VGG19 = _vgg(
    "VGG19",
    19,
    (2, 2, 4, 4, 4),
    ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
)
