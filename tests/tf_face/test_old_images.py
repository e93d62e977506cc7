"""Keras 2's `ImageDataGenerator` and what goes with it, held against Keras's own, draw for draw."""

import pickle
import warnings

import numpy as np
import pytest
from keras.src.legacy.preprocessing import image as oracle

import hornbill.tensorflow as tf

ours = tf.keras.preprocessing.image
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (11, 8, 6, 3)).astype("float32")
LABELS = np.arange(11) % 3
# Keras calls a place of SciPy's that is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*scipy.ndimage.interpolation.*:DeprecationWarning")


def same(mine, keras, atol=1e-5):
    if isinstance(keras, (tuple, list)):
        assert len(mine) == len(keras)
        for a, b in zip(mine, keras, strict=True):
            same(a, b, atol)
    else:
        assert mine.dtype == keras.dtype
        np.testing.assert_allclose(mine, keras, rtol=1e-5, atol=atol)


def both(call):
    """What a call gives with our module and with Keras's, from the same draws."""
    results = []
    for module in (ours, oracle):
        np.random.seed(5)
        results.append(call(module))
        results.append(np.random.random(1))  # and the generator goes on as with Keras
    return results[::2], results[1::2]


def check(call):
    (mine, keras), (after_mine, after_keras) = both(call)
    same(mine, keras)
    assert after_mine == after_keras


