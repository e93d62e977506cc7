"""What CIFAR-10 and CIFAR-100 share."""

import os

import numpy as np

from ..engine.config import image_data_format
from ..utils.files import get_file
from .source import ArrayUnpickler

BASE = "https://www.cs.toronto.edu/~kriz/"


def load(archive: str, file_hash: str, folder: str, train, test: str, label_key: str):
    """`(x_train, y_train), (x_test, y_test)` from the files of an archive.

    Args:
        archive: the archive's name on the server.
        file_hash: its SHA-256.
        folder: the folder inside it, which also names the cache's.
        train: the names of the files with training data.
        test: that of the test data.
        label_key: where a file keeps the labels.
    """
    path = get_file(f"{folder}-target", BASE + archive, file_hash=file_hash, extract=True)
    folder = os.path.join(path, folder)
    parts = [_read(os.path.join(folder, name), label_key) for name in train]
    x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return (x, y), _read(os.path.join(folder, test), label_key)


def _read(path, label_key):
    with open(path, "rb") as file:
        batch = ArrayUnpickler(file, encoding="bytes").load()
    images = batch[b"data"].reshape(-1, 3, 32, 32)
    if image_data_format() == "channels_last":
        images = images.transpose(0, 2, 3, 1)
    return images, np.array(batch[label_key.encode()], "uint8")[:, None]
