"""Where a reading stands: kept as JSON, taken up by data made anew, as after a crash."""

import itertools
import json

import numpy as np
import pytest

import hornbill as hb
from hornbill.training.data import ArrayData, make_data
from hornbill.utils import Dataset, PyDataset

N, BATCH = 11, 2
STEPS = 6


class Batches(PyDataset):
    """Batches in an order of its own, which it changes after each epoch and can tell."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.epoch = 0

    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        return np.arange(BATCH * index, min(BATCH * (index + 1), N)) + 100 * self.epoch

    def on_epoch_end(self):
        self.epoch += 1

    def get_state(self):
        return {"epoch": self.epoch}

    def set_state(self, state):
        self.epoch = state["epoch"]


class Endless(PyDataset):
    num_batches = None

    def __getitem__(self, index):
        return np.full(BATCH, index)


def numbers():
    return Dataset.from_arrays(np.arange(N))


class Loader:
    """An iterable that can only be read from its start."""

    def __iter__(self):
        return (np.arange(i, i + 1) for i in range(STEPS))


class OwnState(Loader):
    """Its `get_state` is its own affair, as that of grain's iterators."""

    def get_state(self):
        return b"bytes"

    set_state = None


class SizedLoader(Loader):
    def __len__(self):
        return STEPS


SOURCES = {
    "arrays": lambda: ArrayData(np.arange(N), BATCH),
    "arrays shuffled": lambda: ArrayData(np.arange(N), BATCH, True),
    "arrays shuffled by batch": lambda: ArrayData(np.arange(N), BATCH, "batch"),
    "generator": lambda: make_data(np.arange(i, i + 1) for i in range(4 * STEPS)),
    "loader": lambda: make_data(Loader()),
    "loader with a state": lambda: make_data(OwnState()),
    "sized loader": lambda: make_data(SizedLoader()),
    "PyDataset": lambda: make_data(Batches()),
    "PyDataset shuffled": lambda: make_data(Batches(workers=2), shuffle=True),
    "PyDataset without end": lambda: make_data(Endless(), steps=STEPS),
    "Dataset": lambda: make_data(numbers().batch(BATCH)),
    "Dataset shuffled": lambda: make_data(numbers().shuffle(5).batch(BATCH).prefetch()),
    "Dataset repeated": lambda: make_data(numbers().shuffle().repeat().batch(BATCH), steps=STEPS),
    "Dataset of unknown length": lambda: make_data(
        numbers().shuffle().batch(BATCH).unbatch().map(lambda x: x + 1).batch(BATCH)
    ),
}


def read(data, count, iterator=None):
    """`count` batches on from an iterator, epoch after epoch as the reader of `fit` reads them."""
    values = []
    while len(values) < count:
        batch = next(iterator, None) if iterator is not None else None
        if batch is None:
            iterator = data.batches()
            batch = next(iterator)
        values.append(np.asarray(batch).tolist())
    return values, iterator


@pytest.mark.parametrize("name", SOURCES)
def test_data_made_anew_goes_on_where_the_old_stood(name):
    for place in (0, 2, STEPS - 1, STEPS, STEPS + 1, 2 * STEPS):
        hb.utils.set_random_seed(7)
        data = SOURCES[name]()
        _, iterator = read(data, place) if place else (None, None)
        state, random = json.loads(json.dumps(data.get_state())), np.random.get_state()
        expected, _ = read(data, 2 * STEPS, iterator)
        hb.utils.set_random_seed(8)  # another process, in another state
        data = SOURCES[name]()
        data.set_state(state)
        np.random.set_state(random)
        assert read(data, 2 * STEPS)[0] == expected, (place, state)


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_an_order_on_the_device_is_drawn_again(shuffle):
    data = ArrayData(np.arange(N), BATCH, shuffle)
    data.order()
    order, state = data.order(), json.loads(json.dumps(data.get_state()))
    after = data.order()
    again = ArrayData(np.arange(N), BATCH, shuffle)
    again.set_state(state)
    before = np.random.get_state()[2]
    assert again.order().tolist() == order.tolist()
    assert np.random.get_state()[2] == before  # NumPy's own generator did not move
    assert (again.order().tolist() == after.tolist()) == (not shuffle)


@pytest.mark.parametrize("name", ["arrays", "Dataset", "PyDataset", "sized loader"])
def test_a_reading_that_was_broken_off_is_not_gone_on_with(name):
    data = SOURCES[name]()
    for _ in range(2):
        batches = data.batches()
        assert np.asarray(next(batches))[0] % 100 == 0
        next(batches)
        batches.close()


CHAINS = {
    "map": lambda d: d.map(lambda x: x * 2),
    "threads": lambda d: d.map(lambda x: x * 2, workers=2),
    "shuffle": lambda d: d.shuffle(4),
    "fixed": lambda d: d.shuffle(reshuffle_each_iteration=False),
    "repeat": lambda d: d.shuffle().repeat(2),
    "unknown repeat": lambda d: d.batch(3).unbatch().repeat(2),
    "twice": lambda d: d.shuffle().repeat(2).shuffle(3),
    "take and skip": lambda d: d.shuffle().skip(2).take(7),
    "unbatch": lambda d: d.batch(4).unbatch(),
    "prefetch": lambda d: d.shuffle().repeat(3).prefetch(2).take(20),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_resumes_at_each_element(name):
    chain = CHAINS[name]
    data = chain(numbers())
    first, whole = [int(x) for x in data], [int(x) for x in data]
    for place in range(len(whole) + 1):
        again = chain(numbers())
        again.set_state(data.get_state() | {"reading": 1, "taken": place})
        assert [int(x) for x in again] == whole[place:]
        assert again.get_state()["reading"] == 2
    data.set_state(data.get_state() | {"reading": 0, "taken": 0})
    assert [[int(x) for x in data] for _ in range(2)] == [first, whole]


def test_errors():
    state = numbers().shuffle().get_state()
    with pytest.raises(ValueError, match="not of a dataset with 0 shuffles"):
        numbers().set_state(state)
    data = ArrayData(np.arange(4), 2, True)
    data.set_state({"order": ["MT19937", "00ff", 1, 0, 0.0], "taken": 1})
    with pytest.raises(ValueError, match="order is damaged"):
        data.order()


@pytest.mark.parametrize("workers", [1, 2])
def test_draws_in_a_map_are_those_of_the_element(workers):
    def made():
        hb.utils.set_random_seed(5)
        data = Dataset.from_arrays(np.zeros((12, 2), "float32"))
        data = data.map(lambda x: x + np.asarray(hb.random.uniform((2,))), workers)
        return data.map(lambda x: (x, np.asarray(hb.random.uniform((2,)))), workers).batch(2)

    def read(elements):
        return [np.concatenate([x, y], 1) for x, y in elements]

    data = made()
    first, second = read(data), read(data)
    np.testing.assert_array_equal(first, read(made()))
    assert len(np.unique([first, second])) == 2 * 12 * 4
    before = np.asarray(hb.random.uniform((3,)))
    read(made())
    np.testing.assert_array_equal(before, hb.random.uniform((3,)))  # the global ones are untouched

    elements = iter(data)
    begun = read(itertools.islice(elements, 2))
    state, again = data.get_state(), made()
    rest = read(elements)
    again.set_state(state)
    np.testing.assert_array_equal(rest, read(again))
    np.testing.assert_array_equal(begun + rest, read(_third(made())))


def _third(data):
    for _ in range(2):
        list(data)
    return data
