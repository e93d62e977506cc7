"""Library-wide settings."""

from .engine.config import *
from .engine.dtypes import dtype_policy, set_dtype_policy
