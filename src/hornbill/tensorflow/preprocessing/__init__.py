"""`tf.keras.preprocessing`: the library's, and what Keras 2 had there besides."""

from ... import preprocessing as _library
from ..faces import to_script
from ..missing import missing
from . import image, sequence, text

__all__ = (
    "image image_dataset_from_directory sequence text text_dataset_from_directory "
    "timeseries_dataset_from_array"
).split()
__getattr__ = missing("tf.keras.preprocessing", __all__)
image_dataset_from_directory = to_script(_library.image_dataset_from_directory)
text_dataset_from_directory = to_script(_library.text_dataset_from_directory)
timeseries_dataset_from_array = to_script(_library.timeseries_dataset_from_array)
