"""What to find out before a training: a good learning rate, and the largest batch that fits.

Both are methods of `Model`, try real training steps, and leave the model as it was.
"""

import contextlib
import dataclasses
import itertools
import math

import jax
import numpy as np

from ..engine.numerics import NumericsError
from ..engine.random_state import random_state, set_random_state
from ..engine.variable import Variable
from .data import make_data
from .data.make import is_iterable_of_batches
from .loop import check_count, python_epoch_logs, require_compiled, runner_for
from .runner import state_of
from .state import assign_all


@dataclasses.dataclass(frozen=True)
class LearningRateCurve:
    """What a learning rate range test saw.

    Attributes:
        learning_rates: the rates that were tried, rising, as NumPy.
        losses: the loss of the batch that was trained at each of them.
        smoothing: how strong `smoothed` is, from 0 (not at all) to below 1.
    """

    learning_rates: np.ndarray
    losses: np.ndarray
    smoothing: float = 0.9

    @property
    def smoothed(self) -> np.ndarray:
        """The losses under an exponential mean in both directions, so that it lags in none."""
        return _mean_so_far(_mean_so_far(self.losses, self.smoothing)[::-1], self.smoothing)[::-1]

    @property
    def suggestion(self) -> float | None:
        """The rate at which the smoothed loss falls most steeply over the logarithm of the rate.

        Only rates before the lowest loss count. None where the loss never fell: then try a smaller
        `min_lr`, or more steps.
        """
        losses = self.smoothed
        lowest = int(np.argmin(losses))
        if lowest < 2:
            return None
        slopes = np.gradient(losses[: lowest + 1], np.log(self.learning_rates[: lowest + 1]))
        return float(self.learning_rates[np.argmin(slopes)])

    def plot(self, ax=None):
        """Draws the curve and the suggestion by matplotlib.

        Args:
            ax: the matplotlib axes to draw on; those of a new figure when None.

        Returns:
            The axes.
        """
        if ax is None:
            try:
                import matplotlib.pyplot as plt
            except ImportError:
                raise ImportError(
                    "LearningRateCurve.plot needs matplotlib: pip install matplotlib. "
                    "Received: no module matplotlib"
                ) from None
            ax = plt.subplots()[1]
        ax.plot(self.learning_rates, self.losses, alpha=0.3, label="loss of the batch")
        ax.plot(self.learning_rates, self.smoothed, label="smoothed")
        if self.suggestion is not None:
            ax.axvline(self.suggestion, linestyle="--", label=f"suggestion {self.suggestion:.2g}")
        ax.set(xscale="log", xlabel="learning rate", ylabel="loss")
        ax.legend()
        return ax


def _mean_so_far(values, keep: float) -> np.ndarray:
    """An exponential mean, corrected for its start from 0."""
    means, mean = [], 0.0
    for i, value in enumerate(values, 1):
        mean = keep * mean + (1 - keep) * value
        means.append(mean / (1 - keep**i))
    return np.array(means)


