"""LearningRateSchedule: a learning rate as a function of the step."""

import dataclasses

import jax.numpy as jnp

from ...engine import serialize as engine
from ...engine.config import floatx
from ...engine.variable import Variable


class LearningRateSchedule:
    """A learning rate as a function of the optimizer's step.

    Subclasses define `__call__(self, step)`: `step` counts from 0 and is a tensor inside a
    compiled step, so it is for formulas (`ops.where`), not for Python's `if`. A subclass that is
    a dataclass has its `get_config`; others define it.

    >>> import hornbill as hb
    >>> class Halving(hb.optimizers.schedules.LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5 ** hb.ops.cast(step, "float32")
    >>> optimizer = hb.optimizers.SGD(Halving())
    >>> float(optimizer.learning_rate) == float(hb.ops.cast(0.1, "float32"))
    True
    """

    def __call__(self, step):
        raise NotImplementedError(
            f"{type(self).__name__} has no __call__. Write `def __call__(self, step): ...` that "
            "returns the learning rate of that step."
        )

    def momentum_at(self, step):
        """The momentum that goes with the rate; None leaves the optimizer its own.

        It takes the place of `beta_1` or `momentum`, whichever the optimizer has.
        """
        return None

    def get_config(self) -> dict:
        """The constructor's arguments as plain JSON."""
        if not dataclasses.is_dataclass(self):
            raise NotImplementedError(
                f"{type(self).__name__} has no get_config(), so it cannot be saved. Write one "
                "that returns the constructor's arguments, or make the class a dataclass."
            )
        return {f.name: engine.serialize(getattr(self, f.name)) for f in dataclasses.fields(self)}

    @classmethod
    def from_config(cls, config: dict) -> "LearningRateSchedule":
        """The schedule that `get_config` described."""
        return cls(**{k: engine.deserialize(v) for k, v in config.items()})


def to_float(step):
    """The step as a float tensor."""
    return jnp.asarray(step.value if isinstance(step, Variable) else step).astype(floatx())


def check_positive(schedule, *names: str) -> None:
    """Raises unless each of these attributes is above zero."""
    for name in names:
        value = getattr(schedule, name)
        if not value > 0:
            raise ValueError(
                f"{type(schedule).__name__}: {name} is a number of steps above 0. "
                f"Received: {name}={value!r}"
            )


def serialize(learning_rate_schedule) -> dict:
    """A schedule as plain JSON.

    >>> import hornbill as hb
    >>> schedules = hb.optimizers.schedules
    >>> schedules.serialize(schedules.CosineDecay(0.1, 100))["class_name"]
    'CosineDecay'
    """
    return engine.serialize(learning_rate_schedule)


def deserialize(config: dict, custom_objects: dict | None = None):
    """The schedule that `serialize` wrote.

    >>> import hornbill as hb
    >>> config = {"class_name": "CosineDecay", "config": {
    ...     "initial_learning_rate": 0.1, "decay_steps": 100}}
    >>> float(hb.optimizers.schedules.deserialize(config)(100))
    0.0
    """
    return engine.deserialize({"module": "keras.optimizers.schedules", **config}, custom_objects)
