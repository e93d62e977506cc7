"""All that a training consists of, as plain data that can be put back: for it to go on later.

state = capture(model, callbacks, reader, validation)
...                              # perhaps another process, in which the same was made anew
put_back(state, model, callbacks, reader, validation)
"""

import jax

from ..engine import plain
from ..engine.random_state import random_state, set_random_state
from .loop import runner_for
from .runner import state_of


def capture(model, callbacks, reader, validation) -> dict:
    """The state between two steps.

    Args:
        model: the model: its weights, the slots of all its optimizers, metrics, seeds.
        callbacks: the `CallbackList`: what each callback's `get_state` gives.
        reader: the `EpochReader`: the place in the data.
        validation: the validation's data, or None.
    """
    runners = model._runners
    return {
        "variables": [v.value for v in state_of(model, "train")[0]],
        "examples": {m: runners[m].example for m in ("train", "test") if m in runners},
        "callbacks": [[type(c).__name__, _state_of(c)] for c in callbacks.callbacks],
        "data": reader.get_state(),
        "validation": None if validation is None else validation.get_state(),
        "random": random_state(),
    }


def put_back(state: dict, model, callbacks, reader, validation) -> None:
    """Sets all to what it was when `capture` was called.

    Raises:
        ValueError: if the model, its optimizers or metrics have other variables than there were;
            nothing is changed then.
    """
    values = state["variables"]
    variables = make_variables(model, state)
    assign_all(variables, values)
    kept = list(state["callbacks"])
    for callback in callbacks.callbacks:
        # By class and order: a callback that was not there before starts anew.
        place = next((i for i, (n, _) in enumerate(kept) if n == type(callback).__name__), None)
        if place is not None:
            callback.set_state(plain.copied(kept.pop(place)[1]))
    if validation is not None and state["validation"] is not None:
        validation.set_state(state["validation"])
    set_random_state(reader.set_state(state["data"]) or state["random"])


def assign_all(variables, values) -> None:
    """Gives each variable its value, on the devices over which it is spread."""
    for variable, value in zip(variables, values, strict=True):
        devices = variable._value.sharding
        variable.assign(jax.device_put(value, devices) if len(devices.device_set) > 1 else value)


def make_variables(model, state: dict) -> list:
    """The model's variables in the order of the state's; those that only a step makes are made.

    Raises:
        ValueError: naming the first that does not fit.
    """
    for mode in state["examples"]:
        problem = _difference(model, state)
        if problem is None:
            break
        if state["examples"][mode] is not None:
            runner_for(model, mode).prepare(state["examples"][mode])
    problem = _difference(model, state)
    if problem is not None:
        raise ValueError(
            f"The checkpoint is of another training than that of model '{model.name}': {problem} "
            "Pass another folder, or delete this one to start anew."
        )
    return state_of(model, "train")[0]


def _difference(model, state) -> str | None:
    variables, values = state_of(model, "train")[0], state["variables"]
    for variable, value in zip(variables, values, strict=False):
        if variable.shape != value.shape or variable._value.dtype != value.dtype:
            return (
                f"variable '{variable.path}' has shape {variable.shape} and dtype "
                f"{variable._value.dtype}, the checkpoint has {value.shape} and {value.dtype}."
            )
    if len(variables) != len(values):
        return (
            f"with its optimizer and metrics it has {len(variables)} variables, the checkpoint "
            f"has {len(values)}."
        )
    return None


def _state_of(callback):
    state = plain.copied(callback.get_state())
    try:
        plain.encode(state)
    except TypeError as error:
        raise TypeError(
            f"{type(callback).__name__}.get_state cannot be kept in a checkpoint: {error}"
        ) from None
    return state