def lr_find(
    model,
    x,
    y=None,
    *,
    sample_weight=None,
    class_weight: dict | list | None = None,
    batch_size: int | None = None,
    min_lr: float = 1e-7,
    max_lr: float = 10.0,
    steps: int = 100,
    shuffle=True,
    stop_at: float = 4.0,
    smoothing: float = 0.9,
) -> LearningRateCurve:
    """The learning rate range test: trains while the rate rises, and looks where the loss falls.

    Model, optimizer, metrics, seeds and the random order of the data are afterwards, bit for bit,
    what they were (weights that were not made yet are made); only a generator has been read.

    Args:
        x: the data as for `fit`, as are `y`, `sample_weight`, `class_weight`, `batch_size` and
            `shuffle`. It is read again until there have been enough steps.
        min_lr: the rate of the first step.
        max_lr: the rate of the last step; between the two it grows by the same factor each step.
        steps: how many steps, at least 10.
        stop_at: the test ends when a batch's loss is this many times the lowest smoothed loss
            before it, or is no number.
        smoothing: of the curve's `smoothed`, from 0 to below 1.

    Returns:
        A curve with `learning_rates`, `losses`, `smoothed`, `suggestion` and `plot()`.

    Raises:
        ValueError: if the model is not compiled, its optimizer has no learning rate that can be
            set (a schedule, several optimizers), or the data ends early.

    Source: Smith 2015, https://arxiv.org/abs/1506.01186

    >>> import hornbill as hb, numpy as np
    >>> hb.utils.set_random_seed(0)
    >>> x = np.random.default_rng(0).normal(size=(64, 3))
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1)])
    >>> model.compile("sgd", loss="mse")
    >>> curve = model.lr_find(x, x.sum(1), min_lr=1e-5)
    >>> 1e-5 < curve.suggestion < 1
    True
    """
    require_compiled(model, "lr_find")
    if not 0 < min_lr < max_lr:
        raise ValueError(
            f"lr_find goes from min_lr up to max_lr, both above 0. Received: {min_lr=}, {max_lr=}"
        )
    if not 0 <= smoothing < 1:
        raise ValueError(f"lr_find's smoothing is from 0 to below 1. Received: {smoothing=}")
    if not stop_at > 1:
        raise ValueError(f"lr_find's stop_at is above 1. Received: {stop_at=}")
    steps = check_count(steps, "steps", least=10)
    rate = _rate_variable(model)
    data = make_data(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        shuffle=shuffle,
        class_weight=class_weight,
        model=model,
        what="lr_find",
    )
    runner = runner_for(model, "train")
    rates = np.geomspace(min_lr, max_lr, steps)
    losses: list[float] = []
    with _data_kept(data):
        batches = itertools.islice(_batches(model, data), steps)
        first = next(batches, None)
        if first is None:
            raise ValueError("lr_find got no data: the dataset gave no batch.")
        with _model_kept(model, runner, *first):
            lowest, mean = math.inf, 0.0
            for value, batch in zip(rates, itertools.chain([first], batches), strict=False):
                rate.assign(value)
                loss = _loss_of_step(model, runner, *batch)
                if not math.isfinite(loss) or loss > stop_at * lowest:
                    break
                losses.append(loss)
                mean = smoothing * mean + (1 - smoothing) * loss
                lowest = min(lowest, mean / (1 - smoothing ** len(losses)))
            else:
                if len(losses) < steps:
                    raise ValueError(
                        f"lr_find got data for {len(losses)} of {steps} steps. Pass a dataset "
                        "that can be read again, or fewer steps."
                    )
    return LearningRateCurve(rates[: len(losses)], np.array(losses), smoothing)


def _rate_variable(model) -> Variable:
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if optimizer is None or hasattr(optimizer, "optimizers"):
        raise ValueError(
            f"lr_find needs one learning rate, and model '{model.name}' has "
            f"{'no optimizer' if optimizer is None else 'several optimizers'}. Compile it with a "
            f"single one. Received: {optimizer!r}"
        )
    rate = optimizer.learning_rate
    if not isinstance(rate, Variable):
        raise ValueError(
            "lr_find sets the learning rate, which here comes from a schedule. Compile the model "
            "with a number first, and make the schedule from what is found. "
            f"Received: {optimizer!r}"
        )
    return rate


def _loss_of_step(model, runner, batch, rows) -> float:
    model.reset_metrics()  # else the logs would be means over all steps so far
    try:
        logs = python_epoch_logs(runner.run(batch, rows))
    except NumericsError:  # of a model that checks its numbers: the loss has diverged
        return math.inf
    if "loss" not in logs:
        raise ValueError(
            f"lr_find reads the loss from the logs of {type(model).__name__}.train_step: return "
            f"it as 'loss'. Received: {sorted(logs)}"
        )
    return logs["loss"]


def _batches(model, data):
    """Batches without end, as long as the data can be read again; partial ones are left out."""
    reader = model._new_reader(data, None)
    while True:
        seen = 0
        for batch, rows in reader.single():
            if rows is None or len(rows) == min(data.batch_size, data.size):
                yield batch, rows
                seen += 1
        if not seen:
            return
        reader.end_epoch()


@contextlib.contextmanager
def _data_kept(data):
    """Puts the host's random numbers and the place in the data back at the end."""
    before, place = random_state(), data.get_state()
    try:
        yield
    finally:
        if not getattr(data, "endless", False):
            data.set_state(place)
        set_random_state(before)


@contextlib.contextmanager
def _model_kept(model, runner, batch, rows):
    """Makes what a step on the batch needs; puts all values back at the end."""
    runner.begin()
    runner.note(batch, rows)
    runner.prepare(runner.example)
    variables = state_of(model, "train")[0]
    # On the host: a step takes over the memory of the arrays that it is given.
    values = [np.array(v._value) for v in variables]
    try:
        yield
    finally:
        assign_all(variables, values)


def find_batch_size(
    model,
    x,
    y=None,
    *,
    sample_weight=None,
    class_weight: dict | list | None = None,
    start: int = 16,
    maximum: int | None = None,
) -> int:
    """The largest batch size whose training step fits into memory.

    Sizes are doubled from `start` on until a step runs out of memory, then the gap is halved. The
    model, its optimizer, metrics and seeds are afterwards what they were. A real training may need
    a little more than two steps do: leave some room where memory is shared.

    Args:
        x: arrays, as for `fit`; so are `y`, `sample_weight` and `class_weight`.
        start: the first size. The result is a multiple of it, or `maximum`; where not even `start`
            fits, it is halved until it does.
        maximum: the largest size to try; the number of samples when None. Above that number
            samples are repeated.

    Raises:
        MemoryError: if a single sample does not fit.
        ValueError: if the model is not compiled, or `x` holds no arrays.

    >>> import hornbill as hb, numpy as np
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1)])
    >>> model.compile("sgd", loss="mse")
    >>> model.find_batch_size(np.ones((100, 3)), np.ones((100, 1)))  # all of them fit
    100
    """
    require_compiled(model, "find_batch_size")
    if is_iterable_of_batches(x):
        raise ValueError(
            "find_batch_size makes batches of its own, from arrays: a dataset comes in batches. "
            f"Received: x={type(x).__name__}"
        )
    data = make_data(
        x,
        y,
        sample_weight,
        class_weight=class_weight,
        model=model,
        what="find_batch_size",
    )
    maximum = data.size if maximum is None else check_count(maximum, "maximum", least=1)
    start = min(check_count(start, "start", least=1), maximum)
    with _data_kept(data):
        return _largest(lambda size: _fits(model, data, size), start, maximum)


def _largest(fits, start: int, maximum: int) -> int:
    good, bad = 0, maximum + 1
    size = start
    while not good:
        if fits(size):
            good = size
        elif size == 1:
            raise MemoryError("find_batch_size: a training step on one sample is out of memory.")
        else:
            bad, size = size, size // 2
    while good < maximum < bad:
        size = min(2 * good, maximum)
        good, bad = (size, bad) if fits(size) else (good, size)
    if good == maximum:
        return good
    unit = min(start, good)
    good, bad = good // unit, -(-bad // unit)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if fits(middle * unit) else (good, middle)
    return good * unit


def _fits(model, data, size: int) -> bool:
    rows = np.arange(size, dtype=np.int32) % data.size
    # A runner of its own, whose programs are dropped with it.
    runner = model._new_runner("train")
    try:
        batch = data.on_device() if data.resident else None
        if batch is None:
            batch, rows = jax.tree.map(lambda a: a[rows], data.arrays), None
        with _model_kept(model, runner, batch, rows):
            for _ in range(2):
                logs = runner.run(batch, rows)
                jax.block_until_ready((logs, [v._value for v in state_of(model, "train")[0]]))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return False
    return True


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether the error, or one that led to it, says that memory ran out."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        # On the CPU the compiler calls it INTERNAL, with "Out of memory allocating ... bytes".
        words = ("resource_exhausted", "out of memory")
        text = str(error).lower()
        if isinstance(error, jax.errors.JaxRuntimeError) and any(w in text for w in words):
            return True
        error = error.__cause__ or error.__context__
    return False
