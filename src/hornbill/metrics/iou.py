"""Intersection over union: how well predicted regions cover the true ones.

All of these gather one matrix of counts, `[true class, predicted class]`.
"""

import warnings

import jax.numpy as jnp

from ..engine import config
from ..engine.dtypes import dtype_of, is_float, is_int
from ..engine.operation import to_array
from .base import Metric, cast, check_int


class IoU(Metric):
    """Intersection over union of some classes, averaged.

    For one class it is `TP / (TP + FP + FN)`; classes that occur nowhere are left out.

    Args:
        num_classes: the number of classes.
        target_class_ids: the classes whose values are averaged.
        name: shown in logs.
        dtype: the dtype of the counts (and so of the weights); int32 when None.
        ignore_class: a target that does not count at all, such as 255 for "void".
        sparse_y_true, sparse_y_pred: whether targets and predictions are class numbers, rather
            than scores or one-hot vectors along `axis`.
        axis: where the classes of the latter lie.

    Class numbers outside `[0, num_classes)` do not count.

    >>> import hornbill as hb
    >>> m = hb.metrics.IoU(num_classes=2, target_class_ids=[0])
    >>> m.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    >>> round(float(m.result()), 4)
    0.3333
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids,
        name: str | None = None,
        dtype=None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(name=name, dtype=dtype or "int32")
        check_int(num_classes, "num_classes", self, least=1)
        ids = list(target_class_ids)
        if not ids or not all(0 <= i < num_classes for i in ids):
            raise ValueError(
                f"{type(self).__name__}'s target_class_ids are classes from 0 to "
                f"{num_classes - 1}. Received: target_class_ids={target_class_ids!r}"
            )
        self.num_classes, self.target_class_ids = num_classes, ids
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        shape = (num_classes, num_classes)
        self.total_cm = self.add_variable(shape, "zeros", self.dtype, name="total_confusion_matrix")

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Counts a batch.

        Args:
            y_true: class numbers of any shape, or one-hot vectors.
            y_pred: class numbers of the same shape, or scores.
            sample_weight: a weight for each class number, in the metric's dtype.
        """
        true = self._classes(y_true, self.sparse_y_true)
        predicted = self._classes(y_pred, self.sparse_y_pred)
        if true.shape != predicted.shape:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' takes as many targets as predictions. "
                f"Received: {true.size} targets, {predicted.size} predictions"
            )
        if sample_weight is None:
            weight = jnp.ones_like(true, self.dtype)
        else:
            if is_int(self.dtype) and is_float(dtype_of(to_array(sample_weight))):
                warnings.warn(
                    f"{type(self).__name__} '{self.name}' counts in {self.dtype}: weights lose "
                    "their fractions. Give the metric dtype='float32' to keep them.",
                    stacklevel=2,
                )
            weight = cast(sample_weight, self.dtype)
            weight = jnp.broadcast_to(weight.reshape(-1) if weight.ndim else weight, true.shape)
        n = self.num_classes
        counts = (true >= 0) & (true < n) & (predicted >= 0) & (predicted < n)
        if self.ignore_class is not None:
            counts &= true != self.ignore_class
        cell = jnp.where(counts, true * n + predicted, 0)
        matrix = jnp.bincount(cell, jnp.where(counts, weight, 0), length=n * n)
        self.total_cm.assign_add(matrix.reshape(n, n))

    def _classes(self, x, sparse: bool):
        x = jnp.asarray(to_array(x))
        return (x if sparse else jnp.argmax(x, self.axis)).astype("int32").reshape(-1)

    def result(self):
        """The mean over the target classes, float32."""
        cm = self.total_cm.value
        both = jnp.diagonal(cm)
        either = cm.sum(0) + cm.sum(1) - both
        ids = jnp.asarray(self.target_class_ids)
        both, either = both[ids].astype("float32"), either[ids].astype("float32")
        occurs = either > 1e-9
        eps = config.epsilon()
        return jnp.where(occurs, both / (either + eps), 0).sum() / (occurs.sum() + eps)


class BinaryIoU(IoU):
    """Intersection over union of classes 0 and 1, where a prediction is a probability.

    Args:
        target_class_ids: the classes whose values are averaged: `(0, 1)`, `(0,)` or `(1,)`.
        threshold: from it on a prediction is class 1.
        name: shown in logs.
        dtype: the dtype of the counts (and so of the weights); int32 when None.

    >>> import hornbill as hb
    >>> m = hb.metrics.BinaryIoU(target_class_ids=[0, 1], threshold=0.3)
    >>> m.update_state([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])
    >>> round(float(m.result()), 4)
    0.3333
    """

    def __init__(
        self, target_class_ids=(0, 1), threshold: float = 0.5, name: str | None = None, dtype=None
    ):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Counts a batch of 0/1 targets and probabilities of the same shape."""
        super().update_state(y_true, cast(y_pred, "float32") >= self.threshold, sample_weight)


class MeanIoU(IoU):
    """Intersection over union, averaged over all classes.

    Args:
        num_classes: the number of classes.
        name: shown in logs.
        dtype: the dtype of the counts (and so of the weights); int32 when None.
        ignore_class: a target that does not count at all, such as 255 for "void".
        sparse_y_true, sparse_y_pred: whether targets and predictions are class numbers, rather
            than scores or one-hot vectors along `axis`.
        axis: where the classes of the latter lie.

    >>> import hornbill as hb
    >>> m = hb.metrics.MeanIoU(num_classes=2)
    >>> m.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    >>> round(float(m.result()), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype=None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        check_int(num_classes, "num_classes", self, least=1)
        super().__init__(
            num_classes,
            range(num_classes),
            name,
            dtype,
            ignore_class,
            sparse_y_true,
            sparse_y_pred,
            axis,
        )


class OneHotIoU(IoU):
    """Intersection over union of some classes, for one-hot targets.

    Args:
        num_classes: the number of classes.
        target_class_ids: the classes whose values are averaged.
        name: shown in logs.
        dtype: the dtype of the counts (and so of the weights); int32 when None.
        ignore_class: a target that does not count at all.
        sparse_y_pred: whether predictions are class numbers, rather than scores along `axis`.
        axis: where the classes lie.

    >>> import hornbill as hb
    >>> m = hb.metrics.OneHotIoU(num_classes=2, target_class_ids=[0])
    >>> m.update_state([[1, 0], [0, 1], [1, 0]], [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> round(float(m.result()), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids,
        name: str | None = None,
        dtype=None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )


class OneHotMeanIoU(MeanIoU):
    """Intersection over union, averaged over all classes, for one-hot targets.

    Args:
        num_classes: the number of classes.
        name: shown in logs.
        dtype: the dtype of the counts (and so of the weights); int32 when None.
        ignore_class: a target that does not count at all.
        sparse_y_pred: whether predictions are class numbers, rather than scores along `axis`.
        axis: where the classes lie.

    >>> import hornbill as hb
    >>> m = hb.metrics.OneHotMeanIoU(num_classes=2)
    >>> m.update_state([[1, 0], [0, 1], [1, 0]], [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> round(float(m.result()), 4)
    0.1667
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype=None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
