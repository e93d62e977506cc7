"""A momentum that goes with the learning rate, as its schedule has it."""

import contextlib

from .schedules import LearningRateSchedule


def scheduled_name(optimizer) -> str | None:
    """Which number of an optimizer its schedule sets, None for none.

    Raises:
        ValueError: if the schedule has a momentum and the optimizer keeps none.
    """
    schedule = optimizer._learning_rate
    if not isinstance(schedule, LearningRateSchedule) or schedule.momentum_at(0) is None:
        return None
    for name in ("beta_1", "momentum"):
        if getattr(optimizer, name, 0):
            return name
    raise ValueError(
        f"{type(schedule).__name__} sets the momentum, and {type(optimizer).__name__} "
        f"'{optimizer.name}' has none that is above 0. Give it one (SGD(momentum=0.9)), take an "
        "optimizer that has (Adam), or leave out the schedule's."
    )


@contextlib.contextmanager
def scheduled_momentum(optimizer):
    """Gives an optimizer the momentum of this step, for a `with`: `update` finds it where its
    constant is."""
    name = scheduled_name(optimizer)
    if name is None:
        yield
        return
    settings = vars(optimizer)  # past __setattr__: a compiled update is not out of date by it
    usual, settings[name] = (
        settings[name],
        optimizer._learning_rate.momentum_at(optimizer._iterations.value),
    )
    try:
        yield
    finally:
        settings[name] = usual
