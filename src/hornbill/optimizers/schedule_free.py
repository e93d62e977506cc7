"""ScheduleFreeAdamW: AdamW that needs no learning rate schedule."""

import jax.numpy as jnp

from .base import Optimizer
from .options import check, check_count, options
from .state import zeros


class ScheduleFreeAdamW(Optimizer):
    """AdamW's steps `z`, their mean `x`, and gradients taken between the two.

    The model's weights are the point between them, `y = (1 - beta_1) * z + beta_1 * x`. The
    mean does what a falling learning rate would.

    Args:
        learning_rate: see `Optimizer`; a constant one, usually 1 to 10 times AdamW's.
        beta_1: how near to the mean the weights are, above 0 and at most 1.
        beta_2: how slowly the mean square follows, from 0 to 1.
        epsilon: keeps the division finite; outside the root.
        warmup_steps: over how many steps the learning rate rises from zero.
        **options: see `Optimizer`.

    Source: Defazio et al. 2024, https://arxiv.org/abs/2405.15682

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.ScheduleFreeAdamW(0.1).apply([hb.ops.array([2.0])], [w])
    >>> print(w.numpy().round(3))
    [0.9]
    """

    @options
    def __init__(
        self,
        learning_rate=0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **options,
    ):
        super().__init__(learning_rate, **options)
        check(self, 0, 1, beta_1=beta_1, beta_2=beta_2)
        check(self, epsilon=epsilon)
        check_count(self, 0, warmup_steps=warmup_steps)
        if beta_1 == 0:
            raise ValueError(
                "ScheduleFreeAdamW: beta_1 is above 0, for the mean is found from the weights by "
                f"a division by it. Received: beta_1={beta_1!r}"
            )
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.warmup_steps = warmup_steps

    def init(self, variable):
        return {"momentum": variable.value, **zeros(variable, "velocity")}

    def update(self, gradient, value, slots, learning_rate, step):
        beta, z = self.beta_1, slots["momentum"]
        if self.warmup_steps:
            learning_rate = learning_rate * jnp.minimum(step / self.warmup_steps, 1)
        v = slots["velocity"]
        v = v + (jnp.square(gradient) - v) * (1 - self.beta_2)
        x = (value - (1 - beta) * z) / beta
        z = z - learning_rate * gradient / (jnp.sqrt(v / (1 - self.beta_2**step)) + self.epsilon)
        x = (1 - 1 / step) * x + z / step
        return (1 - beta) * z + beta * x, {"momentum": z, "velocity": v}
