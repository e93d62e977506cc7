"""Global pooling: all of space or time reduced to one value per channel."""

from .. import ops
from .spatial import SpatialLayer


class GlobalPooling(SpatialLayer):
    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        if not isinstance(keepdims, bool):
            raise ValueError(
                f"{type(self).__name__}'s keepdims is True or False. "
                f"Received: keepdims={keepdims!r}"
            )
        self.keepdims = keepdims

    @staticmethod
    def reduce(inputs, axis, keepdims):
        raise NotImplementedError

    def call(self, inputs):
        return self.reduce(inputs, axis=self.spatial_axes, keepdims=self.keepdims)


class GlobalMaxPooling1D(GlobalPooling):
    """The largest value of each channel over time.

    Args:
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.
        keepdims: whether the reduced axis stays, with size 1.

    Input shape: `(batch, steps, channels)`, or channels second. Output shape:
    `(batch, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.GlobalMaxPooling1D()(hb.ops.array([[[1.0, 4.0], [3.0, 0.0]]])).tolist()
    [[3.0, 4.0]]
    """

    rank = 1
    reduce = staticmethod(ops.max)


class GlobalMaxPooling2D(GlobalPooling):
    """The largest value of each channel of an image; arguments as in `GlobalMaxPooling1D`.

    Input shape: `(batch, height, width, channels)`, or channels second. Output shape:
    `(batch, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.GlobalMaxPooling2D()(hb.ops.ones((2, 4, 4, 3))).shape
    (2, 3)
    """

    rank = 2
    reduce = staticmethod(ops.max)


class GlobalMaxPooling3D(GlobalPooling):
    """The largest value of each channel of a volume; arguments as in `GlobalMaxPooling1D`.

    Input shape: `(batch, depth, height, width, channels)`, or channels second. Output shape:
    `(batch, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.GlobalMaxPooling3D(keepdims=True)(hb.ops.ones((2, 4, 4, 4, 3))).shape
    (2, 1, 1, 1, 3)
    """

    rank = 3
    reduce = staticmethod(ops.max)


class GlobalAveragePooling1D(GlobalPooling):
    """The mean of each channel over time; steps that the mask leaves out do not count.

    Arguments and shapes as in `GlobalMaxPooling1D`; the mask has the shape `(batch, steps)`. The
    output has no mask.

    >>> import hornbill as hb
    >>> pool, x = hb.layers.GlobalAveragePooling1D(), hb.ops.array([[[1.0], [3.0], [9.0]]])
    >>> pool(x, mask=hb.ops.array([[True, True, False]])).tolist()
    [[2.0]]
    """

    rank = 1
    reduce = staticmethod(ops.mean)

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        inside = ops.cast(ops.expand_dims(mask, self.channel_axis), "bool")
        settings = {"axis": self.spatial_axes, "keepdims": self.keepdims}
        count = ops.sum(ops.cast(inside, inputs.dtype), **settings)
        return ops.sum(ops.where(inside, inputs, 0), **settings) / count

    def compute_mask(self, inputs, mask=None):
        return None


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of each channel of an image; arguments as in `GlobalMaxPooling1D`.

    Input shape: `(batch, height, width, channels)`, or channels second. Output shape:
    `(batch, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.GlobalAveragePooling2D()(hb.ops.ones((2, 4, 4, 3))).shape
    (2, 3)
    """

    rank = 2
    reduce = staticmethod(ops.mean)


class GlobalAveragePooling3D(GlobalPooling):
    """The mean of each channel of a volume; arguments as in `GlobalMaxPooling1D`.

    Input shape: `(batch, depth, height, width, channels)`, or channels second. Output shape:
    `(batch, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.GlobalAveragePooling3D()(hb.ops.ones((2, 4, 4, 4, 3))).shape
    (2, 3)
    """

    rank = 3
    reduce = staticmethod(ops.mean)


GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = (
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
