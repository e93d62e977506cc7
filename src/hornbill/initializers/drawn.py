"""Initializers that draw from a distribution."""

import math

import numpy as np

from ..engine import host_random
from ..engine.device import from_host
from ..engine.dtypes import is_float, numpy_dtype, standardize_dtype
from ..engine.random import SeedGenerator, default_seed, draw_key
from ..engine.serialize import deserialize
from .base import Initializer

# How much a normal distribution's deviation shrinks when it is cut at two deviations.
TRUNCATED_STDDEV = 0.87962566103423978


class RandomInitializer(Initializer):
    """Base of the initializers that draw.

    Args:
        seed: an int, with which each call gives the same values; a
            `hornbill.random.SeedGenerator`, with which each call gives new ones; or None for an
            int drawn now from Python's `random` (which `set_random_seed` seeds).
    """

    def __init__(self, seed=None):
        if seed is None:
            seed = default_seed()
        elif isinstance(seed, dict):
            seed = deserialize(seed)
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer, SeedGenerator)):
            raise ValueError(
                f"{type(self).__name__}'s seed is an int, a hornbill.random.SeedGenerator or None. "
                f"Received: seed={seed!r}"
            )
        self.seed = seed

    def _draw(self, distribution, shape, dtype, *settings):
        dtype = standardize_dtype(dtype)
        if not is_float(dtype):
            raise ValueError(f"{type(self).__name__} draws floats. Received: dtype={dtype!r}")
        return distribution(draw_key(self.seed), tuple(shape), dtype, *settings)

    def _normal(self, distribution, shape, dtype, mean, stddev):
        drawn = self._draw(distribution, shape, dtype)
        return from_host(drawn * float(stddev) + float(mean))

    def _uniform(self, shape, dtype, minval, maxval):
        return from_host(self._draw(host_random.uniform, shape, dtype, minval, maxval))


class RandomNormal(RandomInitializer):
    """Normally distributed values.

    Args:
        mean, stddev: of the distribution.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> hb.initializers.RandomNormal(seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape, dtype=None):
        return self._normal(host_random.normal, shape, dtype, self.mean, self.stddev)


class TruncatedNormal(RandomInitializer):
    """Normally distributed values, none further than two deviations from the mean.

    Args:
        mean, stddev: of the distribution before it is cut.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> float(abs(hb.initializers.TruncatedNormal(stddev=1, seed=1)((99,))).max()) < 2
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape, dtype=None):
        return self._normal(host_random.truncated_normal, shape, dtype, self.mean, self.stddev)


class RandomUniform(RandomInitializer):
    """Values between `minval` and `maxval`, all equally likely.

    Args:
        minval, maxval: the ends; `maxval` itself is not drawn.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> hb.initializers.RandomUniform(seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape, dtype=None):
        return self._uniform(shape, dtype, self.minval, self.maxval)


class VarianceScaling(RandomInitializer):
    """Values whose variance is `scale / n`, with `n` the number of inputs or outputs.

    The family of Glorot, He and LeCun: activations neither grow nor fade with depth.

    Args:
        scale: a positive number.
        mode: what `n` is: `"fan_in"`, `"fan_out"` or `"fan_avg"`, their mean.
        distribution: `"truncated_normal"` (or `"normal"`), `"untruncated_normal"` or `"uniform"`.
        seed: an int, a `SeedGenerator` or None.
        input_axes, output_axes: the axes that count as inputs and outputs. When either is None:
            the last two axes, times the size of all axes before.

    >>> import hornbill as hb
    >>> hb.initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed=None,
        input_axes=None,
        output_axes=None,
    ):
        super().__init__(seed)
        if not scale > 0:
            raise ValueError(
                f"{type(self).__name__}'s scale is a positive number. Received: scale={scale!r}"
            )
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(
                f"{type(self).__name__}'s mode is 'fan_in', 'fan_out' or 'fan_avg'. "
                f"Received: mode={mode!r}"
            )
        name = str(distribution).lower()
        name = "truncated_normal" if name == "normal" else name
        if name not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"{type(self).__name__}'s distribution is 'truncated_normal', "
                f"'untruncated_normal' or 'uniform'. Received: distribution={distribution!r}"
            )
        self.scale, self.mode, self.distribution = scale, mode, name
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape, dtype=None):
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return self._uniform(shape, dtype, -limit, limit)
        stddev = math.sqrt(variance)
        if self.distribution == "untruncated_normal":
            return self._normal(host_random.normal, shape, dtype, 0.0, stddev)
        stddev /= TRUNCATED_STDDEV
        return self._normal(host_random.truncated_normal, shape, dtype, 0.0, stddev)


