"""MobileNet: each channel is filtered by itself, then a 1x1 convolution mixes the channels."""

from ..layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)
from .assemble import CLASSES, STORE, assemble, last_axis, sides
from .imagenet_utils import decode_predictions, preprocessing

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

preprocess_input = preprocessing("tf")

# The filters and the stride of each block.
BLOCKS = (
    (64, 1),
    *[(128, 2), (128, 1)],
    *[(256, 2), (256, 1)],
    *[(512, 2), *[(512, 1)] * 5],
    *[(1024, 2), (1024, 1)],
)
# What ImageNet's weights are published for: widths, as their files spell them, and sizes.
ALPHAS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
SIZES = (128, 160, 192, 224)
DEFAULT_SIZE = 224


def check_width(name: str, alpha: float, known) -> None:
    """Whether ImageNet's weights are published for a width."""
    if alpha not in known:
        raise ValueError(
            f"{name}: ImageNet's weights are for alpha={' or '.join(map(str, known))}; pass "
            f"weights=None for another width. Received: alpha={alpha}"
        )


def check_size(name: str, shape, known) -> None:
    """Whether ImageNet's weights with the classifier are published for a shape of images."""
    if shape is not None and sides(shape) not in {(n, n) for n in known}:
        raise ValueError(
            f"{name}: ImageNet's weights with the classifier are for square images of "
            f"{', '.join(map(str, known))}; pass include_top=False, or weights=None, for others. "
            f"Received: input_shape={shape}"
        )


def default_size(shape, sizes) -> int:
    """The size of images whose published weights are for images of a shape, which may be None."""
    return next((n for n in sizes if sides(shape or ()) == (n, n)), DEFAULT_SIZE)


def named_rows(shape, size: int, weights, include_top: bool):
    """The number of rows in the model's name: the weights', or the images', which may be None."""
    if weights == "imagenet" or (include_top and shape is None):
        return size
    return (*sides(shape or ()), None)[0]


def _unit(x, convolution):
    """A convolution, normalized and kept from 0 to 6."""
    name = convolution.name
    x = BatchNormalization(axis=last_axis(), name=f"{name}_bn")(convolution(x))
    return ReLU(6.0, name=f"{name}_relu")(x)


def _features(alpha: float, depth_multiplier: int):
    def mix(x, filters, size, name, **settings):
        filters = int(filters * alpha)
        settings |= {"padding": "same", "use_bias": False, "name": name}
        return _unit(x, Conv2D(filters, size, **settings))

    def filtered(x, stride, block):
        if stride == 2:
            x = ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{block}")(x)
        convolution = DepthwiseConv2D(
            3,
            strides=stride,
            padding="valid" if stride == 2 else "same",
            depth_multiplier=depth_multiplier,
            use_bias=False,
            name=f"conv_dw_{block}",
        )
        return _unit(x, convolution)

    def features(x):
        x = mix(x, 32, 3, "conv1", strides=2)
        for block, (filters, stride) in enumerate(BLOCKS, 1):
            x = mix(filtered(x, stride, block), filters, 1, f"conv_pw_{block}")
        return x

    return features


def _top(dropout: float):
    def top(x, classes, activation):
        x = GlobalAveragePooling2D(keepdims=True)(x)
        x = Dropout(dropout, name="dropout")(x)
        x = Conv2D(classes, 1, padding="same", name="conv_preds")(x)
        x = Reshape((classes,), name="reshape_2")(x)
        return Activation(activation, name="predictions")(x)

    return top


def MobileNet(
    input_shape=None,
    alpha=1.0,
    depth_multiplier=1,
    dropout=1e-3,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=CLASSES,
    classifier_activation="softmax",
    name=None,
):
    """MobileNet, small and fast: for images of 224 by 224, or of another size from 32 on.

    Source: Howard et al. 2017, https://arxiv.org/abs/1704.04861.

    Args:
        input_shape: the shape of an image. ImageNet's weights were learned on images of 128, 160,
            192 and 224; the classifier takes no others with them, and without it other images
            get the weights of 224.
        alpha: the width: how many times the paper's filters each layer has. ImageNet's weights
            are for 0.25, 0.5, 0.75 and 1.
        depth_multiplier: how many filters each channel has in the convolutions by channel; 1 with
            ImageNet's weights.
        dropout: the share of the features that the classifier does without in training.
        include_top: whether the classifier stands on top.
        weights: `"imagenet"` (downloaded once), the path of a file of weights, or None.
        input_tensor: a symbolic tensor to build on, instead of a new input.
        pooling: without the classifier: `"avg"` or `"max"`, or None for the features as they are.
        classes: how many the classifier knows.
        classifier_activation: the classifier's; None gives logits.
        name: the model's name; None says the width and the size.

    Raises:
        ValueError: if there are no weights for ImageNet of this width, size or number of classes,
            no file of weights, or the images are too small.

    >>> import hornbill as hb
    >>> model = hb.applications.MobileNet((32, 32, 3), alpha=0.25, weights=None, classes=10)
    >>> model.name, model.output_shape
    ('mobilenet_0.25_32', (None, 10))
    """
    if weights == "imagenet":
        check_width("MobileNet", alpha, ALPHAS)
        if include_top:
            check_size("MobileNet", input_shape, SIZES)
        if depth_multiplier != 1:
            raise ValueError(
                "MobileNet: ImageNet's weights are for depth_multiplier=1; pass that, or "
                f"weights=None. Received: depth_multiplier={depth_multiplier}"
            )
    size = default_size(input_shape, SIZES)
    rows = named_rows(input_shape, size, weights, include_top)
    file = f"{STORE}mobilenet/mobilenet_{ALPHAS.get(alpha)}_{size}_tf"
    return assemble(
        _features(alpha, depth_multiplier),
        name=f"mobilenet_{alpha:0.2f}_{rows}" if name is None else name,
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
        top=_top(dropout),
    )
