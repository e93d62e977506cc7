"""ImageNet's conventions: how pixels become inputs, and what the 1,000 classes are called."""

import functools
import json

import numpy as np

from ..engine.config import standardize_data_format
from ..ops import core, numpy
from ..utils.files import get_file
from .assemble import CLASSES

NAMES = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
NAMES_MD5 = "c2c37ea517e94d9795004a39431a14cb"

# Of pixels from 0 to 255 for "caffe", blue first, and from 0 to 1 for "torch", red first.
CAFFE_MEAN = (103.939, 116.779, 123.68)
TORCH_MEAN, TORCH_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
MODES = ("caffe", "tf", "torch")


def preprocess_input(x, data_format=None, mode: str = "caffe"):
    """Images as the published weights expect them.

    Args:
        x: an image or a batch of them, red first, pixels from 0 to 255: an array or a tensor. An
            array of floats is changed in place, as Keras does it.
        data_format: `"channels_last"` or `"channels_first"`; `config.image_data_format()` when
            None.
        mode: `"caffe"`: blue first, less the mean of ImageNet's channels. `"tf"`: from -1 to 1.
            `"torch"`: from 0 to 1, then less the mean and over the standard deviation of ImageNet's
            channels.

    >>> import hornbill as hb, numpy as np
    >>> image = np.full((1, 1, 3), 255, "float32")
    >>> hb.applications.imagenet_utils.preprocess_input(image, mode="tf").tolist()
    [[[1.0, 1.0, 1.0]]]
    """
    if mode not in MODES:
        raise ValueError(f"mode is one of {MODES}. Received: mode={mode!r}")
    last = standardize_data_format(data_format) == "channels_last"
    if isinstance(x, np.ndarray):
        changed = x if np.issubdtype(x.dtype, np.floating) else x.astype("float32")
        changed[...] = _preprocessed(changed, last, mode, np)
        return changed
    x = core.convert_to_tensor(x)
    if not str(x.dtype).startswith(("float", "bfloat")):
        x = core.cast(x, "float32")
    return _preprocessed(x, last, mode, numpy)


def _preprocessed(x, last: bool, mode: str, library):
    """The pixels, by NumPy or by ops."""

    def each(values):
        values = np.asarray(values, str(x.dtype))
        return values if last else values[:, None, None]

    if mode == "tf":
        return x / 127.5 - 1.0
    if mode == "torch":
        return (x / 255.0 - each(TORCH_MEAN)) / each(TORCH_DEVIATION)
    return library.flip(x, axis=-1 if last else -3) - each(CAFFE_MEAN)


def preprocessing(mode: str | None):
    """The `preprocess_input` of an architecture; without a mode its first layers do it."""

    def preprocess_input(x, data_format=None):
        """Images as this architecture's published weights expect them.

        Args:
            x: an image or a batch of them, red first, pixels from 0 to 255: an array (one of
                floats is changed in place) or a tensor.
            data_format: `"channels_last"` or `"channels_first"`; `config.image_data_format()`
                when None.
        """
        return x if mode is None else imagenet(x, data_format, mode)

    return preprocess_input


imagenet = preprocess_input


@functools.cache
def _names() -> list:
    path = get_file("imagenet_class_index.json", NAMES, cache_subdir="models", file_hash=NAMES_MD5)
    with open(path) as file:
        index = json.load(file)
    return [tuple(index[str(i)]) for i in range(CLASSES)]


def decode_predictions(preds, top: int = 5) -> list:
    """The most likely classes of each image.

    Args:
        preds: probabilities, `(images, 1000)`.
        top: how many classes to name.

    Returns:
        For each image a list of `(WordNet's id, name, probability)`, the most likely first. The
        names are downloaded once.
    """
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != CLASSES:
        raise ValueError(
            f"decode_predictions takes the predictions of ImageNet's classes, (images, {CLASSES}). "
            f"Received: preds.shape={preds.shape}"
        )
    names = _names()
    best = np.argsort(-preds, axis=1, kind="stable")[:, :top]
    return [[(*names[i], row[i]) for i in places] for row, places in zip(preds, best, strict=True)]
