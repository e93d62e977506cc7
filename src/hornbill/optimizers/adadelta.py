"""Adadelta: steps as large as recent steps, relative to recent gradients."""

import jax.numpy as jnp

from .base import Optimizer
from .options import check, options
from .state import zeros


class Adadelta(Optimizer):
    """Steps of the size of the recent steps' root mean square, over that of the gradients.

    Args:
        learning_rate: see `Optimizer`; the paper's method has 1.0.
        rho: how slowly both means follow, from 0 to 1.
        epsilon: keeps the division finite, and gets the first step going.
        **options: see `Optimizer`.

    Source: Zeiler 2012, https://arxiv.org/abs/1212.5701

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.Adadelta(1.0).apply([hb.ops.array([2.0])], [w])
    >>> print(w.numpy().round(4))
    [0.9986]
    """

    @options
    def __init__(self, learning_rate=0.001, rho: float = 0.95, epsilon: float = 1e-7, **options):
        super().__init__(learning_rate, **options)
        check(self, 0, 1, rho=rho)
        check(self, epsilon=epsilon)
        self.rho, self.epsilon = rho, epsilon

    def init(self, variable):
        return zeros(variable, "accumulated_grad", "accumulated_delta_var")

    def update(self, gradient, value, slots, learning_rate, step):
        gradients = self._mean(slots["accumulated_grad"], gradient)
        moves = slots["accumulated_delta_var"]
        move = -gradient * jnp.sqrt(moves + self.epsilon) / jnp.sqrt(gradients + self.epsilon)
        new = {"accumulated_grad": gradients, "accumulated_delta_var": self._mean(moves, move)}
        return value + learning_rate * move, new

    def _mean(self, mean, x):
        return self.rho * mean + (1 - self.rho) * jnp.square(x)
