"""Callbacks that write files: checkpoints, backups, CSV."""

import os

import h5py
import keras
import numpy as np
import pytest

import hornbill as hb

from .models import LIBRARIES, X, Y, fit, linear


def saved(k, folder, name, **settings):
    """The files that a ModelCheckpoint writes, each with the weights in it."""
    model = linear(k)
    path = os.path.join(folder, k.__name__, name)
    callback = k.callbacks.ModelCheckpoint(path, **settings)
    fit(model, [callback], validation_data=(X, Y))
    found = {}
    for root, _, files in os.walk(os.path.join(folder, k.__name__)):
        for file in files:
            full = os.path.join(root, file)
            if file.endswith(".weights.h5"):
                model.load_weights(full)
            else:
                model = k.models.load_model(full)
            found[os.path.relpath(full, folder).split(os.sep, 1)[1]] = model.get_weights()
    return found


CHECKPOINTS = {
    "each epoch": ("{epoch:02d}.weights.h5", {"save_weights_only": True}),
    "a metric and a folder": ("a/{val_loss:.2f}.weights.h5", {"save_weights_only": True}),
    "batches": (
        "{epoch}-{batch}.weights.h5",
        {"save_weights_only": True, "save_freq": 3},
    ),
    "best": (
        "{epoch}.weights.h5",
        {"save_weights_only": True, "save_best_only": True, "initial_value_threshold": 0.8},
    ),
    "worst": (
        "{epoch}.weights.h5",
        {"save_weights_only": True, "save_best_only": True, "monitor": "loss", "mode": "max"},
    ),
    "whole models": ("{epoch}.keras", {}),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_are_keras_s(tmp_path, name):
    path, settings = CHECKPOINTS[name]
    ours, theirs = (saved(k, tmp_path, path, **settings) for k in LIBRARIES)
    assert sorted(ours) == sorted(theirs)
    assert ours
    for file, weights in theirs.items():
        for a, b in zip(ours[file], weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)


def test_checkpoint_messages(tmp_path, capsys):
    path = str(tmp_path / "best.weights.h5")
    callback = hb.callbacks.ModelCheckpoint(
        path, "loss", verbose=1, save_best_only=True, save_weights_only=True
    )
    callback.set_model(linear(hb))
    for epoch, loss in enumerate([2.0, 1.0, 3.0]):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"loss": loss})
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1: loss improved to 2.00000",
        f"Epoch 1: saved to {path}",
        "Epoch 2: loss improved from 2.00000 to 1.00000",
        f"Epoch 2: saved to {path}",
        "Epoch 3: loss did not improve from 1.00000",
    ]
    with pytest.warns(UserWarning, match="'loss', which is not among the logs: mae"):
        callback.on_epoch_end(3, {"mae": 1.0})


def test_checkpoint_errors(tmp_path):
    make = hb.callbacks.ModelCheckpoint
    with pytest.raises(ValueError, match=r"ends in .weights.h5.*Received: filepath='a.keras'"):
        make("a.keras", save_weights_only=True)
    with pytest.raises(ValueError, match=r"ends in .keras or .h5"):
        make("a.txt")
    for wrong in ("batch", 0, True, 1.5):
        with pytest.raises(ValueError, match="save_freq is 'epoch' or a number of batches"):
            make("a.keras", save_freq=wrong)
    callback = make(str(tmp_path / "{acc}.weights.h5"), save_weights_only=True)
    callback.set_model(linear(hb))
    with pytest.raises(KeyError, match=r"names 'acc'. There are: \['epoch', 'loss'\]"):
        callback.on_epoch_end(0, {"loss": 1.0})
    (tmp_path / "folder.weights.h5").mkdir()
    callback = make(tmp_path / "folder.weights.h5", save_weights_only=True)
    callback.set_model(linear(hb))
    with pytest.raises(OSError, match="is a folder"):
        callback.on_epoch_end(0, {})


def test_only_options_that_need_single_batches_force_them(tmp_path):
    c = hb.callbacks

    def forces(callback):
        return c.CallbackList(callback).wants_batches("train")

    assert not forces(c.ModelCheckpoint("a.keras"))
    assert forces(c.ModelCheckpoint("a.keras", save_freq=3))
    assert not forces(c.BackupAndRestore(tmp_path))
    assert forces(c.BackupAndRestore(tmp_path, save_freq=3))
    assert not forces([c.TerminateOnNaN(), c.ProgbarLogger(), c.EarlyStopping()])
    assert forces(c.LambdaCallback(on_train_batch_end=print))
    assert not forces(c.LambdaCallback(on_epoch_end=print))

    class Mine(c.ModelCheckpoint):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)

    assert forces(Mine("a.keras"))


