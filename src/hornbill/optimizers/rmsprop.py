"""RMSprop: steps divided by the gradients' running root mean square."""

import jax.numpy as jnp

from .base import Optimizer
from .options import check, options
from .state import zeros


class RMSprop(Optimizer):
    """`w -= learning_rate * g / sqrt(mean(g^2) + epsilon)`, the mean a moving one.

    Args:
        learning_rate: see `Optimizer`.
        rho: how slowly the mean follows, from 0 to 1.
        momentum: how much of the last step stays in the next one.
        epsilon: keeps the division finite; inside the root.
        centered: whether the square of the gradients' mean is subtracted: their variance instead.
        **options: see `Optimizer`.

    Source: Hinton 2012, http://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.RMSprop(0.1).apply([hb.ops.array([2.0])], [w])
    >>> print(w.numpy().round(3))
    [0.684]
    """

    separate_slots = ("momentum", "average_gradient")

    @options
    def __init__(
        self,
        learning_rate=0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options,
    ):
        super().__init__(learning_rate, **options)
        check(self, 0, 1, rho=rho, momentum=momentum)
        check(self, epsilon=epsilon)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def init(self, variable):
        more = ["momentum"] * bool(self.momentum) + ["average_gradient"] * bool(self.centered)
        return zeros(variable, "velocity", *more)

    def update(self, gradient, value, slots, learning_rate, step):
        rho = self.rho
        new = {"velocity": rho * slots["velocity"] + (1 - rho) * jnp.square(gradient)}
        variance = new["velocity"]
        if self.centered:
            mean = rho * slots["average_gradient"] + (1 - rho) * gradient
            new["average_gradient"] = mean
            variance = variance - jnp.square(mean)
        move = learning_rate * gradient / jnp.sqrt(variance + self.epsilon)
        if "momentum" in slots:
            move = new["momentum"] = self.momentum * slots["momentum"] + move
        return value - move, new
