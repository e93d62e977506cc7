"""Schedules that fall: exponential, in inverse time, polynomial, in stairs."""

from dataclasses import dataclass

import jax.numpy as jnp

from ...engine.config import floatx
from ...engine.variable import Variable
from .base import LearningRateSchedule, check_positive, to_float


@dataclass(eq=False)
class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: after how many steps the rate has been multiplied by `decay_rate`; above 0.
        decay_rate: the factor.
        staircase: whether the rate stays the same between multiples of `decay_steps`.

    >>> import hornbill as hb
    >>> float(hb.optimizers.schedules.ExponentialDecay(1.0, 10, 0.5)(20))
    0.25
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False
    name: str = "ExponentialDecay"

    def __post_init__(self):
        check_positive(self, "decay_steps")

    def __call__(self, step):
        periods = to_float(step) / self.decay_steps
        periods = jnp.floor(periods) if self.staircase else periods
        return self.initial_learning_rate * self.decay_rate**periods


@dataclass(eq=False)
class InverseTimeDecay(LearningRateSchedule):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Keras 2's `decay=d` of an optimizer is this with `decay_steps=1, decay_rate=d`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: the unit of time in steps; above 0.
        decay_rate: how fast the rate falls.
        staircase: whether the rate stays the same between multiples of `decay_steps`.

    >>> import hornbill as hb
    >>> float(hb.optimizers.schedules.InverseTimeDecay(1.0, 10, 0.5)(20))
    0.5
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False
    name: str = "InverseTimeDecay"

    def __post_init__(self):
        check_positive(self, "decay_steps")

    def __call__(self, step):
        periods = to_float(step) / self.decay_steps
        periods = jnp.floor(periods) if self.staircase else periods
        return self.initial_learning_rate / (1 + self.decay_rate * periods)


@dataclass(eq=False)
class PolynomialDecay(LearningRateSchedule):
    """From one rate to another along `(1 - step / decay_steps) ** power`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: when `end_learning_rate` is reached; above 0.
        end_learning_rate: the last rate, which stays.
        power: 1 is a straight line.
        cycle: whether `decay_steps` is doubled, tripled, ... once it has passed, so that the
            rate rises again.

    >>> import hornbill as hb
    >>> float(hb.optimizers.schedules.PolynomialDecay(1.0, 10, end_learning_rate=0.5)(5))
    0.75
    """

    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def __post_init__(self):
        check_positive(self, "decay_steps")

    def __call__(self, step):
        step, length = to_float(step), self.decay_steps
        if self.cycle:
            length = length * jnp.where(step == 0, 1.0, jnp.ceil(step / length))
        else:
            step = jnp.minimum(step, length)
        remaining = (1 - step / length) ** self.power
        fall = self.initial_learning_rate - self.end_learning_rate
        return fall * remaining + self.end_learning_rate


@dataclass(eq=False)
class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]` up to and including step `boundaries[i]`, then `values[i + 1]`.

    Args:
        boundaries: the last steps of all pieces but the last one, rising.
        values: the rates, one more than boundaries.

    >>> import hornbill as hb
    >>> schedule = hb.optimizers.schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])
    >>> [float(schedule(step)) for step in (0, 10, 11, 99)]
    [1.0, 1.0, 0.5, 0.25]
    """

    boundaries: list
    values: list
    name: str = "PiecewiseConstant"

    def __post_init__(self):
        if len(self.boundaries) != len(self.values) - 1 or not self.boundaries:
            raise ValueError(
                "PiecewiseConstantDecay takes at least one boundary and one value more than "
                f"boundaries. Received: boundaries={self.boundaries}, values={self.values}"
            )
        if list(self.boundaries) != sorted(set(self.boundaries)):
            raise ValueError(
                "PiecewiseConstantDecay's boundaries rise from each to the next. "
                f"Received: boundaries={self.boundaries}"
            )

    def __call__(self, step):
        step = jnp.asarray(step.value if isinstance(step, Variable) else step)
        # Counted in the step's own type: a float could not tell large steps apart.
        boundaries = jnp.asarray(self.boundaries).astype(step.dtype)
        return jnp.asarray(self.values, floatx())[jnp.searchsorted(boundaries, step)]
