"""NASNet-A: two cells found by search on small images, stacked for large ones.

A cell reads the outputs of the two cells before it. The normal cell keeps the size of the images,
the reduction cell halves it.
"""

from functools import partial

from ..engine.config import image_data_format
from ..layers import (
    Activation,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Cropping2D,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
)
from .assemble import ORDER, STORE, application, average_and_dense, stride_padding
from .imagenet_utils import decode_predictions, preprocessing

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]

preprocess_input = preprocessing("tf")

ABOUT = """NASNet-A, {kind}: for images of {size} by {size}, or of another size from 32 on.

Source: Zoph et al. 2017, https://arxiv.org/abs/1707.07012.

Args:
    input_shape: the shape of an image, channels last; with the classifier and ImageNet's weights
        it is fixed.
    include_top: whether the classifier stands on top.
    weights: `"imagenet"` (downloaded once), the path of a file of weights, or None.
    input_tensor: a symbolic tensor to build on, instead of a new input.
    pooling: without the classifier: `"avg"` or `"max"`, or None for the features as they are.
    classes: how many the classifier knows.
    classifier_activation: the classifier's; None gives logits.
    name: the model's name.

Raises:
    ValueError: if the channels come first, ImageNet's weights are for another size or number of
        classes, there is no file of weights, or the images are too small.
"""
EXAMPLE = """
>>> import hornbill as hb
>>> model = hb.applications.NASNetMobile((32, 32, 3), weights=None, classes=10)
>>> model.name, model.output_shape
('nasnet_mobile', (None, 10))
"""


def _normalized(x, name: str):
    return BatchNormalization(axis=-1, momentum=0.9997, epsilon=1e-3, name=name)(x)


def _pointwise(x, filters: int, name: str):
    settings = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}
    return Conv2D(filters, 1, **settings, name=name)(x)


def _relu(x, name: str | None = None):
    return Activation("relu", name=name)(x)


def _separable(x, filters: int, kernel: int, stride: int, name: str):
    """Two separable convolutions, the first of which may halve the images."""
    for i, step in enumerate((stride, 1), 1):
        x = _relu(x)
        if step == 2:
            x = ZeroPadding2D(stride_padding(x, kernel), name=f"separable_conv_{i}_pad_{name}")(x)
        padding = "valid" if step == 2 else "same"
        settings = {"strides": step, "padding": padding, "use_bias": False}
        x = SeparableConv2D(filters, kernel, **settings, name=f"separable_conv_{i}_{name}")(x)
        x = _normalized(x, f"separable_conv_{i}_bn_{name}")
    return x


