"""MobileNetV3: MobileNetV2's blocks, found by search, some of which weigh their channels."""

from ..layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Multiply,
    ReLU,
    Rescaling,
    ZeroPadding2D,
)
from .assemble import STORE, application, channel_axis, eights, last_axis, stride_padding
from .imagenet_utils import decode_predictions, preprocessing
from .mobilenet import check_width
from .mobilenet_v2 import image_shape

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

preprocess_input = preprocessing(None)

# Of each block: how many times wider it is inside, the filters, the size of the windows, the
# stride, whether it weighs its channels, and its activation. Tables 1 and 2 of the paper.
RELU, SWISH = "relu", "hard_swish"
LARGE = (
    (1, 16, 3, 1, False, RELU),
    (4, 24, 3, 2, False, RELU),
    (3, 24, 3, 1, False, RELU),
    (3, 40, 5, 2, True, RELU),
    *[(3, 40, 5, 1, True, RELU)] * 2,
    (6, 80, 3, 2, False, SWISH),
    (2.5, 80, 3, 1, False, SWISH),
    *[(2.3, 80, 3, 1, False, SWISH)] * 2,
    *[(6, 112, 3, 1, True, SWISH)] * 2,
    (6, 160, 5, 2, True, SWISH),
    *[(6, 160, 5, 1, True, SWISH)] * 2,
)
SMALL = (
    (1, 16, 3, 2, True, RELU),
    (72 / 16, 24, 3, 2, False, RELU),
    (88 / 24, 24, 3, 1, False, RELU),
    (4, 40, 5, 2, True, SWISH),
    *[(6, 40, 5, 1, True, SWISH)] * 2,
    *[(3, 48, 5, 1, True, SWISH)] * 2,
    (6, 96, 5, 2, True, SWISH),
    *[(6, 96, 5, 1, True, SWISH)] * 2,
)
# The MD5 of ImageNet's weights, with the classifier and without.
HASHES = {
    "large_224_0.75_float": (
        "765b44a33ad4005b3ac83185abf1d0eb",
        "40af19a13ebea4e2ee0c676887f69a2e",
    ),
    "large_224_1.0_float": (
        "59e551e166be033d707958cf9e29a6a7",
        "07fb09a5933dd0c8eaafa16978110389",
    ),
    "large_minimalistic_224_1.0_float": (
        "675e7b876c45c57e9e63e6d90a36599c",
        "ec5221f64a2f6d1ef965a614bdae7973",
    ),
    "small_224_0.75_float": (
        "cb65d4e5be93758266aa0a7f2c6708b7",
        "ebdb5cc8e0b497cd13a7c275d475c819",
    ),
    "small_224_1.0_float": (
        "8768d4c2e7dee89b9d02b2d03d65d862",
        "d3e8ec802a04aa4fc771ee12a9a9b836",
    ),
    "small_minimalistic_224_1.0_float": (
        "99cd97fb2fcdad2bf028eb838de69e37",
        "cde8136e733e811080d9fcd8a252f7e4",
    ),
}
ABOUT = """MobileNetV3, {kind}: for images of 224 by 224, or of another size from 32 on.

Source: Howard et al. 2019, https://arxiv.org/abs/1905.02244.

Args:
    input_shape: the shape of an image; the sides may be left open. ImageNet's weights were
        learned on images of 224, and fit others.
    alpha: the width: how many times the paper's filters each layer has. ImageNet's weights are
        for 0.75 and 1.
    minimalistic: whether to do without what some devices are slow at: weighing the channels,
        the hard swish, and windows of 5 by 5. ImageNet's weights are for `alpha=1` then.
    include_top: whether the classifier stands on top.
    weights: `"imagenet"` (downloaded once), the path of a file of weights, or None.
    input_tensor: a symbolic tensor to build on, instead of a new input.
    classes: how many the classifier knows.
    pooling: without the classifier: `"avg"` or `"max"`, or None for the features as they are.
    dropout_rate: the share of the features that the classifier does without in training.
    classifier_activation: the classifier's; None gives logits.
    include_preprocessing: whether the model takes pixels from 0 to 255, as `preprocess_input`
        leaves them; otherwise it takes them from -1 to 1.
    name: the model's name.

Raises:
    ValueError: if there are no weights for ImageNet of this width or number of classes, no file
        of weights, the images are too small, or `input_shape` is not that of `input_tensor`.

>>> import hornbill as hb
>>> model = hb.applications.{name}((32, 32, 3), weights=None, classes=10)
>>> model.name, model.output_shape
('{name}', (None, 10))
"""


def _activate(x, kind: str):
    return ReLU()(x) if kind == RELU else Activation(kind)(x)


def _pointwise(filters: int, name: str, use_bias: bool = True):
    return Conv2D(filters, 1, padding="same", use_bias=use_bias, name=name)


