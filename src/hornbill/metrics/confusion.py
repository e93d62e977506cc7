"""The four counts of right and wrong decisions, Precision and Recall."""

from ..ops import divide_no_nan
from .base import Metric, check_int
from .thresholds import ThresholdMetric, count, given_thresholds


class _Count(Metric):
    _kind: str

    def __init__(self, thresholds=None, name: str | None = None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._at = given_thresholds(thresholds, 0.5, self)
        self.accumulator = self.add_variable((len(self._at),), "zeros", name="accumulator")

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Counts a batch of targets and predictions of the same shape."""
        counts = count(y_true, y_pred, self._at, sample_weight, who=self.name)
        self.accumulator.assign_add(getattr(counts, self._kind))

    def result(self):
        """The (weighted) count, for several thresholds a vector of them."""
        return _one(self.accumulator.value)

    @property
    def thresholds(self) -> list[float]:
        """The thresholds at which predictions are counted."""
        return self._at.values.tolist()


def _one(values):
    return values[0] if values.shape[0] == 1 else values


class TruePositives(_Count):
    """How many positive targets have a prediction above the threshold.

    Args:
        thresholds: a number or a list of numbers in `[0, 1]`; 0.5 when None.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.TruePositives()
    >>> m.update_state([0, 1, 1, 1], [1, 0, 1, 1], sample_weight=[0, 0, 1, 0])
    >>> float(m.result())
    1.0
    """

    _kind = "true_positives"


class TrueNegatives(_Count):
    """How many negative targets have a prediction that is not above the threshold.

    Args:
        thresholds: a number or a list of numbers in `[0, 1]`; 0.5 when None.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.TrueNegatives()
    >>> m.update_state([0, 1, 0, 0], [1, 1, 0, 0])
    >>> float(m.result())
    2.0
    """

    _kind = "true_negatives"


class FalsePositives(_Count):
    """How many negative targets have a prediction above the threshold.

    Args:
        thresholds: a number or a list of numbers in `[0, 1]`; 0.5 when None.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.FalsePositives()
    >>> m.update_state([0, 1, 0, 0], [0, 0, 1, 1])
    >>> float(m.result())
    2.0
    """

    _kind = "false_positives"


class FalseNegatives(_Count):
    """How many positive targets have a prediction that is not above the threshold.

    Args:
        thresholds: a number or a list of numbers in `[0, 1]`; 0.5 when None.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.FalseNegatives()
    >>> m.update_state([0, 1, 1, 1], [0, 1, 0, 0])
    >>> float(m.result())
    2.0
    """

    _kind = "false_negatives"


class _Share(ThresholdMetric):
    """True positives among all of one kind: what Precision and Recall share."""

    _direction = "up"

    def __init__(
        self, thresholds=None, top_k=None, class_id=None, name: str | None = None, dtype=None
    ):
        super().__init__(name=name, dtype=dtype)
        check_int(top_k, "top_k", self, least=1, optional=True)
        check_int(class_id, "class_id", self, optional=True)
        self.top_k, self.class_id = top_k, class_id
        # With top_k alone all of the k count as positive, however small.
        default = 0.5 if top_k is None else float("-inf")
        self._make(given_thresholds(thresholds, default, self))

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Counts a batch.

        Args:
            y_true: 0/1 targets.
            y_pred: predictions in `[0, 1]`, of the same shape.
            sample_weight: weights for the leading axes of the targets.
        """
        self._add(y_true, y_pred, sample_weight, top_k=self.top_k, class_id=self.class_id)

    def result(self):
        """The share, for several thresholds a vector of them; 0 where there is nothing to share."""
        right, wrong = (getattr(self, name).value for name in self._counts)
        return _one(divide_no_nan(right, right + wrong))


class Precision(_Share):
    """The share of predictions above the threshold whose target is positive.

    Args:
        thresholds: a number or a list of numbers in `[0, 1]`; 0.5 when None (with `top_k` all of
            the k largest count as positive).
        top_k: only the k largest predictions on the last axis can be positive.
        class_id: count only this class, an index of the last axis.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.Precision()
    >>> m.update_state([0, 1, 1, 1], [1, 0, 1, 1])
    >>> round(float(m.result()), 4)
    0.6667
    """

    _counts = ("true_positives", "false_positives")


class Recall(_Share):
    """The share of positive targets whose prediction is above the threshold.

    Args:
        thresholds: a number or a list of numbers in `[0, 1]`; 0.5 when None (with `top_k` all of
            the k largest count as positive).
        top_k: only the k largest predictions on the last axis can be positive.
        class_id: count only this class, an index of the last axis.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.Recall()
    >>> m.update_state([0, 1, 1, 1], [1, 0, 1, 1])
    >>> round(float(m.result()), 4)
    0.6667
    """

    _counts = ("true_positives", "false_negatives")
