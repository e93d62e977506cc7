"""Adagrad: steps divided by the root of all squared gradients so far."""

import jax.numpy as jnp

from .base import Optimizer
from .options import check, options
from .state import full


class Adagrad(Optimizer):
    """`a += g^2; w -= learning_rate * g / sqrt(a + epsilon)`.

    Args:
        learning_rate: see `Optimizer`.
        initial_accumulator_value: what `a` starts as; at least 0.
        epsilon: keeps the division finite; inside the root.
        **options: see `Optimizer`.

    Source: Duchi et al. 2011, http://www.jmlr.org/papers/v12/duchi11a.html

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.Adagrad(0.1, initial_accumulator_value=0.0).apply([hb.ops.array([2.0])], [w])
    >>> print(w.numpy().round(3))
    [0.9]
    """

    @options
    def __init__(
        self,
        learning_rate=0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options,
    ):
        super().__init__(learning_rate, **options)
        check(self, initial_accumulator_value=initial_accumulator_value, epsilon=epsilon)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def init(self, variable):
        return {"accumulator": full(variable, self.initial_accumulator_value)}

    def update(self, gradient, value, slots, learning_rate, step):
        a = slots["accumulator"] + jnp.square(gradient)
        return value - learning_rate * gradient / jnp.sqrt(a + self.epsilon), {"accumulator": a}
