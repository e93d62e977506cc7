"""RunLogger: what stands in a run's record, held against the history and closed forms."""

import gc
import json
import logging
import math

import numpy as np
import pytest

import hornbill as hb

from .conftest import X, Y, fit, kinds, read

WRONG = {
    "a slash": ({"name": "a/b"}, "name is the name of a folder"),
    "up": ({"name": ".."}, "does not begin with a dot"),
    "no text": ({"name": 3}, "Received: name=3"),
    "negative": ({"seconds": -1}, "seconds is a number from 0 on.*Received: seconds=-1"),
    "no number": ({"seconds": "often"}, "seconds is a number"),
    "no count": ({"weights_freq": 0.5}, "weights_freq is a number of epochs"),
    "no batch": ({"probe": X}, r"probe is a batch, \(x, y\)"),
    "lengths": ({"probe": (X, Y[:3])}, "x has 32, y has 3"),
    "unused": ({"probe": (X, Y), "weights_freq": 0}, "leave probe out"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments(case):
    arguments, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        hb.callbacks.RunLogger("never made", **arguments)


def test_what_a_run_writes(model, tmp_path):
    before = model.get_weights()
    weights, gradients = [], []

    def note(epoch, logs):
        w, b = model.get_weights()
        weights.append([w, b])
        error = X @ w + b - Y  # the gradients of the mean of its square
        gradients.append([2 * X.T @ error / len(X), 2 * error.mean(0)])

    log = hb.callbacks.RunLogger(tmp_path, name="a", seconds=0, probe=(X, Y), picture=False)
    see = hb.callbacks.LambdaCallback(on_epoch_end=note)
    history = fit(model, log, see, validation_data=(X, Y)).history
    events = read(tmp_path / "a")
    assert [e["time"] for e in events] == sorted(e["time"] for e in events)
    assert [e["kind"] for e in events if e["kind"] != "steps"] == [
        "start", "model", *["epoch", "weights"] * 3, "end",
    ]  # fmt: skip
    start, shown, end = events[0], events[1], events[-1]
    assert start["fit"] == {"epochs": 3, "steps": 4, "batch_size": 8}
    assert start["compile"]["loss"] == "mse"
    assert (start["model"], start["epoch"], start["step"]) == ("tiny", 0, 0)
    assert "line (Dense)" in shown["summary"]
    assert shown["picture"] is False
    assert (end["step"], end["stopped"]) == (12, False)
    epochs = kinds(events, "epoch")
    assert [(e["epoch"], e["step"]) for e in epochs] == [(0, 4), (1, 8), (2, 12)]
    for name in ("loss", "mae", "val_loss", "val_mae"):
        assert [e["logs"][name] for e in epochs] == pytest.approx(history[name])
    assert all(e["logs"]["learning_rate"] == 0.125 for e in epochs)
    speeds = epochs[2]
    assert speeds["samples_per_second"] == pytest.approx(8 * speeds["steps_per_second"])
    assert 0 < 4 / speeds["steps_per_second"] <= speeds["seconds"]
    for epoch, event in enumerate(kinds(events, "weights")):
        for i, (path, facts) in enumerate(event["weights"].items()):
            value = weights[epoch][i]
            rms = np.sqrt(np.mean(value**2))
            assert path == model.weights[i].path
            assert facts["shape"] == list(value.shape)
            stated = [facts[k] for k in ("rms", "mean", "std", "min", "max")]
            true = [rms, value.mean(), value.std(), value.min(), value.max()]
            np.testing.assert_allclose(stated, true, rtol=1e-5, atol=1e-7)
            gradient = np.sqrt(np.mean(gradients[epoch][i] ** 2))
            np.testing.assert_allclose(facts["gradient"], gradient, rtol=1e-3, atol=1e-6)
            if epoch:
                moved = np.sqrt(np.mean((value - weights[epoch - 1][i]) ** 2)) / rms
                np.testing.assert_allclose(facts["change"], moved, rtol=1e-3)
    plain = hb.models.clone_model(model)
    plain.set_weights(before)
    plain.compile(hb.optimizers.SGD(0.125), "mse")
    fit(plain)
    np.testing.assert_array_equal(plain.get_weights()[0], model.get_weights()[0])  # it only looks


def test_a_probe_that_does_not_fit_is_told_after_the_first_steps(model, tmp_path):
    log = hb.callbacks.RunLogger(tmp_path, name="a", picture=False, probe=(X[:, :2], Y))
    with pytest.raises(ValueError, match=r"RunLogger\(probe=...\).*'tiny'.*which fails: "):
        fit(model, log)
    assert kinds(read(tmp_path / "a"), "epoch") == []


def test_a_log_of_several_numbers_has_a_name_for_each(model, tmp_path):
    add = hb.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(f1=np.array([0.5, 0.25]))
    )
    fit(model, add, hb.callbacks.RunLogger(tmp_path, name="a", picture=False), epochs=1)
    logs = kinds(read(tmp_path / "a"), "epoch")[0]["logs"]
    assert (logs["f1[0]"], logs["f1[1]"]) == (0.5, 0.25)
    assert "f1" not in logs


def test_within_an_epoch_it_writes_at_the_ends_of_chunks(model, tmp_path):
    quick = hb.callbacks.RunLogger(tmp_path, name="quick", seconds=0, weights_freq=0, picture=False)
    slow = hb.callbacks.RunLogger(tmp_path, name="slow", seconds=None, picture=False)
    assert not hb.callbacks.CallbackList([quick]).wants_batches("train")
    losses = []
    each = hb.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
    )
    fit(model, quick, slow, each, epochs=2)  # `each` makes each chunk one step
    steps = kinds(read(tmp_path / "quick"), "steps")
    assert [(e["epoch"], e["step"]) for e in steps] == [
        (0, 2), (0, 3), (0, 4), (1, 5), (1, 6), (1, 7), (1, 8),
    ]  # fmt: skip
    assert [e["logs"]["loss"] for e in steps] == pytest.approx(losses[1:])
    assert kinds(read(tmp_path / "quick"), "weights") == []
    assert kinds(read(tmp_path / "slow"), "steps") == []


