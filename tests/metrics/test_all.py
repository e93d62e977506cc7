"""Every metric against Keras, eagerly and compiled, and through its config."""

import warnings

import jax
import keras
import numpy as np
import pytest

from hornbill import metrics
from hornbill.engine.scope import StatelessScope

from .cases import CASES, IDS, batches, pair

# Keras's confusion matrix asks JAX for int64.
int64 = pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")
every = pytest.mark.parametrize(("name", "settings", "kind"), CASES, ids=IDS)


def close(ours, theirs):
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=2e-5, atol=1e-6)


def updated(metric, given):
    for batch in given:
        metric.update_state(*batch)
    return metric.result()


def test_the_table_holds_every_metric():
    bases = {"Metric", "Mean", "Sum", "MeanMetricWrapper"}
    classes = {n for n in dir(keras.metrics) if isinstance(getattr(keras.metrics, n), type)}
    assert classes - bases == {name for name, _, _ in CASES}


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("binary_accuracy", "binary"),
        ("categorical_accuracy", "classes"),
        ("sparse_categorical_accuracy", "sparse"),
        ("top_k_categorical_accuracy", "classes"),
        ("sparse_top_k_categorical_accuracy", "sparse"),
    ],
)
def test_functions_are_keras(name, kind, dtype):
    settings = {"k": 2} if "top_k" in name else {}
    y_true, y_pred = batches(kind)[0]
    y_pred = y_pred.astype(dtype)
    found = getattr(metrics, name)(y_true, y_pred, **settings)
    expected = getattr(keras.metrics, name)(y_true, y_pred, **settings)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    close(found, expected)


@int64
@every
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_result_and_state_are_keras(name, settings, kind, weighted):
    ours, theirs = pair(name, settings)
    # Along axis 0 there is no value per sample to weigh.
    given = batches(kind, weighted and settings.get("axis") != 0)
    close(updated(ours, given), updated(theirs, given))
    assert [v.name for v in ours.variables] == [v.name for v in theirs.variables]
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        assert mine.dtype == other.dtype
        close(mine.value, other.value)


@int64
@pytest.mark.parametrize(
    ("name", "settings", "kind"), {case[0]: case for case in reversed(CASES)}.values()
)
def test_a_batch_of_another_size_in_16_bits(name, settings, kind):
    ours, theirs = pair(name, settings)
    y_true, y_pred = (np.concatenate([one, one[:3]]) for one in batches(kind)[0])
    half = y_pred.astype("float16") if y_pred.dtype == "float32" else y_pred.astype("int8")
    found, expected = updated(ours, [(y_true, half)]), updated(theirs, [(y_true, half)])
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, np.asarray(expected), rtol=5e-3, atol=1e-5)


@every
def test_compiled_and_reset(name, settings, kind):
    metric = pair(name, settings)[0]
    first, second = batches(kind, weighted=settings.get("axis") != 0)
    expected = updated(metric, [first, second])
    assert isinstance(expected, jax.Array)

    @jax.jit
    def step(values, batch):
        values = metric.stateless_update_state(values, *batch)
        return values, metric.stateless_result(values)

    values, _ = step(metric.stateless_reset_state(), first)
    close(step(values, second)[1], expected)

    metric.reset_state()
    assert all(not np.any(v.numpy()) for v in metric.variables)
    close(updated(metric, [first, second]), expected)


@int64
@every
def test_config_round_trip_and_keras_reads_it(name, settings, kind):
    ours = getattr(metrics, name)(**settings, name="mine")
    described = metrics.serialize(ours)
    again = metrics.deserialize(described)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    assert (again.name, again.dtype) == ("mine", ours.dtype)

    theirs = keras.metrics.deserialize(described)
    assert type(theirs).__name__ == name
    if name == "CosineSimilarity":
        return  # Keras forgets the axis.
    back = metrics.deserialize(keras.metrics.serialize(theirs))
    given = batches(kind)
    close(updated(back, given), updated(again, given))


@pytest.mark.parametrize("name", ["R2Score", "F1Score"])
def test_variables_made_in_a_trace_hold_no_tracer(name):
    metric = getattr(metrics, name)()
    batch = batches("numbers")[0]

    def update(*batch):
        with StatelessScope():
            metric.update_state(*batch)

    jax.eval_shape(update, *batch)
    fresh = getattr(metrics, name)()
    close(updated(metric, [batch]), updated(fresh, [batch]))


def test_float16_metrics_keep_their_dtype():
    ours, theirs = (
        metrics.MeanSquaredError(dtype="float16"),
        keras.metrics.MeanSquaredError(dtype="float16"),
    )
    given = batches("numbers")
    close(updated(ours, given), updated(theirs, given))
    assert ours.result().dtype == theirs.result().dtype == "float16"


@int64
def test_iou_counts_whole_weights_and_warns_of_fractions():
    ours, theirs = metrics.MeanIoU(num_classes=3), keras.metrics.MeanIoU(num_classes=3)
    y_true, y_pred = np.array([0, 1, 2, 255, 1]), np.array([0, 2, 2, 1, -1])
    weight = np.array([1, 2, 3, 4, 5])
    close(ours(y_true, y_pred, weight), theirs(y_true, y_pred, weight))
    assert ours.total_cm.dtype == "int32"
    with pytest.warns(UserWarning, match=r"dtype='float32'"):
        ours.update_state(y_true, y_pred, weight / 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours.update_state(y_true, y_pred, [1, 1, 1, 1, 1])
