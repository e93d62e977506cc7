from .base import Layer
from .dense import Dense
from .input_spec import InputSpec
