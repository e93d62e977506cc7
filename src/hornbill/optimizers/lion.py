"""Lion: steps of one size, in the direction of the momentum's sign."""

import jax.numpy as jnp

from .base import Optimizer
from .options import check, options
from .state import zeros


class Lion(Optimizer):
    """`w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g)`, `m` the gradients' mean.

    It keeps one slot where Adam keeps two. Its learning rate is usually 3 to 10 times smaller
    than Adam's, its weight decay as many times larger.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: the mean's part in the step, above 0 and at most 1.
        beta_2: how slowly the mean follows, from 0 to 1.
        **options: see `Optimizer`.

    Source: Chen et al. 2023, https://arxiv.org/abs/2302.06675

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0, 1.0])
    >>> hb.optimizers.Lion(0.5).apply([hb.ops.array([2.0, -0.1])], [w])
    >>> w.numpy().tolist()
    [0.5, 1.5]
    """

    @options
    def __init__(self, learning_rate=0.001, beta_1: float = 0.9, beta_2: float = 0.99, **options):
        super().__init__(learning_rate, **options)
        check(self, 0, 1, beta_1=beta_1, beta_2=beta_2)
        if beta_1 == 0:
            raise ValueError(
                "Lion: beta_1 is above 0; without it only the gradient's sign would be left. "
                f"Received: beta_1={beta_1!r}"
            )
        self.beta_1, self.beta_2 = beta_1, beta_2

    def init(self, variable):
        return zeros(variable, "momentum")

    def update(self, gradient, value, slots, learning_rate, step):
        m = slots["momentum"]
        direction = jnp.sign(self.beta_1 * m + (1 - self.beta_1) * gradient)
        return value - learning_rate * direction, {
            "momentum": self.beta_2 * m + (1 - self.beta_2) * gradient
        }
