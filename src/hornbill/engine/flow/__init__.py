"""Python's control flow on tensors without a value: `convert` makes a function ready for it."""

from .convert import convert as convert
