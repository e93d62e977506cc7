"""Initializer: the base of all that makes a weight's first value."""

from ..engine.configured import Configured


class Initializer(Configured):
    """A function of a shape that gives a weight's first value.

    Subclasses define `__call__(self, shape, dtype=None)`. Their constructor's arguments are their
    config.

    >>> import hornbill as hb
    >>> class Sevens(hb.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return hb.initializers.Constant(7)(shape, dtype)
    >>> Sevens()((2,)).tolist()
    [7.0, 7.0]
    """

    def __call__(self, shape, dtype=None):
        """An array of that shape and dtype (`floatx()` when None)."""
        raise NotImplementedError(
            f"{type(self).__name__} has no __call__(). Write "
            "`def __call__(self, shape, dtype=None): ...`, which returns an array."
        )

    def clone(self) -> "Initializer":
        """Another initializer with the same config."""
        return type(self).from_config(self.get_config())
