from .base import Layer
from .dense import Dense
from .input_layer import Input, InputLayer
from .input_spec import InputSpec
