"""SGD: steps down the gradient, with momentum if asked."""

from .base import Optimizer
from .options import check, options
from .state import zeros


class SGD(Optimizer):
    """`w -= learning_rate * g`, or with momentum `v = momentum * v - learning_rate * g; w += v`.

    Args:
        learning_rate: see `Optimizer`.
        momentum: how much of the last step stays in the next one, from 0 to 1.
        nesterov: whether the gradient is taken to lie one step of momentum ahead.
        **options: see `Optimizer`.

    Source: Sutskever et al. 2013, http://proceedings.mlr.press/v28/sutskever13.html

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.SGD(0.5).apply([hb.ops.array([1.0])], [w])
    >>> w.numpy().tolist()
    [0.5]
    """

    @options
    def __init__(
        self, learning_rate=0.01, momentum: float = 0.0, nesterov: bool = False, **options
    ):
        super().__init__(learning_rate, **options)
        check(self, 0, 1, momentum=momentum)
        self.momentum, self.nesterov = momentum, nesterov

    def init(self, variable):
        return zeros(variable, "momentum") if self.momentum else {}

    def update(self, gradient, value, slots, learning_rate, step):
        move = -learning_rate * gradient
        if not slots:
            return value + move, {}
        speed = self.momentum * slots["momentum"] + move
        ahead = self.momentum * speed + move if self.nesterov else speed
        return value + ahead, {"momentum": speed}
