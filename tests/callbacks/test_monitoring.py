"""EarlyStopping and ReduceLROnPlateau: epoch by epoch as in Keras, on the same logs."""

import keras
import numpy as np
import pytest

import hornbill as hb

from .models import LIBRARIES, WEIGHTS, fit, linear

FALLING = [5.0, 4.0, 4.5, 4.2, 3.9, 3.9, 4.0, 4.1, 4.2, 4.3, 4.4, 4.5]


@pytest.fixture(scope="module")
def models():
    return {k: linear(k) for k in LIBRARIES}


def stopping(k, model, settings, values):
    """The stop's epoch, best values and final weights; weights are the epoch's number."""
    callback = k.callbacks.EarlyStopping(**settings)
    callback.set_model(model)
    model.stop_training = False
    callback.on_train_begin()
    seen = []
    for epoch, value in enumerate(values):
        model.set_weights([np.full_like(w, epoch) for w in WEIGHTS])
        callback.on_epoch_end(epoch, {"loss": value, "val_loss": value})
        seen.append((callback.wait, callback.best, callback.best_epoch))
        if model.stop_training:
            break
    callback.on_train_end()
    return seen, callback.stopped_epoch, [w.tolist() for w in model.get_weights()]


STOPPING = {
    "defaults": {},
    "patience": {"patience": 2},
    "min_delta": {"patience": 2, "min_delta": 0.5},
    "negative min_delta": {"patience": 2, "min_delta": -0.5},
    "mode max": {"patience": 3, "mode": "max"},
    "baseline": {"patience": 3, "baseline": 3.95},
    "baseline never reached": {"patience": 3, "baseline": 1.0},
    "restore": {"patience": 3, "restore_best_weights": True},
    "restore without a stop": {"patience": 50, "restore_best_weights": True},
    "restore, baseline": {"patience": 2, "baseline": 1.0, "restore_best_weights": True},
    "start_from_epoch": {"patience": 1, "start_from_epoch": 4, "restore_best_weights": True},
    "another metric": {"monitor": "loss", "patience": 2},
}


@pytest.mark.parametrize("name", STOPPING)
def test_early_stopping(models, name):
    ours, theirs = (stopping(k, models[k], STOPPING[name], FALLING) for k in LIBRARIES)
    assert ours == theirs


def rates(k, model, settings, values):
    callback = k.callbacks.ReduceLROnPlateau(**settings)
    callback.set_model(model)
    model.optimizer.learning_rate = 1.0
    callback.on_train_begin()
    seen = []
    for epoch, value in enumerate(values):
        logs = {"loss": value, "val_loss": value}
        callback.on_epoch_end(epoch, logs)
        assert logs["learning_rate"] == (seen[-1] if seen else 1.0)
        seen.append(float(np.asarray(model.optimizer.learning_rate)))
    return seen


REDUCING = {
    "defaults": {},
    "patience": {"patience": 2},
    "factor": {"patience": 1, "factor": 0.5},
    "cooldown": {"patience": 1, "cooldown": 2},
    "min_lr": {"patience": 1, "min_lr": 0.01},
    "min_delta": {"patience": 1, "min_delta": 1.5},
    "mode max": {"patience": 2, "mode": "max"},
    "patience 0": {"patience": 0, "factor": 0.9},
}


@pytest.mark.parametrize("name", REDUCING)
def test_reduce_lr_on_plateau(models, name):
    ours, theirs = (rates(k, models[k], REDUCING[name], FALLING) for k in LIBRARIES)
    assert ours == theirs
    assert name == "defaults" or len(set(ours)) > 1


def test_random_metrics_and_settings(models):
    rng = np.random.default_rng(1)
    for _ in range(40):
        values = rng.normal(size=12).round(1).tolist()
        stop = {
            "patience": int(rng.integers(4)),
            "min_delta": float(rng.choice([0, 0.3])),
            "baseline": rng.choice([None, 0.0]),
            "mode": str(rng.choice(["min", "max"])),
            "start_from_epoch": int(rng.integers(3)),
            "restore_best_weights": True,
        }
        a, b = (stopping(k, models[k], stop, values) for k in LIBRARIES)
        assert a == b, (stop, values)
        lower = {
            "patience": int(rng.integers(4)),
            "cooldown": int(rng.integers(3)),
            "factor": 0.5,
            "min_lr": 0.1,
        }
        a, b = (rates(k, models[k], lower, values) for k in LIBRARIES)
        assert a == b, (lower, values)


