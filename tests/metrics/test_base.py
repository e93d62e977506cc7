"""Metric, Sum, Mean and MeanMetricWrapper: weights, masks, state, names, configs."""

import inspect

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src.backend import set_keras_mask

from hornbill import metrics
from hornbill.engine import config, dtypes
from hornbill.engine.beside import set_mask

VALUES = np.arange(12, dtype="float32").reshape(4, 3)
WEIGHTS = {
    "none": None,
    "scalar": np.float32(2.0),
    "per sample": np.array([1, 0, 2, 0.5], "float32"),
    "column": np.array([[1], [0], [2], [0.5]], "float32"),
    "per value": np.arange(12, dtype="float32").reshape(4, 3)[::-1].copy(),
}


@pytest.mark.parametrize("name", ["Sum", "Mean"])
@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("values", [VALUES, VALUES[:, 0], VALUES[:, :1]], ids=["2d", "1d", "col"])
def test_weights_reduce_as_in_keras(name, weight, values):
    if np.shape(weight) == (4, 3) and values.shape != (4, 3):
        pytest.skip("one weight per value needs the values")
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    for scale in (1, 3):
        ours.update_state(values * scale, weight)
        theirs.update_state(values * scale, weight)
    np.testing.assert_allclose(ours.result(), theirs.result(), rtol=1e-6)
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(mine.value, other.value, rtol=1e-6)


def test_mean_of_numbers_and_of_nothing():
    mean = metrics.Mean()
    assert float(mean.result()) == 0
    for loss in (1.0, 3.0):
        mean.update_state(loss)
    assert float(mean.result()) == 2
    mean.reset_state()
    assert float(mean.result()) == 0


MASK = np.array([[1, 1, 0], [1, 0, 0]], bool)
Y_TRUE = np.array([[0, 1, 2], [2, 1, 0]], "int32")
Y_PRED = np.random.default_rng(0).dirichlet(np.ones(3), (2, 3)).astype("float32")
MASKED = [
    ("SparseCategoricalAccuracy", Y_TRUE, Y_PRED),
    ("SparseCategoricalCrossentropy", Y_TRUE, Y_PRED),
    ("MeanSquaredError", Y_PRED[::-1].copy(), Y_PRED),
]


@pytest.mark.parametrize(("name", "y_true", "y_pred"), MASKED, ids=[m[0] for m in MASKED])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_mask_on_the_predictions_counts(name, y_true, y_pred, weighted):
    weight = np.array([[1, 2, 3], [0.5, 1, 1]], "float32") if weighted else None
    mine, other = jnp.asarray(y_pred), jnp.array(y_pred)
    set_mask(mine, jnp.asarray(MASK))
    set_keras_mask(other, jnp.asarray(MASK))
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    ours.update_state(y_true, mine, weight)
    theirs.update_state(y_true, other, weight)
    np.testing.assert_allclose(ours.result(), theirs.result(), rtol=1e-5)
    ours.reset_state()
    ours.update_state(y_true, y_pred, weight)
    assert abs(float(ours.result()) - float(theirs.result())) > 1e-3


def test_sample_weights_and_a_mask_per_step():
    y_pred = jnp.asarray(Y_PRED)
    set_mask(y_pred, jnp.asarray(MASK))
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state(Y_TRUE, y_pred, np.array([1.0, 3.0]))
    weight = MASK * np.array([[1.0], [3.0]])
    expected = ((Y_PRED.argmax(-1) == Y_TRUE) * weight).sum() / weight.sum()
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-6)


def spread(y_true, y_pred, power=1):
    return jnp.abs(y_true - y_pred) ** power


