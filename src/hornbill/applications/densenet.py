"""DenseNet: in a block each layer reads what all layers before it gave."""

from ..layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from .assemble import ARGUMENTS, application, channel_axis, files
from .imagenet_utils import decode_predictions, preprocessing
from .resnet import norm_relu

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

GROWTH = 32  # the channels that a layer adds
LAYERS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}  # of each block


def _stem(x):
    x = Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(ZeroPadding2D(3)(x))
    x = ZeroPadding2D(1)(norm_relu(x, "conv1"))
    return MaxPooling2D(3, strides=2, name="pool1")(x)


def _layer(x, name: str):
    y = norm_relu(x, f"{name}_0")
    y = Conv2D(4 * GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = norm_relu(y, f"{name}_1")
    y = Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, y])


def _transition(x, name: str):
    """Half of the channels, and half of the width and height."""
    half = x.shape[channel_axis()] // 2
    x = Conv2D(half, 1, use_bias=False, name=f"{name}_conv")(norm_relu(x, name))
    return AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _densenet(layers: int, *hashes: str):
    def features(x):
        x = _stem(x)
        for block, count in enumerate(LAYERS[layers], 2):
            if block > 2:
                x = _transition(x, f"pool{block - 1}")
            for i in range(1, count + 1):
                x = _layer(x, f"conv{block}_block{i}")
        x = BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name="bn")(x)
        return Activation("relu", name="relu")(x)

    return application(
        f"DenseNet{layers}",
        f"DenseNet with {layers} layers of weights, for images of 224 by 224.\n\n"
        f"Source: Huang et al. 2016, https://arxiv.org/abs/1608.06993.\n\n{ARGUMENTS}",
        features=features,
        name=f"densenet{layers}",
        size=224,
        least=32,
        files=files("densenet", f"densenet{layers}", *hashes),
        pools={"avg": "avg_pool", "max": "max_pool"},
    )


DenseNet121 = _densenet(121, "9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738")
DenseNet169 = _densenet(169, "d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b")
DenseNet201 = _densenet(201, "1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1")

preprocess_input = preprocessing("torch")
