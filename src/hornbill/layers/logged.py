"""`Layer.log`: numbers from inside a step, shown in the logs as means over the epoch."""

from contextvars import ContextVar

import numpy as np

from ..engine.operation import to_array
from ..metrics.reduction import Mean


class Logged(Mean):
    """The mean of what a layer logs under one name; the layer owns it."""


class logging:
    """Takes what layers log, for the length of one training or test step.

    Args:
        size: how many samples the step's batch holds: the weight of what it logs.
    """

    def __init__(self, size: int):
        self.size = size
        self.seen: dict[str, tuple] = {}  # name: (layer, metric, its count before)

    def __enter__(self):
        self._token = _current.set(self)
        return self

    def __exit__(self, *exc):
        _current.reset(self._token)

    def added_to(self, logs: dict) -> dict:
        """The step's logs with the means of what was logged in it."""
        found = {}
        for name, (layer, metric, before) in self.seen.items():
            if name in logs:
                raise ValueError(
                    f"Layer '{layer.path}' logs '{name}', but there is a metric or a log of that "
                    "name already. Choose another name."
                )
            if metric.count._stored() is before:
                raise ValueError(
                    f"What layer '{layer.path}' logs as '{name}' cannot leave the loop or the "
                    "stateless_call in which it was computed. Return it, and log it outside."
                )
            found[name] = metric.result()
        return {**logs, **found}


_current: ContextVar[logging | None] = ContextVar("hornbill_logging", default=None)


def log(layer, name: str, value) -> None:
    """The body of `Layer.log`."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"Layer '{layer.path}' logs under a name. Received: name={name!r}")
    value = to_array(value)
    if np.shape(value) != ():
        raise ValueError(
            f"Layer '{layer.path}' logs scalars. Reduce '{name}' first, as in ops.mean(value). "
            f"Received: shape {tuple(np.shape(value))}"
        )
    step = _current.get()
    if step is None:
        return
    owner = step.seen[name][0] if name in step.seen else layer
    if owner is not layer:
        raise ValueError(
            f"Layers '{owner.path}' and '{layer.path}' both log '{name}'. Put the layer's name "
            "into it, as in self.log(f'{self.name}_" + name + "', value)."
        )
    metrics = layer.__dict__.setdefault("_logged", {})
    if name not in metrics:
        metrics[name] = Logged(name=name)
    if name not in step.seen:
        step.seen[name] = (layer, metrics[name], metrics[name].count._stored())
    metrics[name].update_state(value, sample_weight=step.size)
