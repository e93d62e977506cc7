"""ResNetV2: bottlenecks that normalize what they read, and leave the sum as it is."""

from ..layers import Add, Conv2D, MaxPooling2D, ZeroPadding2D
from .imagenet_utils import decode_predictions, preprocessing
from .resnet import FILTERS, blocks, conv1, norm_relu, pool1, resnet

__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]


def _block(x, name: str, filters: int, stride: int, widen: bool):
    y = norm_relu(x, f"{name}_preact")
    if widen:
        x = Conv2D(4 * filters, 1, name=f"{name}_0_conv")(y)
    elif stride > 1:
        x = MaxPooling2D(1, strides=stride)(x)
    y = Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = ZeroPadding2D(1, name=f"{name}_2_pad")(norm_relu(y, f"{name}_1"))
    y = Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(y)
    y = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(norm_relu(y, f"{name}_2"))
    return Add(name=f"{name}_out")([x, y])


def _resnet(layers: int, *hashes: str):
    def features(x):
        x = pool1(conv1(x))
        for name, filters, first, last in blocks(layers):
            # A stack halves the images at its end, where the next one wants them small.
            x = _block(x, name, filters, 2 if last and filters < FILTERS[-1] else 1, first)
        return norm_relu(x, "post")

    about = f"The second version of ResNet, with {layers} layers of weights"
    source = "He et al. 2016, https://arxiv.org/abs/1603.05027"
    return resnet(f"ResNet{layers}V2", about, source, features, hashes)


ResNet50V2 = _resnet(50, "3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917")
ResNet101V2 = _resnet(101, "6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5")
ResNet152V2 = _resnet(152, "a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33")

preprocess_input = preprocessing("tf")
