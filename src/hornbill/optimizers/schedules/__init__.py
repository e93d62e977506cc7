"""Learning rates that change with the step."""

from .base import LearningRateSchedule, deserialize, serialize
from .cosine import CosineDecay, CosineDecayRestarts
from .decay import ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay
from .one_cycle import OneCycle
