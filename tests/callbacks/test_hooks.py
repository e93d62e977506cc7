"""The list of callbacks, and the callbacks that write no files."""

import http.server
import inspect
import json
import threading
import urllib.parse

import keras
import numpy as np
import pytest

import hornbill as hb

from .models import LIBRARIES, X, Y, fit, linear


def test_signatures_are_keras_s():
    for name in dir(keras.callbacks):
        theirs = getattr(keras.callbacks, name)
        if not isinstance(theirs, type):
            continue
        ours = getattr(hb.callbacks, name)
        for method in ["__init__", *(m for m in dir(theirs) if not m.startswith("_"))]:
            if method == "summary" or not callable(getattr(theirs, method, None)):
                continue  # TensorBoard.summary is a module of TensorFlow
            a, b = (
                [
                    (p.name, p.default)
                    for p in inspect.signature(getattr(c, method)).parameters.values()
                ]
                for c in (ours, theirs)
            )
            assert a == b, (name, method)


def test_a_list_calls_every_hook_of_all():
    def record(k):
        seen = []

        class Note(k.callbacks.Callback):
            def on_batch_end(self, batch, logs=None):
                seen.append(("on_batch_end", batch, logs))

        for name in vars(k.callbacks.Callback):
            if name.startswith("on_") and name != "on_batch_end" and name != "on_train_batch_end":

                def hook(self, *args, name=name, **kwargs):
                    seen.append((name, *args, *kwargs.values()))

                setattr(Note, name, hook)
        calls = k.callbacks.CallbackList([Note(), Note()], verbose=1)
        logs = {"loss": np.float32(0.5)}
        calls.on_train_begin()
        calls.on_epoch_begin(1)
        calls.on_train_batch_begin(2)
        calls.on_train_batch_end(2, logs)
        calls.on_test_begin(logs=logs)
        calls.on_test_batch_begin(0, logs=logs)
        calls.on_test_batch_end(batch=0, logs=logs)
        calls.on_test_end(logs)
        calls.on_epoch_end(1, logs)
        calls.on_predict_begin()
        calls.on_predict_batch_begin(3)
        calls.on_predict_end()
        calls.on_batch_begin(4)
        calls.on_batch_end(4, logs)
        calls.on_train_end(logs)
        return [(name, *args[:-1], args[-1] or {}) for name, *args in seen]

    assert record(hb) == record(keras)


def test_what_callbacks_add_to_the_logs_is_recorded():
    class Add(hb.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = epoch * 2

    assert fit(linear(hb), [[Add()]]).history["mine"] == [0, 2, 4]


def test_lambda_callback():
    seen = []
    callback = hb.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(epoch),
        on_train_batch_end=lambda batch, logs: seen.append((batch, sorted(logs))),
        on_train_end=lambda logs: seen.append("end"),
        on_test_begin=lambda logs: seen.append("test"),
    )
    fit(linear(hb), [callback], epochs=1, validation_data=(X, Y))
    assert seen == [0, (0, ["loss"]), (1, ["loss"]), "test", "end"]
    with pytest.raises(TypeError, match=r"hooks are.*Received: on_epoch_ends=3"):
        hb.callbacks.LambdaCallback(on_epoch_ends=3)
    with pytest.raises(TypeError, match="on_epoch_end is a function"):
        hb.callbacks.LambdaCallback(on_epoch_end=3)


def test_terminate_on_nan(capsys):
    x = X.copy()
    x[5] = np.nan
    model = linear(hb)
    history = model.fit(
        x,
        Y,
        epochs=3,
        batch_size=2,
        shuffle=False,
        verbose=0,
        callbacks=[hb.callbacks.TerminateOnNaN()],
    )
    assert len(history.epoch) == 1
    assert "the loss is nan, training ends" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match=r"The loss is inf at batch 3\. Lower the learning rate"):
        hb.callbacks.TerminateOnNaN(raise_error=True).on_train_batch_end(3, {"loss": float("inf")})
    hb.callbacks.TerminateOnNaN(raise_error=True).on_train_batch_end(3, {"loss": 1.0})


