"""`tf.Module`: an object that owns variables."""

from ..engine.tracking import Trackable, owned, unique
from ..engine.variable import Variable as Cell


class Module(Trackable):
    """Base of objects that keep variables and other modules in attributes.

    >>> import hornbill.tensorflow as tf
    >>> class Scale(tf.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = tf.Variable(2.0)
    >>> [float(v) for v in Scale().trainable_variables]
    [2.0]
    """

    def __init__(self, name: str | None = None):
        self.name = name or type(self).__name__.lower()

    @property
    def submodules(self) -> tuple:
        """The modules and layers inside, outer before inner."""
        return tuple(x for x in _inside(self) if not isinstance(x, Cell))

    @property
    def variables(self) -> tuple:
        """All variables of the module and of what is inside."""
        found = []
        for thing in [x for x in owned(self) if isinstance(x, Cell)] + list(_inside(self)):
            found += [thing] if isinstance(thing, Cell) else getattr(thing, "variables", ())
        return tuple(unique(found))

    @property
    def trainable_variables(self) -> tuple:
        """Those that optimizers update."""
        return tuple(v for v in self.variables if v.trainable)

    @property
    def non_trainable_variables(self) -> tuple:
        """Those that they leave alone."""
        return tuple(v for v in self.variables if not v.trainable)


def _inside(owner):
    for thing in owned(owner):
        yield thing
        if not isinstance(thing, Cell):
            yield from _inside(thing)
