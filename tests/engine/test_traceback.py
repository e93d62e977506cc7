"""What a user sees of an error: the lines of the user, and few of the library's."""

import traceback
from pathlib import Path

import jax
import numpy as np
import pytest

import hornbill as hb

X, Y = np.zeros((8, 4), "float32"), np.zeros((8, 3), "float32")
LIBRARIES = tuple(str(Path(module.__file__).parent) for module in (hb, jax))


@pytest.fixture
def filtering():
    """As a user has it: the tests' own settings keep every frame."""
    hb.config.enable_traceback_filtering()
    yield
    hb.config.disable_traceback_filtering()


class Misfit(hb.Model):
    def __init__(self):
        super().__init__()
        self.dense = hb.layers.Dense(3)

    def call(self, x):
        return self.dense(x) + hb.ops.ones((7, 5))


def misfit():
    model = Misfit()
    model.compile("sgd", "mse")
    return model


def fitting():
    model = hb.Sequential([hb.Input((4,)), hb.layers.Dense(3)])
    model.compile("sgd", "mse")
    return model


def broken(epoch, logs):
    raise KeyError("mine")


def batches():
    yield X, Y
    raise OSError("the file is gone")


CALLBACK = hb.callbacks.LambdaCallback(on_epoch_end=broken)
# what is called, the error, the names of the user's functions in it, library files at its end
CASES = {
    "call": (lambda: misfit()(X), ValueError, ["call"], []),
    "fit": (lambda: misfit().fit(X, Y, verbose=0), ValueError, ["call"], []),
    "predict": (lambda: misfit().predict(X, verbose=0), ValueError, ["call"], []),
    "evaluate": (lambda: misfit().evaluate(X, Y, verbose=0), ValueError, ["call"], []),
    "train_on_batch": (lambda: misfit().train_on_batch(X, Y), ValueError, ["call"], []),
    "test_on_batch": (lambda: misfit().test_on_batch(X, Y), ValueError, ["call"], []),
    "predict_on_batch": (lambda: misfit().predict_on_batch(X), ValueError, ["call"], []),
    "callback": (
        lambda: fitting().fit(X, Y, verbose=0, callbacks=[CALLBACK]),
        KeyError,
        ["broken"],
        [],
    ),
    "generator": (lambda: fitting().fit(batches(), verbose=0), OSError, ["batches"], []),
    "loss": (lambda: fitting().fit(X, Y[:, :2], verbose=0), ValueError, [], ["shapes.py"]),
    "compile": (lambda: fitting().compile("sgd", loss_weights="a"), Exception, [], [None]),
    "population": (
        lambda: hb.Population(fitting, 2).fit(X, Y[:, :2], verbose=0),
        ValueError,
        [],
        ["shapes.py"],
    ),
}


def frames_of(run, kind):
    with pytest.raises(kind) as caught:
        run()
    # Those of this function and of the case are not the library's doing.
    return traceback.extract_tb(caught.value.__traceback__)[2:], caught.value


@pytest.mark.parametrize("case", CASES)
def test_shows_the_users_lines(case, filtering):
    run, kind, users, last = CASES[case]
    frames, error = frames_of(run, kind)
    assert [f.name for f in frames if f.filename == __file__] == users
    ours = [Path(f.filename).name for f in frames if f.filename.startswith(LIBRARIES)]
    assert ours[0] == "traceback.py"  # the method that was called
    assert len(ours) == 1 + len(last)
    if last != [None]:
        assert ours[1:] == last
    assert not getattr(error, "__notes__", [])


@pytest.mark.parametrize("case", CASES)
def test_shows_all_when_asked(case):
    run, kind, users, _ = CASES[case]
    assert not hb.config.is_traceback_filtering_enabled()
    frames, _ = frames_of(run, kind)
    assert [f.name for f in frames if f.filename == __file__] == users
    assert len([f for f in frames if f.filename.startswith(LIBRARIES)]) >= 2


def test_what_it_wraps_keeps_its_signature():
    assert hb.Model.fit.__name__ == "fit"
    assert "checkpoint" in hb.Model.fit.__doc__
