"""Whether targets, predictions and settings agree: what would be wrong in silence is refused.

A loss called directly broadcasts as NumPy does. What `compile` got must not: there a broadcast is
nearly always a forgotten axis, and the training a silent failure.
"""

from numbers import Real

import jax
import numpy as np

from .. import losses, metrics
from ..losses.shapes import received, same_rank
from ..metrics import Metric

# The functions that compare a target with the prediction at the same place.
BY_VALUE = {
    losses.categorical_generalized_cross_entropy,
    losses.categorical_hinge,
    losses.cosine_similarity,
    losses.dice,
    losses.hinge,
    losses.huber,
    losses.kl_divergence,
    losses.log_cosh,
    losses.mean_absolute_error,
    losses.mean_absolute_percentage_error,
    losses.mean_squared_error,
    losses.mean_squared_logarithmic_error,
    losses.poisson,
    losses.squared_hinge,
    losses.tversky,
    metrics.accuracy.accuracy,
    metrics.binary_accuracy,
    metrics.categorical_accuracy,
    metrics.top_k_categorical_accuracy,
}
BY_VALUE_CLASSES = (
    metrics.ConcordanceCorrelation,
    metrics.CosineSimilarity,
    metrics.PearsonCorrelation,
    metrics.RootMeanSquaredError,
)
BY_CLASS = {metrics.categorical_accuracy, metrics.top_k_categorical_accuracy}


def check_shapes(thing, output: str | None, y_true, y_pred) -> None:
    """Refuses targets that a loss or metric would broadcast against the predictions."""
    function = getattr(thing, "_fn" if isinstance(thing, Metric) else "fn", None)
    if function not in BY_VALUE and not isinstance(thing, BY_VALUE_CLASSES):
        return
    a, b = same_rank(y_true, y_pred)
    pairs = list(zip(a.shape, b.shape, strict=False))
    if a.shape == b.shape or a.ndim != b.ndim or any(m != n and 1 not in (m, n) for m, n in pairs):
        return  # they agree, or the loss itself will say that they cannot
    if function in BY_CLASS and y_true.shape[:-1] == y_pred.shape[:-1] and y_true.shape[-1] == 1:
        fix = "The targets look like class indices: use the 'sparse_' form"
    else:
        fix = (
            "Give the last layer as many units as a target has values, or reshape the targets; if "
            "broadcasting is meant, pass a function of (y_true, y_pred) that does it"
        )
    raise ValueError(
        f"{_who(thing, output)} compares targets and predictions value by value, and would "
        f"broadcast these against each other. {fix}. {received(y_true, y_pred)}"
    )


def check_loss_weights(weights) -> None:
    """Refuses factors of losses that are not numbers."""
    for leaf in jax.tree.leaves(weights, is_leaf=lambda x: x is None):
        number = isinstance(leaf, Real) and not isinstance(leaf, bool)
        if leaf is not None and not number and (np.ndim(leaf) or isinstance(leaf, (str, bool))):
            raise ValueError(
                "compile(loss_weights=...) takes numbers, one for each output's loss. "
                f"Received: loss_weights={weights!r}"
            )


class Labels:
    """What a sparse loss or metric takes as labels: class indices, and perhaps one to ignore."""

    def __init__(self, who: str, classes: int, ignored: int | None):
        self.who, self.classes, self.ignored = who, classes, ignored

    @classmethod
    def of(cls, loss, output: str | None, y_pred) -> "Labels | None":
        """Those of a compiled loss, or None where it takes no class indices."""
        if getattr(loss, "fn", None) is not losses.sparse_categorical_crossentropy:
            return None
        settings = loss._fn_kwargs
        classes = y_pred.shape[settings.get("axis", -1)]
        return cls(_who(loss, output), classes, settings.get("ignore_class"))

    def check(self, labels, weight=None) -> None:
        """Refuses labels that are no class. A look at all of them, on the host.

        Those whose weight is 0 may be anything; without weights for each of them, all count.
        """
        labels = np.asarray(labels)
        if self._fit(labels):
            return
        if weight is not None and np.shape(weight) == labels.shape[: np.ndim(weight)]:
            labels = labels[np.asarray(weight) != 0]
        if self.ignored is not None:
            labels = labels[labels != self.ignored]
        if self._fit(labels):
            return
        low, high = labels.min().item(), labels.max().item()
        if low < 0:
            fix = "To leave a label out, pass a loss with ignore_class"
        elif low == 1 and high == self.classes:
            fix = "Classes are counted from 0: subtract 1"
        else:
            fix = f"Give the last layer {int(high) + 1} units, or mend the labels"
        raise ValueError(
            f"{self.who} takes labels from 0 to {self.classes - 1}, since the predictions have "
            f"{self.classes} classes. {fix}. Received: labels from {low} to {high}"
        )

    def _fit(self, labels) -> bool:
        return labels.size == 0 or bool(labels.min() >= 0 and labels.max() < self.classes)


def _who(thing, output: str | None) -> str:
    kind = "metric" if isinstance(thing, Metric) else "loss"
    return f"The {kind} '{thing.name}'" + (f" of output '{output}'" if output else "")
