"""fit(checkpoint=...): stopped anywhere and called again, it ends as if it had not been stopped."""

import functools
import json
import os
import signal

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers
from hornbill.training import loop, store
from hornbill.training.callbacks.callback import at_chunk_ends
from hornbill.training.runner import state_of

RNG = np.random.default_rng(0)
N, BATCH, STEPS, EPOCHS = 22, 5, 5, 4
X = RNG.normal(size=(N, 3)).astype("float32")
Y = (X @ RNG.normal(size=(3, 1))).astype("float32")


@pytest.fixture(autouse=True)
def chunks_of_one_step(monkeypatch):
    monkeypatch.setattr(loop, "CHUNK_SECONDS", 0.0)


class Crashed(Exception):
    pass


class Crash(hb.callbacks.Callback):
    """Raises in the midst of a training."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.place = (epoch, batch)

    def get_state(self):
        return {}  # the place is this run's own

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    @at_chunk_ends
    def on_train_batch_end(self, batch, logs=None):
        self.stop_at(self.epoch, batch)

    def on_epoch_end(self, epoch, logs=None):
        self.stop_at(epoch, "end")

    def stop_at(self, *place):
        if place == self.place:
            raise Crashed


class Count(hb.callbacks.Callback):
    """A user's callback, whose attributes are its state."""

    def __init__(self):
        super().__init__()
        self.seen = {"epochs": 0, "losses": []}

    def on_epoch_end(self, epoch, logs=None):
        self.seen["epochs"] += 1
        self.seen["losses"].append(logs["loss"])
        logs["count"] = self.seen["epochs"] + self.params["epochs"]


def dense(dropout=False, **compiled):
    # Not built before fit, so that resuming has to make the weights.
    model = hb.Sequential(
        [layers.Dense(3), *([layers.Dropout(0.5)] if dropout else []), layers.Dense(1)]
    )
    model.compile(**{"optimizer": "adam", "loss": "mse", **compiled})
    return model


class TwoOptimizers(hb.Model):
    """A train_step of a user's own, with an optimizer for each layer."""

    def __init__(self):
        super().__init__()
        self.a, self.b = layers.Dense(3), layers.Dense(1)
        self.first, self.second = hb.optimizers.Adam(0.01), hb.optimizers.SGD(0.01, momentum=0.9)

    def call(self, x):
        return self.b(self.a(x))

    def train_step(self, data):
        x, y = data
        for layer, optimizer in ((self.a, self.first), (self.b, self.second)):
            self(x)
            loss, gradients = hb.value_and_grad(
                lambda: hb.ops.mean((self(x) - y) ** 2), layer.trainable_variables
            )
            optimizer.apply(gradients, layer.trainable_variables)
        return {"loss": loss}


class OwnFunction(hb.Sequential):
    """Two batches for each call of the train function."""

    def make_train_function(self, force=False):
        step = super().make_train_function(force)

        def two(iterator):
            step(iterator)
            return step(iterator)

        self.train_function = two
        return two


def own_optimizers():
    model = TwoOptimizers()
    model.compile()
    return model


def own_function():
    model = OwnFunction([layers.Dense(1)])
    model.compile("adam", "mse")
    return model


class Batches(hb.utils.PyDataset):
    """Batches with noise, in an order that changes after each epoch."""

    def __init__(self):
        super().__init__()
        self.rows = np.arange(N)

    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        rows = self.rows[index * BATCH : (index + 1) * BATCH]
        return X[rows] + np.random.normal(size=(len(rows), 3)).astype("float32"), Y[rows]

    def on_epoch_end(self):
        self.rows = np.roll(self.rows, 3)

    def get_state(self):
        return {"rows": self.rows.tolist()}

    def set_state(self, state):
        self.rows = np.array(state["rows"])


