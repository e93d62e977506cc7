"""TensorBoard: what is written, read back with the package tensorboard."""

import os
import sys

import numpy as np
import pytest

import hornbill as hb

from .models import X, Y, fit, linear


def test_without_the_package_there_is_one_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ImportError, match=r"pip install hornbill\[tensorboard\]"):
        hb.callbacks.TensorBoard()


WRONG = {
    "update_freq": "update_freq is 'epoch' or a number of batches",
    "histogram_freq": "histogram_freq is a number of epochs",
    "embeddings_freq": "embeddings_freq is a number of epochs",
    "profile_batch": "profile_batch is a batch.*Received: profile_batch='often'",
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name):
    with pytest.raises(ValueError, match=WRONG[name]):
        hb.callbacks.TensorBoard(**{name: "often"})


def read(folder):
    """`{tag: [(step, what was written)]}` of the event files in a folder."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util.tensor_util import make_ndarray

    found = {}
    for file in sorted(os.listdir(folder)):
        if "tfevents" in file:
            for event in EventFileLoader(os.path.join(folder, file)).Load():
                for value in event.summary.value:
                    array = make_ndarray(value.tensor)
                    found.setdefault(value.tag, []).append((event.step, array))
    return found


def curve(points):
    return [(step, round(float(value), 5)) for step, value in points]


def test_curves_histograms_images_and_graph(tmp_path):
    pytest.importorskip("tensorboard")
    model = linear(hb)
    board = hb.callbacks.TensorBoard(
        tmp_path, histogram_freq=2, write_images=True, write_steps_per_second=True
    )
    history = fit(model, [board], validation_data=(X, Y)).history
    train, validation = read(tmp_path / "train"), read(tmp_path / "validation")
    kernel, bias = (f"{v.path}/histogram" for v in model.weights)
    image = f"{model.weights[0].path}/image"  # a bias of one number is no image
    curves = ["epoch_learning_rate", "epoch_loss", "epoch_steps_per_second"]
    assert sorted(train) == sorted([*curves, "keras", kernel, bias, image])
    assert curve(train["epoch_loss"]) == list(enumerate(np.round(history["loss"], 5)))
    assert curve(train["epoch_learning_rate"]) == [(0, 0.125), (1, 0.125), (2, 0.125)]
    assert all(value > 0 for _, value in train["epoch_steps_per_second"])
    assert sorted(validation) == ["epoch_loss", "evaluation_loss_vs_iterations"]
    losses = np.round(history["val_loss"], 5)
    assert curve(validation["epoch_loss"]) == list(enumerate(losses))
    steps = [2, 4, 6]
    assert curve(validation["evaluation_loss_vs_iterations"]) == list(
        zip(steps, losses, strict=True)
    )
    assert [step for step, _ in train[kernel]] == [0, 2]
    buckets = train[kernel][-1][1]
    assert buckets[:, 2].sum() == 2  # two numbers in (left, right, count)
    weights = model.get_weights()[0]
    np.testing.assert_allclose([buckets[0, 0], buckets[-1, 1]], sorted(weights[:, 0]), rtol=1e-5)
    width, height, png = train[image][0][1]
    assert (width, height) == (b"1", b"2")
    assert png.startswith(b"\x89PNG")
    assert b"class_name" in train["keras"][0][1].item()


def test_curves_of_batches_and_a_profile(tmp_path):
    pytest.importorskip("tensorboard")
    seen = []
    board = hb.callbacks.TensorBoard(
        tmp_path, update_freq=3, write_graph=False, profile_batch="2,3"
    )
    note = hb.callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: seen.append(logs["loss"]))
    fit(linear(hb), [board, note])
    train = read(tmp_path / "train")
    assert curve(train["batch_loss"]) == [(n, round(seen[n - 1], 5)) for n in (3, 6)]
    assert any("profile" in folder for folder, _, _ in os.walk(tmp_path / "train"))
    assert not hb.callbacks.CallbackList(hb.callbacks.TensorBoard()).wants_batches("train")
    assert hb.callbacks.CallbackList(hb.callbacks.TensorBoard(update_freq="batch")).wants_batches(
        "train"
    )


def test_embeddings(tmp_path):
    pytest.importorskip("tensorboard")
    model = hb.Sequential(
        [hb.Input((1,)), hb.layers.Embedding(3, 2, name="words"), hb.layers.Flatten()]
    )
    model.compile("sgd", "mse")
    board = hb.callbacks.TensorBoard(
        tmp_path, embeddings_freq=1, embeddings_metadata={"words": "labels.tsv"}
    )
    model.fit(np.ones((4, 1)), np.ones((4, 2)), verbose=0, callbacks=[board])
    table = np.loadtxt(tmp_path / "embeddings" / "words.tsv")
    np.testing.assert_allclose(table, model.get_weights()[0], atol=1e-6)
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "embeddings/words.tsv"' in config
    assert 'metadata_path: "labels.tsv"' in config
    board = hb.callbacks.TensorBoard(
        tmp_path, embeddings_freq=1, embeddings_metadata={"other": "labels.tsv"}
    )
    with pytest.raises(ValueError, match=r"of the model: \['words'\]. Received: \['other'\]"):
        board.set_model(model)


def test_evaluation_alone(tmp_path):
    pytest.importorskip("tensorboard")
    model = linear(hb)
    loss = model.evaluate(X, Y, verbose=0, callbacks=[hb.callbacks.TensorBoard(tmp_path)])
    written = read(tmp_path / "validation")
    assert curve(written["evaluation_loss_vs_iterations"]) == [(0, round(loss, 5))]
