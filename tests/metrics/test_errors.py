"""Wrong uses: one clear message each, at construction where it can be."""

import numpy as np
import pytest

from hornbill import metrics as m

CONSTRUCTORS = [
    (lambda: m.AUC(num_thresholds=1), "num_thresholds is an int of at least 2.*Received: num_thr"),
    (lambda: m.AUC(curve="ROK"), "curve is one of ROC, PR, PRGAIN. Received: curve='ROK'"),
    (lambda: m.AUC(summation_method="sum"), "summation_method is one of.*Received"),
    (lambda: m.AUC(num_labels=3), "goes with multi_label=True"),
    (lambda: m.AUC(thresholds=[0.5, 1.5]), r"thresholds are numbers in \[0, 1\]"),
    (lambda: m.Precision(thresholds=[0.2, -1]), r"\[0, 1\]. Received: thresholds=\[0.2, -1\]"),
    (lambda: m.Recall(thresholds=[]), "a number or a list"),
    (lambda: m.Recall(top_k=0), "top_k is an int of at least 1, or None. Received: top_k=0"),
    (lambda: m.Precision(class_id=1.5), "class_id is an int"),
    (lambda: m.PrecisionAtRecall(1.5), r"recall is a number in \[0, 1\]. Received: recall=1.5"),
    (lambda: m.SensitivityAtSpecificity(0.5, num_thresholds=0), "at least 1"),
    (lambda: m.FBetaScore(average="mean"), "average is one of.*Received: average='mean'"),
    (lambda: m.FBetaScore(beta=-1.0), "beta is a positive number"),
    (lambda: m.F1Score(threshold=0.0), r"F1Score's threshold is a number in \(0, 1\]"),
    (lambda: m.R2Score(class_aggregation="mean"), "class_aggregation is one of"),
    (lambda: m.R2Score(num_regressors=-1), "num_regressors is an int of at least 0"),
    (lambda: m.IoU(3, [0, 3]), r"classes from 0 to 2. Received: target_class_ids=\[0, 3\]"),
    (lambda: m.MeanIoU(0), "num_classes is an int of at least 1"),
    (lambda: m.TopKCategoricalAccuracy(k=0), "k is an int of at least 1. Received: k=0"),
    (lambda: m.BinaryCrossentropy(label_smoothing=2), r"label_smoothing is a number in \[0, 1\]"),
]


@pytest.mark.parametrize(("make", "match"), CONSTRUCTORS, ids=[c[1][:30] for c in CONSTRUCTORS])
def test_constructors(make, match):
    with pytest.raises(ValueError, match=match):
        make()


Y = np.ones((4, 3), "float32")
BATCHES = [
    (m.AUC(name="area"), (Y, Y[:, :2]), r"area: .*same shape.*y_true of shape \(4, 3\)"),
    (m.Precision(class_id=3), (Y, Y), "class_id=3 is out of range. Received: y_pred with 3"),
    (m.Precision(class_id=1), (Y[:, 0], Y[:, 0]), "needs a last axis"),
    (m.Recall(top_k=4), (Y, Y), "top_k=4 is more than there are classes. Received: 3"),
    (m.AUC(multi_label=True, num_labels=2), (Y, Y), r"\(samples, 2\). Received"),
    (m.AUC(name="w"), (Y, Y, np.ones(5)), r"w: sample_weight.*\(4, 3\). Received.*\(5,\)"),
    (m.Mean(name="mean"), (Y, np.ones((4, 2))), "mean: sample_weight.*Received"),
    (m.F1Score(), (Y[:, 0], Y[:, 0]), r"\(samples, classes\). Received: y_true of shape \(4,\)"),
    (m.R2Score(), (Y[0], Y[0]), r"\(samples, outputs\). Received"),
    (m.MeanIoU(2), (Y, Y[:3]), "12 targets, 9 predictions"),
]


@pytest.mark.parametrize(("metric", "batch", "match"), BATCHES, ids=[b[2][:30] for b in BATCHES])
def test_batches(metric, batch, match):
    with pytest.raises(ValueError, match=match):
        metric.update_state(*batch)


@pytest.mark.parametrize("metric", [m.F1Score(), m.R2Score(), m.AUC(multi_label=True)])
def test_no_result_before_the_first_batch(metric):
    with pytest.raises(ValueError, match="before the first batch"):
        metric.result()
    metric.reset_state()