class Loader:
    """Read anew for each epoch, in an order of its own."""

    def __iter__(self):
        order = np.random.permutation(N)
        return ((X[order[i : i + BATCH]], Y[order[i : i + BATCH]]) for i in range(0, N, BATCH))


def generator():
    while True:
        rows = np.random.randint(N, size=BATCH)
        yield X[rows], Y[rows]


def dataset():
    return hb.utils.Dataset.from_arrays((X, Y)).shuffle().batch(BATCH).prefetch()


def torch_loader(rows=N, own_generator=False, **settings):
    torch = pytest.importorskip("torch")
    from torch_data import Noisy

    torch.manual_seed(3)
    generator = torch.Generator().manual_seed(4) if own_generator else None
    data = Noisy(X[:rows], Y[:rows])
    return torch.utils.data.DataLoader(data, BATCH, shuffle=True, generator=generator, **settings)


def arrays_and(**settings):
    return lambda: {"x": X, "y": Y, "batch_size": BATCH, **settings}


def stream_and(make, **settings):
    return lambda: {"x": make(), **settings}


# name: (model, arguments of fit, callbacks). The same call, with all made anew, is the resumed one.
CASES = {
    "arrays": (
        lambda: dense(dropout=True, metrics=["mae"]),
        arrays_and(validation_data=(X, Y), validation_freq=2),
        list,
    ),
    "passes that do not fit epochs": (
        dense,
        arrays_and(shuffle="batch", steps_per_epoch=3),
        list,
    ),
    "PyDataset": (dense, stream_and(Batches, shuffle=True), list),
    "loader": (dense, stream_and(Loader), list),
    # After whole batches the sampler draws once more, from a generator of its own.
    "torch": (dense, lambda: {"x": torch_loader(N - 1), "validation_data": torch_loader(10)}, list),
    "torch with a generator": (dense, lambda: {"x": torch_loader(20, True)}, list),
    "passes of torch that do not fit epochs": (
        dense,
        lambda: {"x": torch_loader(20, True), "steps_per_epoch": 3},
        list,
    ),
    "generator": (
        dense,
        stream_and(
            generator, steps_per_epoch=STEPS, validation_data=(X, Y), validation_batch_size=8
        ),
        list,
    ),
    "Dataset": (dense, lambda: {"x": dataset(), "validation_data": dataset()}, list),
    "train_step and two optimizers": (own_optimizers, arrays_and(), list),
    "train function": (own_function, arrays_and(steps_per_epoch=4), list),
    "eagerly": (lambda: dense(run_eagerly=True, metrics=["mae"]), arrays_and(), list),
    "multi-optimizer": (
        lambda: dense(
            optimizer=hb.optimizers.MultiOptimizer(
                hb.optimizers.OptimizerMap(hb.optimizers.Adam(), {".*bias": hb.optimizers.SGD()})
            )
        ),
        arrays_and(),
        list,
    ),
    "averages": (
        lambda: dense(optimizer=hb.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)),
        arrays_and(validation_data=(X, Y)),
        lambda: [hb.callbacks.SwapEMAWeights(swap_on_epoch=True)],
    ),
    "learning rates": (
        dense,
        arrays_and(),
        lambda: [
            Count(),
            hb.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7),
            hb.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=10.0, cooldown=1),
        ],
    ),
    "early stopping": (
        lambda: dense(optimizer="sgd", metrics=["mae"]),
        arrays_and(),
        lambda: [
            hb.callbacks.EarlyStopping(
                "loss", patience=2, min_delta=100.0, restore_best_weights=True
            )
        ],
    ),
}


def call(name, *more, **settings):
    """One `fit` with all made anew; `(model, history)`."""
    make, arguments, callbacks = CASES[name]
    hb.utils.set_random_seed(1)
    model = make()
    arguments = {**arguments(), "epochs": EPOCHS, "verbose": 0, **settings}
    history = model.fit(callbacks=[*callbacks(), *more], **arguments)
    return model, history


@functools.cache
def whole(name, **settings):
    """The same without any interruption."""
    return call(name, **settings)


