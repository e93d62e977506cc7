"""Layers that only rearrange: Flatten, Reshape, Permute, RepeatVector."""

import math

from .. import ops
from ..engine.config import standardize_data_format
from ..engine.errors import known_shape
from .base import Layer
from .input_spec import InputSpec


class Flatten(Layer):
    """All axes but the first as one.

    Args:
        data_format: `"channels_first"` moves the channels, axis 1, to the end before; None is
            the global setting.

    Input shape: `(batch, ...)`. Output shape: `(batch, n)`.

    >>> import hornbill as hb
    >>> hb.layers.Flatten()(hb.ops.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        if self.data_format == "channels_first" and inputs.ndim > 1:
            inputs = ops.moveaxis(inputs, 1, -1)
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))


class Reshape(Layer):
    """The same values in another shape.

    Args:
        target_shape: the shape without the batch; one dimension may be -1 and is then what the
            values leave.

    Input shape: `(batch, ...)`. Output shape: `(batch, *target_shape)`.

    Raises:
        ValueError: if the target shape cannot be, or the values do not fit it.

    >>> import hornbill as hb
    >>> hb.layers.Reshape((2, -1))(hb.ops.ones((5, 6))).shape
    (5, 2, 3)
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        sizes = isinstance(target_shape, (list, tuple)) and all(
            isinstance(n, int) and n >= -1 for n in target_shape
        )
        if not sizes or list(target_shape).count(-1) > 1:
            raise ValueError(
                "Reshape's target_shape is a tuple of sizes, one of which may be -1. "
                f"Received: target_shape={target_shape!r}"
            )
        self.target_shape = tuple(target_shape)

    def call(self, inputs):
        (batch, *sizes), target = inputs.shape, self.target_shape
        if all(isinstance(n, int) for n in sizes):
            have, want = math.prod(sizes), math.prod(n for n in target if n != -1)
            if have != want if -1 not in target else want == 0 or have % want:
                raise ValueError(
                    f"Layer '{self.path}' cannot reshape {have} values to {target}. "
                    f"Received: inputs.shape={known_shape(inputs.shape)}"
                )
        elif -1 not in target:
            # Whether an unknown size fits shows when it is known: nothing may compare it here.
            places = ops.arange(batch * math.prod(target))
            inputs = ops.take(ops.reshape(inputs, (-1,)), places)
        return ops.reshape(inputs, (batch, *target))


class Permute(Layer):
    """The axes in another order.

    Args:
        dims: the input's axes in the order of the output's, counted from 1; the batch, axis 0,
            stays.

    Input shape: `(batch, ...)`. Output shape: the same dimensions, permuted.

    Raises:
        ValueError: if `dims` does not name each of 1, 2, ... once.

    >>> import hornbill as hb
    >>> hb.layers.Permute((2, 1))(hb.ops.ones((5, 2, 3))).shape
    (5, 3, 2)
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        axes = isinstance(dims, (list, tuple)) and all(isinstance(n, int) for n in dims)
        if not axes or sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError(
                f"Permute's dims name each axis from 1 on once, as (2, 1). Received: dims={dims!r}"
            )
        self.dims = tuple(dims)
        self.input_spec = InputSpec(ndim=len(dims) + 1)

    def call(self, inputs):
        return ops.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """Each vector `n` times, as the steps of a sequence.

    Args:
        n: how often.

    Input shape: `(batch, features)`. Output shape: `(batch, n, features)`.

    >>> import hornbill as hb
    >>> hb.layers.RepeatVector(2)(hb.ops.array([[1, 2]])).tolist()
    [[[1, 2], [1, 2]]]
    """

    def __init__(self, n: int, **kwargs):
        super().__init__(**kwargs)
        if isinstance(n, bool) or not isinstance(n, int) or n <= 0:
            raise ValueError(f"RepeatVector's n is a positive int. Received: n={n!r}")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)
