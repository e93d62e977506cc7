"""Names of older versions of tf.keras: where scripts import them from, and how they train."""

import numpy as np
import pytest

import hornbill as hb
import hornbill.tensorflow as tf

keras = tf.keras
SAME = {
    "layers.experimental.preprocessing.RandomFlip": keras.layers.RandomFlip,
    "layers.experimental.preprocessing.Rescaling": keras.layers.Rescaling,
    "layers.experimental.preprocessing.TextVectorization": keras.layers.TextVectorization,
    "layers.experimental.EinsumDense": keras.layers.EinsumDense,
    "layers.experimental.SyncBatchNormalization": keras.layers.BatchNormalization,
    "experimental.CosineDecay": keras.optimizers.schedules.CosineDecay,
    "experimental.CosineDecayRestarts": keras.optimizers.schedules.CosineDecayRestarts,
    "optimizers.experimental.AdamW": keras.optimizers.AdamW,
    "optimizers.legacy.Adam": keras.optimizers.Adam,
    "utils.Sequence": hb.utils.PyDataset,
    "preprocessing.sequence.pad_sequences": hb.utils.pad_sequences,
    "preprocessing.image.load_img": hb.utils.load_img,
    "preprocessing.image.array_to_img": hb.utils.array_to_img,
    "preprocessing.image.save_img": hb.utils.save_img,
}


def find(path):
    found = keras
    for part in path.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("path", SAME)
def test_old_places(path):
    assert find(path) is SAME[path]


MISSING = {
    "preprocessing.imag": "tf.keras.preprocessing has no 'imag'.*preprocessing.image?",
    "preprocessing.text.Tokeniser": "Did you mean tf.keras.preprocessing.text.Tokenizer",
    "preprocessing.sequence.skipgram": "Did you mean tf.keras.preprocessing.sequence.skipgrams",
    "preprocessing.image.ImageGenerator": "tf.keras.preprocessing.image.ImageDataGenerator",
    "layers.experimental.preprocessing.RandomHeight": "has no 'RandomHeight'",
}


@pytest.mark.parametrize("path", MISSING)
def test_missing_names(path):
    with pytest.raises(AttributeError, match=MISSING[path]):
        find(path)


def test_the_librarys_functions_give_tensors():
    resized = keras.preprocessing.image.smart_resize(tf.ones((4, 6, 3)), (2, 2))
    assert isinstance(resized, tf.Tensor)
    series = np.arange(8.0)
    windows = keras.preprocessing.timeseries_dataset_from_array(series, series, 3, batch_size=2)
    assert isinstance(windows, tf.data.Dataset)
    assert next(iter(windows))[0].shape.as_list() == [2, 3]


class Steps(keras.utils.Sequence):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        x = np.full((2, 1), index, "float32")
        return x, 2 * x


def endless():
    while True:
        yield from (Steps()[i] for i in range(3))


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def test_generators_by_their_old_methods(model):
    history = model.fit_generator(
        endless(), 3, 2, verbose=0, validation_data=Steps(), validation_steps=3
    ).history
    assert len(history["val_mae"]) == 2
    assert model.evaluate_generator(Steps()) == model.evaluate(Steps(), verbose=0)
    np.testing.assert_array_equal(
        model.predict_generator(Steps(), steps=2), model.predict(Steps(), steps=2, verbose=0)
    )


def test_workers(model):
    steps = Steps()
    model.fit(steps, workers=3, max_queue_size=4, use_multiprocessing=True, verbose=0)
    assert (steps.workers, steps.max_queue_size, steps.use_multiprocessing) == (3, 4, False)
    model.predict(steps, verbose=0)
    assert steps.workers == 3
    with pytest.warns(UserWarning, match="predict reads generator data with one worker"):
        model.predict(endless(), steps=1, verbose=0, workers=2)
    with pytest.raises(TypeError, match="worker"):
        model.fit(steps, worker=3)
    with pytest.raises(TypeError, match="workers"):
        hb.Sequential([hb.layers.Dense(1)]).fit(steps, workers=3)
