import jax
import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill.engine.symbolic import SymbolicTensor

LOGITS = np.log(np.array([[0.2, 0.3, 0.5], [0.9, 0.05, 0.05]], "float32"))
ONES = np.ones((4, 5), "float32")
ORDERED = np.arange(12).reshape(3, 4)

DRAWS = [
    ("normal", ((3, 4),), {"mean": 2.0, "stddev": 0.5}),
    ("normal", ((3, 4),), {"dtype": "bfloat16"}),
    ("uniform", ((3, 4),), {"minval": -1.0, "maxval": 3.0}),
    ("truncated_normal", ((3, 4),), {"mean": 1.0, "stddev": 2.0}),
    ("randint", ((3, 4), -3, 9), {}),
    ("randint", ((3, 4), 0, 200), {"dtype": "uint8"}),
    ("categorical", (LOGITS, 6), {}),
    ("categorical", (LOGITS, 6), {"dtype": "int8"}),
    ("dropout", (ONES, 0.4), {}),
    ("dropout", (ONES, 0.4), {"noise_shape": (None, 1)}),
    ("dropout", (ONES, 0.0), {}),
    ("dropout", (ONES, 1.0), {}),
    ("shuffle", (ORDERED,), {}),
    ("shuffle", (ORDERED,), {"axis": 1}),
    ("gamma", ((3, 4), 2.0), {}),
    ("gamma", ((2, 2), np.array([0.5, 3.0], "float32")), {}),
    ("beta", ((3, 4), 2.0, 3.0), {}),
    ("binomial", ((3, 4), 7.0, 0.3), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), DRAWS)
def test_numbers_are_those_of_keras(name, args, kwargs):
    ours, theirs = getattr(hb.random, name), getattr(keras.random, name)
    result = ours(*args, **kwargs, seed=1234)
    expected = theirs(*args, **kwargs, seed=1234)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    assert np.array_equal(result, expected)


def test_a_seed_generator_counts_as_in_keras():
    ours, theirs = hb.random.SeedGenerator(5), keras.random.SeedGenerator(5)
    for _ in range(3):
        expected = keras.random.normal((3, 4), seed=theirs)
        assert np.array_equal(hb.random.normal((3, 4), seed=ours), expected)


def test_draws_without_a_seed():
    hb.utils.set_random_seed(3)
    first, second = hb.random.uniform((3, 4)), hb.random.uniform((3, 4))
    assert not np.array_equal(first, second)
    hb.utils.set_random_seed(3)
    assert np.array_equal(hb.random.uniform((3, 4)), first)


@pytest.mark.parametrize(
    ("call", "shape", "dtype"),
    [
        (lambda x: hb.random.dropout(x, 0.5), (None, 3), "float32"),
        (lambda x: hb.random.dropout(x, 0.5, noise_shape=(None, 1), seed=1), (None, 3), "float32"),
        (lambda x: hb.random.shuffle(x), (None, 3), "float32"),
        (lambda x: hb.random.categorical(x, 4), (None, 4), "int32"),
    ],
)
def test_symbolic_tensors(call, shape, dtype):
    result = call(SymbolicTensor((None, 3)))
    assert (result.shape, result.dtype) == (shape, dtype)


def test_unknown_sizes_inside_a_layer():
    class Noise(hb.layers.Layer):
        def call(self, x):
            shape = x.shape
            return x + hb.random.normal(shape) + hb.random.uniform(shape, seed=1)

    assert Noise()(SymbolicTensor((None, 3))).shape == (None, 3)


def test_the_state_of_a_symbolic_draw_is_left_alone():
    generator = hb.random.SeedGenerator(5)
    hb.random.dropout(SymbolicTensor((None, 3)), 0.5, seed=generator)
    assert generator.next().tolist() == [5, 0]


def test_dropout_keeps_the_mean_and_its_gradient():
    x = np.full(4000, 3.0, "float32")
    dropped = hb.random.dropout(x, 0.25, seed=2)
    np.testing.assert_allclose(dropped.mean(), 3.0, rtol=0.05)
    slope = jax.grad(lambda x: hb.random.dropout(x, 0.25, seed=2).sum())(x)
    np.testing.assert_allclose(slope, dropped / 3.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: hb.random.uniform((2,), dtype="int32"), "draws floats"),
        (lambda: hb.random.randint((2,), 0, 3, dtype="float32"), "draws ints"),
        (lambda: hb.random.normal((None, 2)), "a shape that is known"),
        (lambda: hb.random.categorical(LOGITS[0], 2), r"logits of shape \(batch, classes\)"),
        (lambda: hb.random.dropout(ONES, 1.5), "between 0 and 1"),
        (lambda: hb.random.dropout(ONES, 0.5, noise_shape=(1,)), "one entry for each of the 2"),
        (lambda: hb.random.normal((2,), seed="one"), "A seed is an int"),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call()
