"""Keras 2's sequence preprocessing, held against Keras's own."""

import json
import random

import numpy as np
import pytest
from keras.src.legacy.preprocessing import sequence as oracle

import hornbill.tensorflow as tf

ours = tf.keras.preprocessing.sequence
SERIES = np.arange(60.0).reshape(30, 2)
TARGETS = np.arange(30) * 10
WINDOWS = {
    "plain": {},
    "sampled": {"length": 6, "sampling_rate": 2},
    "strides": {"stride": 3},
    "part": {"start_index": 4, "end_index": 20},
    "backwards": {"reverse": True, "sampling_rate": 2},
    "drawn": {"shuffle": True},
    "one batch": {"batch_size": 100},
    "one window": {"start_index": 26, "end_index": 29},
}


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize(
    "kind", [np.asarray, lambda x: np.asarray(x).tolist()], ids=["array", "list"]
)
def test_windows(name, kind):
    settings = {"length": 3, "batch_size": 4, **WINDOWS[name]}
    made = [
        module.TimeseriesGenerator(kind(SERIES), kind(TARGETS), **settings)
        for module in (ours, oracle)
    ]
    assert len(made[0]) == len(made[1])
    batches = []
    for one in made:
        np.random.seed(3)
        batches.append([one[i] for i in range(len(one))])
    for mine, keras in zip(*batches, strict=True):
        for a, b in zip(mine, keras, strict=True):
            np.testing.assert_array_equal(a, b)


def test_windows_written():
    made = ours.TimeseriesGenerator(SERIES, TARGETS.tolist(), 3, start_index=2, workers=2)
    written = json.loads(made.to_json(indent=2))
    assert written["class_name"] == "TimeseriesGenerator"
    config = written["config"]
    data, targets = json.loads(config.pop("data")), json.loads(config.pop("targets"))
    again = ours.TimeseriesGenerator(data, targets, **config)
    np.testing.assert_array_equal(again[0][0], made[0][0])
    assert again.get_config() == made.get_config()
    assert made.workers == 2


def test_windows_train():
    wave = np.sin(np.arange(60) / 3)[:, None].astype("float32")
    train = ours.TimeseriesGenerator(wave, wave, 8, batch_size=16, end_index=45)
    model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(1)])
    model.compile(tf.keras.optimizers.Adam(0.05), "mse")
    history = model.fit(train, epochs=12, verbose=0).history["loss"]
    assert history[-1] < history[0] / 4
    assert model.predict(train, verbose=0).shape == (38, 1)


@pytest.mark.parametrize("size", [1, 2, 500])
@pytest.mark.parametrize("factor", [1e-5, 1e-2])
def test_sampling_table(size, factor):
    mine = ours.make_sampling_table(size, sampling_factor=factor)
    np.testing.assert_allclose(mine, oracle.make_sampling_table(size, factor), rtol=1e-12)


PAIRS = {
    "plain": {},
    "narrow": {"window_size": 1},
    "none drawn": {"negative_samples": 0.0},
    "half drawn": {"negative_samples": 0.5, "shuffle": False},
    "categorical": {"categorical": True, "seed": 4},
    "seed": {"seed": 7},
    "rare": {"sampling_table": [0.0, 0.9, 0.5, 0.2, 1.0, 0.0, 0.7, 0.3]},
}


@pytest.mark.parametrize("name", PAIRS)
def test_skipgrams(name, monkeypatch):
    # Keras gives it 10e6, a float, which Python refuses from 3.12 on.
    randint = random.randint
    monkeypatch.setattr(random, "randint", lambda low, high: randint(low, int(high)))
    words = [1, 3, 0, 2, 7, 6, 1, 1, 4, 0, 5, 2]
    results = []
    for module in (ours, oracle):
        random.seed(11)
        made = module.skipgrams(words, 8, **PAIRS[name])
        results.append((*made, random.random()))
    assert results[0] == results[1]  # the global generator, too, goes on as with Keras


MISTAKES = {
    "lengths": (ValueError, lambda: ours.TimeseriesGenerator(SERIES, TARGETS[1:], 3), "29 targets"),
    "too long": (ValueError, lambda: ours.TimeseriesGenerator(SERIES, TARGETS, 30), "no whole"),
    "no JSON": (
        TypeError,
        lambda: ours.TimeseriesGenerator([1, {2}], [1, 2], 1).to_json(),
        "data cannot be written as JSON",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name):
    error, call, message = MISTAKES[name]
    with pytest.raises(error, match=message):
        call()
