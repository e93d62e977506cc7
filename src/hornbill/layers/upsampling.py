"""Upsampling: every step, pixel or voxel repeated."""

import jax

from .. import ops
from .spatial import SpatialLayer, per_axis, with_defaults

# Keras's names of the interpolations, and JAX's.
METHODS = {"bicubic": "cubic", "bilinear": "linear", "lanczos3": "lanczos3", "lanczos5": "lanczos5"}


class UpSampling(SpatialLayer):
    def __init__(self, size, data_format: str | None = None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.size = per_axis(self, size=size)

    def call(self, inputs):
        for axis, times in zip(self.spatial_axes, self.size, strict=True):
            inputs = ops.repeat(inputs, times, axis=axis)
        return inputs


class UpSampling1D(UpSampling):
    """Every time step repeated `size` times.

    Args:
        size: how often.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, steps * size, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.UpSampling1D(2)(hb.ops.array([[[1.0], [2.0]]])).tolist()
    [[[1.0], [1.0], [2.0], [2.0]]]
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs):
        super().__init__(size, "channels_last", **kwargs)


class UpSampling2D(UpSampling):
    """Images enlarged by whole factors.

    Args:
        size: the factor, an int or `(height, width)`.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.
        interpolation: `"nearest"` (pixels are repeated), `"bilinear"`, `"bicubic"`, `"lanczos3"`
            or `"lanczos5"`.

    Input shape: `(batch, height, width, channels)`, or channels second. Output shape: the same
    with height and width multiplied.

    >>> import hornbill as hb
    >>> hb.layers.UpSampling2D((2, 3), interpolation="bilinear")(hb.ops.ones((1, 4, 4, 3))).shape
    (1, 8, 12, 3)
    """

    rank = 2

    def __init__(
        self,
        size=(2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs,
    ):
        super().__init__(size, data_format, **kwargs)
        name = interpolation.lower() if isinstance(interpolation, str) else interpolation
        if name != "nearest" and name not in METHODS:
            raise ValueError(
                f"UpSampling2D's interpolation is one of nearest, {', '.join(METHODS)}. "
                f"Received: interpolation={interpolation!r}"
            )
        self.interpolation = name

    def call(self, inputs):
        if self.interpolation == "nearest":
            return super().call(inputs)
        factors = self.on_spatial_axes(self.size, 1)
        shape = [n * times for n, times in zip(inputs.shape, factors, strict=True)]
        return jax.image.resize(inputs, shape, METHODS[self.interpolation], antialias=False)


class UpSampling3D(UpSampling):
    """Every voxel of a volume repeated.

    Args:
        size: how often, an int or three.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.

    Input shape: `(batch, depth, height, width, channels)`, or channels second. Output shape: the
    same with the spatial dimensions multiplied.

    >>> import hornbill as hb
    >>> hb.layers.UpSampling3D(2)(hb.ops.ones((1, 2, 3, 4, 1))).shape
    (1, 4, 6, 8, 1)
    """

    rank = 3
    __init__ = with_defaults(UpSampling.__init__, size=(2, 2, 2))
