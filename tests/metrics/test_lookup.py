"""metrics.get, serialize and deserialize."""

import keras
import pytest
from keras.src.metrics import ALL_OBJECTS_DICT

from hornbill import metrics


@pytest.mark.parametrize("name", sorted(ALL_OBJECTS_DICT))
def test_names_are_keras(name):
    try:
        theirs = keras.metrics.get(name)
    except TypeError:  # a class that needs arguments
        with pytest.raises(TypeError):
            metrics.get(name)
    else:
        ours = metrics.get(name)
        assert type(ours).__name__ == type(theirs).__name__
        if name not in ("Metric", "metric"):
            assert ours.name.rstrip("_0123456789") == theirs.name.rstrip("_0123456789")


def test_what_get_takes():
    def gap(y_true, y_pred):
        return y_true - y_pred

    auc = metrics.AUC()
    assert metrics.get(None) is None
    assert metrics.get(auc) is auc
    assert metrics.get(gap) is gap
    assert isinstance(metrics.get(metrics.Recall), metrics.Recall)
    got = metrics.get({"class_name": "CategoricalCrossentropy", "config": {"from_logits": True}})
    assert isinstance(got, metrics.CategoricalCrossentropy)
    assert got.from_logits
    assert metrics.deserialize("mae").name == "mean_absolute_error"


@pytest.mark.parametrize("wrong", ["acc", "mean_squared_eror", "nothing at all"])
def test_unknown_names(wrong):
    with pytest.raises(ValueError):
        keras.metrics.get(wrong)
    with pytest.raises(ValueError, match=f"Unknown metric '{wrong}'"):
        metrics.get(wrong)


def test_no_metric():
    with pytest.raises(ValueError, match="Cannot make a metric from 3"):
        metrics.get(3)
