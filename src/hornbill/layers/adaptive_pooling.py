"""Adaptive pooling: to a given size, whatever the size of the input."""

from .. import ops
from .spatial import SpatialLayer, per_axis


class AdaptivePooling(SpatialLayer):
    def __init__(self, output_size, data_format: str | None = None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.output_size = per_axis(self, output_size=output_size)

    @staticmethod
    def pool(inputs, output_size, data_format):
        raise NotImplementedError

    def call(self, inputs):
        return self.pool(inputs, self.output_size, self.data_format)


class AdaptiveMaxPooling1D(AdaptivePooling):
    """The largest values of `output_size` windows that cover the steps as evenly as possible.

    Window `i` of `n` runs from `floor(i * steps / n)` to before `ceil((i + 1) * steps / n)`.

    Args:
        output_size: the number of windows.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.

    Input shape: `(batch, steps, channels)`, or channels second. Output shape: the same with
    `output_size` steps.

    >>> import hornbill as hb
    >>> x = hb.ops.array([[[1.0], [3.0], [2.0], [0.0], [5.0]]])
    >>> hb.layers.AdaptiveMaxPooling1D(2)(x).tolist()
    [[[3.0], [5.0]]]
    """

    rank = 1
    pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling2D(AdaptivePooling):
    """`AdaptiveMaxPooling1D` for images; `output_size` is an int or `(height, width)`.

    Input shape: `(batch, height, width, channels)`, or channels second. Output shape: the same
    with the height and width given.

    >>> import hornbill as hb
    >>> hb.layers.AdaptiveMaxPooling2D((2, 3))(hb.ops.ones((1, 5, 7, 2))).shape
    (1, 2, 3, 2)
    """

    rank = 2
    pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling3D(AdaptivePooling):
    """`AdaptiveMaxPooling1D` for volumes; `output_size` is an int or three.

    Input shape: `(batch, depth, height, width, channels)`, or channels second. Output shape: the
    same with the spatial dimensions given.

    >>> import hornbill as hb
    >>> hb.layers.AdaptiveMaxPooling3D(2)(hb.ops.ones((1, 4, 4, 4, 2))).shape
    (1, 2, 2, 2, 2)
    """

    rank = 3
    pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveAveragePooling1D(AdaptivePooling):
    """The means of `output_size` windows; arguments and shapes as in `AdaptiveMaxPooling1D`.

    >>> import hornbill as hb
    >>> x = hb.ops.array([[[1.0], [3.0], [2.0], [0.0]]])
    >>> hb.layers.AdaptiveAveragePooling1D(2)(x).tolist()
    [[[2.0], [1.0]]]
    """

    rank = 1
    pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling2D(AdaptivePooling):
    """The means of windows of images; arguments and shapes as in `AdaptiveMaxPooling2D`.

    >>> import hornbill as hb
    >>> hb.layers.AdaptiveAveragePooling2D(1)(hb.ops.ones((1, 5, 7, 2))).shape
    (1, 1, 1, 2)
    """

    rank = 2
    pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling3D(AdaptivePooling):
    """The means of windows of volumes; arguments and shapes as in `AdaptiveMaxPooling3D`.

    >>> import hornbill as hb
    >>> hb.layers.AdaptiveAveragePooling3D((1, 2, 2))(hb.ops.ones((1, 4, 4, 4, 2))).shape
    (1, 1, 2, 2, 2)
    """

    rank = 3
    pool = staticmethod(ops.adaptive_average_pool)
