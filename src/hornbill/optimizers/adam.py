"""Adam and AdamW."""

import jax.numpy as jnp

from ..kernels import adam
from .base import Optimizer
from .options import check, options
from .state import zeros


class Adam(Optimizer):
    """Steps along the gradients' mean, divided by their root mean square.

    Both are moving averages, corrected for having started at zero.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how slowly the mean follows, from 0 to 1.
        beta_2: how slowly the mean square follows, from 0 to 1.
        epsilon: keeps the division finite; outside the root ("epsilon hat" of the paper).
        amsgrad: whether the mean square may only rise.
        **options: see `Optimizer`.

    Source: Kingma and Ba 2014, https://arxiv.org/abs/1412.6980; amsgrad: Reddi et al. 2018,
    https://openreview.net/forum?id=ryQu7f-RZ

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0, 1.0])
    >>> hb.optimizers.Adam(0.1).apply([hb.ops.array([2.0, -5.0])], [w])
    >>> print(w.numpy().round(3))
    [0.9 1.1]
    """

    separate_slots = ("velocity_hat",)

    @options
    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options,
    ):
        super().__init__(learning_rate, **options)
        check(self, 0, 1, beta_1=beta_1, beta_2=beta_2)
        check(self, epsilon=epsilon)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def init(self, variable):
        return zeros(variable, "momentum", "velocity", *["velocity_hat"] * bool(self.amsgrad))

    def update(self, gradient, value, slots, learning_rate, step):
        rate = corrected_rate(learning_rate, self.beta_1, self.beta_2, step)
        if not self.amsgrad:
            numbers = self.beta_1, self.beta_2, self.epsilon
            averages = slots["momentum"], slots["velocity"]
            value, m, v = adam.step(value, gradient, *averages, rate, *numbers)
            return value, {"momentum": m, "velocity": v}
        m, v = moments(gradient, slots, self.beta_1, self.beta_2)
        largest = jnp.maximum(slots["velocity_hat"], v)
        new = {"momentum": m, "velocity": v, "velocity_hat": largest}
        return adam.moved(value, m, largest, rate, self.epsilon), new


def moments(gradient, slots, beta_1: float, beta_2: float):
    """The moving averages of the gradient (slot "momentum") and its square ("velocity")."""
    return adam.averages(gradient, slots["momentum"], slots["velocity"], beta_1, beta_2)


def corrected_rate(learning_rate, beta_1: float, beta_2: float, step):
    """The learning rate with both averages' start at zero taken into account."""
    return learning_rate * jnp.sqrt(1 - beta_2**step) / (1 - beta_1**step)


class AdamW(Adam):
    """Adam with weight decay, which acts on the weights and not through the gradients.

    Args:
        learning_rate: see `Optimizer`.
        weight_decay: the part of each weight, times the learning rate, taken off at each step.
        beta_1, beta_2, epsilon, amsgrad: see `Adam`.
        **options: see `Optimizer`.

    Source: Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.AdamW(0.1, weight_decay=0.5).apply([hb.ops.array([2.0])], [w])
    >>> print(w.numpy().round(3))
    [0.85]
    """

    @options
    def __init__(
        self,
        learning_rate=0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options,
    ):
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options
        )
        check(self, weight_decay=weight_decay)
