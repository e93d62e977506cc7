"""Callbacks: hooks around training."""

from .callback import Callback, CallbackList
from .history import History
from .progbar import ProgbarLogger
