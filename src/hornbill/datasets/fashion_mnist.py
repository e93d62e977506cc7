"""Fashion-MNIST: pictures of clothes."""

import gzip
import os

import numpy as np

from .source import fetch

# The four files and their MD5, from https://github.com/zalandoresearch/fashion-mnist.
FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}


def load_data():
    """70,000 pictures of clothes of 28 x 28 gray pixels (Xiao et al. 2017; MIT licence).

    The classes: T-shirt/top, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle
    boot.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images of shape `(60000, 28, 28)` and
        `(10000, 28, 28)`, and uint8 labels from 0 to 9.

    Raises:
        ConnectionError: if a file is not in the cache and cannot be downloaded.
    """
    folder = os.path.join("datasets", "fashion-mnist")
    paths = [fetch(name, name, md5, cache_subdir=folder) for name, md5 in FILES.items()]
    x_train, y_train, x_test, y_test = map(_read, paths)
    return (x_train, y_train), (x_test, y_test)


def _read(path) -> np.ndarray:
    """An array of bytes in the IDX format: three bytes, the rank, the shape, the numbers."""
    with gzip.open(path, "rb") as file:
        content = file.read()
    rank = content[3]
    shape = np.frombuffer(content, ">u4", rank, offset=4)
    return np.frombuffer(content, "uint8", offset=4 + 4 * rank).reshape(shape)
