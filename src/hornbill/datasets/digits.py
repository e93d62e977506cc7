"""The 1,797 handwritten digits that scikit-learn ships: real data without a download."""

from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "data" / "digits.npz"


def load_data(test_share: float = 0.2, seed: int = 0):
    """Handwritten digits of 8 x 8 pixels (Alpaydin and Kaynak, UCI 1998, CC BY 4.0).

    Args:
        test_share: the share of images in the test part.
        seed: of the shuffling before the cut.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float32 images of shape `(n, 8, 8, 1)` in
        `[0, 1]`, and int32 labels from 0 to 9.

    >>> from hornbill.datasets import digits
    >>> (x_train, y_train), (x_test, y_test) = digits.load_data()
    >>> x_train.shape, x_test.shape
    ((1438, 8, 8, 1), (359, 8, 8, 1))
    """
    if not 0 < test_share < 1:
        raise ValueError(f"test_share is between 0 and 1. Received: test_share={test_share!r}")
    with np.load(FILE) as file:
        images = file["images"].astype("float32")[..., None] / 16.0
        labels = file["labels"].astype("int32")
    order = np.random.default_rng(seed).permutation(len(images))
    cut = len(images) - int(len(images) * test_share)
    train, test = order[:cut], order[cut:]
    return (images[train], labels[train]), (images[test], labels[test])
