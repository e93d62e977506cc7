"""The dropouts: what is left out in training, and nothing at inference."""

import math

from .. import ops, random
from ..engine.config import standardize_data_format
from ..engine.random import SeedGenerator
from .base import Layer
from .input_spec import InputSpec


class Dropout(Layer):
    """Sets values to 0 with probability `rate` in training, and scales the others up.

    The mean stays, so that inference, where nothing is dropped, needs no correction.
    https://jmlr.org/papers/v15/srivastava14a.html

    Args:
        rate: the probability, between 0 and 1.
        noise_shape: the shape of the decisions, None for the input's sizes: `(None, 1, None)`
            drops the same at all places of axis 1.
        seed: an int, with which each run drops the same; None draws one.

    Input shape: any. Output shape: the input's. The mask stays.

    Raises:
        ValueError: if `rate` or `noise_shape` cannot be.

    >>> import hornbill as hb
    >>> layer = hb.layers.Dropout(0.5, seed=1)
    >>> sorted(set(layer(hb.ops.ones((100,)), training=True).tolist()))
    [0.0, 2.0]
    >>> layer(hb.ops.ones((2,))).tolist()
    [1.0, 1.0]
    """

    def __init__(self, rate: float, noise_shape=None, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        check_rate(self, rate)
        self.supports_masking = True
        self.rate, self.seed = rate, seed
        self.noise_shape = _noise_shape(self, noise_shape)
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        shape = self._decisions(inputs)
        return random.dropout(inputs, self.rate, noise_shape=shape, seed=self.seed_generator)

    def _decisions(self, inputs):
        """The shape of the decisions, None for one decision a value."""
        return self.noise_shape


class SpatialDropout1D(Dropout):
    """Dropout of whole channels of sequences. https://arxiv.org/abs/1411.4280

    Neighbouring steps are alike, so that dropping single values would hide little.

    Args:
        rate: the probability, between 0 and 1.
        seed: an int, with which each run drops the same; None draws one.

    Input shape: `(batch, steps, channels)`. Output shape: the input's.

    >>> import hornbill as hb
    >>> x = hb.layers.SpatialDropout1D(0.5, seed=1)(hb.ops.ones((1, 3, 9)), training=True)
    >>> bool((x[:, 0] == x[:, 2]).all())
    True
    """

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype=None):
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=3)

    def _decisions(self, inputs):
        return (None, 1, None)


class _SpatialDropout(Dropout):
    """Dropout of whole channels of images, of any rank."""

    rank: int

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None):
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _decisions(self, inputs):
        places = (1,) * self.rank
        first = self.data_format == "channels_first"
        return (None, None, *places) if first else (None, *places, None)


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images. https://arxiv.org/abs/1411.4280

    Args:
        rate: the probability, between 0 and 1.
        data_format: `"channels_last"`, `"channels_first"`, or None for the global setting.
        seed: an int, with which each run drops the same; None draws one.

    Input shape: `(batch, rows, columns, channels)`. Output shape: the input's.

    >>> import hornbill as hb
    >>> x = hb.layers.SpatialDropout2D(0.5, seed=1)(hb.ops.ones((1, 3, 3, 9)), training=True)
    >>> bool((x[:, 0, 0] == x[:, 2, 1]).all())
    True
    """

    rank = 2


class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of volumes. https://arxiv.org/abs/1411.4280

    Args:
        rate: the probability, between 0 and 1.
        data_format: `"channels_last"`, `"channels_first"`, or None for the global setting.
        seed: an int, with which each run drops the same; None draws one.

    Input shape: `(batch, depth, rows, columns, channels)`. Output shape: the input's.

    >>> import hornbill as hb
    >>> x = hb.layers.SpatialDropout3D(0.5, seed=1)(hb.ops.ones((1, 2, 2, 2, 9)), training=True)
    >>> bool((x[:, 0, 0, 0] == x[:, 1, 1, 0]).all())
    True
    """

    rank = 3


