"""MobileNetV2: blocks that widen, filter each channel by itself, and narrow without a ReLU."""

from functools import partial

from ..engine.symbolic import SymbolicTensor
from ..layers import (
    Add,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    ReLU,
    ZeroPadding2D,
)
from .assemble import (
    CLASSES,
    STORE,
    assemble,
    average_and_dense,
    channel_axis,
    eights,
    last_axis,
    sides,
    stride_padding,
)
from .imagenet_utils import decode_predictions, preprocessing
from .mobilenet import check_size, check_width, default_size, named_rows

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

preprocess_input = preprocessing("tf")

# The filters, the number of blocks, and the stride of the first of them: table 2 of the paper.
STAGES = (
    (16, 1, 1),
    (24, 2, 2),
    (32, 3, 2),
    (64, 4, 2),
    (96, 3, 1),
    (160, 3, 2),
    (320, 1, 1),
)
EXPANSION = 6
# What ImageNet's weights are published for.
ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
SIZES = (96, 128, 160, 192, 224)


def image_shape(name: str, shape, tensor):
    """The shape of an image of `tensor`, which `shape` agrees with; `shape` without a tensor."""
    if not isinstance(tensor, SymbolicTensor):
        return shape
    if shape is not None and sides(shape) != sides(tensor.shape[1:]):
        raise ValueError(
            f"{name}: input_shape is that of input_tensor's images; leave it out, or make them "
            f"equal. Received: input_shape={shape}, input_tensor.shape={tensor.shape}"
        )
    return tensor.shape[1:]


def _normalized(x, name: str):
    return BatchNormalization(axis=last_axis(), epsilon=1e-3, momentum=0.999, name=name)(x)


def _unit(x, convolution):
    """A convolution, normalized and kept from 0 to 6."""
    name = convolution.name
    return ReLU(6.0, name=f"{name}_relu")(_normalized(convolution(x), f"{name}_BN"))


def _pointwise(filters: int, name: str):
    return Conv2D(filters, 1, padding="same", use_bias=False, name=name)


def _block(x, filters: int, stride: int, number: int):
    entered, channels = x, x.shape[channel_axis()]
    name = f"block_{number}" if number else "expanded_conv"
    if number:
        x = _unit(x, _pointwise(EXPANSION * channels, f"{name}_expand"))
    if stride == 2:
        x = ZeroPadding2D(stride_padding(x, 3), name=f"{name}_pad")(x)
    padding = "valid" if stride == 2 else "same"
    settings = {"strides": stride, "padding": padding, "use_bias": False}
    x = _unit(x, DepthwiseConv2D(3, **settings, name=f"{name}_depthwise"))
    x = _normalized(_pointwise(filters, f"{name}_project")(x), f"{name}_project_BN")
    same = stride == 1 and channels == filters
    return Add(name=f"{name}_add")([entered, x]) if same else x


def _features(alpha: float):
    def features(x):
        x = Conv2D(eights(32 * alpha), 3, 2, "same", use_bias=False, name="Conv1")(x)
        x = ReLU(6.0, name="Conv1_relu")(_normalized(x, "bn_Conv1"))
        strides = [(n, first if i == 0 else 1) for n, count, first in STAGES for i in range(count)]
        for number, (filters, stride) in enumerate(strides):
            x = _block(x, eights(int(filters * alpha)), stride, number)
        # As in the paper, narrow networks keep all of their last features.
        x = Conv2D(eights(1280 * max(alpha, 1)), 1, use_bias=False, name="Conv_1")(x)
        return ReLU(6.0, name="out_relu")(_normalized(x, "Conv_1_bn"))

    return features


def MobileNetV2(
    input_shape=None,
    alpha=1.0,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=CLASSES,
    classifier_activation="softmax",
    name=None,
):
    """MobileNetV2, small and fast: for images of 224 by 224, or of another size from 32 on.

    Source: Sandler et al. 2018, https://arxiv.org/abs/1801.04381.

    Args:
        input_shape: the shape of an image. ImageNet's weights were learned on images of 96, 128,
            160, 192 and 224; the classifier takes no others with them, and without it other
            images get the weights of 224.
        alpha: the width: how many times the paper's filters each layer has. ImageNet's weights
            are for 0.35, 0.5, 0.75, 1, 1.3 and 1.4.
        include_top: whether the classifier stands on top.
        weights: `"imagenet"` (downloaded once), the path of a file of weights, or None.
        input_tensor: a symbolic tensor to build on, instead of a new input.
        pooling: without the classifier: `"avg"` or `"max"`, or None for the features as they are.
        classes: how many the classifier knows.
        classifier_activation: the classifier's; None gives logits.
        name: the model's name; None says the width and the size.

    Raises:
        ValueError: if there are no weights for ImageNet of this width, size or number of classes,
            no file of weights, the images are too small, or `input_shape` is not that of
            `input_tensor`.

    >>> import hornbill as hb
    >>> model = hb.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=10)
    >>> model.name, model.output_shape
    ('mobilenetv2_0.35_32', (None, 10))
    """
    if weights == "imagenet":
        check_width("MobileNetV2", alpha, ALPHAS)
        if include_top:
            check_size("MobileNetV2", input_shape, SIZES)
    seen = image_shape("MobileNetV2", input_shape, input_tensor)
    size = default_size(seen if include_top else input_shape, SIZES)
    rows = named_rows(input_shape, size, weights, include_top)
    kernels = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels"
    file = f"{STORE}mobilenet_v2/{kernels}_{float(alpha)}_{size}"
    return assemble(
        _features(alpha),
        name=f"mobilenetv2_{alpha:0.2f}_{rows}" if name is None else name,
        size=size,
        least=32,
        files={True: (f"{file}.h5", None), False: (f"{file}_no_top.h5", None)},
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        top=partial(average_and_dense, name=None),
    )