def test_in_fit_as_in_keras():
    histories = []
    for k in LIBRARIES:
        model = linear(k)
        callbacks = [
            k.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=0.5),
            k.callbacks.EarlyStopping(monitor="loss", patience=2, min_delta=0.5),
        ]
        histories.append(fit(model, callbacks, epochs=20).history)
    ours, theirs = histories
    assert list(ours) == list(theirs)
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5)
    assert len(ours["loss"]) < 20


def test_several_optimizers_have_several_rates():
    k = hb.optimizers
    kernels, rest = k.SGD(0.5, name="kernels"), k.SGD(0.25, name="rest")
    model = linear(hb, k.MultiOptimizer(k.OptimizerMap(rest, {".*kernel": kernels})))
    callback = hb.callbacks.ReduceLROnPlateau(patience=1, factor=0.5)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch in range(2):
        logs = {"val_loss": 1.0}
        callback.on_epoch_end(epoch, logs)
    assert logs == {"val_loss": 1.0, "learning_rate_kernels": 0.5, "learning_rate_rest": 0.25}
    assert (float(kernels.learning_rate), float(rest.learning_rate)) == (0.25, 0.125)


def test_the_direction_is_the_metric_s():
    model = linear(hb, metrics=["mae", hb.metrics.BinaryAccuracy(name="hit")])
    fit(model, [], epochs=1)

    def better(monitor):
        callback = hb.callbacks.EarlyStopping(monitor)
        callback.set_model(model)
        return callback.is_improvement(2.0, 1.0)

    assert not better("val_mae")
    assert better("val_hit")
    assert not better("loss")
    with pytest.raises(ValueError, match=r"'val_other' should rise or fall.*mode='max'"):
        better("val_other")


def test_a_missing_metric_warns(models):
    for callback in (hb.callbacks.EarlyStopping(), hb.callbacks.ReduceLROnPlateau()):
        callback.set_model(models[hb])
        callback.on_train_begin()
        with pytest.warns(UserWarning, match="'val_loss', which is not among the logs: loss"):
            callback.on_epoch_end(0, {"loss": 1.0})


def test_verbose_says_so(models, capsys):
    stopping(hb, models[hb], {"verbose": 1, "restore_best_weights": True}, FALLING)
    rates(hb, models[hb], {"verbose": 1, "patience": 2}, FALLING)
    assert capsys.readouterr().out.splitlines()[:3] == [
        "Epoch 3: early stopping",
        "Restoring the weights of the best epoch, 2.",
        "Epoch 4: ReduceLROnPlateau lowers the learning rate to 0.1.",
    ]


WRONG = {
    "patience": (lambda c: c.EarlyStopping(patience=-1), ValueError, "patience is a number of"),
    "monitor": (lambda c: c.EarlyStopping(3), ValueError, "monitor is the name of a metric"),
    "factor": (lambda c: c.ReduceLROnPlateau(factor=1.0), ValueError, "factor is below 1"),
    "epsilon": (lambda c: c.ReduceLROnPlateau(epsilon=1), TypeError, "epsilon is called min_delta"),
    "min_lr": (lambda c: c.ReduceLROnPlateau(min_lr=-1.0), ValueError, "min_lr=-1.0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name):
    make, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        make(hb.callbacks)


def test_an_unknown_mode_is_auto():
    with pytest.warns(UserWarning, match="taken as 'auto'. Received: mode='best'"):
        assert hb.callbacks.EarlyStopping(mode="best").mode == "auto"
    with pytest.warns(UserWarning, match="auto"):
        assert keras.callbacks.EarlyStopping(mode="best").mode == "auto"