SCHEDULES = {
    "epoch": lambda epoch: 0.5 / (epoch + 1),
    "epoch and rate": lambda epoch, rate: rate * 0.5,
    "a default": lambda epoch, rate=0.25: np.float32(rate),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_learning_rate_scheduler(name):
    seen = []
    for k in LIBRARIES:
        model = linear(k)
        callback = k.callbacks.LearningRateScheduler(SCHEDULES[name])
        callback.set_model(model)
        for epoch in range(3):
            logs = {"loss": 1.0}
            callback.on_epoch_begin(epoch)
            callback.on_epoch_end(epoch, logs)
            seen.append(logs["learning_rate"])
    assert seen[:3] == seen[3:]


def test_learning_rate_scheduler_s_own_errors(capsys):
    make = hb.callbacks.LearningRateScheduler
    callback = make(hb.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5), verbose=1)
    callback.set_model(linear(hb))
    callback.on_epoch_begin(1)
    assert capsys.readouterr().out == "Epoch 2: the learning rate is set to 0.25.\n"
    for wrong in (None, 1, [0.5]):
        callback = make(lambda epoch, wrong=wrong: wrong)
        callback._takes_rate = False
        callback.set_model(linear(hb))
        with pytest.raises(ValueError, match="returns the learning rate as a float"):
            callback.on_epoch_begin(0)
    with pytest.raises(ValueError, match="schedule is a function"):
        make(0.1)

    def broken(epoch, rate):
        return rate + "a"

    callback = make(broken)
    callback.set_model(linear(hb))
    with pytest.raises(TypeError, match="unsupported operand"):
        callback.on_epoch_begin(0)
    callback.set_model(hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)]))
    with pytest.raises(ValueError, match=r"Call model\.compile"):
        callback.on_epoch_begin(0)


def averaged(k, swap_on_epoch):
    model = linear(k, k.optimizers.SGD(0.125, use_ema=True, ema_momentum=0.5))
    seen = []
    history = fit(
        model,
        [
            k.callbacks.SwapEMAWeights(swap_on_epoch),
            k.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: seen.append(model.get_weights()),
                on_epoch_end=lambda epoch, logs: seen.append(model.get_weights()),
            ),
        ],
        validation_data=(X, Y),
    )
    seen.append(model.get_weights())
    return history.history, seen


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_swap_ema_weights(swap_on_epoch):
    ours, theirs = (averaged(k, swap_on_epoch) for k in LIBRARIES)
    for name in theirs[0]:
        np.testing.assert_allclose(ours[0][name], theirs[0][name], rtol=1e-5)
    for a, b in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(a[0], b[0], rtol=1e-5)
        np.testing.assert_allclose(a[1], b[1], rtol=1e-5)


def test_swap_ema_weights_predicts_with_averages_and_gives_the_weights_back():
    swap = hb.callbacks.SwapEMAWeights()
    model = linear(hb, hb.optimizers.SGD(0.125, use_ema=True, ema_momentum=0.5))
    before = model.get_weights()
    model.optimizer.build(model.trainable_variables)
    model.optimizer._averages[0].assign(np.ones((2, 1)))
    model.optimizer._averages[1].assign(np.zeros((1,)))
    predicted = model.predict(X, verbose=0, callbacks=[swap])
    np.testing.assert_allclose(predicted, X.sum(1, keepdims=True), rtol=1e-5)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"pass use_ema=True.*Received: use_ema=False in \['sgd"):
        fit(linear(hb), [swap])


@pytest.fixture
def server():
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, dict(self.headers), body))
            self.send_response(404 if self.path == "/missing" else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", received
    running.shutdown()
    thread.join()
    running.server_close()


def test_remote_monitor(server, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    root, received = server
    logs = {"loss": np.float32(0.5), "parts": np.array([1, 2])}
    expected = {"epoch": 3, "loss": 0.5, "parts": [1, 2]}
    hb.callbacks.RemoteMonitor(root, field="my data").on_epoch_end(3, logs)
    path, headers, body = received.pop()
    assert path == "/publish/epoch/end/"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = urllib.parse.parse_qs(body)
    assert {k: json.loads(v[0]) for k, v in form.items()} == {"my data": expected}
    make = hb.callbacks.RemoteMonitor
    make(root, "/x", headers={"X-Key": "k"}, send_as_json=True).on_epoch_end(3, logs)
    path, headers, body = received.pop()
    assert (path, headers["X-Key"], headers["Content-Type"]) == ("/x", "k", "application/json")
    assert json.loads(body) == expected
    with pytest.warns(UserWarning, match="could not send epoch 3 to .*404"):
        make(root, "/missing").on_epoch_end(3, logs)
    with pytest.warns(UserWarning, match="could not send epoch 0 to http://127.0.0.1:9"):
        make("http://127.0.0.1:9").on_epoch_end(0, {})
    with pytest.raises(ValueError, match="starts with http"):
        make("file:///etc")
