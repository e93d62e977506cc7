"""Ops of images."""

from . import color, filter, geometry, size
from .color import *
from .filter import *
from .geometry import *
from .size import *

_MODULES = (color, filter, geometry, size)
__all__ = [name for module in _MODULES for name in module.__all__]