def _halved(x, filters: int, name: str):
    """Every other pixel, from the first on and from the second on, each for half the filters."""
    x = _relu(x, f"adjust_relu_1_{name}")

    def half(x, i):
        x = AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_{i}_{name}")(x)
        return _pointwise(x, filters // 2, f"adjust_conv_{i}_{name}")

    shifted = Cropping2D(((1, 0), (1, 0)))(ZeroPadding2D(((0, 1), (0, 1)))(x))
    return Concatenate()([half(x, 1), half(shifted, 2)])


def _adjusted(before, x, filters: int, name: str):
    """The output of the cell before the last, of the size of the last one's, `x`."""
    if before is None:
        return x
    if before.shape[2] != x.shape[2]:
        return _normalized(_halved(before, filters, name), f"adjust_bn_{name}")
    if before.shape[3] != filters:
        before = _pointwise(_relu(before), filters, f"adjust_conv_projection_{name}")
        return _normalized(before, f"adjust_bn_{name}")
    return before


class _Cell:
    """What the cells consist of, as layers with the names of one cell.

    Args:
        kind: `"normal"` or `"reduction"`.
        filters: those of each convolution.
        name: which cell it is.
    """

    def __init__(self, kind: str, filters: int, name: str):
        self.kind, self.filters, self.name = kind, filters, name

    def inputs(self, x, before) -> tuple:
        """The outputs of the last two cells, with this cell's filters; the last one first."""
        before = _adjusted(before, x, self.filters, self.name)
        x = _pointwise(_relu(x), self.filters, self.named("conv_1"))
        return _normalized(x, self.named("bn_1")), before

    def named(self, part: str) -> str:
        return f"{self.kind}_{part}_{self.name}"

    def separable(self, x, kernel: int, part: str, stride: int = 1):
        return _separable(x, self.filters, kernel, stride, self.named(part))

    def average(self, x, part: str, stride: int = 1):
        padding = "valid" if stride == 2 else "same"
        return AveragePooling2D(3, stride, padding, name=self.named(part))(x)

    def maximum(self, x, part: str):
        return MaxPooling2D(3, 2, name=self.named(part))(x)

    def add(self, part: str | None, *terms):
        return Add(name=part and self.named(part))(terms)

    def concatenate(self, *parts):
        return Concatenate(name=self.named("concat"))(parts)


def _normal(x, before, filters: int, name: str):
    """The normal cell, figure 4 of the paper on the left."""
    cell = _Cell("normal", filters, name)
    h, p = cell.inputs(x, before)
    return cell.concatenate(
        p,
        cell.add("add_1", cell.separable(h, 5, "left1"), cell.separable(p, 3, "right1")),
        cell.add("add_2", cell.separable(p, 5, "left2"), cell.separable(p, 3, "right2")),
        cell.add("add_3", cell.average(h, "left3"), p),
        cell.add("add_4", cell.average(p, "left4"), cell.average(p, "right4")),
        cell.add("add_5", cell.separable(h, 3, "left5"), h),
    )


def _reduction(x, before, filters: int, name: str):
    """The reduction cell, figure 4 of the paper on the right."""
    cell = _Cell("reduction", filters, name)
    h, p = cell.inputs(x, before)
    padded = ZeroPadding2D(stride_padding(h, 3), name=cell.named("pad_1"))(h)
    a = cell.add("add_1", cell.separable(h, 5, "left1", 2), cell.separable(p, 7, "right1", 2))
    b = cell.add("add_2", cell.maximum(padded, "left2"), cell.separable(p, 7, "right2", 2))
    c = cell.add("add3", cell.average(padded, "left3", 2), cell.separable(p, 5, "right3", 2))
    d = cell.add(None, b, cell.average(a, "left4"))
    e = cell.add("add4", cell.separable(a, 3, "left4"), cell.maximum(padded, "right5"))
    return cell.concatenate(b, c, d, e)


def _features(filters: int, stem: int, repeats: int, skip: bool):
    """The cells.

    Args:
        filters: those of a convolution in the first normal cells; after each reduction twice as
            many.
        stem: the filters of the convolution on the images.
        repeats: how many normal cells there are between reductions.
        skip: whether the first normal cell after a reduction looks past it and the cell before.
    """

    def features(x):
        he = "he_normal"
        x = Conv2D(stem, 3, 2, use_bias=False, kernel_initializer=he, name="stem_conv1")(x)
        x, before = _normalized(x, "stem_bn1"), None
        x, before = _reduction(x, before, filters // 4, "stem_1"), x
        x, before = _reduction(x, before, filters // 2, "stem_2"), x
        for stage in range(3):
            width, first = filters * 2**stage, repeats * stage
            if stage > 0:
                reduced = _reduction(x, before, width, f"reduce_{first}")
                x, before = reduced, before if skip else x
                first += 1
            for number in range(first, first + repeats):
                x, before = _normal(x, before, width, str(number)), x
        return _relu(x)

    return features


def _nasnet(kind: str, size: int, features, hashes, example: str = ""):
    base = f"{STORE}nasnet/NASNet-{kind}"
    files = {
        True: (f"{base}.h5", hashes[0], f"nasnet_{kind}.h5"),
        False: (f"{base}-no-top.h5", hashes[1], f"nasnet_{kind}_no_top.h5"),
    }

    def chosen(name, input_shape, weights, **_):
        if image_data_format() != "channels_last":
            raise ValueError(
                f"{name}: NASNet takes images with the channels last; set "
                "config.set_image_data_format('channels_last'). "
                f"Received: image_data_format={image_data_format()!r}"
            )
        # Which layers there are depends on the images' size. Keras leaves it open for the large
        # network, whose layers then fit no images and no published weights.
        if input_shape is None and (kind == "mobile" or weights == "imagenet"):
            input_shape = (size, size, 3)
        if weights == "imagenet" and None in input_shape:
            raise ValueError(
                f"{name}: ImageNet's weights are for images of a known size, such as "
                f"({size}, {size}, 3). Received: input_shape={input_shape}"
            )
        return {"input_shape": input_shape}

    return application(
        f"NASNet{kind.title()}",
        ABOUT.format(kind=kind, size=size) + example,
        order=("input_shape", *(n for n in ORDER if n != "input_shape")),
        chosen=chosen,
        name=f"nasnet_{kind}",
        features=features,
        size=size,
        least=32,
        files=files,
        top=partial(average_and_dense, name=None),
    )


NASNetLarge = _nasnet(
    "large",
    331,
    _features(168, 96, 6, skip=True),
    ("11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"),
)
NASNetMobile = _nasnet(
    "mobile",
    224,
    _features(44, 32, 4, skip=False),
    ("020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"),
    EXAMPLE,
)
