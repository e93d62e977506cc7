"""Metrics from names and configs, and back."""

import inspect
import types

from ..engine import serialize as serialization
from ..engine.naming import to_snake_case
from .base import Metric

# Short names beside each class's own (`MeanSquaredError`, `mean_squared_error`).
ALIASES = {
    "bce": "BinaryCrossentropy",
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
}


def _known() -> types.SimpleNamespace:
    from .. import metrics

    classes = {
        name: thing
        for name, thing in vars(metrics).items()
        if inspect.isclass(thing) and issubclass(thing, Metric)
    }
    snake = {to_snake_case(name): cls for name, cls in classes.items()}
    short = {
        form: classes[name] for alias, name in ALIASES.items() for form in (alias, alias.upper())
    }
    return types.SimpleNamespace(**classes, **snake, **short)


def get(identifier):
    """The metric that a name, a config, an object or a function stands for.

    Names of classes (`"MeanSquaredError"`), the same in snake case (`"mean_squared_error"`) and
    `"bce"`, `"mse"`, `"mae"`, `"mape"`, `"msle"` in both cases give a new metric; objects and
    functions come back as they are, None as None.

    Raises:
        ValueError: when nothing has that name.

    >>> import hornbill as hb
    >>> hb.metrics.get("mse")
    <MeanSquaredError name=mean_squared_error>
    """
    if isinstance(identifier, dict):
        return deserialize(identifier)
    return serialization.find(identifier, _known(), "metric", Metric)


def serialize(metric):
    """A metric as plain JSON, a function of the library as its name.

    >>> import hornbill as hb
    >>> hb.metrics.serialize(hb.metrics.AUC(name="area"))["config"]["name"]
    'area'
    """
    return serialization.serialize(metric)


def deserialize(config, custom_objects: dict | None = None):
    """The metric that `serialize` described, with empty state.

    Args:
        config: what `serialize` returned.
        custom_objects: `{name: class or function}` that are not registered.

    >>> import hornbill as hb
    >>> hb.metrics.deserialize({"class_name": "Precision", "config": {"top_k": 2}}).top_k
    2
    """
    if not isinstance(config, dict):
        return get(config)
    # Losses and metrics share names: here a config that does not say means a metric.
    return serialization.deserialize({"module": "keras.metrics", **config}, custom_objects)
