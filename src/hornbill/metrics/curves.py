"""Metrics read off a curve over thresholds: the area under it, and its best point."""

from numbers import Real

import jax
import jax.numpy as jnp

from ..engine import config
from ..ops import divide_no_nan
from .base import cast, check_int
from .thresholds import ThresholdMetric, Thresholds, even_thresholds


class _BestPoint(ThresholdMetric):
    """The best value of one rate among the thresholds where another is at least `value`."""

    _direction = "up"

    def _set_up(self, name: str, value, num_thresholds, class_id) -> None:
        if not isinstance(value, Real) or not 0 <= value <= 1:
            raise ValueError(
                f"{type(self).__name__}'s {name} is a number in [0, 1]. Received: {name}={value!r}"
            )
        check_int(num_thresholds, "num_thresholds", self, least=1)
        check_int(class_id, "class_id", self, optional=True)
        setattr(self, name, value)
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        one = num_thresholds == 1
        self._make(Thresholds([0.5] if one else even_thresholds(num_thresholds), evenly=not one))

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Counts a batch.

        Args:
            y_true: 0/1 targets.
            y_pred: predictions in `[0, 1]`, of the same shape.
            sample_weight: weights for the leading axes of the targets.
        """
        self._add(y_true, y_pred, sample_weight, class_id=self.class_id)

    def _best(self, wanted, given):
        return jnp.max(jnp.where(given >= self.value, wanted, 0), initial=0)

    def _recall(self):
        return divide_no_nan(self.true_positives.value, self.true_positives + self.false_negatives)

    def _specificity(self):
        return divide_no_nan(self.true_negatives.value, self.true_negatives + self.false_positives)

    def _precision(self):
        return divide_no_nan(self.true_positives.value, self.true_positives + self.false_positives)


class SensitivityAtSpecificity(_BestPoint):
    """The best sensitivity (recall) where the specificity is at least a given one.

    Sensitivity is the share of positive targets that are found, specificity the share of negative
    targets that are left alone.

    Args:
        specificity: the least specificity, in `[0, 1]`.
        num_thresholds: how many thresholds from 0 to 1 are tried.
        class_id: count only this class, an index of the last axis.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.SensitivityAtSpecificity(0.5)
    >>> m.update_state([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    >>> float(m.result())
    0.5
    """

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(name=name, dtype=dtype)
        self._set_up("specificity", specificity, num_thresholds, class_id)

    def result(self):
        """The best sensitivity, 0 where the specificity is never reached."""
        return self._best(self._recall(), given=self._specificity())


class SpecificityAtSensitivity(_BestPoint):
    """The best specificity where the sensitivity (recall) is at least a given one.

    Args:
        sensitivity: the least sensitivity, in `[0, 1]`.
        num_thresholds: how many thresholds from 0 to 1 are tried.
        class_id: count only this class, an index of the last axis.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.SpecificityAtSensitivity(0.5)
    >>> m.update_state([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    >>> round(float(m.result()), 4)
    0.6667
    """

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(name=name, dtype=dtype)
        self._set_up("sensitivity", sensitivity, num_thresholds, class_id)

    def result(self):
        """The best specificity, 0 where the sensitivity is never reached."""
        return self._best(self._specificity(), given=self._recall())


class PrecisionAtRecall(_BestPoint):
    """The best precision where the recall is at least a given one.

    Args:
        recall: the least recall, in `[0, 1]`.
        num_thresholds: how many thresholds from 0 to 1 are tried.
        class_id: count only this class, an index of the last axis.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.PrecisionAtRecall(0.5)
    >>> m.update_state([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    >>> float(m.result())
    0.5
    """

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(name=name, dtype=dtype)
        self._set_up("recall", recall, num_thresholds, class_id)

    def result(self):
        """The best precision, 0 where the recall is never reached."""
        return self._best(self._precision(), given=self._recall())


class RecallAtPrecision(_BestPoint):
    """The best recall where the precision is at least a given one.

    Args:
        precision: the least precision, in `[0, 1]`.
        num_thresholds: how many thresholds from 0 to 1 are tried.
        class_id: count only this class, an index of the last axis.
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.RecallAtPrecision(0.8)
    >>> m.update_state([0, 0, 1, 1, 1], [0, 0.5, 0.3, 0.9, 0.8])
    >>> round(float(m.result()), 4)
    0.6667
    """

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(name=name, dtype=dtype)
        self._set_up("precision", precision, num_thresholds, class_id)

    def result(self):
        """The best recall, 0 where the precision is never reached."""
        return self._best(self._recall(), given=self._precision())


CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "minoring", "majoring")


class AUC(ThresholdMetric):
    """The area under a curve over thresholds, of which only a fixed number is tried.

    Args:
        num_thresholds: how many thresholds divide `[0, 1]`; more are more exact.
        curve: `"ROC"` (true over false positive rate), `"PR"` (precision over recall) or
            `"PRGAIN"` (precision gain over recall gain; Flach and Kull, 2015).
        summation_method: `"interpolation"` (trapezoids; for PR the interpolation of Davis and
            Goadrich, 2006), `"minoring"` or `"majoring"` (the lower or upper of the two heights).
        name: shown in logs.
        dtype: the dtype of the metric; `floatx()` when None.
        thresholds: inner thresholds in `[0, 1]`, in place of `num_thresholds` even ones; one
            below 0 and one above 1 are added.
        multi_label: whether each index of the last axis has its own curve; the result is the mean
            of their areas. Otherwise all values are one curve.
        num_labels: the number of labels, with `multi_label`; read off the first batch when None.
        label_weights: weights of the labels, in the mean with `multi_label`, else in the counts.
        from_logits: whether predictions are logits rather than probabilities.

    >>> import hornbill as hb
    >>> m = hb.metrics.AUC(num_thresholds=3)
    >>> m.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    >>> float(m.result())
    0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype=None,
        thresholds=None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights=None,
        from_logits: bool = False,
    ):
        super().__init__(name=name, dtype=dtype)
        self.curve = _choice("curve", curve, CURVES)
        self.summation_method = _choice("summation_method", summation_method, SUMMATIONS)
        check_int(num_labels, "num_labels", self, optional=True)
        if num_labels and not multi_label:
            raise ValueError(
                "AUC's num_labels goes with multi_label=True. "
                f"Received: num_labels={num_labels}, multi_label={multi_label!r}"
            )
        if thresholds is None:
            check_int(num_thresholds, "num_thresholds", self, least=2)
            inner, evenly = even_thresholds(num_thresholds)[1:-1], True
        else:
            inner = sorted(thresholds)
            if not all(isinstance(t, Real) and 0 <= t <= 1 for t in inner):
                raise ValueError(
                    f"AUC's thresholds are numbers in [0, 1]. Received: thresholds={thresholds!r}"
                )
            evenly = Thresholds([0.0, *inner, 1.0]).evenly
        # The ends lie outside, so that every prediction is above the first, none above the last.
        ends = -config.epsilon(), 1 + config.epsilon()
        self._at = Thresholds([ends[0], *inner, ends[1]], evenly)
        self.num_thresholds = len(self._at)
        self.multi_label, self.num_labels = multi_label, num_labels
        self.label_weights = None if label_weights is None else cast(label_weights, self.dtype)
        self.from_logits = from_logits
        if not multi_label:
            self._make(self._at)
        elif num_labels:
            self._make(self._at, (self.num_thresholds, num_labels))

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Counts a batch.

        Args:
            y_true: 0/1 targets.
            y_pred: predictions in `[0, 1]` (or logits), of the same shape; with `multi_label`
                `(samples, labels)`.
            sample_weight: weights for the leading axes of the targets.
        """
        y_pred = cast(y_pred, config.floatx())
        if self.multi_label:
            if y_pred.ndim != 2 or self.num_labels not in (None, 0, y_pred.shape[1]):
                raise ValueError(
                    f"AUC '{self.name}' with multi_label takes predictions of shape (samples, "
                    f"{self.num_labels or 'labels'}). Received: y_pred of shape {y_pred.shape}"
                )
            if not self.variables:
                self.num_labels = y_pred.shape[1]
                self._make(self._at, (self.num_thresholds, self.num_labels))
        if self.from_logits:
            y_pred = jax.nn.sigmoid(y_pred)
        weights = None if self.multi_label else self.label_weights
        self._add(
            y_true, y_pred, sample_weight, multi_label=self.multi_label, label_weights=weights
        )

    def result(self):
        """The area, a number."""
        if not self.variables:
            raise ValueError(
                f"AUC '{self.name}' does not know its number of labels before the first batch. "
                "Give num_labels to read it earlier. Received: num_labels=None"
            )
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()
        tp, fp, tn, fn = (getattr(self, name).value for name in self._counts)
        if self.curve == "ROC":
            x, y = divide_no_nan(fp, fp + tn), divide_no_nan(tp, tp + fn)
        elif self.curve == "PR":
            x, y = divide_no_nan(tp, tp + fn), divide_no_nan(tp, tp + fp)
        else:
            odds = divide_no_nan(tp + fn, tn + fp)
            x = jnp.maximum(jnp.where(tp == 0, 0, 1 - odds * divide_no_nan(fn, tp)), 0)
            y = jnp.where(tp == 0, 1, 1 - odds * divide_no_nan(fp, tp))
        heights = {
            "interpolation": lambda a, b: (a + b) / 2,
            "minoring": jnp.minimum,
            "majoring": jnp.maximum,
        }[self.summation_method](y[:-1], y[1:])
        return self._total((x[:-1] - x[1:]) * heights)

    def interpolate_pr_auc(self):
        """The area under the precision-recall curve, interpolated as Davis and Goadrich propose.

        Between two thresholds the true positives TP and all positives P are taken as linear, so
        that the precision is `(intercept + slope * P) / P`, whose integral over TP has a logarithm.
        """
        tp, fn = self.true_positives.value, self.false_negatives.value
        p = tp + self.false_positives.value
        gained, low, high = tp[:-1] - tp[1:], p[1:], p[:-1]
        slope = divide_no_nan(gained, jnp.maximum(high - low, 0))
        intercept = tp[1:] - slope * low
        growth = jnp.where((high > 0) & (low > 0), divide_no_nan(high, low), 1)
        area = slope * (gained + intercept * jnp.log(growth))
        return self._total(divide_no_nan(area, jnp.maximum(tp[1:] + fn[1:], 0)))

    def _total(self, parts):
        areas = parts.sum(0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        return divide_no_nan((areas * self.label_weights).sum(), self.label_weights.sum())


def _choice(argument: str, value, known: tuple[str, ...]) -> str:
    for name in known:
        if isinstance(value, str) and value.lower() == name.lower():
            return name
    raise ValueError(
        f"AUC's {argument} is one of {', '.join(known)}. Received: {argument}={value!r}"
    )
