"""Images, as Keras 2 had them: `ImageDataGenerator`, its iterators, and functions of one image."""

from ...preprocessing.image import array_to_img, img_to_array, load_img, save_img
from ...preprocessing.image import smart_resize as _smart_resize
from ..faces import to_script
from ..missing import missing
from .generator import ImageDataGenerator
from .image_files import DataFrameIterator, DirectoryIterator
from .iterators import Iterator, NumpyArrayIterator
from .warps import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "img_to_array",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
    "smart_resize",
]
__getattr__ = missing("tf.keras.preprocessing.image", __all__)
smart_resize = to_script(_smart_resize)
