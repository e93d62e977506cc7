"""Pooling: windows of a batch reduced to their maximum or mean."""

from .. import ops
from ..kernels.windows import check_padding
from .spatial import SpatialLayer, per_axis, with_defaults


class Pooling(SpatialLayer):
    def __init__(
        self,
        pool_size,
        strides=None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, name=name, **kwargs)
        self.pool_size = per_axis(self, pool_size=pool_size)
        self.strides = self.pool_size if strides is None else per_axis(self, strides=strides)
        self.padding = check_padding(padding)

    @staticmethod
    def pool(inputs, pool_size, strides, padding, data_format):
        raise NotImplementedError

    def call(self, inputs):
        return self.pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class MaxPooling1D(Pooling):
    """The largest value of each window in time, channel by channel.

    Args:
        pool_size: the length of the window.
        strides: the step between windows; `pool_size` when None.
        padding: `"valid"` (a rest that fills no window is dropped) or `"same"`.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.
        name: the layer's name.

    Input shape: `(batch, steps, channels)`, or channels second. Output shape: the same with
    fewer steps.

    >>> import hornbill as hb
    >>> hb.layers.MaxPooling1D()(hb.ops.array([[[1.0], [3.0], [2.0], [0.0]]])).tolist()
    [[[3.0], [2.0]]]
    """

    rank = 1
    pool = staticmethod(ops.max_pool)
    __init__ = with_defaults(Pooling.__init__, pool_size=2)


class MaxPooling2D(Pooling):
    """The largest value of each window of an image, channel by channel.

    Args:
        pool_size, strides: an int or `(height, width)`.

    The other arguments are those of `MaxPooling1D`.

    Input shape: `(batch, height, width, channels)`, or channels second. Output shape: the same
    with smaller height and width.

    >>> import hornbill as hb
    >>> hb.layers.MaxPooling2D()(hb.ops.ones((1, 5, 4, 3))).shape
    (1, 2, 2, 3)
    """

    rank = 2
    pool = staticmethod(ops.max_pool)
    __init__ = with_defaults(Pooling.__init__, pool_size=(2, 2))


class MaxPooling3D(Pooling):
    """The largest value of each window of a volume, channel by channel.

    Args:
        pool_size, strides: an int or three.

    The other arguments are those of `MaxPooling1D`.

    Input shape: `(batch, depth, height, width, channels)`, or channels second. Output shape: the
    same with smaller spatial dimensions.

    >>> import hornbill as hb
    >>> hb.layers.MaxPooling3D(2, strides=1)(hb.ops.ones((1, 3, 3, 3, 2))).shape
    (1, 2, 2, 2, 2)
    """

    rank = 3
    pool = staticmethod(ops.max_pool)
    __init__ = with_defaults(Pooling.__init__, pool_size=(2, 2, 2))


class AveragePooling1D(Pooling):
    """The mean of each window in time, channel by channel; padding does not count.

    The arguments and shapes are those of `MaxPooling1D`; `pool_size` has no default.

    >>> import hornbill as hb
    >>> hb.layers.AveragePooling1D(2)(hb.ops.array([[[1.0], [3.0], [2.0], [0.0]]])).tolist()
    [[[2.0], [1.0]]]
    """

    rank = 1
    pool = staticmethod(ops.average_pool)
    __init__ = Pooling.__init__


class AveragePooling2D(Pooling):
    """The mean of each window of an image, channel by channel; padding does not count.

    The arguments and shapes are those of `MaxPooling2D`; `pool_size` has no default.

    >>> import hornbill as hb
    >>> hb.layers.AveragePooling2D(2, padding="same")(hb.ops.ones((1, 5, 4, 3))).shape
    (1, 3, 2, 3)
    """

    rank = 2
    pool = staticmethod(ops.average_pool)
    __init__ = Pooling.__init__


class AveragePooling3D(Pooling):
    """The mean of each window of a volume, channel by channel; padding does not count.

    The arguments and shapes are those of `MaxPooling3D`; `pool_size` has no default.

    >>> import hornbill as hb
    >>> hb.layers.AveragePooling3D((1, 2, 2))(hb.ops.ones((1, 3, 4, 4, 2))).shape
    (1, 3, 2, 2, 2)
    """

    rank = 3
    pool = staticmethod(ops.average_pool)
    __init__ = Pooling.__init__


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
