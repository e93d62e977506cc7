"""What old scripts take from `keras.backend`."""

from .engine.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from .engine.dtypes import is_float as is_float_dtype
from .engine.dtypes import is_int as is_int_dtype
from .engine.dtypes import result_type, standardize_dtype
from .engine.naming import unique_name
from .engine.symbolic import is_symbolic as is_keras_tensor
from .utils import clear_session


def get_uid(prefix: str = "") -> int:
    """The next number of a prefix: 1, 2, ..."""
    name = unique_name(f"{prefix}_uid")
    return 1 if name == f"{prefix}_uid" else int(name.rpartition("_")[2]) + 1
