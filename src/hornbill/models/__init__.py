"""The three ways to build a model."""

from .model import Model
from .sequential import Sequential