def crash(name, folder, *place):
    with pytest.raises(Crashed):
        call(name, Crash(*place), checkpoint=hb.Checkpoint(folder, every_steps=1))


def assert_same(run, expected):
    (model, history), (wanted, wanted_history) = run, expected
    assert history.history == wanted_history.history
    assert history.epoch == wanted_history.epoch
    ours, theirs = state_of(model, "train")[0], state_of(wanted, "train")[0]
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=b.path)


@pytest.mark.parametrize("name", CASES)
def test_a_resumed_run_is_the_uninterrupted_one(name, tmp_path):
    expected = whole(name)
    # Within the first epoch, at the last step of another, and where a validation was done.
    last = {"train function": 1, "passes": 2, "torch": 3}
    last = next((step for part, step in last.items() if part in name), STEPS - 1)
    places = [(0, 1), (2, last)]
    if name in ("arrays", "averages", "generator"):
        places.insert(1, (1, "end"))
    for place in places:
        crash(name, tmp_path, *place)
    resumed = call(name, checkpoint=tmp_path)
    assert_same(resumed, expected)


@pytest.mark.slow
def test_a_torch_loader_with_worker_processes(tmp_path):
    # Not forked: JAX runs threads in this process.
    workers = {"num_workers": 2, "multiprocessing_context": "forkserver"}
    CASES["workers"] = (dense, lambda: {"x": torch_loader(20, True, **workers)}, list)
    expected = call("workers", epochs=2)
    crash("workers", tmp_path, 0, 2)
    assert_same(call("workers", epochs=2, checkpoint=tmp_path), expected)


def test_arrays_that_are_streamed(tmp_path):
    hb.config.set_max_device_data(0)
    try:
        expected = call("arrays")
        crash("arrays", tmp_path, 0, 2)
        crash("arrays", tmp_path, 2, STEPS - 1)
        assert_same(call("arrays", checkpoint=tmp_path), expected)
    finally:
        hb.config.set_max_device_data(None)


