"""What `fit` reads from: one adapter per kind of input.

All of them have `steps`, `length`, `batches()`, and `get_state()` / `set_state(state)`: where the
reading stands, as plain data.
"""

from .arrays import ArrayData
from .batches import pack, unpack, unpack_x_y_sample_weight
from .make import make_data, split_validation
from .stream import StreamData
