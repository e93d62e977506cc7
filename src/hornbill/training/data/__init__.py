"""What `fit` reads from: one adapter per kind of input."""

from .arrays import ArrayData
from .batches import pack, unpack, unpack_x_y_sample_weight
from .make import make_data, split_validation
from .stream import StreamData
