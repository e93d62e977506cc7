"""The three ways to build a model, and their copies and files."""

from .clone import clone_model
from .model import Functional, Model
from .sequential import Sequential


def __getattr__(name: str):
    # Files stand above models, so their functions are handed on only when somebody asks.
    if name in ("load_model", "model_from_json", "save_model"):
        from .. import saving

        return getattr(saving, name)
    raise AttributeError(f"module 'hornbill.models' has no attribute '{name}'")