def test_a_finished_run_returns_and_more_epochs_go_on(tmp_path):
    first = call("arrays", checkpoint=str(tmp_path))
    files = sorted(os.listdir(tmp_path))

    class NoStep(hb.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            raise AssertionError

    assert_same(call("arrays", NoStep(), checkpoint=str(tmp_path)), first)
    assert sorted(os.listdir(tmp_path)) == files
    more = call("arrays", checkpoint=tmp_path, epochs=6)
    assert_same(more, call("arrays", epochs=6))


def test_a_run_that_was_stopped_stays_stopped(tmp_path):
    _, history = call("early stopping", checkpoint=tmp_path)
    assert len(history.epoch) == 3
    _, history = call("early stopping", checkpoint=tmp_path, epochs=9)
    assert len(history.epoch) == 3


def test_files_of_callbacks_go_on(tmp_path):
    def callbacks(folder):
        os.makedirs(folder, exist_ok=True)
        return [
            hb.callbacks.CSVLogger(f"{folder}/log.csv"),
            hb.callbacks.ModelCheckpoint(
                f"{folder}/{{epoch}}-{{batch}}.weights.h5", save_weights_only=True, save_freq=3
            ),
            hb.callbacks.ModelCheckpoint(
                f"{folder}/best{{epoch}}.weights.h5",
                monitor="loss",
                save_best_only=True,
                save_weights_only=True,
            ),
        ]

    call("learning rates", *callbacks(tmp_path / "a"))
    for place in ((1, 0), (1, "end"), (3, 1)):
        with pytest.raises(Crashed):
            call(
                "learning rates",
                *callbacks(tmp_path / "b"),
                Crash(*place),
                checkpoint=hb.Checkpoint(tmp_path / "c", every_steps=2),
            )
    call("learning rates", *callbacks(tmp_path / "b"), checkpoint=tmp_path / "c")
    assert (tmp_path / "a" / "log.csv").read_text() == (tmp_path / "b" / "log.csv").read_text()
    names = [sorted(os.listdir(tmp_path / f)) for f in "ab"]
    assert names[0] == names[1]


def test_csv_lines_that_were_lost_are_told(tmp_path):
    log = tmp_path / "log.csv"
    with pytest.raises(Crashed):
        call("arrays", hb.callbacks.CSVLogger(log), Crash(2, 0), checkpoint=tmp_path / "c")
    log.write_text("")
    with pytest.warns(UserWarning, match="has 0 of the .* lines are lost"):
        call("arrays", hb.callbacks.CSVLogger(log), checkpoint=tmp_path / "c")
    assert [line.split(",")[0] for line in log.read_text().split()] == ["epoch", "2", "3"]


# ---- signals -----------------------------------------------------------------------------


class Send(hb.callbacks.Callback):
    """Sends this process a signal in the midst of a training, or of its validation."""

    def __init__(self, number, epoch, hook, times=1):
        super().__init__()
        self.number, self.at, self.times = number, epoch, times
        setattr(self, hook, self.send)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def send(self, batch, logs=None):
        if self.epoch == self.at and batch == 1:
            for _ in range(self.times):
                signal.raise_signal(self.number)


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_test_batch_end"])
def test_ctrl_c_saves_first(tmp_path, hook):
    validated = {"validation_freq": 1, "validation_batch_size": 8}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            call("arrays", Send(signal.SIGINT, 1, hook), checkpoint=tmp_path, **validated)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    state = store.load(tmp_path)
    assert (state["epoch"], state["step"]) == (1, 2 if "train" in hook else STEPS)
    assert_same(call("arrays", checkpoint=tmp_path, **validated), whole("arrays", **validated))


def test_sigterm_saves_and_calls_the_user_s_handler(tmp_path):
    caught = []
    before = signal.signal(signal.SIGTERM, lambda *args: caught.append(args[0]))
    try:
        send = Send(signal.SIGTERM, 1, "on_train_batch_end")
        run = call("arrays", send, checkpoint=hb.Checkpoint(tmp_path, keep=99))
    finally:
        signal.signal(signal.SIGTERM, before)
    # The handler returned, so the training went on.
    assert caught == [signal.SIGTERM]
    assert len(run[1].epoch) == EPOCHS
    states = [store.read(store.path_of(tmp_path, n)) for n in store.numbers(tmp_path)]
    assert [(s["epoch"], s["step"]) for s in states] == [(1, 0), (1, 2), (2, 0), (3, 0), (4, 0)]


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        send = Send(signal.SIGINT, 0, "on_train_batch_begin", times=2)
        with pytest.raises(KeyboardInterrupt):
            call("arrays", send, checkpoint=tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert os.listdir(tmp_path) == []


def test_without_a_checkpoint_signals_are_left_alone():
    class Look(hb.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.handler = signal.getsignal(signal.SIGTERM)

    look, before = Look(), signal.getsignal(signal.SIGTERM)
    call("arrays", look, epochs=1)
    assert look.handler is before


# ---- limits ------------------------------------------------------------------------------


def test_max_steps(tmp_path):
    with_limit = call("arrays", max_steps=7)
    _, history = with_limit
    assert history.epoch == [0, 1]
    assert int(with_limit[0].optimizer.iterations) == 7
    assert_same(call("arrays", max_steps=7, checkpoint=tmp_path), with_limit)
    assert_same(call("arrays", max_steps=7, checkpoint=tmp_path), with_limit)
    # The epoch that was cut short goes on as if it had not been.
    assert_same(call("arrays", checkpoint=tmp_path), whole("arrays"))


def test_max_steps_at_the_end_of_an_epoch(tmp_path):
    limited = call("arrays", max_steps=2 * STEPS, checkpoint=tmp_path)
    assert_same(limited, whole("arrays", epochs=2))
    assert_same(call("arrays", checkpoint=tmp_path), whole("arrays"))


def test_max_steps_are_exact_in_long_chunks(monkeypatch):
    monkeypatch.setattr(loop, "CHUNK_SECONDS", 1e9)
    model = dense()
    model.fit(X, Y, batch_size=1, epochs=2, verbose=0)
    model.fit(X, Y, batch_size=1, epochs=9, verbose=0, max_steps=30)
    assert int(model.optimizer.iterations) == 2 * N + 30


def test_max_time(monkeypatch):
    import datetime

    from hornbill.training import resume

    now = iter(range(10**6))
    monkeypatch.setattr(resume.time, "monotonic", lambda: float(next(now)))
    model, history = call("arrays", epochs=1000, max_time=datetime.timedelta(seconds=40))
    assert 0 < int(model.optimizer.iterations) < 40
    assert history.epoch == list(range(len(history.epoch)))
    monkeypatch.undo()
    _, history = call("arrays", max_time=1e-9)
    assert history.history == {}


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"max_steps": 0}, ValueError, "max_steps is a positive int. Received: max_steps=0"),
        ({"max_steps": 1.5}, ValueError, "max_steps is a positive int"),
        ({"max_time": -1}, ValueError, "max_time is a positive number"),
        ({"max_time": "1h"}, ValueError, "max_time is a positive number"),
        ({"checkpoint": 3}, TypeError, "a folder, or a hornbill.Checkpoint. Received: 3"),
    ],
)
def test_wrong_arguments(settings, error, message):
    with pytest.raises(error, match=message):
        call("arrays", **settings)


