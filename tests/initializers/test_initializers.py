"""Initializers give the values that Keras on JAX gives for the same seed."""

import json

import keras
import numpy as np
import pytest

from hornbill import initializers
from hornbill.engine import serialize
from hornbill.engine.random import SeedGenerator, set_random_seed
from hornbill.engine.variable import Variable

WINDOW = np.array([0.5, 1.0, 1.0, 0.5, 0.25, 0.125, 0.5, 1.0])

# Class, arguments, shape.
CASES = [
    ("Zeros", {}, (2, 3)),
    ("Ones", {}, (2, 3)),
    ("Constant", {"value": 2.5}, (2, 3)),
    ("Identity", {"gain": 2.0}, (3, 4)),
    ("RandomNormal", {"mean": 1.0, "stddev": 0.5, "seed": 3}, (2, 3)),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0, "seed": 3}, (2, 3)),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 0.5, "seed": 3}, (2, 3)),
    ("GlorotUniform", {"seed": 3}, (2, 3)),
    ("GlorotUniform", {"seed": 3}, (2, 2, 3)),
    ("GlorotUniform", {"seed": 3}, (4,)),
    ("GlorotUniform", {"seed": 3, "input_axes": (0,), "output_axes": (1, 2)}, (2, 3, 4)),
    ("GlorotNormal", {"seed": 3}, (2, 3)),
    ("LecunNormal", {"seed": 3}, (2, 3)),
    ("LecunUniform", {"seed": 3}, (2, 3)),
    ("HeNormal", {"seed": 3}, (2, 3)),
    ("HeUniform", {"seed": 3}, (2, 3)),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "seed": 3}, (2, 3)),
    ("VarianceScaling", {"distribution": "untruncated_normal", "seed": 3}, (2, 3)),
    ("VarianceScaling", {"mode": "fan_avg", "distribution": "Uniform", "seed": 3}, (2, 3)),
    ("VarianceScaling", {"distribution": "normal", "seed": 3}, (2, 3)),
    ("Orthogonal", {"gain": 1.5, "seed": 3}, (2, 3)),
    ("Orthogonal", {"seed": 3}, (2, 2, 3)),
    ("STFT", {}, (8, 1, 5)),
    ("STFT", {"side": "imag", "window": "hamming", "scaling": "spectrum"}, (8, 1, 5)),
    ("STFT", {"window": "hann", "scaling": None, "periodic": True}, (8, 1, 5)),
    ("STFT", {"window": None}, (8, 1, 5)),
    ("STFT", {"window": WINDOW}, (8, 1, 5)),
]


@pytest.mark.parametrize(("name", "settings", "shape"), CASES)
def test_values_are_keras_s(name, settings, shape):
    found = getattr(initializers, name)(**settings)(shape)
    expected = np.asarray(getattr(keras.initializers, name)(**settings)(shape))
    assert found.shape == shape
    assert found.dtype == "float32"
    loose = {"Orthogonal": 1e-5, "STFT": 1e-5}.get(name, 4e-7)
    np.testing.assert_allclose(found, expected, rtol=loose, atol=loose / 10)


@pytest.mark.parametrize(("name", "settings", "shape"), CASES)
def test_config_round_trip(name, settings, shape):
    one = getattr(initializers, name)(**settings)
    described = initializers.serialize(one)
    assert described["module"] == "keras.initializers"
    again = initializers.deserialize(json.loads(json.dumps(described)))
    assert type(again) is type(one)
    assert again.get_config() == one.get_config()
    np.testing.assert_array_equal(one(shape), again(shape))
    keys = set(getattr(keras.initializers, name)(**settings).get_config())
    if name == "Identity":
        keys.add("gain")  # which Keras forgets
    assert set(one.get_config()) == keys


