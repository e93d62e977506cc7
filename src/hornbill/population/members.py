"""The members of a population, one by one: how they are built, and what they must share."""

import inspect

import jax
import numpy as np

from ..engine import random
from ..engine.naming import SameNames
from ..engine.scope import StatelessScope
from ..engine.serialize import captured_arguments
from ..engine.tracking import unique
from ..engine.variable import Variable
from ..models import Model
from ..optimizers import LossScaleOptimizer
from ..optimizers.scheduled import scheduled_name
from ..optimizers.schedules import LearningRateSchedule
from ..training.data import unpack
from ..training.runner import optimizers_of
from ..training.step import forward

# Numbers that an optimizer may do without.
OPTIONAL = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm")


class Recipe:
    """How a population's members are made: each as a user would make it alone.

    Args:
        build: a function without arguments that returns a compiled model.
        seeds: one int a member.
        numbers: `{name of an optimizer's number: one float a member}`.
    """

    def __init__(self, build, seeds: list[int], numbers: dict[str, np.ndarray]):
        self.build, self.seeds, self.numbers = build, seeds, numbers
        self._names = SameNames()

    def make(self, i: int) -> tuple[Model, random.RandomState]:
        """Member `i` as it is before it sees data, and the randomness that it goes on with."""
        randomness = random.RandomState()
        with randomness, self._names:
            random.set_random_seed(self.seeds[i])
            model = self.build()
            _check_model(model)
            for name, values in self.numbers.items():
                _set_number(model.optimizer, name, float(values[i]))
        return model, randomness


def _check_model(model) -> None:
    if not isinstance(model, Model):
        raise TypeError(f"Population's build returns a compiled model. Received: {model!r}")
    if not model.compiled:
        raise ValueError(
            f"Population's build returns a compiled model: call model.compile(...) in it. "
            f"Received: '{model.name}', which is not compiled"
        )
    own = [
        f"make_{mode}_function"
        for mode in ("train", "test", "predict")
        if not hasattr(getattr(type(model), f"make_{mode}_function"), "usual")
    ]
    if own:
        raise ValueError(
            f"A population runs steps of its own making: override train_step instead of {own[0]}. "
            f"Received: {type(model).__name__} '{model.name}'"
        )
    if model.run_eagerly or not model.jit_compile:
        raise ValueError(
            "A population is one compiled program: compile its models without run_eagerly=True "
            f"and jit_compile=False. Received: '{model.name}'"
        )


def holder_of_numbers(optimizer):
    """The optimizer that does the updates, below loss scaling."""
    return optimizer.inner_optimizer if isinstance(optimizer, LossScaleOptimizer) else optimizer


def _set_number(optimizer, name: str, value: float) -> None:
    """Sets one of the optimizer's numbers, with the constructor's checks."""
    if optimizer is None:
        raise ValueError(f"Population(..., {name}=...) needs models with an optimizer.")
    optimizer = holder_of_numbers(optimizer)
    if name == "learning_rate":
        if not isinstance(getattr(optimizer, "_learning_rate", None), Variable):
            raise ValueError(
                "Population(learning_rate=...) sets numbers; the optimizer of these models takes "
                f"its learning rate from elsewhere. Received: {optimizer!r}"
            )
        optimizer.learning_rate = value
        return
    known = _numbers(optimizer)
    if name not in known:
        raise ValueError(
            f"Population varies numbers of the optimizer, for {type(optimizer).__name__}: "
            f"{', '.join(['learning_rate', *known])}. What changes the program itself, such as "
            f"the number of units or a dropout rate, needs a population of its own. "
            f"Received: {name}"
        )
    # The constructor knows which values can be.
    type(optimizer).from_config({**optimizer.get_config(), name: value})
    setattr(optimizer, name, value)


def _numbers(optimizer) -> list[str]:
    """The names of the settings that may differ from member to member."""
    names = inspect.signature(type(optimizer).__init__).parameters
    others = "learning_rate", scheduled_name(optimizer)
    settings = {n: getattr(optimizer, n, None) for n in names if n not in others}
    return [n for n, v in settings.items() if n in OPTIONAL or type(v) is float]


def build_state(model: Model, batch, randomness) -> None:
    """Makes what the first step would make: the weights, and the optimizer's slots."""
    with randomness:
        if not model.built and type(model).call is not Model.call:
            x, _, _ = unpack(batch)

            def run(x):
                with StatelessScope():
                    forward(model, x, training=False)

            jax.eval_shape(run, x)
        if model.optimizer is not None and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)


def lasting_state(model: Model, without=()) -> list[Variable]:
    """What makes a trained model: its variables and those of its optimizers, metrics left out."""
    slots = [v for o in optimizers_of(model) for v in o.variables]
    left_out = {id(v) for v in without}
    return [v for v in unique([*model.variables, *slots]) if id(v) not in left_out]


def facts_of(model: Model, without=()) -> dict:
    """The settings that are part of the program and not of the state, by layer and name."""
    facts = {
        f"{layer.path}: {name}": value
        for layer in model._flatten_layers()
        for name, value in _settings(captured_arguments(layer, strict=False, skip=PARTS)).items()
    }
    for optimizer in optimizers_of(model):
        optimizer = holder_of_numbers(optimizer)
        for name, value in vars(optimizer).items():
            plain = value is None or isinstance(value, (bool, int, float))
            if plain and not name.startswith("_") and name not in without:
                facts[f"{type(optimizer).__name__}: {name}"] = value
        if isinstance(optimizer._learning_rate, LearningRateSchedule):
            schedule = _settings(optimizer._learning_rate.get_config())
            facts[f"{type(optimizer).__name__}: learning_rate"] = schedule
    return facts


PARTS = ("layers", "inputs", "outputs")  # of models: looked at on their own


def _settings(config):
    """A config without what changes no program: names, seeds, how weights start."""
    if isinstance(config, (list, tuple)):
        return [_settings(c) for c in config]
    if not isinstance(config, dict):
        return config
    return {
        k: _settings(v)
        for k, v in config.items()
        if k not in ("name", "seed", "shared_object_id") and not k.endswith("initializer")
    }
