"""Dataset: its methods against lists, its threads, its errors; split_dataset; in fit."""

import threading

import numpy as np
import pytest

import hornbill as hb
from hornbill.utils import Dataset


def values(data):
    return [int(x) for x in data]


def numbers(n=10):
    return Dataset.from_arrays(np.arange(n))


CHAINS = [
    (lambda d: d, list(range(10))),
    (lambda d: d.take(3), [0, 1, 2]),
    (lambda d: d.take(0), []),
    (lambda d: d.take(99), list(range(10))),
    (lambda d: d.skip(7), [7, 8, 9]),
    (lambda d: d.skip(99), []),
    (lambda d: d.take(2).repeat(3), [0, 1] * 3),
    (lambda d: d.skip(2).take(3), [2, 3, 4]),
    (lambda d: d.map(lambda x: x * 2).skip(8), [16, 18]),
    (lambda d: d.map(lambda x: x * 2, workers=3), list(range(0, 20, 2))),
    (lambda d: d.prefetch(), list(range(10))),
    (lambda d: d.prefetch(1).take(4), [0, 1, 2, 3]),
    (lambda d: d.batch(3).unbatch(), list(range(10))),
]


@pytest.mark.parametrize("i", range(len(CHAINS)))
def test_chains_can_be_read_again_and_know_their_length(i):
    chain, expected = CHAINS[i]
    data = chain(numbers())
    assert values(data) == values(data) == expected
    if "unbatch" not in chain.__code__.co_names:
        assert len(data) == len(expected)
    assert not [t for t in threading.enumerate() if t.name.startswith("hornbill-data")]


def test_structures_and_batches():
    x, y = np.arange(14.0).reshape(7, 2), np.arange(7)
    data = Dataset.from_arrays({"a": x, "b": (y, y)}).batch(3)
    sizes = [(b["a"].shape, b["b"][1].tolist()) for b in data]
    assert sizes == [((3, 2), [0, 1, 2]), ((3, 2), [3, 4, 5]), ((1, 2), [6])]
    assert (len(data), len(Dataset.from_arrays(x).batch(3, drop_remainder=True))) == (3, 2)
    pairs = Dataset.from_arrays([x, y]).map(lambda a, b: (a.sum(), b))
    assert [(float(a), int(b)) for a, b in pairs][:2] == [(1.0, 0), (5.0, 1)]


@pytest.mark.parametrize("buffer_size", [None, 1, 3, 10, 50])
def test_shuffle(buffer_size):
    def data():
        return numbers().shuffle(buffer_size, seed=4)

    shuffled = data()
    first, second = values(shuffled), values(shuffled)
    assert sorted(first) == sorted(second) == list(range(10))
    again = data()
    assert [values(again), values(again)] == [first, second]  # by the seed and the reading
    fixed = numbers().shuffle(buffer_size, seed=4, reshuffle_each_iteration=False)
    assert values(fixed) == values(fixed) == first
    if buffer_size == 1:
        assert first == list(range(10))
    else:
        assert first != second
        assert first != list(range(10))
    if buffer_size == 3:  # an element cannot come out before the buffer reached it
        assert all(x <= place + 3 for place, x in enumerate(first))


def test_a_global_seed_is_enough():
    def read():
        hb.utils.set_random_seed(8)
        return values(numbers().shuffle())

    assert read() == read()


def test_every_order_is_as_likely():
    orders = numbers(3).shuffle(seed=0)
    counts = {}
    for _ in range(600):
        order = tuple(values(orders))
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert min(counts.values()) > 60  # 100 expected, deviation 9


def test_repeat_without_end_and_an_empty_source():
    endless = numbers(2).repeat()
    with pytest.raises(TypeError, match="does not know its length"):
        len(endless)
    assert values(endless.take(5)) == [0, 1, 0, 1, 0]
    assert values(numbers().take(0).repeat()) == []


def test_a_failing_function_is_reported_and_leaves_no_thread():
    def fail(x):
        if x == 3:
            raise KeyError("three")
        return x

    failing = numbers().map(fail)
    for data in (failing, numbers().map(fail, workers=3), failing.prefetch()):
        with pytest.raises(KeyError, match="three"):
            values(data)
    assert not [t for t in threading.enumerate() if t.name.startswith("hornbill-data")]


def test_class_names_stay():
    data = numbers()
    data.class_names, data.file_paths = ["a"], ["p"]
    later = data.shuffle().map(lambda x: x).batch(2).prefetch()
    assert (later.class_names, later.file_paths) == (["a"], ["p"])


def test_in_fit():
    x = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")
    y = x @ np.ones((3, 1), "float32")

    def train(*args, **kwargs):
        hb.utils.set_random_seed(2)
        model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model, model.fit(*args, epochs=2, verbose=0, shuffle=False, **kwargs).history["loss"]

    data = Dataset.from_arrays((x, y)).batch(4).prefetch()
    model, losses = train(data)
    np.testing.assert_allclose(losses, train(x, y, batch_size=4)[1], rtol=1e-5)
    expected = model.evaluate(x, y, verbose=0)
    np.testing.assert_allclose(model.evaluate(data, verbose=0), expected, rtol=1e-5)
    assert model.predict(data, verbose=0).shape == (10, 1)


SPLITS = [
    {"left_size": 0.8},
    {"left_size": 7},
    {"right_size": 0.25},
    {"right_size": 4, "left_size": 5},
    {"left_size": 0.3, "right_size": 0.3},
    {"left_size": 0.5, "right_size": 2},
]


