"""Values against scikit-learn, SciPy and brute force, where they are exact."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hornbill import metrics
from hornbill.metrics.thresholds import Thresholds, even_thresholds

rng = np.random.default_rng(3)
# Scores in the middle of the intervals of 200 thresholds, so that none is tied by rounding.
SCORES = (rng.permutation(198)[:40] + 0.5) / 199
TRUE = (SCORES + rng.normal(0, 0.4, 40) > 0.5).astype("float32")
WEIGHT = rng.uniform(0.5, 2, 40)
LABELS, GUESSES = rng.integers(0, 3, (2, 40))
ONE_HOT, GUESSED = np.eye(3)[LABELS], np.eye(3)[GUESSES]


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_roc_auc(weight):
    expected = sk.roc_auc_score(TRUE, SCORES, sample_weight=weight)
    assert float(metrics.AUC()(TRUE, SCORES, weight)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize(
    ("metric", "score"),
    [(metrics.Precision, sk.precision_score), (metrics.Recall, sk.recall_score)],
)
def test_precision_and_recall(metric, score, weight):
    expected = score(TRUE, SCORES > 0.4, sample_weight=weight)
    assert float(metric(0.4)(TRUE, SCORES, weight)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("average", ["micro", "macro", "weighted", None])
def test_f_scores(average):
    got = metrics.FBetaScore(average, beta=2.0)(ONE_HOT, GUESSED, WEIGHT)
    expected = sk.fbeta_score(LABELS, GUESSES, beta=2, average=average, sample_weight=WEIGHT)
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    got = metrics.F1Score(average)(ONE_HOT, GUESSED)
    np.testing.assert_allclose(got, sk.f1_score(LABELS, GUESSES, average=average), rtol=1e-5)


def test_iou_is_jaccard():
    got = metrics.MeanIoU(num_classes=3, dtype="float32")(LABELS, GUESSES, WEIGHT)
    expected = sk.jaccard_score(LABELS, GUESSES, average="macro", sample_weight=WEIGHT)
    assert float(got) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("uniform_average", "uniform_average"), ("variance_weighted_average", "variance_weighted")],
)
def test_r2(ours, theirs):
    y_true = rng.normal(0, 1, (40, 3))
    y_pred = y_true + rng.normal(0, 0.3, (40, 3))
    got = metrics.R2Score(ours)(y_true, y_pred, WEIGHT)
    expected = sk.r2_score(y_true, y_pred, sample_weight=WEIGHT, multioutput=theirs)
    assert float(got) == pytest.approx(expected, rel=1e-5)


def test_adjusted_r2_waits_for_enough_samples():
    y_true, y_pred = [[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]
    plain = 1 - 2 / (14 / 3)
    for regressors, expected in ((1, 1 - (1 - plain) * 2 / 1), (2, plain), (5, plain)):
        got = metrics.R2Score(num_regressors=regressors)(y_true, y_pred)
        assert float(got) == pytest.approx(expected, rel=1e-5)


def test_correlations():
    a, b = rng.normal(0, 1, (2, 40))
    got = metrics.pearson_correlation(a, b)
    assert float(got) == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-5)
    expected = 2 * np.cov(a, b, bias=True)[0, 1] / (a.var() + b.var() + (a.mean() - b.mean()) ** 2)
    assert float(metrics.concordance_correlation(a, b)) == pytest.approx(expected, abs=1e-5)
    both = metrics.pearson_correlation(np.stack([a, b])[None], np.stack([b, a])[None], axis=[1, 2])
    assert both.shape == (1,)


@pytest.mark.parametrize(
    "thresholds",
    [
        Thresholds([0.7, 0.1, 0.3]),
        Thresholds(even_thresholds(8)),
        Thresholds([-1e-7, 0.5, 1 + 1e-7]),
    ],
    ids=["given", "even", "with ends"],
)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 64), min_size=5, max_size=5))
def test_counting_at_thresholds_is_counting(thresholds, sixtyfourths):
    scores = np.array(sixtyfourths, "float32")[:, None] / 64
    weights = np.arange(1, 6, dtype="float32")[:, None, None]
    above = scores[None] > thresholds.values.astype("float32")[:, None, None]
    expected = (above[..., None] * weights).sum(1)
    np.testing.assert_array_equal(thresholds.above(scores, weights), expected)
