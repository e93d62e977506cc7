"""Schedules along a cosine (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983)."""

import math
from dataclasses import dataclass

import jax.numpy as jnp

from .base import LearningRateSchedule, check_positive, to_float


@dataclass(eq=False)
class CosineDecay(LearningRateSchedule):
    """Half a cosine wave, from the first rate to `alpha` times that, after a linear warm-up.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: the length of the fall, warm-up not counted; above 0.
        alpha: the last rate as a fraction of the highest one.
        warmup_target: the rate at the end of the warm-up, from which it falls; None means no
            warm-up.
        warmup_steps: the length of the warm-up.

    >>> import hornbill as hb
    >>> schedule = hb.optimizers.schedules.CosineDecay(
    ...     0.0, 10, alpha=0.5, warmup_target=1.0, warmup_steps=4)
    >>> [round(float(schedule(step)), 3) for step in (0, 2, 4, 14, 99)]
    [0.0, 0.5, 1.0, 0.5, 0.5]
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __post_init__(self):
        check_positive(self, "decay_steps")

    def __call__(self, step):
        step = to_float(step)
        if self.warmup_target is None:
            return self.initial_learning_rate * self._fall(step)
        rise = (self.warmup_target - self.initial_learning_rate) / max(self.warmup_steps, 1)
        return jnp.where(
            step < self.warmup_steps,
            rise * step + self.initial_learning_rate,
            self.warmup_target * self._fall(step - self.warmup_steps),
        )

    def _fall(self, step):
        progress = jnp.minimum(step, self.decay_steps) / self.decay_steps
        return (1 - self.alpha) * 0.5 * (1 + jnp.cos(math.pi * progress)) + self.alpha


@dataclass(eq=False)
class CosineDecayRestarts(LearningRateSchedule):
    """Half cosine waves one after the other ("SGDR").

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: the length of the first wave; above 0.
        t_mul: each wave is this many times longer than the last.
        m_mul: each wave starts at this many times the height of the last.
        alpha: the lowest rate as a fraction of `initial_learning_rate`.

    >>> import hornbill as hb
    >>> schedule = hb.optimizers.schedules.CosineDecayRestarts(1.0, 10, t_mul=1.0, m_mul=0.5)
    >>> [round(float(schedule(step)), 3) for step in (0, 5, 10, 15)]
    [1.0, 0.5, 0.5, 0.25]
    """

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def __post_init__(self):
        check_positive(self, "first_decay_steps")

    def __call__(self, step):
        progress = to_float(step) / self.first_decay_steps
        if self.t_mul == 1:
            wave = jnp.floor(progress)
            progress = progress - wave
        else:
            # The waves' lengths are a geometric series: its sum says which one this is.
            wave = jnp.floor(jnp.log(1 - progress * (1 - self.t_mul)) / math.log(self.t_mul))
            start = (1 - self.t_mul**wave) / (1 - self.t_mul)
            progress = (progress - start) / self.t_mul**wave
        height = 0.5 * self.m_mul**wave * (1 + jnp.cos(math.pi * progress))
        return self.initial_learning_rate * ((1 - self.alpha) * height + self.alpha)
