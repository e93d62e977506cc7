"""The hooks that are called, in order, with their arguments and logs: recorded against Keras 3."""

import csv

import numpy as np
import pytest

import hornbill as hb

from .models import LIBRARIES, X, Y, linear


class Stop(Exception):
    """Raised by a hook or by the data."""


def batches(times=1):
    for _ in range(times):
        yield X[:4], Y[:4]
        yield X[4:], Y[4:]


def broken():
    # Keras reads two batches before the first hook.
    yield from batches(2)
    raise Stop


def dataset(k):
    class Data(k.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return X[4 * i : 4 * i + 4], Y[4 * i : 4 * i + 4]

    return Data()


def recorder(k, calls, at=None, act=None):
    """A callback that notes all hooks; at the hook `at` it does `act(model)` as well."""

    class Note(k.callbacks.Callback):
        pass

    for name in vars(k.callbacks.Callback):
        if not name.startswith("on_"):
            continue

        def hook(self, *args, name=name, **kwargs):
            *where, logs = [*args, *kwargs.values()]
            calls.append((name, *where, dict(logs or {})))
            if (name, *where) == at:
                act(self.model)

        setattr(Note, name, hook)
    return Note()


def stop_training(model):
    model.stop_training = True


def stop_evaluating(model):
    model.stop_evaluating = True


def fail(model):
    raise Stop


FIT = {"batch_size": 4, "shuffle": False, "verbose": 0}
USES = {
    "fit": lambda m, k, c: m.fit(X, Y, epochs=2, callbacks=c, **FIT),
    "fit with validation": lambda m, k, c: m.fit(
        X, Y, epochs=2, validation_data=(X, Y), validation_batch_size=3, callbacks=c, **FIT
    ),
    "fit with a split": lambda m, k, c: m.fit(
        X, Y, epochs=3, validation_split=0.25, validation_freq=2, callbacks=c, **FIT
    ),
    "fit from an epoch": lambda m, k, c: m.fit(X, Y, epochs=3, initial_epoch=1, callbacks=c, **FIT),
    "fit on a generator": lambda m, k, c: m.fit(batches(), shuffle=False, verbose=0, callbacks=c),
    "fit on generators by steps": lambda m, k, c: m.fit(
        batches(3),
        epochs=3,
        steps_per_epoch=2,
        validation_data=batches(3),
        validation_steps=2,
        shuffle=False,
        verbose=0,
        callbacks=c,
    ),
    "fit on a PyDataset": lambda m, k, c: m.fit(
        dataset(k), epochs=2, shuffle=False, validation_data=dataset(k), verbose=0, callbacks=c
    ),
    "fit to no epoch": lambda m, k, c: m.fit(X, Y, epochs=0, callbacks=c, **FIT),
    "evaluate": lambda m, k, c: m.evaluate(X, Y, batch_size=3, verbose=0, callbacks=c),
    "evaluate a generator": lambda m, k, c: m.evaluate(batches(), verbose=0, callbacks=c),
    "evaluate some steps": lambda m, k, c: m.evaluate(batches(9), steps=3, verbose=0, callbacks=c),
    "predict": lambda m, k, c: m.predict(X, batch_size=3, verbose=0, callbacks=c),
    "predict a generator": lambda m, k, c: m.predict(
        ((x,) for x, _ in batches()), verbose=0, callbacks=c
    ),
    "failing in a generator": lambda m, k, c: m.fit(
        broken(), epochs=2, shuffle=False, verbose=0, callbacks=c
    ),
}
# What a hook does, at which hook, in `fit with validation`.
MOMENTS = {
    "evaluation stopped": (("on_test_batch_end", 0), stop_evaluating),
    "stopped at a batch": (("on_train_batch_end", 0), stop_training),
    "stopped at an epoch": (("on_epoch_end", 0), stop_training),
    "stopped at the beginning of an epoch": (("on_epoch_begin", 1), stop_training),
    "failed at the beginning": (("on_train_begin",), fail),
    "failed at a batch": (("on_train_batch_begin", 1), fail),
    "failed in the validation": (("on_test_batch_end", 1), fail),
    "failed at an epoch": (("on_epoch_end", 0), fail),
}


def record(k, use, at=None, act=None):
    calls = []
    model = linear(k, metrics=["mae"])
    failed = None
    try:
        use(model, k, [recorder(k, calls, at, act)])
    except Stop as error:
        failed = error
    return calls, failed is not None


def without_empty_steps(calls):
    """Keras begins one more step before it sees that a generator has ended: without these."""
    following = [*calls[1:], ("",)]
    return [
        call
        for call, after in zip(calls, following, strict=True)
        if not call[0].endswith("_batch_begin") or after[0].endswith("_batch_end")
    ]


def assert_same(use, until_it_ends=False, **moment):
    (ours, failed), (theirs, theirs_failed) = (record(k, use, **moment) for k in LIBRARIES)
    if until_it_ends:
        assert without_empty_steps(ours) == ours
        theirs = without_empty_steps(theirs)
    assert failed == theirs_failed
    assert [(*c[:-1], sorted(c[-1])) for c in ours] == [(*c[:-1], sorted(c[-1])) for c in theirs]
    assert ours
    for a, b in zip(ours, theirs, strict=True):
        for name in b[-1]:
            np.testing.assert_allclose(a[-1][name], b[-1][name], rtol=1e-5, err_msg=f"{a[:-1]}")


# Keras warns where a generator ends that was given no number of steps.
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("name", USES)
def test_the_hooks_of(name):
    assert_same(USES[name], until_it_ends=name.endswith("a generator"))


@pytest.mark.parametrize("name", MOMENTS)
def test_the_hooks_when(name):
    at, act = MOMENTS[name]
    assert_same(USES["fit with validation"], at=at, act=act)


@pytest.mark.parametrize("eagerly", [False, True])
def test_values_are_the_same_wherever_they_are_shown(tmp_path, capsys, eagerly):
    """The last epoch's numbers in `History`, hooks, CSV file, progress line and `evaluate`."""
    model = linear(hb, metrics=["mae", hb.metrics.RootMeanSquaredError(name="rmse")])
    model.run_eagerly = eagerly
    seen = []
    callbacks = [
        hb.callbacks.CSVLogger(tmp_path / "log.csv"),
        hb.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(dict(logs))),
    ]
    settings = {**FIT, "epochs": 2, "verbose": 2}
    history = model.fit(X, Y, validation_data=(X, Y), callbacks=callbacks, **settings).history
    shown = capsys.readouterr().out.splitlines()[-1]
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    for epoch in range(2):
        assert {k: v[epoch] for k, v in history.items()} == seen[epoch]
        assert {k: float(v) for k, v in rows[epoch].items() if k != "epoch"} == seen[epoch]
    for name, value in seen[-1].items():
        text = f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"
        assert f" {name}: {text}" in shown
    # fit validates with its own batch size, and so does this.
    logs = model.evaluate(X, Y, batch_size=4, verbose=0, return_dict=True)
    assert {f"val_{name}": value for name, value in logs.items()} == {
        name: value for name, value in seen[-1].items() if name.startswith("val_")
    }
    values = model.evaluate(X, Y, batch_size=4, verbose=0)
    assert values == [logs[name] for name in model.metrics_names]
    whole = model.test_on_batch(X, Y, return_dict=True)
    for name in logs:
        np.testing.assert_allclose(whole[name], logs[name], rtol=1e-6)
