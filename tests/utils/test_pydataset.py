"""PyDataset: order, workers, hooks, errors; and in fit."""

import os
import threading

import numpy as np
import pytest
from slow_data import Dying, Endless, NoConstructor, Numbers

import hornbill as hb
from hornbill.training.data import make_data
from hornbill.training.data.pydataset import PyDatasetReader


def firsts(reader):
    return [int(x[0, 0]) for x, _ in reader]


def data_threads():
    return [t for t in threading.enumerate() if t.name.startswith("hornbill-data")]


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("queue", [1, 10])
def test_threads_keep_the_order_and_end(workers, queue):
    reader = PyDatasetReader(Numbers(workers=workers, max_queue_size=queue))
    assert firsts(reader) == [0, 1, 2, 3, 4, 5]
    # on_epoch_end moved the numbers on.
    assert firsts(reader) == [100, 101, 102, 103, 104, 105]
    assert reader.dataset.events == ["begin", "end"] * 2
    assert not data_threads()


def test_threads_share_the_work():
    makers = {int(y[0, 0]) for _, y in PyDatasetReader(Numbers(workers=3))}
    assert len(makers) > 1
    assert threading.get_ident() % 10**6 not in makers


def test_processes():
    dataset = Numbers(workers=2, use_multiprocessing=True)
    reader = PyDatasetReader(dataset)
    batches = list(reader)
    assert [int(x[0, 0]) for x, _ in batches] == [0, 1, 2, 3, 4, 5]
    assert os.getpid() % 10**6 not in {int(y[0, 0]) for _, y in batches}
    # The processes live on and see what on_epoch_end changed here.
    executor, folder = reader._processes.executor, reader._processes.folder.name
    processes = list(executor._processes.values())
    assert firsts(reader) == [100, 101, 102, 103, 104, 105]
    assert reader._processes.executor is executor
    assert len(os.listdir(folder)) == 1
    dataset.fails_at = 1
    with pytest.raises(KeyError, match="no file for batch 1"):
        list(reader)
    del reader
    assert not any(p.is_alive() for p in processes)
    assert not os.path.exists(folder)


def test_a_dead_process_is_told():
    reader = PyDatasetReader(Dying(workers=1, use_multiprocessing=True))
    with pytest.raises(RuntimeError, match=r"Dying died.*__main__.*Received: workers=1"):
        list(reader)


def test_shuffle_draws_each_batch_once_per_epoch():
    hb.utils.set_random_seed(5)
    reader = PyDatasetReader(Numbers(workers=2), shuffle=True)
    first, second = firsts(reader), [n - 100 for n in firsts(reader)]
    assert sorted(first) == sorted(second) == [0, 1, 2, 3, 4, 5]
    assert first != second
    hb.utils.set_random_seed(5)
    assert firsts(PyDatasetReader(Numbers(workers=2), shuffle=True)) == first


@pytest.mark.parametrize("workers", [1, 3])
def test_exceptions_arrive_in_their_place(workers):
    dataset = Numbers(workers=workers, fails_at=3)
    batches = iter(PyDatasetReader(dataset))
    assert [int(next(batches)[0][0, 0]) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError, match="no file for batch 3"):
        next(batches)
    assert dataset.events == ["begin", "end"]
    assert not data_threads()


def test_stopping_early_leaves_no_worker():
    dataset = Numbers(batches=50, workers=3, max_queue_size=2)
    reader = iter(PyDatasetReader(dataset))
    next(reader)
    assert data_threads()
    reader.close()
    assert not data_threads()
    assert dataset.events == ["begin", "end"]


def test_without_end():
    data = make_data(Endless(workers=2, max_queue_size=3), steps=2)
    assert (data.length, data.steps) == (None, 2)
    reader = PyDatasetReader(Endless(workers=2))
    epoch = iter(reader)
    assert [int(next(epoch)[0, 0]) for _ in range(3)] == [0, 1, 2]
    epoch.close()
    assert int(next(iter(reader))[0, 0]) == 3  # the next epoch goes on


def test_a_plain_loop_and_a_missing_constructor():
    assert firsts(Numbers()) == [0, 1, 2, 3, 4, 5]
    dataset = NoConstructor()
    assert (dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size) == (1, False, 10)
    assert len(list(dataset)) == 2
    assert hb.utils.Sequence is hb.utils.PyDataset


class Regression(hb.utils.PyDataset):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.x = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
        self.ends = []

    def __len__(self):
        return 3

    def __getitem__(self, index):
        x = self.x[4 * index : 4 * index + 4]
        return x, (x[:, 0] > 0).astype("float32")[:, None]

    def on_epoch_end(self):
        self.ends.append("end")


class Watch(hb.callbacks.Callback):
    def __init__(self, data):
        super().__init__()
        self.data, self.seen = data, []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(len(self.data.ends))


def test_in_fit():
    def model():
        hb.utils.set_random_seed(3)
        model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1, activation="sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        return model

    data = Regression(workers=2)
    watch = Watch(data)
    one = model()
    weights = {0: 1.0, 1: 3.0}
    history = one.fit(
        data, epochs=3, shuffle=False, verbose=0, class_weight=weights, callbacks=[watch]
    )
    assert watch.seen == [1, 2, 3]  # the data's hook comes before the callbacks'
    x, y = data.x, (data.x[:, 0] > 0).astype("float32")[:, None]
    expected = model().fit(
        x, y, batch_size=4, epochs=3, shuffle=False, verbose=0, class_weight=weights
    )
    np.testing.assert_allclose(history.history["loss"], expected.history["loss"], rtol=1e-5)
    np.testing.assert_allclose(
        one.evaluate(data, verbose=0), one.evaluate(x, y, verbose=0), rtol=1e-5
    )
    np.testing.assert_allclose(
        one.predict(data, verbose=0), one.predict(x, verbose=0), rtol=1e-5, atol=1e-6
    )
    assert not data_threads()


class Empty(hb.utils.PyDataset):
    pass


class Nones(Empty):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return None


class Locked(Numbers):
    def __init__(self):
        super().__init__(workers=1, use_multiprocessing=True)
        self.lock = threading.Lock()


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: Empty(workers=-1), ValueError, "at least 0. Received: workers=-1"),
        (lambda: Empty(max_queue_size=0), ValueError, "Received: max_queue_size=0"),
        (lambda: Empty().num_batches, NotImplementedError, "Empty has no length"),
        (lambda: Empty()[0], NotImplementedError, "Empty has no __getitem__"),
        (lambda: list(PyDatasetReader(Nones())), ValueError, "returns a batch.*Received: None"),
        (lambda: list(PyDatasetReader(Locked())), ValueError, "Locked cannot be sent to worker"),
        (lambda: make_data(Nones(), y=1), ValueError, "leave y out"),
    ],
)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call()
