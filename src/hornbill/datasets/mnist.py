"""MNIST: handwritten digits."""

import numpy as np

from .source import fetch

HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz"):
    """70,000 handwritten digits of 28 x 28 gray pixels (LeCun and Cortes; CC BY-SA 3.0).

    Args:
        path: the name of the file in the cache's folder `datasets`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images of shape `(60000, 28, 28)` and
        `(10000, 28, 28)`, and uint8 labels from 0 to 9.

    Raises:
        ConnectionError: if the file is not in the cache and cannot be downloaded.
    """
    with np.load(fetch(path, "mnist.npz", HASH), allow_pickle=False) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
