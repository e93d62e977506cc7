"""Adamax: Adam with the highest gradient in place of the mean square."""

import jax.numpy as jnp

from .base import Optimizer
from .options import check, options
from .state import zeros


class Adamax(Optimizer):
    """Adam's mean, divided by the highest absolute gradient of the recent past.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how slowly the mean follows, from 0 to 1.
        beta_2: how slowly the highest gradient is forgotten, from 0 to 1.
        epsilon: keeps the division finite.
        **options: see `Optimizer`.

    Source: Kingma and Ba 2014, section 7, https://arxiv.org/abs/1412.6980

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.Adamax(0.1).apply([hb.ops.array([2.0])], [w])
    >>> print(w.numpy().round(3))
    [0.9]
    """

    @options
    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options,
    ):
        super().__init__(learning_rate, **options)
        check(self, 0, 1, beta_1=beta_1, beta_2=beta_2)
        check(self, epsilon=epsilon)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def init(self, variable):
        return zeros(variable, "momentum", "norm")

    def update(self, gradient, value, slots, learning_rate, step):
        m = slots["momentum"] + (gradient - slots["momentum"]) * (1 - self.beta_1)
        norm = jnp.maximum(self.beta_2 * slots["norm"], jnp.abs(gradient))
        move = learning_rate * m / ((1 - self.beta_1**step) * (norm + self.epsilon))
        return value - move, {"momentum": m, "norm": norm}
