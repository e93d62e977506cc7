"""Adafactor: Adam's mean square kept as one row and one column."""

import jax.numpy as jnp
import numpy as np

from ..engine.dtypes import numpy_dtype
from .base import Optimizer
from .options import check, options
from .state import zeros


class Adafactor(Optimizer):
    """Steps relative to the size of the weights, scaled by a factored mean square.

    Args:
        learning_rate: see `Optimizer`.
        beta_2_decay: how the mean square slows down: it keeps `1 - step ** beta_2_decay`.
        epsilon_1: added to squared gradients.
        epsilon_2: the least size that weights are taken to have.
        clip_threshold: the highest root mean square of a step.
        relative_step: kept in the config only. The learning rate is limited to `1 / sqrt(step)`
            either way: so Keras computes, whose numbers these are.
        **options: see `Optimizer`.

    Source: Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> hb.optimizers.Adafactor(0.1).apply([hb.ops.array([2.0])], [w])
    >>> print(w.numpy().round(3))
    [0.9]
    """

    @options
    def __init__(
        self,
        learning_rate=0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **options,
    ):
        super().__init__(learning_rate, **options)
        check(self, -np.inf, 0, beta_2_decay=beta_2_decay)
        check(self, epsilon_1=epsilon_1, epsilon_2=epsilon_2, clip_threshold=clip_threshold)
        self.beta_2_decay, self.clip_threshold = beta_2_decay, clip_threshold
        self.epsilon_1, self.epsilon_2 = epsilon_1, epsilon_2
        self.relative_step = relative_step

    def init(self, variable):
        shape, dtype = variable.shape, numpy_dtype(variable.dtype)
        if len(shape) < 2:
            # Nothing to factor. Keras's files hold two numbers in the place of row and column.
            row, column = np.zeros((), "int32"), np.zeros((), "int32")
        else:
            row, column = np.zeros(shape[:-1], dtype), np.zeros(shape[:-2] + shape[-1:], dtype)
        return {"row": row, "column": column, **zeros(variable, "velocity")}

    def update(self, gradient, value, slots, learning_rate, step):
        rate = jnp.minimum(learning_rate, 1 / jnp.sqrt(step))
        size = jnp.maximum(self.epsilon_2, _rms(value))
        keep = 1 - step**self.beta_2_decay
        square = jnp.square(gradient) + self.epsilon_1
        new = dict(slots)
        if value.ndim < 2:
            new["velocity"] = keep * slots["velocity"] + (1 - keep) * square
        else:
            row = keep * slots["row"] + (1 - keep) * jnp.mean(square, axis=-1)
            column = keep * slots["column"] + (1 - keep) * jnp.mean(square, axis=-2)
            share = row / jnp.mean(row, axis=-1, keepdims=True)
            new = {"row": row, "column": column}
            new["velocity"] = share[..., None] * column[..., None, :]
        move = gradient / jnp.sqrt(new["velocity"])
        move = move / jnp.maximum(1, _rms(move) / self.clip_threshold)
        return value - rate * size * move, new


def _rms(x):
    return jnp.sqrt(jnp.mean(jnp.square(x)))
