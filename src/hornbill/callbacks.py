"""Callbacks: hooks around training."""

from .training.callbacks import *
from .ui import RunLogger
