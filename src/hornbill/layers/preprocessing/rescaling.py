"""Rescaling: a fixed scale and offset."""

import jax.numpy as jnp

from ...engine.config import image_data_format
from .arrays import ArrayLayer, as_array


class Rescaling(ArrayLayer):
    """`inputs * scale + offset`, as floats.

    `Rescaling(1 / 255)` brings pixels to `[0, 1]`, `Rescaling(1 / 127.5, offset=-1)` to `[-1, 1]`.

    Args:
        scale, offset: numbers, or arrays that broadcast with the inputs. With the image data
            format `"channels_first"` vectors hold one value per channel.

    Input and output shape: any, the same.

    >>> import hornbill as hb
    >>> hb.layers.Rescaling(1 / 255)(hb.ops.array([0, 51, 255])).round(3).tolist()
    [0.0, 0.20000000298023224, 1.0]
    """

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = as_array(scale), as_array(offset)
        for name, value in (("scale", self.scale), ("offset", self.offset)):
            if isinstance(value, str) or value is None:
                raise TypeError(
                    f"Rescaling's {name} is a number or an array of numbers. "
                    f"Received: {name}={value!r}"
                )
        self.supports_masking = True

    def call(self, inputs):
        dtype = self.compute_dtype
        scale, offset = (self._aligned(x, dtype) for x in (self.scale, self.offset))
        return jnp.asarray(inputs).astype(dtype) * scale + offset

    def _aligned(self, value, dtype):
        value = jnp.asarray(value, dtype)
        if value.ndim > 0 and image_data_format() == "channels_first":
            value = value.reshape(value.shape + (1,) * (3 - value.ndim))
        return value
