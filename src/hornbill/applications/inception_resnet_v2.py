"""InceptionResNetV2: Inception's blocks, each of which adds a little to what it reads."""

from ..layers import Activation, Conv2D
from ..layers.base import Layer
from .assemble import ARGUMENTS, application, channel_axis, files
from .imagenet_utils import decode_predictions, preprocessing
from .inception_v3 import STEM, chain, conv, halve, largest, local, mix

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]


class CustomScaleLayer(Layer):
    """The first of two tensors plus `scale` times the second."""

    def __init__(self, scale: float, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        x, y = inputs
        return x + self.scale * y


def _add(x, name: str, scale: float, branches, relu: bool = True):
    y = mix(x, f"{name}_mixed", *branches)
    y = Conv2D(x.shape[channel_axis()], 1, padding="same", name=f"{name}_conv")(y)
    x = CustomScaleLayer(scale)([x, y])
    return Activation("relu", name=f"{name}_ac")(x) if relu else x


# The blocks by the width of what they read, for images of 299 by 299.
BLOCK35 = ([conv(32, 1)], [conv(32, 1), conv(32, 3)], [conv(32, 1), conv(48, 3), conv(64, 3)])
BLOCK17 = ([conv(192, 1)], [conv(128, 1), conv(160, (1, 7)), conv(192, (7, 1))])
BLOCK8 = ([conv(192, 1)], [conv(192, 1), conv(224, (1, 3)), conv(256, (3, 1))])

TO_17 = ([halve(384)], [conv(256, 1), conv(256, 3), halve(384)], [largest])
TO_8 = (
    [conv(256, 1), halve(384)],
    [conv(256, 1), halve(288)],
    [conv(256, 1), conv(288, 3), halve(320)],
    [largest],
)


def _features(x):
    x = mix(chain(x, *STEM), "mixed_5b", *local(96, 64))
    for i in range(1, 11):
        x = _add(x, f"block35_{i}", 0.17, BLOCK35)
    x = mix(x, "mixed_6a", *TO_17)
    for i in range(1, 21):
        x = _add(x, f"block17_{i}", 0.1, BLOCK17)
    x = mix(x, "mixed_7a", *TO_8)
    for i in range(1, 10):
        x = _add(x, f"block8_{i}", 0.2, BLOCK8)
    x = _add(x, "block8_10", 1.0, BLOCK8, relu=False)
    return conv(1536, 1, name="conv_7b")(x)


InceptionResNetV2 = application(
    "InceptionResNetV2",
    "Inception with residual connections, for images of 299 by 299.\n\n"
    f"Source: Szegedy et al. 2016, https://arxiv.org/abs/1602.07261.\n\n{ARGUMENTS}",
    features=_features,
    name="inception_resnet_v2",
    size=299,
    least=75,
    files=files(
        "inception_resnet_v2",
        "inception_resnet_v2",
        "e693bd0210a403b3192acc6073ad2e96",
        "d19885ff4a710c122648d3b5c3b684e4",
    ),
)

preprocess_input = preprocessing("tf")
