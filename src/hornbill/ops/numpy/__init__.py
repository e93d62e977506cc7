"""The NumPy-like ops, by the file they are written in."""

from ..control import vectorize
from .creation import *
from .elementwise import *
from .indexing import *
from .logic import *
from .products import *
from .reductions import *
from .shaping import *
from .trigonometry import *

__all__ = [name for name, value in list(globals().items()) if callable(value)]