@pytest.mark.parametrize("sizes", SPLITS, ids=str)
def test_split_sizes_are_kerass(sizes):
    from keras.src.utils.dataset_utils import _rescale_dataset_split_sizes

    expected = _rescale_dataset_split_sizes(
        sizes.get("left_size"), sizes.get("right_size"), total_length=10
    )
    left, right = hb.utils.split_dataset(np.arange(10), **sizes)
    assert (len(left), len(right)) == expected
    assert values(left) == list(range(expected[0]))
    assert values(right) == list(range(10 - expected[1], 10))


def test_split_shuffles_as_keras_does():
    import random

    order = list(range(10))
    random.seed(3)
    random.shuffle(order)
    left, right = hb.utils.split_dataset(np.arange(10), left_size=6, shuffle=True, seed=3)
    assert values(left) + values(right) == order


class Indexed:
    def __len__(self):
        return 4

    def __getitem__(self, i):
        return np.float32(i), i


def test_split_inputs():
    x, y = np.arange(8.0).reshape(4, 2), np.arange(4)
    for dataset in ([x, y], (x, y), Dataset.from_arrays((x, y))):
        left, _ = hb.utils.split_dataset(dataset, left_size=0.5)
        assert [(a.tolist(), int(b)) for a, b in left] == [([0, 1], 0), ([2, 3], 1)]
    batched = Dataset.from_arrays((x, y)).batch(2)
    left, right = hb.utils.split_dataset(batched, left_size=3)
    assert [b.tolist() for _, b in left] == [[0, 1], [2]]
    assert [b.tolist() for _, b in right] == [[3]]
    left, _ = hb.utils.split_dataset(Indexed(), left_size=2)
    assert [(float(a), int(b)) for a, b in left] == [(0, 0), (1, 1)]


def words(y_length=None):
    """Elements (x, y) of lengths 1 to 6; y of the same length, or of one length."""
    lengths = Dataset.from_arrays(np.arange(1, 7))
    return lengths.map(lambda n: (np.full((n, 2), n), np.full(y_length or n, -n)))


def test_buckets_hold_each_element_once_padded_at_its_end():
    data = words().bucket_by_length([2, 6], batch_size=3, value=9, pad_y=True)
    assert [(x.shape, y.shape) for x, y in data] == [
        ((3, 6, 2), (3, 6)),
        ((2, 2, 2), (2, 2)),
        ((1, 6, 2), (1, 6)),
    ]
    for x, y in data:
        for row, target in zip(x, y, strict=True):
            n = -target[0]
            assert target.tolist() == [-n] * n + [9] * (len(target) - n)
            assert row[:, 1].tolist() == [n] * n + [9] * (len(row) - n)
    unpadded = list(words(4).bucket_by_length([6], batch_size=6))
    assert [(x.shape, y.shape) for x, y in unpadded] == [((6, 6, 2), (6, 4))]


ERRORS = [
    (lambda: Dataset.from_arrays((np.ones(2), np.ones(3))), ValueError, "same number of rows"),
    (lambda: Dataset.from_arrays(np.float32(1)), ValueError, "same number of rows"),
    (lambda: numbers().batch(0), ValueError, "Received: batch_size=0"),
    (lambda: numbers().take(-1), ValueError, "Received: count=-1"),
    (lambda: numbers().shuffle(0), ValueError, "Received: buffer_size=0"),
    (lambda: numbers().map(abs, workers=True), ValueError, "Received: workers=True"),
    (lambda: numbers().bucket_by_length([3], 0), ValueError, "Received: batch_size=0"),
    (lambda: numbers().bucket_by_length([4, 2], 2), ValueError, "takes growing boundaries"),
    (lambda: numbers().bucket_by_length([], 2), ValueError, "takes growing boundaries"),
    (lambda: list(numbers().bucket_by_length([3], 2)), ValueError, "arrays of shapes"),
    (lambda: list(words(1).bucket_by_length([3], 2)), ValueError, "length 4.*bucket is of 3"),
    (
        lambda: list(words(5).bucket_by_length([9], 2, pad_y=True)),
        ValueError,
        "x of length 1, y of shape",
    ),
    (lambda: list(words().batch(2)), ValueError, r"elements of one shape.*\[\(1, 2\), \(2, 2\)\]"),
    (lambda: hb.utils.split_dataset(np.ones(4)), ValueError, "needs left_size or right_size"),
    (lambda: hb.utils.split_dataset(np.ones(4), 4), ValueError, "Received: left_size=4"),
    (lambda: hb.utils.split_dataset(np.ones(4), 1.5), ValueError, "Received: left_size=1.5"),
    (lambda: hb.utils.split_dataset(np.ones(4), "2"), TypeError, "Received: left_size='2'"),
    (lambda: hb.utils.split_dataset(np.ones(4), 3, 2), ValueError, "4 samples into 3 and 2"),
    (lambda: hb.utils.split_dataset(np.ones(4), 0.01), ValueError, "4 samples into 0 and 4"),
    (lambda: hb.utils.split_dataset([np.ones(4), np.ones(3)], 2), ValueError, "equal length"),
    (lambda: hb.utils.split_dataset(3, 2), TypeError, "Received: 3"),
    (
        lambda: hb.utils.split_dataset(np.ones(4), 2, preferred_backend="torch"),
        ValueError,
        "Received: preferred_backend='torch'",
    ),
]


@pytest.mark.parametrize(("call", "error", "match"), ERRORS)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_keras_refuses_the_same_sizes():
    from keras.src.utils.dataset_utils import _rescale_dataset_split_sizes

    for left, right in ((4, None), (1.5, None), (3, 2), (0.01, None)):
        with pytest.raises(ValueError):
            _rescale_dataset_split_sizes(left, right, 4)
