"""Penalties on weights or activities that training adds to the loss."""

import math

import jax.numpy as jnp

from ..engine.configured import Configured
from ..engine.operation import to_array
from ..ops.nn.normalization import normalize


class Regularizer(Configured):
    """A function of a weight (or an output) that gives a penalty, one number.

    Subclasses define `__call__(self, x)`. Their constructor's arguments are their config.

    >>> import hornbill as hb
    >>> class Largest(hb.regularizers.Regularizer):
    ...     def __call__(self, x):
    ...         return abs(x).max()
    >>> float(Largest()(hb.initializers.Ones()((2,))))
    1.0
    """

    def __call__(self, x):
        """The penalty for `x`; none in this base class."""
        return 0.0


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x**2)`.

    Args:
        l1, l2: the factors, not negative. None means 0.

    >>> import hornbill as hb
    >>> float(hb.regularizers.L1L2(l1=1.0, l2=0.5)(hb.initializers.Constant(2)((3,))))
    12.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0):
        self.l1 = _factor(self, "l1", 0.0 if l1 is None else l1)
        self.l2 = _factor(self, "l2", 0.0 if l2 is None else l2)

    def __call__(self, x):
        x = jnp.asarray(to_array(x))
        penalty = jnp.zeros((), x.dtype)
        # A factor of 0 leaves its term out: the sum of an infinite weight would be NaN.
        if self.l1:
            penalty = penalty + self.l1 * jnp.sum(jnp.abs(x))
        if self.l2:
            penalty = penalty + self.l2 * jnp.sum(jnp.square(x))
        return penalty


class L1(Regularizer):
    """`l1 * sum(|x|)`: drives weights to exact zeros.

    Args:
        l1: the factor, not negative. None means 0.01.

    >>> import hornbill as hb
    >>> float(hb.regularizers.L1(0.5)(hb.initializers.Constant(-2)((3,))))
    3.0
    """

    def __init__(self, l1: float = 0.01):
        self.l1 = _factor(self, "l1", 0.01 if l1 is None else l1)

    def __call__(self, x):
        return self.l1 * jnp.sum(jnp.abs(to_array(x)))


class L2(Regularizer):
    """`l2 * sum(x**2)`: keeps weights small.

    Args:
        l2: the factor, not negative. None means 0.01.

    >>> import hornbill as hb
    >>> float(hb.regularizers.L2(0.5)(hb.initializers.Constant(-2)((3,))))
    6.0
    """

    def __init__(self, l2: float = 0.01):
        self.l2 = _factor(self, "l2", 0.01 if l2 is None else l2)

    def __call__(self, x):
        return self.l2 * jnp.sum(jnp.square(to_array(x)))


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean of `|cosine|` between each two rows (or columns) of a matrix.

    Args:
        factor: not negative.
        mode: `"rows"` or `"columns"`.

    >>> import hornbill as hb
    >>> penalty = hb.regularizers.OrthogonalRegularizer(1.0)
    >>> round(float(penalty(hb.initializers.Ones()((3, 3)))), 3)
    1.0
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        self.factor = _factor(self, "factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(
                f"OrthogonalRegularizer's mode is 'rows' or 'columns'. Received: mode={mode!r}"
            )
        self.mode = mode

    def __call__(self, x):
        x = jnp.asarray(to_array(x))
        if x.ndim != 2:
            raise ValueError(
                "OrthogonalRegularizer takes a matrix, of two axes. "
                f"Received: a weight of shape {tuple(x.shape)}"
            )
        vectors = normalize(x if self.mode == "rows" else x.T, axis=1)
        n = vectors.shape[0]
        cosines = (vectors @ vectors.T) * (1 - jnp.eye(n, dtype=x.dtype))
        pairs = n * (n - 1) / 2
        return self.factor * 0.5 * jnp.sum(jnp.abs(cosines)) / max(pairs, 1)


def _factor(regularizer, name: str, value) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not good or not math.isfinite(value) or value < 0:
        raise ValueError(
            f"{type(regularizer).__name__}'s {name} is a finite number, not negative. "
            f"Received: {name}={value!r}"
        )
    return float(value)
