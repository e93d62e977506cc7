"""What the architectures share: the input, the classifier on top, and the published weights."""

import inspect
import os

from ..engine.config import image_data_format
from ..engine.symbolic import SymbolicTensor
from ..layers import Dense, GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from ..models import Model
from ..utils.files import get_file
from ..utils.graph import get_source_inputs

# Where Keras publishes weights for ImageNet's 1,000 classes.
STORE = "https://storage.googleapis.com/tensorflow/keras-applications/"
CLASSES = 1000

ARGUMENTS = """Args:
    include_top: whether the classifier stands on top.
    weights: `"imagenet"` (downloaded once), the path of a file of weights, or None.
    input_tensor: a symbolic tensor to build on, instead of a new input.
    input_shape: the shape of an image; with the classifier and ImageNet's weights it is fixed.
    pooling: without the classifier: `"avg"` or `"max"`, or None for the features as they are.
    classes: how many the classifier knows.
    classifier_activation: the classifier's; None gives logits.
    name: the model's name.
"""


def files(folder: str, name: str, with_top: str, without: str) -> dict:
    """The URLs of an architecture's weights, with these hashes, as `assemble` takes them."""
    base = f"{STORE}{folder}/{name}_weights_tf_dim_ordering_tf_kernels"
    return {True: (f"{base}.h5", with_top), False: (f"{base}_notop.h5", without)}


def channel_axis() -> int:
    """The axis of the channels in a batch of images."""
    return 3 if image_data_format() == "channels_last" else 1


def last_axis() -> int:
    """The same for layers that Keras gives -1 where the channels are last."""
    return -1 if channel_axis() == 3 else 1


def sides(shape) -> tuple:
    """The height and the width in the shape of an image."""
    return tuple(shape[:2] if channel_axis() == 3 else shape[1:])


def multiple_of_8(filters: float) -> int:
    """The nearest one, and 8 at least."""
    return max(8, int(filters + 4) // 8 * 8)


def eights(filters: float) -> int:
    """The multiple of 8 nearest to a number of filters, and no less than nine tenths of it."""
    nearest = multiple_of_8(filters)
    return nearest + 8 if nearest < 0.9 * filters else nearest


def stride_padding(x, kernel: int) -> tuple:
    """The zeros around images that let the windows of a stride of 2 end at their last pixel.

    Where a side is even, or unknown, there is one less before than after.
    """
    half = kernel // 2
    return tuple((half - (side is None or side % 2 == 0), half) for side in sides(x.shape[1:]))


def average_and_dense(x, classes: int, activation, name: str | None = "avg_pool"):
    """The usual classifier; `name` is the pooling's."""
    x = GlobalAveragePooling2D(name=name)(x)
    return Dense(classes, activation=activation, name="predictions")(x)


def assemble(
    features,
    *,
    name: str,
    size: int,
    least: int,
    files: dict,
    include_top: bool,
    weights,
    input_tensor,
    input_shape,
    pooling: str | None,
    classes: int,
    classifier_activation,
    top=average_and_dense,
    pools: dict | None = None,
    neck=None,
    fixed: bool | None = None,
) -> Model:
    """A model from `features`, a function of symbolic images.

    Args:
        name: the model's name.
        size: the width and height of an image, where nothing else is said.
        least: the smallest width and height.
        files: the URLs and hashes of ImageNet's weights, `{include_top: (url, hash)}`, with the
            name in the cache behind them where it is not the URL's.
        top: `(features, classes, activation) -> outputs`.
        pools: the names of the layers for `pooling="avg"` and `"max"`.
        neck: without the classifier, what follows the pooling: a function of the features.
        fixed: whether the weights fit images of one size only; None where they do with the
            classifier.
        others: as in `ARGUMENTS`.
    """
    _check(name, weights, include_top, classes, classifier_activation, pooling)
    fixed = include_top if fixed is None else fixed
    shape = _image_shape(name, input_shape, size, least, weights, fixed)
    images, inputs = _inputs(input_tensor, shape)
    x = features(images)
    if include_top:
        x = top(x, classes, classifier_activation)
    else:
        if pooling is not None:
            pool = {"avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}[pooling]
            x = pool(name=(pools or {}).get(pooling))(x)
        x = x if neck is None else neck(x)
    model = Model(inputs, x, name=name)
    if weights == "imagenet":
        url, file_hash, *cached = files[include_top]
        file = cached[0] if cached else url.rpartition("/")[2]
        weights = get_file(file, url, cache_subdir="models", file_hash=file_hash)
    if weights is not None:
        model.load_weights(weights)
    return model


# What every public function takes, in the usual order, and the defaults.
ORDER = (
    "include_top weights input_tensor input_shape pooling classes classifier_activation name"
).split()
DEFAULTS = {
    "include_top": True,
    "include_preprocessing": True,
    "weights": "imagenet",
    "input_tensor": None,
    "input_shape": None,
    "pooling": None,
    "classes": CLASSES,
    "classifier_activation": "softmax",
}


def application(function_name: str, about: str, order=ORDER, defaults=(), chosen=None, **settings):
    """The public function of an architecture: `assemble` with its settings.

    Args:
        function_name: its name.
        about: its documentation: what it is, the source, and its arguments.
        order: the names of its parameters, where they are not the usual ones.
        defaults: those that are not in `DEFAULTS`.
        chosen: a function of all its arguments that gives settings which hang on them.
        **settings: `features`, `size`, `least`, `files` and more, as in `assemble`; `name` is the
            default of the model's name.
    """
    values = {**DEFAULTS, **dict(defaults), "name": settings["name"]}
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(n, kind, default=values[n]) for n in order])

    def build(*args, **kwargs):
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{function_name}() {error}") from None
        bound.apply_defaults()
        given = {n: bound.arguments[n] for n in ORDER}
        more = {} if chosen is None else chosen(**bound.arguments)
        return assemble(**{**settings, **given, **more})

    build.__signature__ = signature
    build.__name__ = build.__qualname__ = function_name
    build.__module__ = (chosen or settings["features"]).__module__  # where one reads about it
    build.__doc__ = about
    return build


