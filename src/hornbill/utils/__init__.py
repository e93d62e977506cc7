"""Helpers around models and data."""

from ..engine.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from ..engine.dtypes import standardize_dtype
from ..engine.random import set_random_seed
from ..engine.symbolic import is_symbolic as is_keras_tensor
from ..models.plot import model_to_dot, plot_model
from ..saving import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from ..training.data.batches import pack_x_y_sample_weight, unpack_x_y_sample_weight
from ..training.data.dataset import Dataset
from ..training.data.pydataset import PyDataset
from . import bounding_boxes, legacy
from .audio_folder import audio_dataset_from_directory
from .config import Config
from .feature_space import FeatureSpace
from .files import get_file
from .graph import get_source_inputs
from .image_folder import image_dataset_from_directory
from .images import array_to_img, img_to_array, load_img, save_img
from .labels import normalize, to_categorical
from .progbar import Progbar
from .sequences import pad_sequences
from .session import clear_session
from .splitting import split_dataset
from .text_folder import text_dataset_from_directory
from .timeseries import timeseries_dataset_from_array

# Keras 2's name.
Sequence = PyDataset