LAST = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
FUNCTIONS = {
    "rotation": lambda m: m.random_rotation(IMAGES[0], 40, **LAST),
    "rotation, channels first": lambda m: m.random_rotation(IMAGES[0].T, 40),
    "columns before rows": lambda m: m.random_rotation(
        IMAGES[0], 40, row_axis=1, col_axis=0, channel_axis=2
    ),
    "shift": lambda m: m.random_shift(IMAGES[0], 0.3, 0.1, **LAST, fill_mode="wrap"),
    "shear": lambda m: m.random_shear(IMAGES[0], 25, **LAST, fill_mode="reflect"),
    "zoom": lambda m: m.random_zoom(
        IMAGES[0], (0.6, 1.4), **LAST, fill_mode="constant", cval=9.0, interpolation_order=0
    ),
    "no zoom": lambda m: m.random_zoom(IMAGES[0], (1, 1), **LAST),
    "channel shift": lambda m: m.random_channel_shift(IMAGES[0], 60, channel_axis=2),
    "brightness": lambda m: m.random_brightness(IMAGES[0], (0.4, 1.8)),
    "brightness kept": lambda m: m.random_brightness(IMAGES[0], (0.4, 1.8), scale=False),
    "brightness outside": lambda m: m.apply_brightness_shift(IMAGES[0] - 90, 1.3, scale=False),
    "all": lambda m: m.apply_affine_transform(
        IMAGES[0], theta=30, tx=1.5, ty=-2, shear=10, zx=0.8, zy=1.2, **LAST, order=3
    ),
    "a given shift of channels": lambda m: m.apply_channel_shift(IMAGES[0], -30.5),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    check(FUNCTIONS[name])


VARIED = {
    "nothing": {},
    "rotation": {"rotation_range": 30},
    "shares": {"width_shift_range": 0.2, "height_shift_range": 0.4},
    "pixels": {"width_shift_range": 3, "height_shift_range": 2.5},
    "choices": {"width_shift_range": [-2, 1, 3], "height_shift_range": [0.1, 0.3]},
    "shear": {"shear_range": 20.0, "fill_mode": "reflect"},
    "zoom": {"zoom_range": 0.4, "fill_mode": "wrap"},
    "zooms": {"zoom_range": [0.5, 0.9], "fill_mode": "constant", "cval": 3.0},
    "one zoom": {"zoom_range": [0.7, 0.7]},
    "nearest pixel": {"rotation_range": 30, "interpolation_order": 0},
    "brightness": {"brightness_range": (0.3, 1.4)},
    "channels": {"channel_shift_range": 40.0},
    "flips": {"horizontal_flip": True, "vertical_flip": True},
    "rescale": {"rescale": 1 / 255, "samplewise_center": True},
    "samplewise": {"samplewise_center": True, "samplewise_std_normalization": True},
    "featurewise": {"featurewise_center": True, "featurewise_std_normalization": True},
    "function": {"preprocessing_function": lambda x: x[::-1] / 2},
    "double": {"dtype": "float64", "rotation_range": 5},
    "all": {
        "featurewise_center": True,
        "featurewise_std_normalization": True,
        "rotation_range": 20,
        "width_shift_range": 0.1,
        "height_shift_range": 0.1,
        "shear_range": 5,
        "zoom_range": 0.2,
        "channel_shift_range": 10.0,
        "brightness_range": (0.9, 1.1),
        "horizontal_flip": True,
        "rescale": 0.5,
    },
}


@pytest.mark.parametrize("name", VARIED)
def test_flow(name):
    def call(module):
        vary = module.ImageDataGenerator(**VARIED[name])
        vary.fit(IMAGES, seed=2)
        batches = vary.flow(IMAGES, LABELS, batch_size=4, seed=1)
        # An epoch and a half by `next`, then by number.
        return [next(batches) for _ in range(5)] + [batches[i] for i in (2, 0)]

    check(call)


def test_whitening():
    def call(module):
        vary = module.ImageDataGenerator(zca_whitening=True, featurewise_center=True)
        vary.fit(IMAGES)
        return vary.zca_whitening_matrix @ vary.zca_whitening_matrix, vary.standardize(
            IMAGES[:2].copy()
        )

    (mine, keras), _ = both(call)
    # The matrix's null space is arbitrary up to rounding: 144 pixels, 11 images.
    np.testing.assert_allclose(mine[1], keras[1], rtol=1e-3, atol=1e-3)


STEPS = {
    "augmented fit": lambda m: fitted(m, augment=True, rounds=2, seed=4),
    "one transform": lambda m: m.ImageDataGenerator(rotation_range=9).random_transform(
        IMAGES[0], seed=3
    ),
    "given": lambda m: m.ImageDataGenerator().apply_transform(
        IMAGES[0], {"theta": 20, "flip_vertical": True, "brightness": 0.5}
    ),
    "channels first": lambda m: next(
        m.ImageDataGenerator(
            data_format="channels_first", rotation_range=30, vertical_flip=True
        ).flow(IMAGES.transpose(0, 3, 1, 2), batch_size=5, seed=0)
    ),
    "further arrays": lambda m: m.ImageDataGenerator().flow(
        [IMAGES, [LABELS, LABELS * 2]], LABELS, sample_weight=LABELS * 0.5, shuffle=False
    )[0],
    "one further array": lambda m: m.ImageDataGenerator().flow((IMAGES, LABELS), seed=1)[0],
    "epochs": lambda m: epochs(m.ImageDataGenerator().flow(IMAGES, LABELS, 4)),
    "begun anew": lambda m: begun_anew(m.ImageDataGenerator().flow(IMAGES, batch_size=4, seed=9)),
    "validation": lambda m: m.ImageDataGenerator(validation_split=0.3).flow(
        IMAGES, LABELS, subset="validation", shuffle=False
    )[0],
    "training": lambda m: m.ImageDataGenerator(validation_split=0.3).flow(
        (IMAGES, LABELS), LABELS, subset="training", shuffle=False
    )[0],
}


def fitted(module, **how):
    vary = module.ImageDataGenerator(
        featurewise_center=True, featurewise_std_normalization=True, rotation_range=20, rescale=0.1
    )
    vary.fit(IMAGES, **how)
    return vary.mean, vary.std


def epochs(batches):
    made = []
    for _ in range(2):
        made += [batches[i] for i in range(len(batches))]
        batches.on_epoch_end()
    return made


def begun_anew(batches):
    made = [next(batches), next(batches)]
    batches.reset()
    return [*made, next(batches)]


@pytest.mark.parametrize("name", STEPS)
def test_steps(name):
    check(STEPS[name])


def test_random_transform_has_keras_entries():
    for settings in VARIED.values():
        drawn = []
        for module in (ours, oracle):
            vary = module.ImageDataGenerator(**settings)
            drawn.append(vary.get_random_transform((8, 6, 3), seed=6))
        assert drawn[0] == drawn[1]


def test_weights_follow_their_images():
    vary = ours.ImageDataGenerator(validation_split=0.3)  # Keras gives those of other images
    weights = np.arange(11.0)
    x, _, w = vary.flow(IMAGES, LABELS, sample_weight=weights, subset="training", shuffle=False)[0]
    assert w.tolist() == weights[3:].tolist()
    np.testing.assert_array_equal(x, IMAGES[3:])


def test_saved_images(tmp_path):
    vary = ours.ImageDataGenerator(horizontal_flip=True)
    batches = vary.flow(IMAGES, batch_size=4, seed=1, save_to_dir=tmp_path, save_prefix="seen")
    batch = next(batches)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 4
    assert all(file.name.startswith("seen_") and file.suffix == ".png" for file in files)
    chosen = {int(file.name.split("_")[1]): file for file in files}
    first = int(batches.index_array[0])
    want = batch[0] - batch[0].min()
    read = ours.img_to_array(ours.load_img(chosen[first]))
    np.testing.assert_allclose(read, want / want.max() * 255, atol=1)


def test_standardize_in_place_and_not():
    vary = ours.ImageDataGenerator(rescale=0.5)
    image = np.ones((2, 2, 3), "float32")
    assert vary.standardize(image) is image
    assert image.max() == 0.5
    whole = np.ones((2, 2, 3), "uint8")  # Keras raises
    assert vary.standardize(whole).dtype == "float32"
    assert whole.max() == 1
    tensors = ours.ImageDataGenerator(
        preprocessing_function=lambda x: tf.constant(x) * 2, rescale=3
    )
    assert tensors.standardize(image).max() == 3


def test_iterator_in_training():
    rng = np.random.default_rng(1)
    y = np.arange(24) % 2
    x = (rng.normal(0, 0.1, (24, 4, 4, 1)) + y[:, None, None, None]).astype("float32")
    vary = ours.ImageDataGenerator(horizontal_flip=True, validation_split=0.25)
    train = vary.flow(x, y, batch_size=8, subset="training", seed=0)
    held_out = vary.flow(x, y, batch_size=8, subset="validation", shuffle=False)
    model = tf.keras.Sequential(
        [tf.keras.layers.Flatten(), tf.keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(tf.keras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        train, steps_per_epoch=train.n // 8, epochs=8, validation_data=held_out, verbose=0
    ).history
    assert history["val_accuracy"][-1] == 1
    assert model.evaluate(held_out, verbose=0)[1] == 1
    guessed = model.predict(vary.flow(x, batch_size=10, shuffle=False), verbose=0)
    assert guessed.shape == (24, 1)
    np.testing.assert_allclose((guessed[:, 0] > 0.5), y)


def test_pickled_for_workers():
    batches = ours.ImageDataGenerator(rotation_range=9).flow(IMAGES, LABELS, seed=2)
    again = pickle.loads(pickle.dumps(batches))
    same(next(again), next(batches), 0)


def test_own_iterator():
    class Numbers(ours.Iterator):
        def _get_batches_of_transformed_samples(self, index_array):
            return index_array

    numbers = Numbers(5, 2, shuffle=False, seed=None, workers=2)
    assert [b.tolist() for b in (next(numbers), numbers.next(), next(numbers.index_generator))] == [
        [0, 1],
        [2, 3],
        [4],
    ]
    assert isinstance(numbers, tf.keras.utils.Sequence)
    assert numbers.workers == 2
    taken = [batch.tolist() for batch, _ in zip(numbers, range(4), strict=False)]  # without end
    assert taken == [[0, 1], [2, 3], [4], [0, 1]]
    assert (numbers.total_batches_seen, numbers.batch_index) == (8, 2)
    with pytest.raises(ValueError, match="3 batches"):
        numbers[3]
    with pytest.raises(NotImplementedError, match="makes no batches"):
        ours.Iterator(5, 2, False, None)[0]


WARNINGS = {
    "zca_whitening": ({"zca_whitening": True}, "featurewise_center=True"),
    "std": ({"featurewise_std_normalization": True}, "featurewise_center=True"),
    "sample std": ({"samplewise_std_normalization": True}, "samplewise_center=True"),
    "zca and std": (
        {
            "zca_whitening": True,
            "featurewise_center": True,
            "featurewise_std_normalization": True,
        },
        "featurewise_std_normalization=False",
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_settings_that_imply_others(name):
    settings, message = WARNINGS[name]
    with pytest.warns(UserWarning, match=message):
        mine = ours.ImageDataGenerator(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras = oracle.ImageDataGenerator(**settings)
    for setting in ("featurewise_center", "featurewise_std_normalization", "samplewise_center"):
        assert getattr(mine, setting) == getattr(keras, setting)


def test_unfitted_and_odd_channels_warn():
    with pytest.warns(UserWarning, match="featurewise_center needs.*call fit"):
        ours.ImageDataGenerator(featurewise_center=True).standardize(IMAGES[0].copy())
    with pytest.warns(UserWarning, match="1, 3 or 4 channels"):
        ours.ImageDataGenerator().flow(IMAGES[..., :2])


MISTAKES = {
    "zoom": (lambda: ours.ImageDataGenerator(zoom_range=(1, 2, 3)), "zoom_range"),
    "split": (lambda: ours.ImageDataGenerator(validation_split=1.5), "between 0 and 1"),
    "brightness": (lambda: ours.ImageDataGenerator(brightness_range=0.3), "two numbers"),
    "format": (lambda: ours.ImageDataGenerator(data_format="last"), "data_format"),
    "rank": (lambda: ours.ImageDataGenerator().flow(IMAGES[0]), "four axes"),
    "rank of fit": (lambda: ours.ImageDataGenerator().fit(IMAGES[0]), "four axes"),
    "lengths": (lambda: ours.ImageDataGenerator().flow(IMAGES, LABELS[1:]), "y of length 10"),
    "weights": (
        lambda: ours.ImageDataGenerator().flow(IMAGES, LABELS, sample_weight=[1]),
        "sample_weight of length 1",
    ),
    "subset": (lambda: ours.ImageDataGenerator().flow(IMAGES, subset="test"), "subset='test'"),
    "classes": (
        lambda: ours.ImageDataGenerator(validation_split=0.5).flow(
            IMAGES, np.arange(11), subset="training"
        ),
        "ignore_class_split",
    ),
    "axes": (lambda: ours.apply_affine_transform(IMAGES[0], theta=1, row_axis=0), "row_axis=0"),
    "channels inside": (
        lambda: ours.apply_affine_transform(IMAGES[0], row_axis=0, col_axis=2, channel_axis=1),
        "channels first or last",
    ),
    "no axis": (lambda: ours.apply_channel_shift(IMAGES[0], 1, 3), "no axis 3"),
    "one zoom": (lambda: ours.random_zoom(IMAGES[0], (1,)), "zoom_range is two numbers"),
    "one factor": (lambda: ours.random_brightness(IMAGES[0], (1,)), "range is two numbers"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name):
    call, message = MISTAKES[name]
    with pytest.raises(ValueError, match=message):
        call()