def fans(shape, input_axes=None, output_axes=None) -> tuple[int, int]:
    """How many inputs and outputs a weight of that shape connects.

    >>> from hornbill.initializers.drawn import fans
    >>> fans((3, 3, 16, 32))
    (144, 288)
    """
    if input_axes is not None and output_axes is not None:
        return (
            math.prod(int(shape[axis]) for axis in input_axes),
            math.prod(int(shape[axis]) for axis in output_axes),
        )
    if len(shape) < 2:
        n = int(math.prod(shape))
        return n, n
    field = math.prod(shape[:-2])
    return int(shape[-2] * field), int(shape[-1] * field)


class GlorotUniform(VarianceScaling):
    """Uniform values within `sqrt(6 / (inputs + outputs))` of 0: the default of most layers.

    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward
    neural networks".

    Args:
        seed: an int, a `SeedGenerator` or None.
        input_axes, output_axes: as in `VarianceScaling`.

    >>> import hornbill as hb
    >>> float(abs(hb.initializers.GlorotUniform(seed=1)((3, 3))).max()) < 1
    True
    """

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


class GlorotNormal(VarianceScaling):
    """Truncated normal values of variance `2 / (inputs + outputs)` (Glorot and Bengio 2010).

    Args:
        seed: an int, a `SeedGenerator` or None.
        input_axes, output_axes: as in `VarianceScaling`.

    >>> import hornbill as hb
    >>> hb.initializers.GlorotNormal(seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


class LecunNormal(VarianceScaling):
    """Truncated normal values of variance `1 / inputs`: what SELU needs.

    Source: LeCun et al. 1998, "Efficient BackProp"; Klambauer et al. 2017.

    Args:
        seed: an int, a `SeedGenerator` or None.
        input_axes, output_axes: as in `VarianceScaling`.

    >>> import hornbill as hb
    >>> hb.initializers.LecunNormal(seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class LecunUniform(VarianceScaling):
    """Uniform values within `sqrt(3 / inputs)` of 0 (LeCun et al. 1998).

    Args:
        seed: an int, a `SeedGenerator` or None.
        input_axes, output_axes: as in `VarianceScaling`.

    >>> import hornbill as hb
    >>> float(abs(hb.initializers.LecunUniform(seed=1)((3, 3))).max()) < 1
    True
    """

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


class HeNormal(VarianceScaling):
    """Truncated normal values of variance `2 / inputs`: for layers with ReLU.

    Source: He et al. 2015, "Delving deep into rectifiers".

    Args:
        seed: an int, a `SeedGenerator` or None.
        input_axes, output_axes: as in `VarianceScaling`.

    >>> import hornbill as hb
    >>> hb.initializers.HeNormal(seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class HeUniform(VarianceScaling):
    """Uniform values within `sqrt(6 / inputs)` of 0 (He et al. 2015).

    Args:
        seed: an int, a `SeedGenerator` or None.
        input_axes, output_axes: as in `VarianceScaling`.

    >>> import hornbill as hb
    >>> float(abs(hb.initializers.HeUniform(seed=1)((6, 3))).max()) < 1
    True
    """

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns, times `gain`.

    With more axes than two, those before the last are taken together as the rows.

    Source: Saxe et al. 2014, "Exact solutions to the nonlinear dynamics of learning".

    Args:
        gain: the length of each row or column.
        seed: an int, a `SeedGenerator` or None.

    >>> import hornbill as hb
    >>> w = hb.initializers.Orthogonal(seed=1)((3, 3))
    >>> bool(abs(w @ w.T - hb.initializers.Identity()((3, 3))).max() < 1e-6)
    True
    """

    def __init__(self, gain: float = 1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal makes matrices, of at least two axes. Received: shape={tuple(shape)}"
            )
        dtype = standardize_dtype(dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        wide_enough = dtype if dtype == "float64" else "float32"
        drawn = self._draw(host_random.normal, tall, wide_enough)
        q, r = np.linalg.qr(np.asarray(drawn))
        # The signs that make the factorization unique, and so the distribution uniform.
        q = q * np.sign(np.diagonal(r))
        q = q.T if rows < columns else q
        return from_host(float(self.gain) * q.reshape(shape), numpy_dtype(dtype))
