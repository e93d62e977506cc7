"""Ftrl: follow the regularized leader, for wide and sparse models."""

import math

import jax.numpy as jnp

from .base import Optimizer
from .options import check, options
from .state import full, zeros


class Ftrl(Optimizer):
    """The weights that would have been best so far, under L1 and L2 penalties.

    L1 makes weights exactly zero.

    Args:
        learning_rate: see `Optimizer`.
        learning_rate_power: how the rate falls with the squared gradients; at most 0.
        initial_accumulator_value: what the sum of squared gradients starts as; at least 0.
        l1_regularization_strength, l2_regularization_strength: penalties on the weights; at
            least 0.
        l2_shrinkage_regularization_strength: an L2 penalty on the gradient's side: it acts in
            proportion to the present weight; at least 0.
        beta: added to the L2 penalty, divided by twice the learning rate.
        **options: see `Optimizer`.

    Source: McMahan et al. 2013, https://research.google.com/pubs/archive/41159.pdf

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> optimizer = hb.optimizers.Ftrl(0.1, l1_regularization_strength=20.0)
    >>> optimizer.apply([hb.ops.array([2.0])], [w])
    >>> w.numpy().tolist()
    [0.0]
    """

    @options
    def __init__(
        self,
        learning_rate=0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options,
    ):
        super().__init__(learning_rate, **options)
        check(
            self,
            initial_accumulator_value=initial_accumulator_value,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
            l2_shrinkage_regularization_strength=l2_shrinkage_regularization_strength,
            beta=beta,
        )
        check(self, -math.inf, 0, learning_rate_power=learning_rate_power)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def init(self, variable):
        accumulator = full(variable, self.initial_accumulator_value)
        return {"accumulator": accumulator, **zeros(variable, "linear")}

    def update(self, gradient, value, slots, learning_rate, step):
        l1, power = self.l1_regularization_strength, -self.learning_rate_power
        l2 = self.l2_regularization_strength + self.beta / (2 * learning_rate)
        old, new = slots["accumulator"], slots["accumulator"] + jnp.square(gradient)
        shrinkage = 2 * self.l2_shrinkage_regularization_strength * value
        slower = (new**power - old**power) / learning_rate
        linear = slots["linear"] + gradient + shrinkage - slower * value
        quadratic = new**power / learning_rate + 2 * l2
        value = (jnp.clip(linear, -l1, l1) - linear) / quadratic
        return value, {"accumulator": new, "linear": linear}
