"""`tf.keras.backend` against Keras 2 (`backend_cases.py` says how its numbers came here)."""

import functools

import numpy as np
import pytest
from backend_cases import GIVEN, MASK, A, P, S, arr, cases, leaves

import hornbill.tensorflow as tf

K = tf.keras.backend
CASES = cases(tf, K)


@functools.cache
def given() -> dict:
    with np.load(GIVEN) as file:
        return dict(file)


@pytest.mark.parametrize("name", CASES)
def test_as_keras_2(name):
    found = leaves(CASES[name]())
    expected = [array for key, array in given().items() if key.rpartition("/")[0] == name]
    assert len(found) == len(expected) > 0
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype.kind == theirs.dtype.kind
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_beam_search_keeps_repeated_labels():
    # Two a's with a blank between: tf.keras merges them after the search.
    chances = np.full((1, 3, 3), 0.05, "float32")
    chances[0, [0, 1, 2], [0, 2, 0]] = 0.9
    (best, second), scores = K.ctc_decode(chances, [3], greedy=False, beam_width=5, top_paths=2)
    assert best.numpy().tolist() == [[0, 0, -1]]
    assert scores[0, 0] > scores[0, 1]
    assert second.shape == (1, 3)


def test_draws():
    ones = K.random_bernoulli((999,), p=0.3, seed=1).numpy()
    assert set(ones) == {0, 1}
    assert abs(ones.mean() - 0.3) < 0.1
    assert K.random_binomial((999,), p=1.0).numpy().min() == 1
    normal = K.random_normal_variable((999,), 3.0, 0.5, seed=2)
    even = K.random_uniform_variable((999,), -2.0, -1.0, seed=3)
    assert isinstance(normal, tf.Variable)
    assert abs(normal.numpy().mean() - 3) < 0.1
    assert -2 <= even.numpy().min() < even.numpy().max() <= -1
    assert np.abs(K.truncated_normal((999,), stddev=0.1).numpy()).max() <= 0.2
    assert K.random_uniform((999,), maxval=0.5).numpy().max() < 0.5
    kept = K.dropout(np.ones(999, "float32"), level=0.5, seed=1).numpy()
    assert set(kept) == {0, 2}
    assert K.random_normal((999,)).dtype == "float32"


def test_in_symbolic_models_and_training():
    x = K.placeholder((None, 7, 3))
    assert K.placeholder(ndim=2).shape == (None, None)
    last, outputs, states = K.rnn(
        lambda x, s: (x + s[0], [x + s[0]]), x, [K.sum(x, axis=1) * 0], mask=K.sum(x, axis=2) > -9
    )
    squared = K.batch_dot(x, x, axes=2)
    f = K.function([x], [last, squared, K.dot(x, K.constant(arr(3, 2)))])
    found, squares, products = f([S])
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, S.sum(1), rtol=1e-5)
    np.testing.assert_allclose(squares, S @ S.swapaxes(1, 2), rtol=1e-5)
    np.testing.assert_allclose(products, S @ arr(3, 2), rtol=1e-5, atol=1e-6)
    assert (outputs.shape, states[0].shape) == ((None, 7, 3), (None, 3))

    class Noisy(tf.keras.layers.Layer):
        def call(self, x):
            assert K.learning_phase() in (0, 1)
            return K.in_train_phase(x * 100.0, lambda: x) + K.in_test_phase(0.0, 1.0)

    layer = Noisy()
    np.testing.assert_allclose(layer(A), A)
    np.testing.assert_allclose(layer(A, training=True), A * 100 + 1, rtol=1e-6)
    model = tf.keras.Sequential([layer])
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.train_on_batch(A, A), np.mean((A * 99 + 1) ** 2), rtol=1e-5)


def test_switch_runs_one_branch():
    called = []
    K.switch(tf.constant(1), lambda: called.append(1) or tf.ones(()), lambda: called.append(2))
    assert called == [1]


def test_what_stays_as_it_was(capsys):
    x = tf.constant(A)
    assert K.print_tensor(x, "x is") is x
    assert capsys.readouterr().out.startswith("x is [[")
    assert K.to_dense(x) is x
    assert not K.is_sparse(x)
    assert K.set_learning_phase(0) is None
    assert K.learning_phase() == 0
    assert K.get_value(3) == 3
    with K.name_scope("outer"):
        assert K.variable(1, name="inner").path.startswith("outer/")
    K.reset_uids()


REFUSED = {
    "batch_dot multiplies": lambda: K.batch_dot(tf.constant(A), tf.constant(A[0])),
    "axes of one size": lambda: K.batch_dot(tf.constant(A), tf.constant(A), axes=0),
    "cannot give this size": lambda: K.conv2d_transpose(
        tf.ones((1, 3, 3, 1)), tf.ones((2, 2, 1, 1)), (1, 9, 9, 1), (2, 2)
    ),
    "'max' or 'avg'": lambda: K.pool2d(tf.ones((1, 3, 3, 1)), (2, 2), pool_mode="sum"),
    "1 or 2 axes": lambda: K.bias_add(tf.constant(S), tf.ones((1, 1, 1))),
    "at most as many axes": lambda: K.switch(MASK, tf.ones(3), tf.ones(3)),
    "input_length is": lambda: K.rnn(
        lambda x, s: (x, s), tf.constant(S), [tf.ones((2, 3))], input_length=3
    ),
    "takes 0": lambda: K.set_learning_phase(1),
    "needs shape or ndim": lambda: K.placeholder(),
    "at most beam_width": lambda: K.ctc_decode(P, [6, 4], False, beam_width=1, top_paths=2),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refused(message):
    with pytest.raises(ValueError, match=message):
        REFUSED[message]()


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("gradients", "GradientTape"),
        ("get_session", "no sessions"),
        ("set_session", "no sessions"),
        ("learning_phase_scope", "training=True"),
        ("manual_variable_initialization", "from the start"),
        ("ctc_label_dense_to_sparse", "dense"),
    ],
)
def test_gone(name, instead):
    with pytest.raises(AttributeError, match=instead):
        getattr(K, name)
