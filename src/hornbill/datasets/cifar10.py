"""CIFAR-10: small colour pictures of ten things."""

from . import cifar

HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data():
    """60,000 colour pictures of 32 x 32 pixels (Krizhevsky 2009).

    The classes: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images of shape `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)` (channels first where `config.image_data_format()` says so), and
        uint8 labels from 0 to 9 of shape `(n, 1)`.

    Raises:
        ConnectionError: if the archive is not in the cache and cannot be downloaded.
    """
    train = [f"data_batch_{i}" for i in range(1, 6)]
    return cifar.load(
        "cifar-10-python.tar.gz", HASH, "cifar-10-batches-py", train, "test_batch", "labels"
    )