@pytest.mark.parametrize(
    "settings",
    [{"keep": 0}, {"every_epochs": None}, {"every_seconds": 0}, {"every_steps": True}],
)
def test_wrong_options(settings):
    ((name, value),) = settings.items()
    with pytest.raises(ValueError, match=f"Checkpoint's {name} is a positive.*{name}={value}"):
        hb.Checkpoint("a", **settings)
    with pytest.raises(ValueError, match="Checkpoint's folder"):
        hb.Checkpoint("")


# ---- the folder --------------------------------------------------------------------------


def test_how_often_and_how_many(tmp_path, monkeypatch):
    places = []
    write = store.write

    def note(path, state):
        places.append((state["epoch"], state["step"]))
        write(path, state)

    monkeypatch.setattr(store, "write", note)
    call("arrays", checkpoint=hb.Checkpoint(tmp_path / "a", every_epochs=3, keep=1))
    assert places == [(3, 0), (4, 0)]
    assert len(os.listdir(tmp_path / "a")) == 1
    places.clear()
    call("arrays", epochs=2, checkpoint=hb.Checkpoint(tmp_path / "b", every_steps=3, keep=2))
    assert places == [(0, 3), (1, 0), (1, 3), (2, 0)]
    assert len(os.listdir(tmp_path / "b")) == 2


def test_another_training_is_refused(tmp_path):
    call("arrays", checkpoint=tmp_path, epochs=1)
    model = dense()
    with pytest.raises(ValueError, match="is of another training than that of model"):
        model.fit(X, Y, batch_size=BATCH, checkpoint=tmp_path, verbose=0)
    wide = hb.Sequential([layers.Dense(4), layers.Dropout(0.5), layers.Dense(1)])
    wide.compile("adam", "mse", metrics=["mae"])
    wide.build((None, 3))
    before = wide.get_weights()
    with pytest.raises(ValueError, match=r"variable '.*kernel' has shape \(3, 4\).*\(3, 3\)"):
        wide.fit(X, Y, batch_size=BATCH, checkpoint=tmp_path, verbose=0)
    for a, b in zip(before, wide.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"made with other data.*'samples': 22.*'samples': 20"):
        call("arrays", checkpoint=tmp_path, x=X[:20], y=Y[:20])
    with pytest.raises(ValueError, match="Leave BackupAndRestore out"):
        call("arrays", hb.callbacks.BackupAndRestore(tmp_path / "b"), checkpoint=tmp_path)


