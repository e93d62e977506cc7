"""California housing: prices of houses."""

import numpy as np

from .source import check_test_split, fetch, shuffled, split

HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
):
    """Districts of California in 1990: 8 features, and the median price (Pace and Barry 1997).

    The features: median income, age, rooms and bedrooms per household, population, occupancy,
    latitude, longitude.

    Args:
        version: `"large"` for all 20,640 districts, `"small"` for the first 600.
        path: the name of the file in the cache's folder `datasets`.
        test_split: the share of the samples in the test part.
        seed: of the shuffling before the cut.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: features of shape `(n, 8)`, and prices in dollars
        of shape `(n,)`.

    Raises:
        ConnectionError: if the file is not in the cache and cannot be downloaded.
    """
    check_test_split(test_split)
    if version not in ("large", "small"):
        raise ValueError(
            "california_housing.load_data's version is 'large' or 'small'. "
            f"Received: version={version!r}"
        )
    with np.load(fetch(path, "california_housing.npz", HASH), allow_pickle=False) as file:
        x, y = file["x"], file["y"]
    if version == "small":
        x, y = x[:600], y[:600]
    return split(*shuffled(np.random.RandomState(seed), x, y), test_split)
