"""Zeros around images and sequences, and the opposite: cropping."""

from .. import ops
from .spatial import SpatialLayer, is_int, with_defaults


def sides(layer, **argument) -> tuple[tuple[int, int], ...]:
    """The one keyword argument as `(before, behind)` for each spatial axis."""
    ((name, value),) = argument.items()
    n = layer.rank
    entries = [value] * n if n == 1 or is_int(value, 0) else value
    pairs = [_pair(e) for e in entries] if isinstance(entries, (tuple, list)) else []
    if len(pairs) != n or None in pairs:
        forms = "or (before, behind)" if n == 1 else f"{n} ints, or {n} pairs (before, behind)"
        raise ValueError(
            f"{type(layer).__name__}'s {name} is an int, {forms}, none negative. "
            f"Received: {name}={value!r}"
        )
    return tuple(pairs)


def _pair(value):
    if is_int(value, 0):
        return int(value), int(value)
    if isinstance(value, (tuple, list)) and len(value) == 2 and all(is_int(v, 0) for v in value):
        return int(value[0]), int(value[1])
    return None


class ZeroPadding(SpatialLayer):
    def __init__(self, padding, data_format: str | None = None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self._sides = sides(self, padding=padding)
        self.padding = self._sides if self.rank > 1 else self._sides[0]

    def call(self, inputs):
        return ops.pad(inputs, self.on_spatial_axes(self._sides, (0, 0)))


class ZeroPadding1D(ZeroPadding):
    """Steps of zeros before and behind a sequence.

    Args:
        padding: how many, an int for both sides or `(before, behind)`.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.

    Input shape: `(batch, steps, channels)`, or channels second. Output shape: the same with
    `steps + before + behind` steps.

    >>> import hornbill as hb
    >>> hb.layers.ZeroPadding1D((1, 0))(hb.ops.array([[[1.0], [2.0]]])).tolist()
    [[[0.0], [1.0], [2.0]]]
    """

    rank = 1
    __init__ = with_defaults(ZeroPadding.__init__, padding=1)


class ZeroPadding2D(ZeroPadding):
    """Rows and columns of zeros around images.

    Args:
        padding: an int for all sides, `(vertical, horizontal)`, or
            `((top, bottom), (left, right))`.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.

    Input shape: `(batch, height, width, channels)`, or channels second. Output shape: the same
    with the padding added.

    >>> import hornbill as hb
    >>> hb.layers.ZeroPadding2D(((1, 0), (2, 2)))(hb.ops.ones((1, 3, 3, 2))).shape
    (1, 4, 7, 2)
    """

    rank = 2
    __init__ = with_defaults(ZeroPadding.__init__, padding=(1, 1))


class ZeroPadding3D(ZeroPadding):
    """Zeros around volumes.

    Args:
        padding: an int for all sides, three ints, or three pairs `(before, behind)`.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.

    Input shape: `(batch, depth, height, width, channels)`, or channels second. Output shape: the
    same with the padding added.

    >>> import hornbill as hb
    >>> hb.layers.ZeroPadding3D(1)(hb.ops.ones((1, 2, 3, 4, 2))).shape
    (1, 4, 5, 6, 2)
    """

    rank = 3
    __init__ = with_defaults(ZeroPadding.__init__, padding=((1, 1), (1, 1), (1, 1)))


class Cropping(SpatialLayer):
    def __init__(self, cropping, data_format: str | None = None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self._sides = sides(self, cropping=cropping)
        self.cropping = self._sides if self.rank > 1 else self._sides[0]

    def call(self, inputs):
        cut = [slice(None)] * inputs.ndim
        for axis, (before, behind) in zip(self.spatial_axes, self._sides, strict=True):
            size = inputs.shape[axis]
            if isinstance(size, int) and before + behind >= size:
                raise ValueError(
                    f"Layer '{self.path}' ({type(self).__name__}) would leave nothing of axis "
                    f"{axis}, which has size {size}. Received: cropping={self.cropping}, an input "
                    f"of shape {inputs.shape}"
                )
            cut[axis] = slice(before, -behind or None)
        return inputs[tuple(cut)]


class Cropping1D(Cropping):
    """Sequences without their first and last steps.

    Args:
        cropping: how many steps, an int for both ends or `(first, last)`.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, fewer_steps, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.Cropping1D((1, 0))(hb.ops.array([[[1.0], [2.0], [3.0]]])).tolist()
    [[[2.0], [3.0]]]
    """

    rank = 1

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(Cropping):
    """Images without their borders.

    Args:
        cropping: an int for all sides, `(vertical, horizontal)`, or
            `((top, bottom), (left, right))`.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.

    Input shape: `(batch, height, width, channels)`, or channels second. Output shape: the same
    with the borders taken off.

    >>> import hornbill as hb
    >>> hb.layers.Cropping2D(((1, 0), (2, 2)))(hb.ops.ones((1, 4, 7, 2))).shape
    (1, 3, 3, 2)
    """

    rank = 2
    __init__ = with_defaults(Cropping.__init__, cropping=((0, 0), (0, 0)))


class Cropping3D(Cropping):
    """Volumes without their borders.

    Args:
        cropping: an int for all sides, three ints, or three pairs `(before, behind)`.
        data_format: `"channels_last"`, `"channels_first"`, or None for the configured one.

    Input shape: `(batch, depth, height, width, channels)`, or channels second. Output shape: the
    same with the borders taken off.

    >>> import hornbill as hb
    >>> hb.layers.Cropping3D((1, 0, 1))(hb.ops.ones((1, 4, 5, 6, 2))).shape
    (1, 2, 5, 4, 2)
    """

    rank = 3
    __init__ = with_defaults(Cropping.__init__, cropping=((1, 1), (1, 1), (1, 1)))
