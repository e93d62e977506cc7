"""What layers over images and sequences share: layout, sizes per axis, defaults per rank."""

import inspect
import types

import numpy as np

from ..engine.config import standardize_data_format
from ..kernels.windows import spatial_axes
from .base import Layer
from .input_spec import InputSpec


class SpatialLayer(Layer):
    """A layer over batches with `rank` spatial dimensions and one of channels.

    Attributes:
        data_format: `"channels_last"` or `"channels_first"`, never None.
        spatial_axes: the axes of the spatial dimensions.
        channel_axis: -1 or 1.
    """

    rank: int

    def __init__(self, data_format: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.spatial_axes, _ = spatial_axes(self.rank + 2, self.data_format)
        self.channel_axis = -1 if self.data_format == "channels_last" else 1
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def channels(self, input_shape) -> int:
        """The number of channels, which weights need to know; later inputs must have as many."""
        n = input_shape[self.channel_axis]
        if n is None:
            raise ValueError(
                f"Layer '{self.path}' ({type(self).__name__}) needs the number of channels (axis "
                f"{self.channel_axis}, data_format={self.data_format!r}) to make its weights. "
                f"Received: an input of shape {tuple(input_shape)}"
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: n})
        return n

    def on_spatial_axes(self, values, other) -> list:
        """One value per axis: `values` on the spatial axes, `other` on batch and channels."""
        result = [other] * (self.rank + 2)
        for axis, value in zip(self.spatial_axes, values, strict=True):
            result[axis] = value
        return result

    def get_config(self) -> dict:
        config = super().get_config()
        # The layout that was in force is written, not the None that stood for it.
        if "data_format" in config:
            config["data_format"] = self.data_format
        return config


def is_int(value, least: int) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least


def positive_int(layer, **argument) -> int:
    """The one keyword argument, if it is a positive int."""
    ((name, value),) = argument.items()
    if not is_int(value, 1):
        raise ValueError(
            f"{type(layer).__name__}'s {name} is a positive int. Received: {name}={value!r}"
        )
    return int(value)


def per_axis(layer, least: int = 1, count: int | None = None, **argument) -> tuple[int, ...]:
    """The one keyword argument, an int or `count` ints (one per spatial axis), as a tuple."""
    ((name, value),) = argument.items()
    n = layer.rank if count is None else count
    values = (value,) * n if is_int(value, least) else value
    if (
        not isinstance(values, (tuple, list))
        or len(values) != n
        or not all(is_int(v, least) for v in values)
    ):
        raise ValueError(
            f"{type(layer).__name__}'s {name} is an int of at least {least}, or a tuple of {n} of "
            f"them. Received: {name}={value!r}"
        )
    return tuple(int(v) for v in values)


def with_defaults(init, **defaults):
    """`init` with other default values: what differs between a layer's 1D, 2D and 3D forms."""
    found = {n: p.default for n, p in inspect.signature(init).parameters.items()}
    values = [v for v in {**found, **defaults}.values() if v is not inspect.Parameter.empty]
    new = types.FunctionType(
        init.__code__, init.__globals__, init.__name__, tuple(values), init.__closure__
    )
    new.__annotations__ = dict(init.__annotations__)
    return new
