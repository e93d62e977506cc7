"""Contrast-limited adaptive histogram equalization."""

import jax.numpy as jnp

from .image_base import ColorPreprocessing, check_value_range, positive_int, rescale
from .image_tone import BYTES

MAX_TILES = 1024


class ContrastLimitedAdaptiveHistogramEqualization(ColorPreprocessing):
    """Equalizes the histogram of each part of an image, in training and outside.

    The image is cut into tiles. Each tile's histogram is capped, so that noise in flat parts is
    not blown up, and gives a curve of ranks; a pixel's value is what the curves of the four
    nearest tiles say, interpolated. Zuiderveld, in Graphics Gems IV, 1994.

    Args:
        value_range: the least and the largest value of a pixel.
        clip_limit: the cap, as a multiple of the mean count; 0 or less: none.
        tile_grid_size: how many tiles down and across.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input and output shape: `(batch, height, width, channels)`, or one image, or a dict, see
    `ImagePreprocessing`. The dtype stays.

    >>> import hornbill as hb
    >>> layer = hb.layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))
    >>> layer(hb.ops.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3)
    """

    draws = False

    def __init__(
        self,
        value_range=(0, 255),
        clip_limit: float = 4.0,
        tile_grid_size=(8, 8),
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = check_value_range(self, value_range)
        who = type(self).__name__
        if isinstance(clip_limit, bool) or not isinstance(clip_limit, (int, float)):
            raise ValueError(f"{who}'s clip_limit is a number. Received: clip_limit={clip_limit!r}")
        self.clip_limit = clip_limit
        if not isinstance(tile_grid_size, (tuple, list)) or len(tile_grid_size) != 2:
            raise ValueError(
                f"{who}'s tile_grid_size is two positive ints. "
                f"Received: tile_grid_size={tile_grid_size!r}"
            )
        self.tile_grid_size = tuple(positive_int(self, "tile_grid_size", n) for n in tile_grid_size)
        if max(self.tile_grid_size) > MAX_TILES:  # a config may come from anywhere
            raise ValueError(
                f"{who} has at most {MAX_TILES} tiles down and across. "
                f"Received: tile_grid_size={tile_grid_size!r}"
            )

    def transform_images(self, images, transformation=None, training=True):
        images = jnp.asarray(images)
        values = rescale(images.astype("float32"), self.value_range, BYTES)
        values = jnp.moveaxis(values, self.channel_axis, -1)
        values = jnp.moveaxis(self._equalize(values), -1, self.channel_axis)
        return rescale(values, BYTES, self.value_range).astype(images.dtype)

    def _equalize(self, images):
        batch, height, width, channels = images.shape
        rows, columns = self.tile_grid_size
        tall, wide = -(-height // rows), -(-width // columns)
        beyond = ((0, 0), (0, rows * tall - height), (0, columns * wide - width), (0, 0))
        levels = jnp.pad(images, beyond, "symmetric").clip(*BYTES).astype("int32")
        tiles = levels.reshape(batch, rows, tall, columns, wide, channels)
        tiles = tiles.transpose(0, 1, 3, 5, 2, 4).reshape(-1, tall * wide)
        curves = self._curves(tiles).reshape(batch, rows, columns, channels, 256)

        top, bottom, down = _neighbours(height, tall, rows)
        left, right, across = _neighbours(width, wide, columns)
        levels = levels[:, :height, :width]
        image = jnp.arange(batch)[:, None, None, None]
        channel = jnp.arange(channels)

        def at(row, column):
            return curves[image, row[:, None, None], column[:, None], channel, levels]

        down, across = down[:, None, None], across[:, None]
        upper = at(top, left) * (1 - across) + at(top, right) * across
        lower = at(bottom, left) * (1 - across) + at(bottom, right) * across
        return upper * (1 - down) + lower * down

    def _curves(self, tiles):
        """The new value of each of the 256 levels, for each row of `tiles`."""
        size = tiles.shape[1]
        places = jnp.arange(tiles.shape[0])[:, None]
        counts = jnp.zeros((tiles.shape[0], 256)).at[places, tiles].add(1.0)
        if self.clip_limit > 0:
            capped = jnp.minimum(counts, self.clip_limit * size / 256)
            counts = capped + (counts - capped).sum(-1, keepdims=True) / 256
        below = jnp.cumsum(counts, -1)
        least = below.min(-1, keepdims=True)
        rest = jnp.where(size == least, 1, size - least)
        return ((below - least) * 255 / rest).clip(*BYTES)


def _neighbours(length: int, tile: int, count: int):
    """For each pixel along an axis the tiles whose middles are around it, and how near it is to
    the second, from 0 to 1. At the edges both are the same tile."""
    place = (jnp.arange(length) - tile / 2) / tile
    before = jnp.floor(place)
    first = before.astype("int32")
    return first.clip(0, count - 1), (first + 1).clip(0, count - 1), place - before
