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

CustomObjectScope = custom_object_scope
deserialize_keras_object = deserialize
serialize_keras_object = serialize
