"""MultiOptimizer: different optimizers for different variables."""

import re
from collections.abc import MutableMapping

from ..engine import serialize
from .base import Optimizer
from .loss_scale import LossScaleOptimizer


class OptimizerMap(MutableMapping):
    """Which optimizer updates which variable, by patterns of their paths.

    Args:
        default_optimizer: for variables that no pattern matches.
        optimizer_map: `{regular expression: optimizer}`; an expression matches whole paths.

    >>> import hornbill as hb
    >>> adam, sgd = hb.optimizers.Adam(), hb.optimizers.SGD()
    >>> optimizers = hb.optimizers.OptimizerMap(adam, {".*/bias": sgd})
    >>> optimizers["dense/bias"] is sgd, optimizers["dense/kernel"] is adam
    (True, True)
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: dict | None = None):
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(
                "OptimizerMap's default_optimizer is an Optimizer. "
                f"Received: default_optimizer={default_optimizer!r}"
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(
                "OptimizerMap's optimizer_map is a dict of pattern and optimizer. "
                f"Received: optimizer_map={optimizer_map!r}"
            )
        self._default_optimizer = default_optimizer
        self._map = {}
        for pattern, optimizer in (optimizer_map or {}).items():
            self[pattern] = optimizer

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of variables that no pattern matches."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._map:
            return self._map[key]
        patterns = [pattern for pattern in self._map if re.fullmatch(pattern, key)]
        if len(patterns) > 1:
            raise ValueError(
                f"More than one optimizer for the variable '{key}': make the patterns exclude "
                f"each other. Received: {patterns}"
            )
        return self._map[patterns[0]] if patterns else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer):
        if not isinstance(key, str) or key in self._map:
            raise ValueError(
                f"OptimizerMap's keys are strings, each used once. Received: key={key!r}"
            )
        check_inner(optimizer)
        self._map[key] = optimizer

    def __delitem__(self, key: str):
        del self._map[key]

    def __len__(self):
        return len(self._map)

    def __iter__(self):
        return iter(self._map)

    def __call__(self, variable) -> Optimizer:
        """The optimizer of a variable."""
        return self[variable.path]

    def get_config(self) -> dict:
        return {
            "default_optimizer": serialize.serialize(self.default_optimizer),
            "optimizer_map": serialize.serialize(self._map),
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "OptimizerMap":
        return cls(**serialize.deserialize_arguments(config, custom_objects))


def check_inner(optimizer) -> None:
    """Raises for what cannot stand inside a MultiOptimizer."""
    if not isinstance(optimizer, Optimizer) or isinstance(
        optimizer, (LossScaleOptimizer, MultiOptimizer)
    ):
        raise ValueError(
            "A MultiOptimizer is made of plain Optimizers. For loss scaling, put it inside a "
            f"LossScaleOptimizer. Received: {optimizer!r}"
        )


class MultiOptimizer(Optimizer):
    """Updates each variable with the optimizer that a map gives it.

    Args:
        optimizer_map: an `OptimizerMap`, or a function of a variable that returns its optimizer.
        loss_scale_factor: set on all of them.
        name: made from the class's name when None.

    Attributes:
        optimizers: the optimizers; learning rates are theirs.

    >>> import hornbill as hb
    >>> a, b = hb.Variable([1.0], name="a"), hb.Variable([1.0], name="b")
    >>> slow, fast = hb.optimizers.SGD(0.25), hb.optimizers.SGD(0.5)
    >>> optimizer = hb.optimizers.MultiOptimizer(hb.optimizers.OptimizerMap(slow, {"b": fast}))
    >>> optimizer.apply([hb.ops.array([1.0]), hb.ops.array([1.0])], [a, b])
    >>> float(a[0]), float(b[0])
    (0.75, 0.5)
    """

    def __init__(
        self, optimizer_map, loss_scale_factor: float | None = None, name: str | None = None
    ):
        if not callable(optimizer_map):
            raise ValueError(
                "MultiOptimizer's optimizer_map is an OptimizerMap, or a function of a variable. "
                f"Received: optimizer_map={optimizer_map!r}"
            )
        self._optimizers: list[Optimizer] = []
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in [*optimizer_map.values(), optimizer_map.default_optimizer]:
                self._take(optimizer)

    def _take(self, optimizer) -> Optimizer:
        check_inner(optimizer)
        if not any(optimizer is known for known in self._optimizers):
            optimizer.loss_scale_factor = self.loss_scale_factor
            self._optimizers.append(optimizer)
        return optimizer

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers that it is made of."""
        return self._optimizers

    @property
    def variables(self):
        return [*super().variables, *(v for o in self._optimizers for v in o.variables)]

    @property
    def loss_scale_factor(self):
        """The loss's scale, the same for all of its optimizers."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value):
        self._loss_scale_factor = value
        for optimizer in self._optimizers:
            optimizer.loss_scale_factor = value

    @property
    def learning_rate(self):
        """Raises: each of the optimizers has its own."""
        raise AttributeError(
            "A MultiOptimizer has no learning rate of its own. Use those of its `optimizers`."
        )

    @learning_rate.setter
    def learning_rate(self, value):
        raise AttributeError(
            "A MultiOptimizer has no learning rate of its own. Set those of its `optimizers`. "
            f"Received: learning_rate={value!r}"
        )

    def scale_learning_rate(self, factors):
        """Raises: each of the optimizers has its own learning rate."""
        raise ValueError(
            "A MultiOptimizer has no learning rate of its own. Call scale_learning_rate of its "
            f"`optimizers`. Received: {factors!r}"
        )

    @property
    def learning_rate_factors(self):
        """Those of each of its optimizers, by its name."""
        return {o.name: o.learning_rate_factors for o in self._optimizers}

    def build(self, variables):
        if self.built:
            return
        variables = list(variables)
        self._owner = [self._take(self._optimizer_map(v)) for v in variables]
        for optimizer in self._optimizers:
            theirs = [v for v, o in zip(variables, self._owner, strict=True) if o is optimizer]
            if theirs:
                optimizer.build(theirs)
        super().build(variables)

    def _shares(self, variables):
        """Each optimizer with the places of its variables."""
        owners = [self._owner[self._get_variable_index(v)] for v in variables]
        for optimizer in self._optimizers:
            places = [i for i, owner in enumerate(owners) if owner is optimizer]
            if places:
                yield optimizer, places

    def _apply(self, grads, variables):
        for optimizer, places in self._shares(variables):
            optimizer.apply([grads[i] for i in places], [variables[i] for i in places])
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list):
        for optimizer, places in self._shares(var_list):
            optimizer.finalize_variable_values([var_list[i] for i in places])

    def get_config(self):
        return {
            "optimizer_map": serialize.serialize(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }
