"""Ops: functions of tensors that also work on symbolic tensors and in compiled code."""

from . import image
from .control import *
from .core import *
from .einops import *
from .linalg import *
from .math import *
from .nn import *
from .numpy import *

__all__ = [name for name, value in list(globals().items()) if callable(value)]
