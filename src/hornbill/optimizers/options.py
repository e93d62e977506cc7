"""The options that all optimizers share, written once, and the checks of their arguments."""

import functools
import inspect
import math
import numbers


def is_number(value) -> bool:
    """Whether `value` is a real number; bools are not."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def check(owner, low: float = 0.0, high: float = math.inf, **values) -> None:
    """Raises unless each value is a number in `[low, high]`."""
    for name, value in values.items():
        if not is_number(value) or not low <= value <= high:
            wanted = f"of at least {low}" if high == math.inf else f"from {low} to {high}"
            raise ValueError(
                f"{type(owner).__name__}: {name} is a number {wanted}. Received: {name}={value!r}"
            )


def check_count(owner, low: int, **values) -> None:
    """Raises unless each value is None or a whole number of at least `low`."""
    for name, value in values.items():
        whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if value is not None and (not whole or value < low):
            raise ValueError(
                f"{type(owner).__name__}: {name} is a whole number of at least {low}, or None. "
                f"Received: {name}={value!r}"
            )


def refuse_unknown(optimizer, kwargs: dict) -> None:
    """Raises for arguments that are not known, with the fix for Keras 2's."""
    if not kwargs.get("decay"):
        kwargs.pop("decay", None)  # 0 and None have always meant none
    fixes = {
        "lr": "Write learning_rate=...",
        "decay": "Write learning_rate=hornbill.optimizers.schedules.InverseTimeDecay("
        "initial_learning_rate, decay_steps=1, decay_rate=decay), or weight_decay=...",
    }
    for name, value in kwargs.items():
        near = fixes.get(name, "See help(hornbill.optimizers.Optimizer) for all that there are.")
        raise ValueError(
            f"{type(optimizer).__name__} has no argument '{name}'. {near} "
            f"Received: {name}={value!r}"
        )


def shared_options(*names_and_defaults):
    """Makes the decorator that gives a constructor the shared options.

    A constructor decorated with it ends in `**options`, which it hands to its base. From outside
    the options are ordinary parameters: they follow its own ones in their order, except those
    that it names itself.
    """
    shared = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
        for name, default in names_and_defaults
    ]

    def decorate(init):
        parameters = inspect.signature(init).parameters
        *own, rest = parameters.values()
        between = [p for p in shared if p.name not in parameters]
        after = [p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in own if p.kind is p.KEYWORD_ONLY]
        before = [p for p in own if p.kind is not p.KEYWORD_ONLY]
        signature = inspect.Signature([*before, *between, *after, rest.replace(name="kwargs")])

        @functools.wraps(init)
        def __init__(*args, **kwargs):
            arguments = signature.bind(*args, **kwargs).arguments
            init(**arguments.pop("kwargs", {}), **arguments)

        __init__.__signature__ = signature
        return __init__

    return decorate


options = shared_options(
    ("weight_decay", None),
    ("clipnorm", None),
    ("clipvalue", None),
    ("global_clipnorm", None),
    ("use_ema", False),
    ("ema_momentum", 0.99),
    ("ema_overwrite_frequency", None),
    ("loss_scale_factor", None),
    ("gradient_accumulation_steps", None),
    ("name", None),
)
