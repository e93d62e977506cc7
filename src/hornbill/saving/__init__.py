"""Files: weights and models, as data that never runs code."""

from ..engine.serialize import (
    custom_object_scope,
    deserialize,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize,
)
from .archive import load_model, model_from_json, save_model
from .editor import KerasFileEditor
from .weights import load_weights, save_weights

CustomObjectScope = custom_object_scope
deserialize_keras_object = deserialize
serialize_keras_object = serialize
