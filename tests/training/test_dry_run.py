"""fit(dry_run=True): one batch of all, and no trace of it."""

import copy
import os
import random

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers
from hornbill.training.runner import state_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(22, 3)).astype("float32")
Y = (X @ RNG.normal(size=(3, 1))).astype("float32")


def dense(build=False, **compiled):
    hb.utils.set_random_seed(1)
    model = hb.Sequential([layers.Dense(3), layers.Dropout(0.5), layers.Dense(1)])
    model.compile(**{"optimizer": "adam", "loss": "mse", "metrics": ["mae"], **compiled})
    if build:
        model.build((None, 3))
    return model


def batches():
    return hb.utils.Dataset.from_arrays((X, Y)).shuffle(seed=4).batch(5)


DATA = {
    "arrays": lambda: {"x": X, "y": Y, "batch_size": 5, "validation_data": (X, Y)},
    "Dataset": lambda: {"x": batches(), "validation_data": batches()},
}


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("eagerly", [False, True])
def test_fit_after_a_dry_run_is_fit_without_one(data, eagerly):
    ends = []
    for dry in (False, True):
        model, arguments = dense(run_eagerly=eagerly), {**DATA[data](), "verbose": 0}
        if dry:
            history = model.fit(**arguments, dry_run=True)
            assert [len(v) for v in history.history.values()] == [1] * 4
            assert model.history is None
            assert int(model.optimizer.iterations) == 0
        history = model.fit(**arguments, epochs=2)
        ends.append((history.history, [v.numpy() for v in state_of(model, "train")[0]]))
    assert ends[0][0] == ends[1][0]
    for a, b in zip(ends[0][1], ends[1][1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_all_is_as_it_was(tmp_path):
    class Note(hb.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.calls = []

    for name in dir(hb.callbacks.Callback):
        if name.startswith("on_") and "predict" not in name and "on_batch" not in name:

            def hook(self, *args, name=name, **kwargs):
                self.calls.append(name)
                heard.add(name)

            setattr(Note, name, hook)
    heard: set = set()
    log, best = tmp_path / "log.csv", tmp_path / "best.keras"
    log.write_text("mine")
    note, stop = Note(), hb.callbacks.EarlyStopping("loss", patience=0)
    saver = hb.callbacks.ModelCheckpoint(best, save_best_only=True)
    callbacks = [note, stop, saver, hb.callbacks.CSVLogger(log)]
    callbacks.append(hb.callbacks.ReduceLROnPlateau("loss", patience=0))
    model = dense(optimizer=hb.optimizers.SGD(0.1, momentum=0.9, use_ema=True))
    history = model.fit(X, Y, validation_data=(X, Y), verbose=0)
    states = [copy.copy(vars(c)) for c in callbacks]
    values = [v.numpy() for v in state_of(model, "train")[0]]
    calls, drawn = note.calls, (random.getstate(), np.random.get_state()[1:])
    folder = tmp_path / "checkpoints"
    model.fit(
        X,
        Y,
        validation_data=(X, Y),
        verbose=0,
        callbacks=callbacks,
        checkpoint=folder,
        dry_run=True,
    )
    assert len(heard) == len([n for n in vars(Note) if n.startswith("on_")]) == 10
    assert note.calls is calls == []
    assert [vars(c) for c in callbacks] == states
    assert model.history is history
    assert not model.stop_training
    assert log.read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["log.csv"]
    for variable, value in zip(state_of(model, "train")[0], values, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value, err_msg=variable.path)
    assert random.getstate() == drawn[0]
    for a, b in zip(np.random.get_state()[1:], drawn[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_error_in_a_dry_run_leaves_no_trace():
    class Wrong(hb.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyError(logs["accuracy"])

    model = dense(build=True)
    before = model.get_weights()
    with pytest.raises(KeyError, match="accuracy"):
        model.fit(X, Y, verbose=0, callbacks=[Wrong()], dry_run=True)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_generator_loses_a_batch_and_says_so():
    def generator():
        for i in range(0, 20, 5):
            yield X[i : i + 5], Y[i : i + 5]

    source = generator()
    with pytest.warns(UserWarning, match="taken a batch from a generator"):
        dense().fit(source, steps_per_epoch=4, verbose=0, dry_run=True)
    assert len(list(source)) == 3
    with pytest.raises(ValueError, match="no data for the dry run"):
        dense().fit(iter(()), steps_per_epoch=4, verbose=0, dry_run=True)
