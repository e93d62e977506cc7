"""Boston housing: prices of houses."""

import numpy as np

from .source import check_test_split, fetch, shuffled, split

HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113):
    """506 districts around Boston in the 1970s: 13 features, and the median price (StatLib).

    One feature, "B", is built on the assumption that racial segregation raises prices: use the
    data to study such problems, and `california_housing` for anything else.

    Args:
        path: the name of the file in the cache's folder `datasets`.
        test_split: the share of the samples in the test part.
        seed: of the shuffling before the cut.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float64 features of shape `(n, 13)`, and prices in
        thousands of dollars of shape `(n,)`.

    Raises:
        ConnectionError: if the file is not in the cache and cannot be downloaded.
    """
    check_test_split(test_split)
    with np.load(fetch(path, "boston_housing.npz", HASH), allow_pickle=False) as file:
        x, y = shuffled(np.random.RandomState(seed), file["x"], file["y"])
    return split(x, y, test_split)
