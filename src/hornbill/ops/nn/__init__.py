"""Ops of neural networks."""

from . import activation, convolution, encoding, loss, normalization
from .activation import *
from .convolution import *
from .encoding import *
from .loss import *
from .normalization import *

__all__ = [
    name
    for module in (activation, convolution, encoding, loss, normalization)
    for name in module.__all__
]