def test_wrapper_of_a_function_and_its_config():
    made = metrics.MeanMetricWrapper(spread, power=2)
    with pytest.raises(ValueError, match="register"):
        metrics.deserialize(metrics.serialize(made))
    again = metrics.deserialize(metrics.serialize(made), custom_objects={"spread": spread})
    again.update_state(jnp.array([1.0, 2.0]), jnp.array([2.0, 4.0]))
    assert float(again.result()) == 2.5

    ours = metrics.MeanMetricWrapper(metrics.mean_absolute_error, name="mine")
    assert ours._direction == "down"
    again = metrics.deserialize(metrics.serialize(ours))
    assert (again._fn, again.name) == (metrics.mean_absolute_error, "mine")
    theirs = keras.metrics.deserialize(metrics.serialize(ours))
    assert theirs._fn is keras.metrics.mean_absolute_error

    with pytest.raises(TypeError, match="lambda cannot be saved"):
        metrics.MeanMetricWrapper(lambda a, b: a).get_config()
    with pytest.raises(TypeError, match=r"wraps a function.*Received: fn='mse'"):
        metrics.MeanMetricWrapper("mse")


class Share(metrics.Metric):
    """A metric that a user wrote, with a metric inside."""

    def __init__(self, goal, name="share", **kwargs):
        super().__init__(name=name, **kwargs)
        self.goal = goal
        self.seen = self.add_weight(name="seen")
        self.inner = metrics.Mean()

    def update_state(self, values, sample_weight=None):
        self.seen.assign_add(jnp.sum(values))
        self.inner.update_state(values)

    def result(self):
        return {"share": self.seen / self.goal, "mean": self.inner.result()}


def test_own_metric():
    metric = Share(4.0, name="a/b")
    assert [v.path for v in metric.variables] == ["a>b/seen", "mean/total", "mean/count"]
    result = metric(np.array([1.0, 2.0]))
    assert {k: float(v) for k, v in result.items()} == {"share": 0.75, "mean": 1.5}
    assert metric.get_config() == {"name": "a/b", "dtype": "float32", "goal": 4.0}
    assert Share.from_config(metric.get_config()).goal == 4.0
    metric.reset_state()
    assert [float(v) for v in metric.variables] == [0, 0, 0]
    with pytest.raises(ValueError, match=r"3 variables.*Received: 1 values"):
        metric.stateless_update_state([jnp.zeros(())], np.ones(2))


def test_errors_of_own_metrics():
    class Lost(metrics.Metric):
        def __init__(self):
            self.add_weight(name="x")

    with pytest.raises(RuntimeError, match=r"super\(\).__init__\(\)"):
        Lost()
    bare = metrics.Metric(name="bare")
    with pytest.raises(NotImplementedError, match="def update_state"):
        bare.update_state(1)
    with pytest.raises(NotImplementedError, match="def result"):
        bare.result()


def test_dtype_is_floatx_or_the_policys_compute_dtype():
    config.set_floatx("float16")
    try:
        assert metrics.Mean().dtype == "float16"
    finally:
        config.set_floatx("float32")
    assert metrics.Mean(dtype=dtypes.DTypePolicy("mixed_bfloat16")).dtype == "bfloat16"


@pytest.mark.parametrize("name", [n for n in dir(keras.metrics) if not n.startswith("_")])
def test_signatures_are_keras(name):
    ours, theirs = getattr(metrics, name), getattr(keras.metrics, name)

    def shown(thing):
        parameters = inspect.signature(thing).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters]

    assert shown(ours) == shown(theirs)
    assert ours.__doc__
    if isinstance(theirs, type):
        for method in ("add_variable", "add_weight", "update_state", "result", "reset_state"):
            assert shown(getattr(ours, method)) == shown(getattr(theirs, method))


def test_directions():
    for name in dir(keras.metrics):
        theirs = getattr(keras.metrics, name)
        if isinstance(theirs, type) and name not in ("Metric", "MeanMetricWrapper"):
            needed = {
                "num_classes": 2,
                "target_class_ids": [0],
                "specificity": 0.5,
                "sensitivity": 0.5,
                "precision": 0.5,
                "recall": 0.5,
            }
            taken = inspect.signature(theirs).parameters
            settings = {
                k: v for k, v in needed.items() if k in taken and taken[k].default is taken[k].empty
            }
            expected = getattr(theirs(**settings), "_direction", None)
            if not name.startswith(("True", "False")):
                assert getattr(metrics, name)(**settings)._direction == expected, name
