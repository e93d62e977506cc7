"""Ops of neural networks."""

from . import activation, arrangement, attention, convolution, ctc, encoding, loss, normalization
from .activation import *
from .arrangement import *
from .attention import *
from .convolution import *
from .ctc import *
from .encoding import *
from .loss import *
from .normalization import *

_MODULES = (activation, arrangement, attention, convolution, ctc, encoding, loss, normalization)
__all__ = [name for module in _MODULES for name in module.__all__]