def test_a_state_that_is_no_plain_data(tmp_path):
    class Odd(hb.callbacks.Callback):
        def get_state(self):
            return {"model": self.model}

    with pytest.raises(TypeError, match=r"Odd.get_state cannot be kept.*\['model'\]"):
        call("arrays", Odd(), checkpoint=tmp_path)


def corrupted(data: bytes, rng) -> bytes:
    """The bytes with a flipped bit, cut short, zeroed in part, lengthened, or shuffled."""
    kind, place = rng.integers(5), int(rng.integers(len(data)))
    wrong = bytearray(data)
    if kind == 0:
        wrong[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del wrong[place:]
    elif kind == 2:
        wrong[place : place + 64] = bytes(len(wrong[place : place + 64]))
    elif kind == 3:
        wrong += bytes(rng.integers(256, size=int(rng.integers(1, 20)), dtype="uint8"))
    else:
        wrong[place:] = reversed(wrong[place:])
    return bytes(wrong)


def test_no_corruption_is_loaded(tmp_path):
    call("arrays", checkpoint=hb.Checkpoint(tmp_path, keep=2), epochs=2)
    path = store.path_of(tmp_path, store.numbers(tmp_path)[-1])
    with open(path, "rb") as file:
        data = file.read()
    rng, tried = np.random.default_rng(5), 0
    while tried < 200:
        wrong = corrupted(data, rng)
        if wrong == data:  # zeros upon zeros
            continue
        tried += 1
        with open(path, "wb") as file:
            file.write(wrong)
        with pytest.warns(UserWarning, match=f"'{path}' is damaged.*The one before it is used"):
            state = store.load(tmp_path)
        assert state["epoch"] == 1
        assert os.listdir(tmp_path).count(f"{os.path.basename(path)}.damaged") == 1


def test_a_damaged_checkpoint_is_passed_over(tmp_path):
    call("arrays", checkpoint=tmp_path, epochs=2)
    paths = [store.path_of(tmp_path, n) for n in store.numbers(tmp_path)]
    with open(paths[-1], "r+b") as file:
        file.truncate(1000)
    (tmp_path / ".checkpoint-00000009.hornbill.tmp").write_bytes(b"left by a killed process")
    with pytest.warns(UserWarning, match=paths[-1]):
        assert_same(call("arrays", checkpoint=tmp_path), whole("arrays"))
    assert not (tmp_path / ".checkpoint-00000009.hornbill.tmp").exists()
    for number in store.numbers(tmp_path):
        with open(store.path_of(tmp_path, number), "wb"):
            pass
    with pytest.raises(ValueError, match=r"No checkpoint in .* Delete the folder to start anew"):
        call("arrays", checkpoint=tmp_path)


def test_plain_data_comes_back_as_it_was(tmp_path):
    import ml_dtypes

    state = {
        "a": [1, 2.5, None, True, "ä", (1, (2,)), {}, {3: "x"}],
        "special": [float("inf"), -float("inf")],
        "scalar": np.float32(0.1),
        "arrays": [
            np.arange(6).reshape(2, 3),
            np.zeros((0, 4)),
            np.array(1.5, ml_dtypes.bfloat16),
            np.array([1 + 2j]),
        ],
    }
    path = tmp_path / "file"
    store.write(path, state)
    back = store.read(path)
    for a, b in zip(state.pop("arrays"), back.pop("arrays"), strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype
    assert back == state
    assert type(back["scalar"]) is np.float32
    assert json.dumps(str(back)) == json.dumps(str(state))
    for wrong in ({1, 2}, np.array(["a"]), [object()]):
        with pytest.raises(TypeError, match=r"plain data|array of numbers"):
            store.write(path, {"x": wrong})
