"""`tf.data` against NumPy and against what TensorFlow 2.21 gives."""

import numpy as np
import pytest

import hornbill as hb
import hornbill.tensorflow as tf

Dataset = tf.data.Dataset


def ints(dataset) -> list:
    return [x.numpy().tolist() for x in dataset]


def numbers(n: int = 7):
    return Dataset.range(n)


# What each gives of 0 ... 6.
LISTS = {
    "map": (lambda d: d.map(lambda x: x * 2, num_parallel_calls=2), [0, 2, 4, 6, 8, 10, 12]),
    "filter": (lambda d: d.filter(lambda x: x % 2 == 0), [0, 2, 4, 6]),
    "take_while": (lambda d: d.take_while(lambda x: x < 3), [0, 1, 2]),
    "take, skip": (lambda d: d.skip(2).take(3), [2, 3, 4]),
    "shard": (lambda d: d.shard(3, 1), [1, 4]),
    "concatenate": (lambda d: d.take(2).concatenate(d.skip(5)), [0, 1, 5, 6]),
    "repeat": (lambda d: d.take(2).repeat(3), [0, 1] * 3),
    "endless": (lambda d: d.repeat().take(9), [0, 1, 2, 3, 4, 5, 6, 0, 1]),
    "batch": (lambda d: d.batch(3), [[0, 1, 2], [3, 4, 5], [6]]),
    "whole batches": (lambda d: d.batch(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]]),
    "rebatch": (lambda d: d.batch(3).rebatch(4), [[0, 1, 2, 3], [4, 5, 6]]),
    "unbatch": (lambda d: d.batch(2).unbatch(), [0, 1, 2, 3, 4, 5, 6]),
    "unique": (lambda d: d.map(lambda x: x // 3).unique(), [0, 1, 2]),
    "prefetch": (lambda d: d.prefetch(tf.data.AUTOTUNE), [0, 1, 2, 3, 4, 5, 6]),
    "flat_map": (
        lambda d: d.take(3).flat_map(lambda x: Dataset.from_tensors(x).repeat(2)),
        [0, 0, 1, 1, 2, 2],
    ),
    "interleave": (
        lambda d: d.interleave(
            lambda x: Dataset.from_tensors(x).repeat(x + 1), cycle_length=3, block_length=2
        ),
        [0, 1, 1, 2, 2, 3, 3, 2, 3, 3, 4, 4, 5, 5, 4, 4, 5, 5, 6, 6, 4, 5, 5, 6, 6, 6, 6, 6],
    ),
    "windows": (
        lambda d: d.window(3, shift=2, stride=2).flat_map(lambda w: w.batch(3)),
        [[0, 2, 4], [2, 4, 6], [4, 6], [6]],
    ),
    "windows apart": (
        lambda d: d.window(2, shift=3).flat_map(lambda w: w.batch(2)),
        [[0, 1], [3, 4], [6]],
    ),
    "apply": (lambda d: d.apply(lambda e: e.take(1)), [0]),
    "options": (lambda d: d.with_options(tf.data.Options()).take(1), [0]),
}


@pytest.mark.parametrize("name", LISTS)
def test_elements(name):
    change, expected = LISTS[name]
    dataset = change(numbers())
    assert ints(dataset) == expected
    assert ints(dataset) == expected  # it can be read again
    length = int(dataset.cardinality())
    assert length in (len(expected), tf.data.UNKNOWN_CARDINALITY)


def test_structures():
    data = Dataset.from_tensor_slices((np.arange(3.0), {"a": [[1, 2], [3, 4], [5, 6]]}))
    assert data.element_spec == (
        tf.TensorSpec((), "float64"),
        {"a": tf.TensorSpec((2,), "int64")},
    )
    summed = data.map(lambda x, y: {"sum": x + tf.reduce_sum(y["a"]), "x": x})
    assert [e["sum"].numpy() for e in summed] == [3.0, 8.0, 13.0]
    both = Dataset.zip((numbers(), numbers().skip(1))).batch(4)
    first, second = next(iter(both))
    assert (first + 1).numpy().tolist() == second.numpy().tolist()
    assert len(Dataset.zip({"a": numbers(), "b": numbers().repeat()})) == 7
    assert [(int(i), int(x)) for i, x in numbers(2).enumerate(start=5)] == [(5, 0), (6, 1)]
    assert both.element_spec[0].shape == (None,)
    assert numbers().batch(2, drop_remainder=True).element_spec.shape == (2,)


def test_numpy_and_reductions():
    batch = next(numbers().batch(2).as_numpy_iterator())
    assert isinstance(batch, np.ndarray)
    assert int(numbers().reduce(0, lambda total, x: total + x)) == 21
    assert int(numbers(1).get_single_element()) == 0
    with pytest.raises(ValueError, match="more than one"):
        numbers().get_single_element()
    assert int(numbers().repeat().cardinality()) == tf.data.INFINITE_CARDINALITY
    with pytest.raises(TypeError, match="length"):
        len(numbers().filter(lambda x: x > 1))


def test_shuffle_and_cache():
    shuffled = numbers(50).shuffle(50, seed=3)
    first, second = ints(shuffled), ints(shuffled)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert ints(numbers(50).shuffle(50, seed=3)) == first
    again = numbers(50).shuffle(50, seed=3, reshuffle_each_iteration=False)
    assert ints(again) == ints(again)
    assert max(abs(i - x) for i, x in enumerate(ints(numbers(50).shuffle(3, seed=1)))) > 0
    made = []
    cached = numbers(3).map(lambda x: made.append(1) or x).cache()
    assert ints(cached) == ints(cached) == [0, 1, 2]
    assert len(made) == 3
    with pytest.raises(ValueError, match="leave filename out"):
        numbers().cache("file")


def test_generators_and_padding():
    def rows():
        for n in (1, 3, 2):
            yield [1] * n

    ragged = Dataset.from_generator(rows, output_signature=tf.TensorSpec((None,), tf.int32))
    batches = [b.numpy().tolist() for b in ragged.padded_batch(2)]
    assert batches == [[[1, 0, 0], [1, 1, 1]], [[1, 1]]]
    wide = next(iter(ragged.padded_batch(3, padded_shapes=[4], padding_values=9)))
    assert wide.numpy().tolist() == [[1, 9, 9, 9], [1, 1, 1, 9], [1, 1, 9, 9]]
    with pytest.raises(ValueError, match="does not fit"):
        next(iter(ragged.padded_batch(3, padded_shapes=[2])))
    old = Dataset.from_generator(rows, output_types=tf.float32, output_shapes=[None], args=None)
    assert next(iter(old)).dtype == tf.float32
    wrong = Dataset.from_generator(rows, output_signature=tf.TensorSpec((2,), tf.int32))
    with pytest.raises(ValueError, match=r"Expected TensorSpec\(shape=\(2,\)"):
        list(wrong)
    counted = Dataset.from_generator(lambda n: range(n), args=[3])
    assert ints(counted) == [0, 1, 2]


def test_text_and_files(tmp_path):
    words = Dataset.from_tensor_slices(["one", "two"])
    assert [w.numpy() for w in words] == [b"one", b"two"]
    assert next(iter(words.batch(2).as_numpy_iterator())).tolist() == [b"one", b"two"]
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text(f"{name}\nend\n")
    files = Dataset.list_files(str(tmp_path / "*.txt"), shuffle=False)
    assert [str(f)[-5:] for f in files] == ["a.txt", "b.txt"]
    lines = tf.data.TextLineDataset([str(f) for f in files])
    assert [str(line) for line in lines] == ["a.txt", "end", "b.txt", "end"]
    assert sorted(str(f) for f in Dataset.list_files(str(tmp_path / "*.txt"), seed=1)) == [
        str(f) for f in files
    ]
    with pytest.raises(ValueError, match="No files"):
        Dataset.list_files(str(tmp_path / "*.png"))


def test_drawn_from_several():
    ones, twos = Dataset.from_tensors(1).repeat(20), Dataset.from_tensors(2).repeat(20)
    mixed = ints(Dataset.sample_from_datasets([ones, twos], weights=[0.9, 0.1], seed=4))
    assert sorted(mixed) == [1] * 20 + [2] * 20
    assert mixed[:10].count(1) > 5


def test_models_take_datasets():
    x = np.linspace(-1, 1, 40, dtype="float32")[:, None]
    data = Dataset.from_tensor_slices((x, 3 * x)).shuffle(40, seed=1)
    data = data.map(lambda a, b: (a, b + 1), num_parallel_calls=tf.data.AUTOTUNE)
    data = data.batch(8).prefetch(tf.data.AUTOTUNE)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile(tf.keras.optimizers.Adam(0.2), "mse")
    losses = model.fit(data, epochs=15, validation_data=data, verbose=0).history
    assert losses["val_loss"][-1] < 0.1
    assert model.evaluate(data, verbose=0) < 0.1
    assert model.predict(data.map(lambda a, b: a), verbose=0).shape == (40, 1)
    # The library reads it as its own: arrays.
    assert isinstance(data, hb.utils.Dataset)


def test_datasets_of_the_library_get_the_methods():
    series = np.arange(10.0)
    data = tf.keras.utils.timeseries_dataset_from_array(series, series[3:], 3, batch_size=2)
    window, target = next(iter(data.map(lambda x, y: (x * 2, y)).unbatch()))
    assert (window.numpy().tolist(), float(target)) == ([0.0, 2.0, 4.0], 3.0)


def test_draws_beside_a_training():
    def made():
        tf.random.set_seed(2)
        data = Dataset.range(64).map(lambda x: (tf.random.normal((2,)), tf.random.uniform((1,))))
        return data.batch(4).prefetch(4)

    model = tf.keras.Sequential([tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    # The step that is trained takes over the global generator's memory at the same time.
    losses = model.fit(made(), epochs=3, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    first, second = (np.concatenate([x.numpy() for x, _ in made()]) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(np.unique(first)) == 128
