"""Helpers around models and data."""

from ..engine.naming import reset_names as clear_session
from ..engine.random import set_random_seed
from ..engine.serialize import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from ..training.data.batches import pack_x_y_sample_weight, unpack_x_y_sample_weight
from ..training.data.dataset import Dataset
from ..training.data.pydataset import PyDataset
from .labels import normalize, to_categorical

Sequence = PyDataset
