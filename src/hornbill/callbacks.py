"""Callbacks: hooks around training."""

from .training.callbacks import *
from .ui.run_logger import RunLogger
