"""Batches of images as NumPy arrays with the channels last."""

import numpy as np

from ..engine.config import standardize_data_format
from ..engine.operation import convert_to_numpy


def image_batch(who: str, images, data_format: str | None) -> np.ndarray:
    """Images as `(batch, height, width, channels)`."""
    images = convert_to_numpy(images)
    if images.ndim != 4:
        raise ValueError(
            f"visualization.{who} takes a batch of images, four dimensions. "
            f"Received: images.shape={images.shape}"
        )
    first = standardize_data_format(data_format) == "channels_first"
    return images.transpose(0, 2, 3, 1) if first else images


def to_bytes(images: np.ndarray, value_range) -> np.ndarray:
    """Images of values in `value_range` as numbers from 0 to 255."""
    low, high = value_range
    if not low < high:
        raise ValueError(f"value_range is a pair (low, high). Received: {value_range!r}")
    scaled = (images.astype("float32") - low) * (255 / (high - low))
    return np.clip(scaled, 0, 255).astype("uint8")


def plotting(who: str):
    """`matplotlib.pyplot`, or a clear error."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ImportError(
            f"visualization.{who} needs matplotlib: pip install matplotlib. "
            "Received: no module matplotlib"
        ) from None
    return plt
