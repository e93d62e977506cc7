"""ResNet: stacks of bottlenecks, each of which adds to what it reads."""

from ..layers import Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, ZeroPadding2D
from .assemble import ARGUMENTS, application, channel_axis, files
from .imagenet_utils import decode_predictions, preprocessing

__all__ = ["ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]

FILTERS = (64, 128, 256, 512)
BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def norm(x, name: str):
    return BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name=f"{name}_bn")(x)


def norm_relu(x, name: str):
    return Activation("relu", name=f"{name}_relu")(norm(x, name))


def conv1(x):
    return Conv2D(64, 7, strides=2, name="conv1_conv")(ZeroPadding2D(3, name="conv1_pad")(x))


def pool1(x):
    return MaxPooling2D(3, strides=2, name="pool1_pool")(ZeroPadding2D(1, name="pool1_pad")(x))


def blocks(layers: int):
    """Each block's name and filters, and whether it is the first and the last of its stack."""
    for stack, (filters, count) in enumerate(zip(FILTERS, BLOCKS[layers], strict=True), 2):
        for i in range(1, count + 1):
            yield f"conv{stack}_block{i}", filters, i == 1, i == count


def resnet(name: str, about: str, source: str, features, hashes):
    """The public function of a ResNet."""
    return application(
        name,
        f"{about}, for images of 224 by 224.\n\nSource: {source}.\n\n{ARGUMENTS}",
        features=features,
        name=name.lower(),
        size=224,
        least=32,
        files=files("resnet", name.lower(), *hashes),
        pools={"avg": "avg_pool", "max": "max_pool"},
    )


def _block(x, name: str, filters: int, stride: int, widen: bool):
    y = Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    y = Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(norm_relu(y, f"{name}_1"))
    y = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(norm_relu(y, f"{name}_2"))
    if widen:
        x = Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        x = norm(x, f"{name}_0")
    x = Add(name=f"{name}_add")([x, norm(y, f"{name}_3")])
    return Activation("relu", name=f"{name}_out")(x)


def _resnet(layers: int, *hashes: str):
    def features(x):
        x = pool1(norm_relu(conv1(x), "conv1"))
        for name, filters, first, _ in blocks(layers):
            # The pooling has already halved the images for the first stack.
            x = _block(x, name, filters, 2 if first and filters > FILTERS[0] else 1, first)
        return x

    about = f"ResNet with {layers} layers of weights"
    source = "He et al. 2015, https://arxiv.org/abs/1512.03385"
    return resnet(f"ResNet{layers}", about, source, features, hashes)


ResNet50 = _resnet(50, "2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626")
ResNet101 = _resnet(101, "f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21")
ResNet152 = _resnet(152, "100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c")

preprocess_input = preprocessing("caffe")
