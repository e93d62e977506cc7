"""Bounds that weights are put within after each update."""

from .lookup import deserialize, get, serialize
from .projections import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm

# The other names under which Keras hands out the same classes.
max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