def test_the_picture(model, tmp_path):
    pytest.importorskip("matplotlib")
    log = hb.callbacks.RunLogger(tmp_path, name="a", weights_freq=0)
    fit(model, log, epochs=1)
    assert kinds(read(tmp_path / "a"), "model")[0]["picture"] is True
    assert "<svg" in (tmp_path / "a" / "model.svg").read_text()


def test_messages(model, tmp_path):
    log = hb.callbacks.RunLogger(tmp_path, name="a", picture=False)
    with pytest.raises(RuntimeError, match="No run is open"):
        log.write("too early")

    def speak(epoch, logs):
        log.write("<b>half way</b>")
        logging.getLogger("somebody").warning("a %s", "warning")

    fit(model, log, hb.callbacks.LambdaCallback(on_epoch_end=speak), epochs=1)
    logging.getLogger("somebody").warning("too late")
    messages = [(e["level"], e["text"]) for e in kinds(read(tmp_path / "a"), "log")]
    assert messages == [("NOTE", "<b>half way</b>"), ("WARNING", "a warning")]


def test_what_is_not_finite_stands_as_text(model, tmp_path):
    log = hb.callbacks.RunLogger(tmp_path, name="a", picture=False)
    spoil = hb.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: model.set_weights([[[np.inf]] * 3, [0]])
    )
    fit(model, spoil, log, epochs=2)
    text = (tmp_path / "a" / "events.jsonl").read_text()

    def refuse(constant):
        raise AssertionError(constant)

    events = [json.loads(line, parse_constant=refuse) for line in text.splitlines()]
    assert kinds(events, "epoch")[0]["logs"]["loss"] == "NaN"
    assert math.isnan(float(kinds(events, "weights")[0]["weights"]["tiny/line/kernel"]["rms"]))


def test_a_name_of_its_own_and_a_second_fit(model, tmp_path):
    log = hb.callbacks.RunLogger(tmp_path, picture=False, weights_freq=0)
    fit(model, log, epochs=1)
    fit(model, log, epochs=1)
    (run,) = tmp_path.iterdir()
    assert run.name.startswith("tiny-2")
    starts = [e["step"] for e in kinds(read(run), "start")]
    assert starts == [0, 4]
    fit(model, hb.callbacks.RunLogger(tmp_path, picture=False, weights_freq=0), epochs=1)
    assert len([*tmp_path.iterdir()]) == 2


def test_a_line_that_was_cut_off_spoils_no_other(model, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "events.jsonl").write_text('{"kind": "start"}\n{"kind": "ep')
    fit(model, hb.callbacks.RunLogger(tmp_path, name="a", picture=False), epochs=1)
    lines = (tmp_path / "a" / "events.jsonl").read_text().splitlines()
    assert lines[1] == '{"kind": "ep'
    assert json.loads(lines[2])["kind"] == "start"


def test_a_resumed_training_goes_on_in_its_run(tmp_path):
    def train(**settings):
        model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1)], name="tiny")
        model.compile("sgd", "mse")
        log = hb.callbacks.RunLogger(tmp_path / "runs", picture=False)
        fit(model, log, checkpoint=tmp_path / "saved", **settings)

    train(epochs=3, max_steps=6)  # in the midst of the second epoch
    train(epochs=2)
    train(epochs=3)
    (run,) = (tmp_path / "runs").iterdir()
    events = read(run)
    assert [(e["epoch"], e["step"]) for e in kinds(events, "start")] == [(0, 0), (1, 6), (2, 8)]
    whole = [(e["epoch"], e["step"]) for e in kinds(events, "epoch")]
    assert whole == [(0, 4), (1, 6), (1, 8), (2, 12)]  # what there was of the second, then all


def test_a_dry_run_leaves_nothing(model, tmp_path):
    log = hb.callbacks.RunLogger(tmp_path / "runs", name="a", picture=False)
    fit(model, log, dry_run=True)
    assert not (tmp_path / "runs").exists()


def test_after_an_error_it_listens_no_longer_than_it_lives(model, tmp_path):
    before = logging.getLogger().handlers[:]

    def train():
        def fail(epoch, logs):
            raise KeyError("broken")

        log = hb.callbacks.RunLogger(tmp_path, name="a", picture=False)
        with pytest.raises(KeyError):
            fit(model, log, hb.callbacks.LambdaCallback(on_epoch_end=fail))
        logging.getLogger().error("what went wrong")
        return log

    log = train()
    assert kinds(read(tmp_path / "a"), "log")[-1]["text"] == "what went wrong"
    assert len(logging.getLogger().handlers) == len(before) + 1
    del log
    model.history = None
    gc.collect()
    assert logging.getLogger().handlers == before


def test_weights_that_are_no_floats_are_passed_over(tmp_path):
    model = hb.Sequential([hb.Input((3,)), hb.layers.Dropout(0.5, seed=1), hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    log = hb.callbacks.RunLogger(
        tmp_path, name="a", picture=False, probe=(X[:4], Y[:4], np.ones(4))
    )
    fit(model, log, epochs=1)
    (event,) = kinds(read(tmp_path / "a"), "weights")
    assert [path.split("/")[-1] for path in event["weights"]] == ["kernel", "bias"]
    assert all(facts["gradient"] > 0 for facts in event["weights"].values())
