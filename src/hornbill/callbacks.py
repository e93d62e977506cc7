"""Callbacks: hooks around training."""

from .training.callbacks import *
