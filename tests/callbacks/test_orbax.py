"""OrbaxCheckpoint: what is written, read back with orbax-checkpoint."""

import os
import sys

import numpy as np
import pytest

import hornbill as hb

from .models import fit, linear


def test_without_the_package_there_is_one_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    with pytest.raises(ImportError, match="pip install orbax-checkpoint"):
        hb.callbacks.OrbaxCheckpoint("a")


def test_wrong_arguments():
    with pytest.raises(ValueError, match="OrbaxCheckpoint's save_freq"):
        hb.callbacks.OrbaxCheckpoint("a", save_freq=0)
    with pytest.raises(ValueError, match="max_to_keep is a positive int"):
        hb.callbacks.OrbaxCheckpoint("a", max_to_keep=0)


def steps(folder):
    return sorted(int(name) for name in os.listdir(folder) if name.isdigit())


def test_a_checkpoint_holds_the_whole_state(tmp_path):
    ocp = pytest.importorskip("orbax.checkpoint")
    model = linear(hb, hb.optimizers.Adam(name="adam"))
    callback = hb.callbacks.OrbaxCheckpoint(tmp_path, max_to_keep=2, save_on_background=False)
    fit(model, [callback])
    assert steps(tmp_path) == [1, 2]
    other = linear(hb, hb.optimizers.Adam(name="adam"))
    fit(other, [], epochs=1)
    tree = ocp.StandardCheckpointer().restore(tmp_path / "2" / "pytree", other.get_state_tree())
    other.set_state_tree(tree)
    for a, b in zip(
        model.get_weights() + [v.numpy() for v in model.optimizer.variables],
        other.get_weights() + [v.numpy() for v in other.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_batches_in_the_background_best_only(tmp_path):
    pytest.importorskip("orbax.checkpoint")
    callback = hb.callbacks.OrbaxCheckpoint(
        tmp_path, save_freq=2, max_to_keep=None, save_weights_only=True
    )
    fit(linear(hb), [callback])
    assert steps(tmp_path) == [2, 4, 6]
    assert not (tmp_path / "2" / "model_config").exists()
    best = hb.callbacks.OrbaxCheckpoint(
        tmp_path / "best", "loss", save_best_only=True, initial_value_threshold=0.8
    )
    fit(linear(hb), [best])
    assert steps(tmp_path / "best") == [2]
    with pytest.warns(UserWarning, match="'loss', which is not among the logs"):
        best.on_epoch_end(0, {})
