"""One cycle: up to a high rate, then down far below the first (Smith and Topin 2017)."""

import math
from dataclasses import dataclass
from itertools import pairwise

import jax.numpy as jnp

from .base import LearningRateSchedule, to_float


@dataclass(eq=False)
class OneCycle(LearningRateSchedule):
    """From a low rate up to `max_learning_rate`, then down to nearly nothing.

    The rate starts at `max_learning_rate / div_factor` and ends, at step `total_steps - 1`, at
    `1 / final_div_factor` of that, where it stays. The momentum may go against it: down where the
    rate rises, and up again. The numbers are those of PyTorch's `OneCycleLR`.

    Args:
        max_learning_rate: the highest rate; `model.lr_find` finds a good one.
        total_steps: steps of the whole training, `epochs * steps_per_epoch`; at least 2.
        warmup_fraction: the part of the steps in which the rate rises, between 0 and 1.
        div_factor: the highest rate over the first.
        final_div_factor: the first rate over the last.
        anneal: the form of rise and fall, `"cos"` or `"linear"`.
        three_phase: whether the rate falls to the first one as fast as it rose, and only then
            goes on to the last one.
        max_momentum: the momentum (`beta_1` of Adam and its like) at the lowest rates, such as
            0.95. None leaves the optimizer its own all the time.
        base_momentum: the momentum at the highest rate, such as 0.85; given with `max_momentum`.

    Source: Smith and Topin 2017, https://arxiv.org/abs/1708.07120

    >>> import hornbill as hb
    >>> schedule = hb.optimizers.schedules.OneCycle(1.0, 11, div_factor=10.0)
    >>> [round(float(schedule(step)), 2) for step in (0, 1, 2, 3, 6, 10, 99)]
    [0.1, 0.46, 0.96, 0.98, 0.53, 0.0, 0.0]
    >>> cycle = hb.optimizers.schedules.OneCycle(1.0, 11, max_momentum=0.95, base_momentum=0.85)
    >>> [round(float(cycle.momentum_at(step)), 2) for step in (0, 2, 10)]
    [0.95, 0.85, 0.95]
    """

    max_learning_rate: float
    total_steps: int
    warmup_fraction: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    anneal: str = "cos"
    three_phase: bool = False
    max_momentum: float | None = None
    base_momentum: float | None = None
    name: str = "OneCycle"

    def __post_init__(self):
        if not self.total_steps >= 2:
            raise ValueError(
                "OneCycle's total_steps is at least 2: it counts the steps of the whole training. "
                f"Received: total_steps={self.total_steps!r}"
            )
        fits = self.warmup_fraction <= 0.5 if self.three_phase else self.warmup_fraction < 1
        if not (self.warmup_fraction > 0 and fits):
            raise ValueError(
                "OneCycle's warmup_fraction is above 0 and below 1, with three_phase at most 0.5. "
                f"Received: warmup_fraction={self.warmup_fraction!r}, "
                f"three_phase={self.three_phase!r}"
            )
        for name in ("max_learning_rate", "div_factor", "final_div_factor"):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f"OneCycle's {name} is above 0. Received: {name}={getattr(self, name)!r}"
                )
        if self.anneal not in ("cos", "linear"):
            raise ValueError(
                f"OneCycle's anneal is 'cos' or 'linear'. Received: anneal={self.anneal!r}"
            )
        momenta = self.base_momentum, self.max_momentum
        if momenta != (None, None) and (None in momenta or not 0 < momenta[0] <= momenta[1] < 1):
            raise ValueError(
                "OneCycle's base_momentum and max_momentum are both None, or above 0 and below 1, "
                f"max_momentum not the lower one. Received: base_momentum={momenta[0]!r}, "
                f"max_momentum={momenta[1]!r}"
            )

    def __call__(self, step):
        first = self.max_learning_rate / self.div_factor
        return self._at(step, first, self.max_learning_rate, first / self.final_div_factor)

    def momentum_at(self, step):
        """The momentum of a step, None without `max_momentum`."""
        if self.max_momentum is None:
            return None
        return self._at(step, self.max_momentum, self.base_momentum, self.max_momentum)

    def _at(self, step, first: float, top: float, last: float):
        """What goes from `first` to `top` and, by way of `first` with three phases, to `last`."""
        step = to_float(step)
        rise = self.warmup_fraction * self.total_steps - 1
        # (step, value) where the phases meet; a warm-up of less than a step has no rise.
        points = [(0, first)] if rise > 0 else []
        points.append((rise, top))
        if self.three_phase and rise != 0:
            points.append((2 * rise, first))
        points.append((self.total_steps - 1, last))
        value = points[0][1]
        for (start, before), (end, after) in pairwise(points):
            left = jnp.clip((end - step) / (end - start), 0, 1)
            if self.anneal == "cos":
                left = (1 - jnp.cos(math.pi * left)) / 2
            value = jnp.where(step > start, after + (before - after) * left, value)
        return jnp.asarray(value, step.dtype)
