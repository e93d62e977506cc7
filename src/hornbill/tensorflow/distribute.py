"""`tf.distribute`: strategies over the devices of one process.

A step is one program over all devices, and works on the whole batch: each device on its part. So
`run` calls its function once, on everything; what TensorFlow would reduce over replicas is the
whole already.
"""

import contextlib
import enum

from .. import distribution
from ..engine import placement
from . import math
from .missing import missing


class ReduceOp(enum.Enum):
    """How values of replicas become one."""

    SUM = "SUM"
    MEAN = "MEAN"


class Strategy:
    """The devices that models are made for.

    Args:
        plan: a `hornbill.distribution.DataParallel`; None for one device.
    """

    def __init__(self, plan=None):
        self._plan = plan

    @property
    def num_replicas_in_sync(self) -> int:
        """How many devices share a batch."""
        return 1 if self._plan is None else self._plan.num_model_replicas

    @contextlib.contextmanager
    def scope(self):
        """Models and variables made inside are for these devices."""
        _strategies.append(self)
        try:
            with self._holding():
                yield self
        finally:
            _strategies.pop()

    def run(self, fn, args=(), kwargs=None):
        """Calls a function, on whole batches."""
        with self._holding():
            return fn(*args, **(kwargs or {}))

    def _holding(self):
        return placement.holding(self._plan or placement.plan())

    def reduce(self, reduce_op, value, axis=None):
        """What `run` returned, which is of all devices; its sum or mean along an axis, if any."""
        if axis is None:
            return value
        reducers = {"SUM": math.reduce_sum, "MEAN": math.reduce_mean}
        return reducers[getattr(reduce_op, "value", reduce_op).upper()](value, axis=axis)

    def experimental_distribute_dataset(self, dataset, options=None):
        """The data set: batches are divided when a step gets them."""
        return dataset

    def experimental_local_results(self, value) -> tuple:
        """The values of this process: one."""
        return (value,)

    def gather(self, value, axis: int):
        """What `run` returned, which is of all devices."""
        return value


class OneDeviceStrategy(Strategy):
    """One device.

    Args:
        device: its name, such as `"/gpu:0"`.
    """

    def __init__(self, device: str):
        name = _plain(device)
        super().__init__(None if name in _first() else distribution.DataParallel(devices=[name]))


class MirroredStrategy(Strategy):
    """All devices of this process, or those named, as `hornbill.distribution.DataParallel`.

    Args:
        devices: names such as `"/gpu:0"`; all devices when None.
        cross_device_ops: how TensorFlow sums gradients; the compiler decides that here.
    """

    def __init__(self, devices=None, cross_device_ops=None):
        names = distribution.list_devices() if devices is None else [*map(_plain, devices)]
        alone = len(names) == 1 and names[0] in _first()
        super().__init__(None if alone else distribution.DataParallel(devices=names))


def _plain(device: str) -> str:
    """`"gpu:0"` of `"/device:GPU:0"`, `"/gpu:0"` and `"GPU:0"`."""
    name = device.lower().rpartition("/")[2].removeprefix("device:")
    return name if ":" in name else f"{name}:0"


def _first() -> list[str]:
    """The device on which everything runs anyway."""
    return distribution.list_devices()[:1]


_default = Strategy()
_strategies: list[Strategy] = []


def get_strategy() -> Strategy:
    """The strategy in whose scope this is called, or that of one device."""
    return _strategies[-1] if _strategies else _default


def has_strategy() -> bool:
    """Whether this is called in a strategy's scope."""
    return bool(_strategies)


_ONE_PROCESS = "Devices are those of one process, and MirroredStrategy() takes them all."
_LEFT_OUT = (
    "MultiWorkerMirroredStrategy ParameterServerStrategy TPUStrategy cluster_resolver experimental"
).split()

__getattr__ = missing("tf.distribute", globals(), dict.fromkeys(_LEFT_OUT, _ONE_PROCESS))