def test_keras_opens_ours_and_we_open_keras_s():
    ours = json.loads(json.dumps(initializers.serialize(initializers.HeNormal(seed=4))))
    theirs = keras.initializers.deserialize(ours)
    back = initializers.deserialize(keras.initializers.serialize(theirs))
    np.testing.assert_array_equal(back((2, 3)), initializers.HeNormal(seed=4)((2, 3)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", sorted({name for name, _, _ in CASES}))
def test_16_bits_and_another_shape(name, dtype):
    settings = next(settings for one, settings, _ in CASES if one == name)
    shape = {"STFT": (4, 1, 3)}.get(name, (4, 5))
    found = getattr(initializers, name)(**settings)(shape, dtype=dtype)
    assert (found.shape, found.dtype) == (shape, dtype)
    # Keras has no QR decomposition and no Fourier matrix in 16 bits.
    single = "float32" if name in ("Orthogonal", "STFT") else dtype
    expected = getattr(keras.initializers, name)(**settings)(shape, dtype=single)
    np.testing.assert_allclose(
        np.asarray(found, "float32"),
        np.asarray(expected, "float32"),
        rtol=1e-5 if single == dtype else 1e-2,
        atol=1e-7 if single == dtype else 1e-3,
    )


def test_integers_and_bools():
    assert initializers.Constant(3)((2,), "int32").dtype == "int32"
    assert initializers.Ones()((2,), "bool").tolist() == [True, True]


def test_constant_arrays_broadcast():
    assert initializers.Constant([1, 2])((2, 2)).tolist() == [[1, 2], [1, 2]]
    with pytest.raises(ValueError, match=r"shape \(2,\).*Received: shape=\(2, 3\)"):
        initializers.Constant([1, 2])((2, 3))


def test_seeds():
    fixed = initializers.RandomUniform(seed=1)
    np.testing.assert_array_equal(fixed((3,)), fixed((3,)))
    advancing = initializers.RandomUniform(seed=SeedGenerator(1))
    first, second = advancing((3,)), advancing((3,))
    np.testing.assert_array_equal(first, fixed((3,)))
    assert not np.array_equal(first, second)
    theirs = keras.initializers.RandomUniform(seed=keras.random.SeedGenerator(1))
    theirs((3,))
    np.testing.assert_array_equal(second, np.asarray(theirs((3,))))


def test_no_seed_follows_set_random_seed_as_in_keras():
    set_random_seed(7)
    ours = [initializers.GlorotUniform(), initializers.HeNormal()]
    assert ours[0].get_config()["seed"] is None
    keras.utils.set_random_seed(7)
    theirs = [keras.initializers.GlorotUniform(), keras.initializers.HeNormal()]
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a((2, 3)), np.asarray(b((2, 3))), rtol=4e-7)


def test_clone_without_seed_draws_anew():
    one = initializers.GlorotUniform()
    assert one.clone().seed != one.seed


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("glorot_uniform", "GlorotUniform"),
        ("HeNormal", "HeNormal"),
        ("zeros", "Zeros"),
        ("zero", "Zeros"),
        ("one", "Ones"),
        ("normal", "RandomNormal"),
        ("uniform", "RandomUniform"),
        ("truncated_normal", "TruncatedNormal"),
        ("OrthogonalInitializer", "Orthogonal"),
        ("IdentityInitializer", "Identity"),
        ("stft", "STFT"),
        ("STFTInitializer", "STFT"),
        ("lecun_uniform", "LecunUniform"),
        ("variance_scaling", "VarianceScaling"),
    ],
)
def test_get_by_name(name, cls):
    found = initializers.get(name)
    assert type(found).__name__ == cls
    assert type(keras.initializers.get(name)).__name__ == cls


def test_get_of_other_things():
    assert initializers.get(None) is None
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    one = initializers.Ones()
    assert initializers.get(one) is one
    assert initializers.get(len) is len
    given = initializers.get(np.array([1.0, 2.0]))
    assert given((2,), "float16").tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match=r"shape \(2,\).*Received: shape=\(3,\)"):
        given((3,))
    variable = Variable(initializers.get("ones"), shape=(2,), dtype="float16")
    assert variable.dtype == "float16"


def test_custom_initializers_are_their_arguments():
    @serialize.register_keras_serializable("tests")
    class Ramp(initializers.Initializer):
        def __init__(self, step, start=0):
            self.step, self.start = step, start

        def __call__(self, shape, dtype=None):
            return np.arange(*shape, dtype=dtype) * self.step + self.start

    again = initializers.deserialize(initializers.serialize(Ramp(2)))
    assert again((3,), "float32").tolist() == [0, 2, 4]
    assert Ramp(2).get_config() == {"step": 2, "start": 0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.RandomNormal(seed="a"), r"RandomNormal's seed.*Received: seed='a'"),
        (lambda: initializers.GlorotUniform(seed=True), r"GlorotUniform's seed.*seed=True"),
        (lambda: initializers.VarianceScaling(scale=0), r"scale is a positive.*scale=0"),
        (lambda: initializers.VarianceScaling(mode="fan"), r"mode is 'fan_in'.*mode='fan'"),
        (lambda: initializers.VarianceScaling(distribution="x"), r"distribution='x'"),
        (lambda: initializers.STFT(side="left"), r"side is 'real'.*side='left'"),
        (lambda: initializers.STFT(scaling="x"), r"scaling='x'"),
        (lambda: initializers.STFT(window="nonsense"), r"window='nonsense'"),
        (lambda: initializers.STFT(window=[1.0])((2, 1, 2)), r"shape \(2,\).*shape \(1,\)"),
        (lambda: initializers.STFT()((2, 2)), r"Received: shape=\(2, 2\)"),
        (lambda: initializers.Identity()((2,)), r"two axes. Received: shape=\(2,\)"),
        (lambda: initializers.Orthogonal()((2,)), r"at least two axes. Received: shape=\(2,\)"),
        (lambda: initializers.RandomNormal()((2,), "int32"), r"draws floats.*dtype='int32'"),
        (lambda: initializers.get("glorot_unifrom"), r"Did you mean 'glorot_uniform'"),
        (lambda: initializers.get(3), r"initializer from 3"),
    ],
)
def test_messages(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_base_says_what_to_write():
    with pytest.raises(NotImplementedError, match="def __call__"):
        initializers.Initializer()((2,))