class AlphaDropout(Layer):
    """Dropout that keeps mean and variance, for networks of SELU.

    Dropped values become SELU's negative limit, and all are scaled and shifted.
    https://arxiv.org/abs/1706.02515

    Args:
        rate: the probability, at least 0 and less than 1.
        noise_shape: as in `Dropout`.
        seed: an int, with which each run drops the same; None draws one.

    Input shape: any. Output shape: the input's. The mask stays.

    >>> import hornbill as hb
    >>> layer = hb.layers.AlphaDropout(0.2, seed=1)
    >>> len(set(layer(hb.ops.zeros((100,)), training=True).tolist()))
    2
    """

    def __init__(self, rate: float, noise_shape=None, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        check_rate(self, rate, below_one=True)
        self.supports_masking = True
        self.rate, self.seed = rate, seed
        self.noise_shape = _noise_shape(self, noise_shape)
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        asked = self.noise_shape or (None,) * inputs.ndim
        if len(asked) != inputs.ndim:
            raise ValueError(
                f"Layer '{self.path}' has a noise_shape that needs one entry for each of the "
                f"{inputs.ndim} axes. Received: noise_shape={self.noise_shape}"
            )
        shape = [n if m is None else m for m, n in zip(asked, inputs.shape, strict=True)]
        limit = -1.6732632423543772 * 1.0507009873554805  # SELU's, for large negative values
        kept = random.uniform(shape, seed=self.seed_generator) >= self.rate
        x = ops.where(kept, inputs, limit)
        scale = ((1 - self.rate) * (1 + self.rate * limit**2)) ** -0.5
        return scale * x - scale * limit * self.rate


class GaussianDropout(Layer):
    """Multiplies by noise around 1, of the variance that Dropout's noise has.

    https://jmlr.org/papers/v15/srivastava14a.html

    Args:
        rate: at least 0 and less than 1; the noise's deviation is `sqrt(rate / (1 - rate))`.
        seed: an int, with which each run draws the same; None draws one.

    Input shape: any. Output shape: the input's. The mask stays.

    >>> import hornbill as hb
    >>> hb.layers.GaussianDropout(0.3)(hb.ops.ones((2,)), training=False).tolist()
    [1.0, 1.0]
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        check_rate(self, rate, below_one=True)
        self.supports_masking = True
        self.rate, self.seed = rate, seed
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return inputs * random.normal(
            inputs.shape, 1.0, stddev, dtype=self.compute_dtype, seed=self.seed_generator
        )


class GaussianNoise(Layer):
    """Adds noise around 0 in training.

    Args:
        stddev: the noise's standard deviation, between 0 and 1.
        seed: an int, with which each run draws the same; None draws one.

    Input shape: any. Output shape: the input's. The mask stays.

    >>> import hornbill as hb
    >>> hb.layers.GaussianNoise(0.1)(hb.ops.ones((2,)), training=False).tolist()
    [1.0, 1.0]
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(stddev, (int, float)) or not 0 <= stddev <= 1:
            raise ValueError(
                f"GaussianNoise's stddev is between 0 and 1. Received: stddev={stddev!r}"
            )
        self.supports_masking = True
        self.stddev, self.seed = stddev, seed
        if stddev > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or self.stddev == 0:
            return inputs
        return inputs + random.normal(
            inputs.shape, 0.0, self.stddev, dtype=self.compute_dtype, seed=self.seed_generator
        )


def check_rate(layer, rate, name: str = "rate", below_one: bool = False) -> None:
    """Raises unless `rate`, the layer's argument `name`, is a probability."""
    number = isinstance(rate, (int, float)) and not isinstance(rate, bool)
    if not number or not 0 <= rate <= 1 or (below_one and rate == 1):
        limits = "at least 0 and less than 1" if below_one else "between 0 and 1"
        raise ValueError(f"{type(layer).__name__}'s {name} is {limits}. Received: {name}={rate!r}")


def _noise_shape(layer, shape):
    sizes = isinstance(shape, (list, tuple)) and all(
        n is None or (isinstance(n, int) and n > 0) for n in shape
    )
    if shape is not None and not sizes:
        raise ValueError(
            f"{type(layer).__name__}'s noise_shape is a tuple of positive ints and None. "
            f"Received: noise_shape={shape!r}"
        )
    return None if shape is None else tuple(shape)