class Crash(hb.callbacks.Callback):
    """Raises at the end of a batch of an epoch."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.place = epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            raise InterruptedError


def interrupted(folder, place, optimizer="adam", **settings):
    """A training that crashes at a place and is called again. The epochs that ran then."""
    model = linear(hb, optimizer)
    backup = hb.callbacks.BackupAndRestore(folder, **settings)
    with pytest.raises(InterruptedError):
        fit(model, [backup, Crash(*place)], epochs=4)
    model = linear(hb, optimizer)
    return model, lambda: fit(model, [hb.callbacks.BackupAndRestore(folder, **settings)], epochs=4)


def test_backup_goes_on_as_if_nothing_had_been(tmp_path):
    folder = tmp_path / "backup"
    model, again = interrupted(folder, (2, 0))
    assert os.listdir(folder) == ["latest.weights.h5"]
    assert again().epoch == [2, 3]
    assert not folder.exists()
    whole = linear(hb, "adam")
    fit(whole, [], epochs=4)
    for a, b in zip(model.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(model.optimizer.iterations) == int(whole.optimizer.iterations) == 8


def test_backup_by_batches_starts_the_epoch_again(tmp_path):
    # Keras saves and restores at the same places: after batches 3 (epoch 1) of 2 an epoch.
    model, again = interrupted(tmp_path, (1, 1), save_freq=3, delete_checkpoint=False)
    with h5py.File(tmp_path / "latest.weights.h5") as file:
        assert dict(file.attrs) == {"epoch": 1, "batch": 1}
    assert again().epoch == [1, 2, 3]
    assert int(model.optimizer.iterations) == 3 + 6


def test_a_torn_backup(tmp_path):
    _, again = interrupted(tmp_path, (3, 0), double_checkpoint=True)
    latest = tmp_path / "latest.weights.h5"
    latest.write_bytes(latest.read_bytes()[:100])
    with pytest.warns(UserWarning, match="backup before the last is used.*latest.weights.h5"):
        assert again().epoch == [2, 3]
    _, again = interrupted(tmp_path, (3, 0))
    latest.write_bytes(b"")
    with pytest.raises(ValueError, match="latest"):
        again()


def test_backup_errors(tmp_path):
    with pytest.raises(ValueError, match="backup_dir is a folder"):
        hb.callbacks.BackupAndRestore("")
    with pytest.raises(ValueError, match="BackupAndRestore's save_freq"):
        hb.callbacks.BackupAndRestore("a", save_freq="batch")
    model = hb.Sequential([hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="build it with an Input"):
        fit(model, [hb.callbacks.BackupAndRestore(tmp_path)])


LOGS = {
    "plain": [{"loss": 0.5, "acc": 1}, {"loss": 0.25, "acc": 0.125}],
    "validation": [{"loss": 0.5, "val_loss": 2.0}, {"loss": 0.25}],
    "validation later": [{"loss": 0.5}, {"loss": 0.25, "val_loss": 3.0}],
    "arrays and text": [{"a": np.array([1.5, 2.0]), "b": "x, y", "c": np.float32(2)}],
    "nothing": [{}, {}],
}


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("name", LOGS)
def test_csv_logger_writes_keras_s_bytes(tmp_path, name, append):
    files = []
    for k, separator in ((hb, ";"), (keras, ";")):
        file = tmp_path / k.__name__
        callback = k.callbacks.CSVLogger(file, separator=separator, append=append)
        for _ in range(2):
            callback.on_train_begin()
            for epoch, logs in enumerate(LOGS[name]):
                callback.on_epoch_end(epoch, dict(logs))
            callback.on_train_end()
        files.append(file.read_bytes())
    assert files[0] == files[1]


def test_csv_logger_in_fit(tmp_path):
    files = []
    for k in LIBRARIES:
        fit(linear(k), [k.callbacks.CSVLogger(tmp_path / "log.csv")], validation_data=(X, Y))
        files.append(np.genfromtxt(tmp_path / "log.csv", delimiter=",", names=True))
    assert files[0].dtype.names == files[1].dtype.names == ("epoch", "loss", "val_loss")
    np.testing.assert_allclose(files[0].tolist(), files[1].tolist(), rtol=1e-5)
    with pytest.raises(ValueError, match="separator is one character"):
        hb.callbacks.CSVLogger("a", separator="")
