"""What convolution and pooling share: settings per spatial dimension, and axis layouts."""

from ..engine.config import standardize_data_format

__all__ = ["check_images", "check_padding", "per_dimension", "spatial_axes"]


def per_dimension(value, n: int, name: str) -> tuple[int, ...]:
    """An int, or one int for each of `n` spatial dimensions, as a tuple of `n` positive ints."""
    values = (value,) * n if isinstance(value, int) else tuple(value)
    if len(values) == 1:
        values *= n
    if len(values) != n or any(v <= 0 for v in values):
        raise ValueError(
            f"{name} is a positive int, or {n} of them (one for each spatial dimension). "
            f"Received: {name}={value}"
        )
    return values


def check_padding(padding: str) -> str:
    """`"valid"` or `"same"`, in lower case."""
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in ("valid", "same"):
        raise ValueError(f"padding is 'valid' or 'same'. Received: padding={padding!r}")
    return name


def check_images(x, who: str) -> int:
    """The number of spatial dimensions of a batch with channels: 1, 2 or 3."""
    n = x.ndim - 2
    if n not in (1, 2, 3):
        raise ValueError(
            f"{who} takes inputs of rank 3, 4 or 5 (batch, 1 to 3 spatial dimensions, channels). "
            f"Received: rank {x.ndim}, shape {x.shape}"
        )
    return n


def spatial_axes(ndim: int, data_format: str | None) -> tuple[tuple[int, ...], int]:
    """The spatial axes and the channel axis of a batch of rank `ndim`."""
    if standardize_data_format(data_format) == "channels_last":
        return tuple(range(1, ndim - 1)), ndim - 1
    return tuple(range(2, ndim)), 1
