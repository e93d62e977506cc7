"""LossScaleOptimizer: keeps float16 gradients from vanishing."""

import jax.numpy as jnp

from .. import initializers
from ..engine import serialize
from .base import Optimizer
from .options import check, check_count
from .transforms import when


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale, which it finds itself, and lets another optimizer update.

    When a gradient overflows, the step is left out and the scale halved; after
    `dynamic_growth_steps` steps without that, the scale is doubled.

    Args:
        inner_optimizer: the optimizer that updates; all options are set on it.
        initial_scale: the first scale.
        dynamic_growth_steps: after how many good steps the scale doubles.
        name: made from the class's name when None.

    Source: Micikevicius et al. 2017, https://arxiv.org/abs/1710.03740

    >>> import hornbill as hb
    >>> w = hb.Variable([1.0])
    >>> optimizer = hb.optimizers.LossScaleOptimizer(hb.optimizers.SGD(0.5), initial_scale=8.0)
    >>> optimizer.apply([hb.ops.array([8.0])], [w])
    >>> w.numpy().tolist()
    [0.5]
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs,
    ):
        for option, value in kwargs.items():
            if option == "dynamic" and value:
                continue
            fix = "loss_scale_factor=..." if option == "dynamic" else f"{option}=..."
            raise ValueError(
                f"LossScaleOptimizer has no argument '{option}'. Set {fix} on the inner "
                f"optimizer. Received: {option}={value!r}"
            )
        if not isinstance(inner_optimizer, Optimizer):
            raise ValueError(
                "LossScaleOptimizer's inner_optimizer is an Optimizer object. "
                f"Received: inner_optimizer={inner_optimizer!r}"
            )
        super().__init__(learning_rate=0.0, name=name)
        check(self, initial_scale=initial_scale)
        check_count(self, 1, dynamic_growth_steps=dynamic_growth_steps)
        self.inner_optimizer = inner_optimizer
        self.initial_scale, self.dynamic_growth_steps = initial_scale, dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None

    @property
    def variables(self):
        return [*super().variables, *self.inner_optimizer.variables]

    @property
    def iterations(self):
        """The inner optimizer's iterations: steps that overflowed do not count."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self):
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        self.inner_optimizer.learning_rate = learning_rate

    def scale_learning_rate(self, factors):
        """The inner optimizer's."""
        self.inner_optimizer.scale_learning_rate(factors)

    @property
    def learning_rate_factors(self):
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate_factors

    def build(self, variables):
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int", name="step_counter")
        # Not assigned afterwards: an assignment made in a trace would stay in it.
        start = initializers.Constant(self.initial_scale)
        self.dynamic_scale = self.add_variable((), start, "float32", name="dynamic_scale")
        variables = list(variables)
        self.inner_optimizer.build(variables)
        super().build(variables)

    def check_finite(self, grads):
        """Whether no gradient holds an infinity or NaN."""
        finite = [jnp.all(jnp.isfinite(g)) for g in grads if g is not None]
        return jnp.all(jnp.stack(finite))

    def scale_loss(self, loss):
        return loss * (self.dynamic_scale.value if self.built else self.initial_scale)

    def _apply(self, grads, variables):
        scale, good_steps = self.dynamic_scale.value, self.step_counter.value

        def update():
            unscaled = [
                g if v.overwrite_with_gradient else g / scale
                for g, v in zip(grads, variables, strict=True)
            ]
            self.inner_optimizer.apply(unscaled, variables)
            grown = good_steps == self.dynamic_growth_steps - 1
            self.step_counter.assign(jnp.where(grown, 0, good_steps + 1))
            self.dynamic_scale.assign(jnp.where(grown, scale * 2, scale))

        def skip():
            self.step_counter.assign(0)
            self.dynamic_scale.assign(scale * 0.5)

        state = [*self._trainable_variables, *self.variables]
        when(self.check_finite(grads), update, state, otherwise=skip)

    def finalize_variable_values(self, var_list):
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self):
        return {
            "name": self.name,
            "inner_optimizer": serialize.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }
