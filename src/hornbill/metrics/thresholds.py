"""Counting right and wrong decisions at thresholds: the ground of Precision, Recall, AUC and kin.

A prediction is positive at a threshold when it is greater. The counts are sums of weights.
"""

from numbers import Real
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..engine import config
from ..losses.shapes import same_rank
from .base import Metric, cast
from .weights import leading


class Counts(NamedTuple):
    """Sums of weights at each threshold, `(thresholds,)` or `(thresholds, labels)`."""

    true_positives: jax.Array
    false_positives: jax.Array
    true_negatives: jax.Array
    false_negatives: jax.Array


class Thresholds:
    """A fixed list of thresholds, and how predictions are counted at them.

    Args:
        values: the thresholds, numbers.
        evenly: whether they divide `[0, 1]` evenly; found out when None. Then each prediction goes
            to its interval at once, in time that does not grow with the number of thresholds.
    """

    def __init__(self, values, evenly: bool | None = None):
        self.values = np.asarray(values, np.float64)
        n = len(self.values)
        if evenly is None:
            evenly = n >= 3 and np.allclose(
                self.values, np.arange(n, dtype=np.float32) / (n - 1), atol=config.epsilon()
            )
        self.evenly = evenly

    def __len__(self):
        return len(self.values)

    def above(self, y_pred, weights):
        """Sums of the weights of predictions above each threshold.

        Args:
            y_pred: predictions, `(samples, labels)`.
            weights: `(samples, labels, kinds)`, several weights for each prediction.

        Returns:
            `(thresholds, labels, kinds)`.
        """
        if not self.evenly:
            positive = y_pred > jnp.asarray(self.values, y_pred.dtype)[:, None, None]
            return jnp.sum(jnp.where(positive[..., None], weights, 0), axis=1)
        n = len(self)
        # How many thresholds lie below: threshold i is i / (n - 1), and equal is not above.
        below = jnp.ceil(jnp.clip(y_pred, 0, 1) * (n - 1))
        if self.values[0] < 0:
            below = jnp.maximum(below, 1)
        at = jnp.zeros((n + 1, *weights.shape[1:]), weights.dtype)
        at = at.at[below.astype("int32"), jnp.arange(y_pred.shape[1])].add(weights)
        return jnp.cumsum(at[:0:-1], axis=0)[::-1]


def count(
    y_true,
    y_pred,
    thresholds: Thresholds,
    sample_weight=None,
    *,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
    label_weights=None,
    who: str,
) -> Counts:
    """The weighted numbers of right and wrong decisions of a batch.

    Args:
        y_true: targets; all that is not 0 is positive.
        y_pred: predictions of the same shape, in `[0, 1]`.
        thresholds: at which to decide.
        sample_weight: weights for the leading axes of `y_true`.
        top_k: only the `k` largest predictions on the last axis can be positive.
        class_id: only this index of the last axis counts.
        multi_label: whether each index of the last of two axes is counted for itself.
        label_weights: weights for the indices of the last axis.
        who: the metric's name, for messages.
    """
    dtype = config.floatx()
    y_pred, y_true = same_rank(cast(y_pred, dtype), cast(y_true, dtype))
    if y_pred.shape != y_true.shape:
        raise ValueError(
            f"{who}: targets and predictions must have the same shape. Received: y_true of shape "
            f"{tuple(y_true.shape)}, y_pred of shape {tuple(y_pred.shape)}"
        )
    if (class_id is not None or top_k is not None) and y_pred.ndim < 2:
        raise ValueError(
            f"{who}: class_id and top_k choose among classes, so y_pred needs a last axis of "
            f"classes. Received: y_pred of shape {tuple(y_pred.shape)}"
        )
    if top_k is not None:
        y_pred = _only_top(y_pred, top_k, who)
    if class_id is not None and class_id >= y_pred.shape[-1]:
        raise ValueError(
            f"{who}: class_id={class_id} is out of range. "
            f"Received: y_pred with {y_pred.shape[-1]} classes"
        )

    weight = jnp.ones_like(y_pred)
    if sample_weight is not None:
        weight = leading(cast(sample_weight, dtype), y_pred.shape, who)
    if label_weights is not None:
        weight = weight * label_weights
    if class_id is not None:
        y_true, y_pred, weight = (x[..., class_id, None] for x in (y_true, y_pred, weight))
    positive = y_true != 0
    weights = jnp.stack([jnp.where(positive, weight, 0), jnp.where(positive, 0, weight)], -1)
    if not multi_label:
        y_pred, weights = y_pred.reshape(-1, 1), weights.reshape(-1, 1, 2)
    above, total = thresholds.above(y_pred, weights), jnp.sum(weights, 0)
    if not multi_label:
        above, total = above[:, 0], total[0]
    true, false = above[..., 0], above[..., 1]
    return Counts(true, false, total[..., 1] - false, total[..., 0] - true)


def _only_top(y_pred, k: int, who: str):
    classes = y_pred.shape[-1]
    if k > classes:
        raise ValueError(f"{who}: top_k={k} is more than there are classes. Received: {classes}")
    places = jax.lax.top_k(y_pred, k)[1]
    return jnp.where(jax.nn.one_hot(places, classes).sum(-2) > 0, y_pred, -jnp.inf)


class ThresholdMetric(Metric):
    """The base of metrics that gather some of the four counts, each as a variable of its name."""

    _counts: tuple[str, ...] = Counts._fields

    def _make(self, thresholds: Thresholds, shape=None) -> None:
        self._at = thresholds
        for name in self._counts:
            setattr(self, name, self.add_variable(shape or (len(thresholds),), "zeros", name=name))

    def _add(self, y_true, y_pred, sample_weight, **settings) -> None:
        counts = count(y_true, y_pred, self._at, sample_weight, who=self.name, **settings)
        for name in self._counts:
            getattr(self, name).assign_add(getattr(counts, name))

    @property
    def thresholds(self) -> list[float]:
        """The thresholds at which predictions are counted."""
        return self._at.values.tolist()


def given_thresholds(thresholds, default: float, who) -> Thresholds:
    """A metric's `thresholds` argument: None, a number, or a list of them, in `[0, 1]`."""
    if thresholds is None:
        return Thresholds([default])
    values = [thresholds] if isinstance(thresholds, Real) else list(thresholds)
    if not values or not all(isinstance(t, Real) and 0 <= t <= 1 for t in values):
        raise ValueError(
            f"{type(who).__name__}'s thresholds are a number or a list of numbers in [0, 1]. "
            f"Received: thresholds={thresholds!r}"
        )
    return Thresholds(values)


MAX_THRESHOLDS = 1_000_000


def even_thresholds(n: int) -> list[float]:
    """`n` thresholds from 0 to 1."""
    if n > MAX_THRESHOLDS:  # a config may come from anywhere
        raise ValueError(
            f"num_thresholds is at most {MAX_THRESHOLDS}. Received: num_thresholds={n}"
        )
    return [i / (n - 1) for i in range(n)]
