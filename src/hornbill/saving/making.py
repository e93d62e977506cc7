"""A model from the config in a file."""

from ..engine.serialize import custom_object_scope, deserialize, object_sharing
from ..layers.base import Layer


def model_of(config: dict, custom_objects: dict | None, source: str):
    """The model that a config describes; `source` is what messages call its file.

    Raises:
        ValueError: whatever is wrong with it.
    """
    try:
        with custom_object_scope(custom_objects or {}), object_sharing():
            model = deserialize(config, slot="layer")
    except ValueError:
        raise
    except Exception as error:
        # What a damaged or hostile config can do wrong in a constructor is endless.
        raise ValueError(
            f"'{source}' describes no model that can be made: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(model, Layer):
        raise ValueError(f"'{source}' describes no model. Received: {type(model).__name__}")
    return model