def _normalized(x, convolution):
    name = f"{convolution.name}_bn"
    x = convolution(x)
    return BatchNormalization(axis=last_axis(), epsilon=1e-3, momentum=0.999, name=name)(x)


def _weighed(x, inside: int, name: str):
    """The channels, each times a number from 0 to 1 that their averages decide."""
    y = GlobalAveragePooling2D(keepdims=True, name=f"{name}_avg_pool")(x)
    y = _pointwise(eights(inside / 4), f"{name}_conv")(y)
    y = _pointwise(inside, f"{name}_conv_1")(ReLU(name=f"{name}_relu")(y))
    share = ReLU(6.0)(y + 3.0) * (1 / 6)
    return Multiply(name=f"{name}_mul")([x, share])


def _block(x, number, expansion, filters, kernel, stride, weighed, activation):
    entered, channels = x, x.shape[channel_axis()]
    inside = eights(channels * expansion)
    name = f"expanded_conv_{number}" if number else "expanded_conv"
    if number:
        x = _activate(_normalized(x, _pointwise(inside, f"{name}_expand", False)), activation)
    if stride == 2:
        x = ZeroPadding2D(stride_padding(x, kernel), name=f"{name}_depthwise_pad")(x)
    padding = "valid" if stride == 2 else "same"
    settings = {"strides": stride, "padding": padding, "use_bias": False}
    x = _normalized(x, DepthwiseConv2D(kernel, **settings, name=f"{name}_depthwise"))
    x = _activate(x, activation)
    if weighed:
        x = _weighed(x, inside, f"{name}_squeeze_excite")
    x = _normalized(x, _pointwise(filters, f"{name}_project", False))
    same = stride == 1 and channels == filters
    return Add(name=f"{name}_add")([entered, x]) if same else x


def _features(blocks, alpha: float, minimalistic: bool, include_preprocessing: bool):
    last = RELU if minimalistic else SWISH

    def features(x):
        if include_preprocessing:
            x = Rescaling(1 / 127.5, offset=-1.0)(x)
        x = _normalized(x, Conv2D(16, 3, 2, "same", use_bias=False, name="conv"))
        x = _activate(x, last)
        for number, (expansion, filters, kernel, stride, weighed, activation) in enumerate(blocks):
            if minimalistic:
                kernel, weighed, activation = 3, False, RELU
            filters = eights(filters * alpha)
            x = _block(x, number, expansion, filters, kernel, stride, weighed, activation)
        x = _normalized(x, _pointwise(eights(6 * x.shape[channel_axis()]), "conv_1", False))
        return _activate(x, last)

    return features


def _top(filters: int, alpha: float, minimalistic: bool, dropout_rate: float):
    if alpha > 1:
        filters = eights(filters * alpha)

    def top(x, classes, activation):
        x = _pointwise(filters, "conv_2")(GlobalAveragePooling2D(keepdims=True)(x))
        x = _activate(x, RELU if minimalistic else SWISH)
        if dropout_rate > 0:
            x = Dropout(dropout_rate)(x)
        x = Flatten()(_pointwise(classes, "logits")(x))
        return Activation(activation, name="predictions")(x)

    return top


def _files(variant: str) -> dict:
    file = f"{STORE}mobilenet_v3/weights_mobilenet_v3_{variant}"
    with_top, without = HASHES[variant]
    return {True: (f"{file}.h5", with_top), False: (f"{file}_no_top_v2.h5", without)}


def _mobilenet(kind: str, blocks, last_filters: int):
    function_name = f"MobileNetV3{kind.title()}"

    def chosen(
        input_shape,
        alpha,
        minimalistic,
        weights,
        input_tensor,
        dropout_rate,
        include_preprocessing,
        **_,
    ):
        if weights == "imagenet":
            if minimalistic:
                check_width(f"{function_name} with minimalistic=True", alpha, (1.0,))
            else:
                check_width(function_name, alpha, (0.75, 1.0))
        variant = f"{kind}{'_minimalistic' * minimalistic}_224_{float(alpha)}_float"
        return {
            "features": _features(blocks, alpha, minimalistic, include_preprocessing),
            "top": _top(last_filters, alpha, minimalistic, dropout_rate),
            "files": _files(variant) if weights == "imagenet" else {},
            "input_shape": image_shape(function_name, input_shape, input_tensor),
        }

    return application(
        function_name,
        ABOUT.format(kind=kind, name=function_name),
        order=(
            "input_shape alpha minimalistic include_top weights input_tensor classes pooling "
            "dropout_rate classifier_activation include_preprocessing name"
        ).split(),
        defaults={"alpha": 1.0, "minimalistic": False, "dropout_rate": 0.2},
        chosen=chosen,
        name=function_name,
        size=224,
        least=32,
        pools={"avg": "avg_pool", "max": "max_pool"},
        fixed=False,
    )


MobileNetV3Large = _mobilenet("large", LARGE, 1280)
MobileNetV3Small = _mobilenet("small", SMALL, 1024)