def _check(name, weights, include_top, classes, activation, pooling) -> None:
    if weights not in (None, "imagenet") and not os.path.exists(weights):
        raise ValueError(
            f"{name}: weights is 'imagenet', None, or the path of a file that is there. "
            f"Received: weights={weights!r}"
        )
    if weights == "imagenet" and include_top and classes != CLASSES:
        raise ValueError(
            f"{name}: ImageNet's weights are for {CLASSES} classes. For others pass "
            f"include_top=False and put a classifier of your own on top, or weights=None. "
            f"Received: classes={classes}"
        )
    if weights is not None and include_top and activation not in (None, "softmax"):
        raise ValueError(
            f"{name}: a classifier whose weights are loaded ends in 'softmax', or in None for "
            f"logits. Received: classifier_activation={activation!r}"
        )
    if pooling not in (None, "avg", "max"):
        raise ValueError(f"{name}: pooling is None, 'avg' or 'max'. Received: pooling={pooling!r}")


def _image_shape(name, given, size: int, least: int, weights, fixed: bool) -> tuple:
    """The shape of an image, where the channels belong."""
    last = image_data_format() == "channels_last"
    if given is None:
        sides, channels = ((size, size) if fixed else (None, None)), 3
    else:
        if len(given) != 3:
            raise ValueError(
                f"{name}: input_shape is that of an image, such as ({size}, {size}, 3). "
                f"Received: input_shape={given}"
            )
        *sides, channels = given if last else (*given[1:], given[0])
    if weights == "imagenet":
        if channels != 3:
            raise ValueError(
                f"{name}: ImageNet's weights are for 3 channels; pass weights=None for others. "
                f"Received: input_shape={given}"
            )
        if fixed and tuple(sides) != (size, size):
            raise ValueError(
                f"{name}: ImageNet's weights are for images of {size} by {size} here; pass "
                f"include_top=False, or weights=None, for others. Received: input_shape={given}"
            )
    if any(side is not None and side < least for side in sides):
        raise ValueError(
            f"{name}: images are at least {least} by {least}. Received: input_shape={given}"
        )
    if fixed and None in sides:
        raise ValueError(
            f"{name} with its classifier needs the images' size; pass include_top=False to leave "
            f"it open. Received: input_shape={given}"
        )
    return (*sides, channels) if last else (channels, *sides)


def _inputs(tensor, shape) -> tuple:
    """The images, and the tensor or tensors that the model takes."""
    if tensor is None:
        images = Input(shape)
        return images, images
    if isinstance(tensor, SymbolicTensor):
        sources = get_source_inputs(tensor)
        return tensor, sources[0] if len(sources) == 1 else sources
    raise TypeError(
        "input_tensor is a symbolic tensor, such as Input((224, 224, 3)). "
        f"Received: {type(tensor).__name__}"
    )
