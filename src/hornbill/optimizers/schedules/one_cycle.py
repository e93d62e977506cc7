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
    `1 / final_div_factor` of that, where it stays. The numbers are those of PyTorch's
    `OneCycleLR`. That turns the momentum against the rate as well, which no schedule can do here:
    an optimizer's momentum is a constant of its compiled step.

    Args:
        max_learning_rate: the highest rate; `model.lr_find` finds a good one.
        total_steps: steps of the whole training, `epochs * steps_per_epoch`; at least 2.
        warmup_fraction: the part of the steps in which the rate rises, between 0 and 1.
        div_factor: the highest rate over the first.
        final_div_factor: the first rate over the last.
        anneal: the form of rise and fall, `"cos"` or `"linear"`.
        three_phase: whether the rate falls to the first one as fast as it rose, and only then
            goes on to the last one.

    Source: Smith and Topin 2017, https://arxiv.org/abs/1708.07120

    >>> import hornbill as hb
    >>> schedule = hb.optimizers.schedules.OneCycle(1.0, 11, div_factor=10.0)
    >>> [round(float(schedule(step)), 2) for step in (0, 1, 2, 3, 6, 10, 99)]
    [0.1, 0.46, 0.96, 0.98, 0.53, 0.0, 0.0]
    """

    max_learning_rate: float
    total_steps: int
    warmup_fraction: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    anneal: str = "cos"
    three_phase: bool = False
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

    def __call__(self, step):
        step = to_float(step)
        first = self.max_learning_rate / self.div_factor
        rise = self.warmup_fraction * self.total_steps - 1
        # (step, rate) where the phases meet; a warm-up of less than a step has no rise.
        points = [(0, first)] if rise > 0 else []
        points.append((rise, self.max_learning_rate))
        if self.three_phase and rise != 0:
            points.append((2 * rise, first))
        points.append((self.total_steps - 1, first / self.final_div_factor))
        rate = points[0][1]
        for (start, before), (end, after) in pairwise(points):
            left = jnp.clip((end - step) / (end - start), 0, 1)
            if self.anneal == "cos":
                left = (1 - jnp.cos(math.pi * left)) / 2
            rate = jnp.where(step > start, after + (before - after) * left, rate)
        return jnp.asarray(rate, step.dtype)
