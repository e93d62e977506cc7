"""Data sets."""

from . import digits
