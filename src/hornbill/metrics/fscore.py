"""F scores: precision and recall in one number."""

from numbers import Real

import jax.numpy as jnp

from ..engine import config
from .base import Metric, cast
from .weights import leading

AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall, per class or averaged.

    `(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`

    Args:
        average: None for a score per class; `"micro"` counts all classes as one, `"macro"`
            averages the classes' scores, `"weighted"` weighs them by their number of targets.
        beta: a float; how much more recall counts than precision.
        threshold: a float in `(0, 1]`, above which predictions are positive; with None the
            largest of each sample is.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    Targets (0/1) and predictions have shape `(samples, classes)`.

    >>> import hornbill as hb
    >>> m = hb.metrics.FBetaScore(beta=2.0, threshold=0.5)
    >>> m.update_state([[1, 1, 1], [1, 0, 0], [1, 1, 0]],
    ...                [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])
    >>> [round(score, 4) for score in m.result().tolist()]
    [0.3846, 0.9091, 0.8333]
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype=None,
    ):
        super().__init__(name=name, dtype=dtype)
        if average not in AVERAGES:
            raise ValueError(
                f"{type(self).__name__}'s average is one of {AVERAGES}. "
                f"Received: average={average!r}"
            )
        if isinstance(beta, bool) or not isinstance(beta, Real) or beta <= 0:
            raise ValueError(
                f"{type(self).__name__}'s beta is a positive number. Received: beta={beta!r}"
            )
        if threshold is not None and not (isinstance(threshold, Real) and 0 < threshold <= 1):
            raise ValueError(
                f"{type(self).__name__}'s threshold is a number in (0, 1], or None. "
                f"Received: threshold={threshold!r}"
            )
        self.average, self.beta, self.threshold = average, beta, threshold

    def _build(self, classes: int) -> None:
        shape = () if self.average == "micro" else (classes,)
        for name in (
            "true_positives",
            "false_positives",
            "false_negatives",
            "intermediate_weights",
        ):
            setattr(self, name, self.add_variable(shape, "zeros", self.dtype, name=name))

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Counts a batch of targets and predictions, `(samples, classes)`."""
        y_true, y_pred = cast(y_true, self.dtype), cast(y_pred, self.dtype)
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' takes targets and predictions of shape "
                f"(samples, classes). Received: y_true of shape {tuple(y_true.shape)}, y_pred of "
                f"shape {tuple(y_pred.shape)}"
            )
        if not self.variables:
            self._build(y_pred.shape[-1])
        if self.threshold is None:
            largest = y_pred >= y_pred.max(-1, keepdims=True)
            # A sample of zeros says nothing, rather than every class.
            chosen = largest & (jnp.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        chosen = chosen.astype(self.dtype)
        weight = jnp.ones_like(y_pred)
        if sample_weight is not None:
            weight = leading(cast(sample_weight, self.dtype), y_pred.shape, self.name)

        def total(values):
            return jnp.sum(values * weight, None if self.average == "micro" else 0)

        self.true_positives.assign_add(total(chosen * y_true))
        self.false_positives.assign_add(total(chosen * (1 - y_true)))
        self.false_negatives.assign_add(total((1 - chosen) * y_true))
        self.intermediate_weights.assign_add(total(y_true))

    def result(self):
        """The score, a number; without `average` one for each class."""
        if not self.variables:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has no result before the first batch, from "
                "which it learns the number of classes. Received: no batch"
            )
        eps, square = config.epsilon(), self.beta**2
        right = self.true_positives.value
        precision = right / (right + self.false_positives.value + eps)
        recall = right / (right + self.false_negatives.value + eps)
        score = (1 + square) * precision * recall / (square * precision + recall + eps)
        if self.average == "weighted":
            weights = self.intermediate_weights.value
            return jnp.sum(score * weights / (weights.sum() + eps))
        return score if self.average is None else score.mean()


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall, per class or averaged.

    `2 * precision * recall / (precision + recall)`

    Args:
        average: None for a score per class; `"micro"` counts all classes as one, `"macro"`
            averages the classes' scores, `"weighted"` weighs them by their number of targets.
        threshold: a float in `(0, 1]`, above which predictions are positive; with None the
            largest of each sample is.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    Targets (0/1) and predictions have shape `(samples, classes)`.

    >>> import hornbill as hb
    >>> m = hb.metrics.F1Score(threshold=0.5)
    >>> m.update_state([[1, 1, 1], [1, 0, 0], [1, 1, 0]],
    ...                [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])
    >>> [round(score, 4) for score in m.result().tolist()]
    [0.5, 0.8, 0.6667]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype=None,
    ):
        super().__init__(average, 1.0, threshold, name, dtype)
