"""Nadam: Adam with Nesterov's look ahead."""

import jax.numpy as jnp

from .adam import moments
from .base import Optimizer
from .options import check, options
from .state import zeros


class Nadam(Optimizer):
    """Adam whose mean already counts the present gradient, with a momentum that warms up.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how slowly the mean follows in the end, from 0 to 1.
        beta_2: how slowly the mean square follows, from 0 to 1.
        epsilon: keeps the division finite; outside the root.
        **options: see `Optimizer`.

    Source: Dozat 2015, http://cs229.stanford.edu/proj2015/054_report.pdf

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.Nadam(0.1).apply([hb.ops.array([2.0])], [w])
    >>> print(w.numpy().round(3))
    [0.894]
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

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        # The product of all momenta so far, which all variables share.
        dtype = self._trainable_variables[0].dtype if self._trainable_variables else None
        self._u_product = self.add_variable((), "ones", dtype, name="u_product")

    def init(self, variable):
        return zeros(variable, "momentum", "velocity")

    def _momentum(self, step):
        return self.beta_1 * (1 - 0.5 * 0.96**step)

    def update_steps(self, gradients, variables, learning_rate):
        step = jnp.asarray(self.iterations + 1, "float32")
        self._u_product.assign(self._u_product.value * self._momentum(step))
        super().update_steps(gradients, variables, learning_rate)

    def update(self, gradient, value, slots, learning_rate, step):
        m, v = moments(gradient, slots, self.beta_1, self.beta_2)
        now, following = self._momentum(step), self._momentum(step + 1)
        product = self._u_product.value.astype(step.dtype)
        mean = following * m / (1 - product * following) + (1 - now) * gradient / (1 - product)
        scale = jnp.sqrt(v / (1 - self.beta_2**step)) + self.epsilon
        return value - learning_rate * mean / scale, {"momentum": m, "velocity": v}
