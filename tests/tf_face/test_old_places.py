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


def test_predicted_classes(model):
    one = np.array([[-3.0], [5.0]], "float32")
    several = keras.Sequential([keras.layers.Dense(3, use_bias=False)])
    several.build((None, 1))
    several.set_weights([np.array([[1.0, -1.0, 0.5]])])
    assert several.predict_classes(one).tolist() == [1, 0]
    single = keras.Sequential([keras.layers.Dense(1, "sigmoid", kernel_initializer="ones")])
    assert single.predict_classes(one).tolist() == [[0], [1]]


def test_reset_states():
    inside = keras.layers.SimpleRNN(2, stateful=True, batch_input_shape=(1, 3, 1))
    model = keras.Sequential([inside])
    x = np.ones((1, 3, 1), "float32")
    first, second = (model.predict(x, verbose=0) for _ in range(2))
    assert not np.allclose(first, second)
    model.reset_states()
    np.testing.assert_allclose(model.predict(x, verbose=0), first)


RATES = {
    "lr": (lambda: keras.optimizers.Adam(lr=0.5), [0.5, 0.5]),
    "decay": (lambda: keras.optimizers.SGD(lr=0.5, decay=1.0, momentum=0.9), [0.5, 0.25]),
    "decay of a place": (lambda: keras.optimizers.SGD(0.5, decay=3.0), [0.5, 0.125]),
    "decay of the default": (lambda: keras.optimizers.SGD(decay=1.0), [0.01, 0.005]),
    "no decay": (lambda: keras.optimizers.RMSprop(lr=0.5, decay=0.0), [0.5, 0.5]),
}


@pytest.mark.parametrize("name", RATES)
def test_learning_rates(name):
    make, want = RATES[name]
    optimizer, weight = make(), tf.Variable([1.0])
    rates = []
    for _ in range(2):
        rates.append(float(optimizer.lr))
        optimizer.apply_gradients([(tf.constant([1.0]), weight)])
    np.testing.assert_allclose(rates, want)
    again = type(optimizer).from_config(optimizer.get_config())
    np.testing.assert_allclose(float(again.lr), want[0])


def test_lr_is_set():
    optimizer = keras.optimizers.SGD(lr=0.5)
    keras.backend.set_value(optimizer.lr, 0.25)
    assert keras.backend.get_value(optimizer.learning_rate) == 0.25
    optimizer.lr = 0.125
    assert float(optimizer.learning_rate) == 0.125

    class Halved(keras.optimizers.SGD):
        def __init__(self, double_rate=1.0):
            super().__init__(lr=double_rate / 2)

    assert float(Halved(0.5).lr) == 0.25
    assert Halved(0.5).get_config()["double_rate"] == 0.5


def test_a_rate_under_both_names():
    for given in ({"learning_rate": 0.1}, {}):
        with pytest.raises(ValueError, match="no argument 'lr'"):
            keras.optimizers.SGD(*([] if given else [0.1]), lr=0.2, **given)
    with pytest.raises(ValueError, match="no argument 'lr'"):
        hb.optimizers.SGD(lr=0.2)
