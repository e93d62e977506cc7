"""Constraints: what an optimizer applies to a weight after each update."""

import jax.numpy as jnp

from ..engine.config import epsilon
from ..engine.configured import Configured
from ..engine.operation import to_array


class Constraint(Configured):
    """A function of a weight that gives the weight back, put within its bounds.

    Subclasses define `__call__(self, w)`. Their constructor's arguments are their config.

    >>> import hornbill as hb
    >>> class Rounded(hb.constraints.Constraint):
    ...     def __call__(self, w):
    ...         return w.round(1)
    >>> Rounded()(hb.initializers.Ones()((2,))).tolist()
    [1.0, 1.0]
    """

    def __call__(self, w):
        """The weight within its bounds; as it is in this base class."""
        return w


class MaxNorm(Constraint):
    """Shortens vectors that are longer than `max_value`.

    Args:
        max_value: the greatest length, positive.
        axis: an axis or several, along which a vector lies: 0 for a Dense kernel (the weights
            into each unit), `(0, 1, 2)` for a Conv2D kernel.

    >>> import hornbill as hb
    >>> w = hb.constraints.MaxNorm(1.0)(hb.initializers.Constant(3)((4, 1)))
    >>> round(float(w[0, 0]), 3)
    0.5
    """

    def __init__(self, max_value: float = 2, axis=0):
        _check(self, max_value > 0, "max_value is positive", max_value=max_value)
        self.max_value, self.axis = max_value, _axes(self, axis)

    def __call__(self, w):
        w, norms = _norms(w, self.axis)
        return _resized(w, norms, jnp.clip(norms, 0, self.max_value))


class MinMaxNorm(Constraint):
    """Brings the lengths of vectors between `min_value` and `max_value`.

    Args:
        min_value, max_value: the least and the greatest length.
        rate: how much of the way is gone at each update, in (0, 1]: 1 enforces the bounds.
        axis: an axis or several, along which a vector lies; see `MaxNorm`.

    >>> import hornbill as hb
    >>> w = hb.constraints.MinMaxNorm(4.0, 8.0)(hb.initializers.Constant(1)((4, 1)))
    >>> round(float(w[0, 0]), 3)
    2.0
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis=0):
        ordered = 0 <= min_value <= max_value
        bounds = {"min_value": min_value, "max_value": max_value}
        _check(self, ordered, "bounds are 0 <= min_value <= max_value", **bounds)
        _check(self, 0 < rate <= 1, "rate is in (0, 1]", rate=rate)
        self.min_value, self.max_value, self.rate = min_value, max_value, rate
        self.axis = _axes(self, axis)

    def __call__(self, w):
        w, norms = _norms(w, self.axis)
        inside = jnp.clip(norms, self.min_value, self.max_value)
        return _resized(w, norms, self.rate * inside + (1 - self.rate) * norms)


class NonNeg(Constraint):
    """Sets negative weights to 0.

    >>> import hornbill as hb
    >>> hb.constraints.NonNeg()([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """

    def __call__(self, w):
        return jnp.maximum(to_array(w), 0)


class UnitNorm(Constraint):
    """Brings vectors to length 1.

    Args:
        axis: an axis or several, along which a vector lies; see `MaxNorm`.

    >>> import hornbill as hb
    >>> w = hb.constraints.UnitNorm()(hb.initializers.Constant(3)((4, 1)))
    >>> round(float(w[0, 0]), 3)
    0.5
    """

    def __init__(self, axis=0):
        self.axis = _axes(self, axis)

    def __call__(self, w):
        w, norms = _norms(w, self.axis)
        return w / (epsilon() + norms)


def _norms(w, axis):
    """The weight as an array, and the lengths of its vectors."""
    w = jnp.asarray(to_array(w))
    return w, jnp.sqrt(jnp.sum(jnp.square(w), axis=axis, keepdims=True))


def _resized(w, norms, desired):
    return w * (desired / (epsilon() + norms))


def _axes(constraint, axis):
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    ints = all(isinstance(a, int) and not isinstance(a, bool) for a in axes)
    _check(constraint, ints, "axis is an int or several", axis=axis)
    return tuple(axes) if isinstance(axis, (list, tuple)) else axis


def _check(constraint, good: bool, rule: str, **received):
    if not good:
        shown = ", ".join(f"{name}={value!r}" for name, value in received.items())
        raise ValueError(f"{type(constraint).__name__}'s {rule}. Received: {shown}")
