"""CIFAR-100: small colour pictures of a hundred things."""

from . import cifar

HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine"):
    """60,000 colour pictures of 32 x 32 pixels (Krizhevsky 2009).

    Args:
        label_mode: `"fine"` for the 100 classes, `"coarse"` for the 20 groups of them.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images of shape `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)` (channels first where `config.image_data_format()` says so), and
        uint8 labels of shape `(n, 1)`.

    Raises:
        ConnectionError: if the archive is not in the cache and cannot be downloaded.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            "cifar100.load_data's label_mode is 'fine' or 'coarse'. "
            f"Received: label_mode={label_mode!r}"
        )
    return cifar.load(
        "cifar-100-python.tar.gz",
        HASH,
        "cifar-100-python",
        ["train"],
        "test",
        f"{label_mode}_labels",
    )
