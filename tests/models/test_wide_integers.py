"""Ints of 64 bits, as NumPy makes them: JAX keeps 32 of them, and has nothing to say about it."""

import warnings

import numpy as np
import pytest

import hornbill as hb


@pytest.fixture(autouse=True)
def every_warning_is_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_inputs_and_labels():
    inputs = hb.Input((5,), dtype="int64")
    x = hb.layers.Flatten()(hb.layers.Embedding(20, 4)(inputs))
    model = hb.Model(inputs, hb.layers.Dense(2, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = np.arange(40).reshape(8, 5) % 20, np.arange(8) % 2
    assert x.dtype == y.dtype == "int64"
    history = model.fit(x, y, batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    predictions = model.predict(x, verbose=0)
    np.testing.assert_allclose(model(x), predictions, rtol=1e-5)
    loss = -np.log(predictions[np.arange(8), y]).mean()
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0)[0], loss, rtol=1e-5)


def test_ops_on_symbolic_tensors():
    inputs = hb.Input((3,), dtype="int64", batch_size=2)
    tens = hb.ops.searchsorted(np.arange(5), inputs)
    model = hb.Model(inputs, tens + 1)
    np.testing.assert_array_equal(model(np.array([[0, 2, 9], [4, 1, 1]])), [[1, 3, 6], [5, 2, 2]])
