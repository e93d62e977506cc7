"""What the image ops share: the check of ranks, and the layout inside."""

import jax.numpy as jnp

from ...engine.config import standardize_data_format

INTERPOLATIONS = {"nearest": 0, "bilinear": 1}
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def check_rank(images, who: str) -> None:
    """Images have rank 3 (one) or 4 (a batch)."""
    if jnp.ndim(images) not in (3, 4):
        raise ValueError(
            f"image.{who} takes one image (rank 3) or a batch (rank 4). "
            f"Received: images.shape={jnp.shape(images)}"
        )


def check_choice(who: str, name: str, value, choices) -> None:
    """A setting is one of a few."""
    if value not in choices:
        raise ValueError(
            f"image.{who}'s {name} is one of {', '.join(map(repr, choices))}. "
            f"Received: {name}={value!r}"
        )


def channel_axis(data_format: str | None) -> int:
    """The axis of the channels, counted from the end."""
    return -1 if standardize_data_format(data_format) == "channels_last" else -3


def size_axes(data_format: str | None) -> tuple[int, int]:
    """The axes of height and width, counted from the end."""
    return (-3, -2) if channel_axis(data_format) == -1 else (-2, -1)


class Layout:
    """To a batch with channels last and back: `layout = Layout(x, ...)`, `layout.back(y)`."""

    def __init__(self, images, data_format: str | None, who: str, spatial: int = 2):
        if spatial == 2:
            check_rank(images, who)
        self.single = images.ndim == spatial + 1
        self.first = standardize_data_format(data_format) == "channels_first"
        images = images[None] if self.single else images
        self.images = jnp.moveaxis(images, 1, -1) if self.first else images

    def back(self, images, channels: int = -1):
        """Undoes the change of layout; `channels` is the axis of the channels in `images`."""
        images = jnp.moveaxis(images, channels, 1) if self.first else images
        return images[0] if self.single else images
