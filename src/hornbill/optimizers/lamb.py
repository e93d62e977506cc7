"""Lamb: Adam with steps relative to the size of each layer's weights."""

import jax.numpy as jnp

from .adam import moments
from .base import Optimizer
from .options import check, options
from .state import zeros


class Lamb(Optimizer):
    """Adam's step, scaled for each variable to the norm of its weights. For large batches.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how slowly the mean follows, from 0 to 1.
        beta_2: how slowly the mean square follows, from 0 to 1.
        epsilon: keeps the division finite; outside the root.
        **options: see `Optimizer`.

    Source: You et al. 2019, https://arxiv.org/abs/1904.00962

    >>> import hornbill as hb
    >>> w = hb.Variable([3.0, 3.0])
    >>> hb.optimizers.Lamb(0.1).apply([hb.ops.array([2.0, -5.0])], [w])
    >>> print(w.numpy().round(3))
    [2.7 3.3]
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
        return zeros(variable, "momentum", "velocity")

    def update(self, gradient, value, slots, learning_rate, step):
        m, v = moments(gradient, slots, self.beta_1, self.beta_2)
        scale = jnp.sqrt(v / (1 - self.beta_2**step)) + self.epsilon
        move = m / (1 - self.beta_1**step) / scale
        size, length = _norm(value), _norm(move)
        # Weights or steps of zero have no ratio: Adam's step, then.
        usable = (size > 0) & (length > 0)
        ratio = jnp.where(usable, size / jnp.where(usable, length, 1), 1)
        return value - ratio * learning_rate * move, {"momentum": m, "velocity": v}


def _norm(x):
    return jnp.sqrt(jnp.sum(jnp.square(x)))
