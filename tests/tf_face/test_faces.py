"""`tf.keras`: the library's classes that speak tensors, beside the library that stays as it is."""

import copy
import pickle

import jax
import numpy as np
import pytest

import hornbill as hb
import hornbill.tensorflow as tf

X = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
keras = tf.keras


def speaking(cls) -> list[str]:
    """The methods of a class that code of the TensorFlow face stands in for."""
    return [
        name
        for name, method in vars(cls).items()
        if getattr(method, "__globals__", {}).get("__name__", "").startswith("hornbill.tensorflow")
    ]


def test_the_library_stays_as_it_is():
    assert speaking(keras.layers.Layer)
    assert speaking(keras.Model)
    for cls in (hb.layers.Layer, hb.layers.Dense, hb.Model, hb.losses.Loss, hb.metrics.Mean):
        assert speaking(cls) == []
    assert isinstance(hb.layers.Dense(1)(X), jax.Array)
    assert isinstance(hb.losses.MeanSquaredError()(X, X), jax.Array)
    assert isinstance(hb.metrics.Mean()(X), jax.Array)

    class Plain(hb.layers.Layer):
        def call(self, x):
            assert isinstance(x, jax.Array)
            return x

    assert isinstance(Plain()(X), jax.Array)


CALLS = {
    "layer": lambda: keras.layers.Dense(1)(X),
    "sequential": lambda: keras.Sequential([keras.layers.Dense(1)])(X),
    "recurrent": lambda: keras.layers.Bidirectional(keras.layers.LSTM(2))(X[None]),
    "loss": lambda: keras.losses.MeanSquaredError()(X, X),
    "loss function": lambda: keras.losses.mean_squared_error(X, X),
    "metric": lambda: keras.metrics.BinaryAccuracy()(X, X),
    "schedule": lambda: keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)(10),
    "initializer": lambda: keras.initializers.GlorotUniform(seed=1)((2, 2)),
    "regularizer": lambda: keras.regularizers.L2(0.1)(X),
    "constraint": lambda: keras.constraints.MaxNorm(1.0)(X),
    "activation": lambda: keras.activations.relu(X),
    "op": lambda: keras.ops.square(X),
    "mask": lambda: keras.layers.Embedding(5, 2, mask_zero=True).compute_mask(np.array([[0, 1]])),
}


@pytest.mark.parametrize("name", CALLS)
def test_scripts_get_tensors(name):
    result = CALLS[name]()
    assert isinstance(result, tf.Tensor)
    assert isinstance(result.numpy(), (np.ndarray, np.generic))


def test_classes_are_the_librarys():
    dense = keras.layers.Dense(2)
    assert isinstance(dense, hb.layers.Dense)
    assert isinstance(dense, keras.layers.Layer)
    assert keras.layers.Dense is keras.layers.Dense
    assert repr(keras.layers.Dense) == repr(hb.layers.Dense)
    assert dense.get_config().keys() == hb.layers.Dense(2).get_config().keys()
    x = keras.Input((2,))
    model = keras.Model(x, dense(x))
    assert isinstance(model, keras.Model)
    assert type(model).__name__ == "Functional"
    assert isinstance(model.layers[0], keras.layers.InputLayer)
    assert isinstance(keras.utils.to_categorical([0, 1]), np.ndarray)


def test_models_come_back_as_they_were(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation=tf.nn.tanh)])
    model.compile("adam", "mse", metrics=["mae"])
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    model.fit(X, X[:, :1], verbose=0)
    assert all(isinstance(m, keras.metrics.Metric) for m in model.metrics)
    path = tmp_path / "model.keras"
    model.save(path)
    copies = {
        "loaded": keras.models.load_model(path),
        "copied": copy.deepcopy(model),
        "pickled": pickle.loads(pickle.dumps(model)),
    }
    for again in copies.values():
        assert type(again) is keras.Sequential
        assert type(again.layers[0]) is keras.layers.Dense
        assert isinstance(again.optimizer, keras.optimizers.Adam)
        np.testing.assert_allclose(again(X).numpy(), model(X).numpy(), rtol=1e-6)
    assert type(keras.models.clone_model(model).layers[0]) is keras.layers.Dense
    # The library itself opens the file as ever.
    assert type(hb.saving.load_model(path)) is hb.Sequential


def test_what_a_script_writes_gets_tensors():
    seen = {}

    class Scale(keras.layers.Layer):
        def build(self, shape):
            self.scale = self.add_weight(shape=(), initializer="ones")

        def call(self, x):
            seen["call"] = x
            return tf.cast(x, "float32") * self.scale

    def loss(y_true, y_pred):
        seen["loss"] = y_pred
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)

    def metric(y_true, y_pred):
        seen["metric"] = y_pred
        return tf.abs(y_true - y_pred)

    def activation(x):
        seen["activation"] = x
        return tf.nn.relu(x)

    model = keras.Sequential([Scale(), keras.layers.Dense(1, activation=activation)])
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=[metric])
    history = model.fit(X, X[:, :1], verbose=0).history
    assert set(history) == {"loss", "metric"}
    assert seen.keys() == {"call", "loss", "metric", "activation"}
    assert all(isinstance(x, tf.Tensor) for x in seen.values())
    assert isinstance(model.layers[0].scale, tf.Variable)
    recurrent = keras.layers.SimpleRNN(2, activation=lambda x: tf.tanh(x))
    assert recurrent(X[None]).shape.as_list() == [1, 2]


def test_registered_functions_are_found_again(tmp_path):
    @keras.utils.register_keras_serializable("mine")
    def twice(x):
        return tf.convert_to_tensor(x) * 2

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation=twice)])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(X), model(X), rtol=1e-6)

    def thrice(x):
        return tf.convert_to_tensor(x) * 3

    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(thrice)])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", custom_objects={"thrice": thrice})
    np.testing.assert_allclose(again(X), 3 * X, rtol=1e-6)
    with keras.utils.custom_object_scope({"thrice": thrice}):
        assert keras.layers.deserialize(keras.layers.serialize(model.layers[0]))(X).shape == (2, 2)


def test_missing_names_name_the_nearest():
    for namespace, name, near in [
        (tf, "reduce_summ", "tf.reduce_sum"),
        (tf.math, "reduce_summ", "tf.math.reduce_sum"),
        (keras.layers, "Danse", "tf.keras.layers.Dense"),
        (keras, "Sequentail", "tf.keras.Sequential"),
    ]:
        with pytest.raises(AttributeError, match=f"has no '{name}'. Did you mean {near}"):
            getattr(namespace, name)


LEFT_OUT = {
    "compat": "code of TensorFlow 2",
    "Session": "without tf.compat.v1",
    "RaggedTensor": "pad_sequences",
    "ragged": "padded_batch",
    "SparseTensor": "tf.scatter_nd",
    "IndexedSlices": "are dense",
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_says_what_to_write(name):
    with pytest.raises(AttributeError, match=f"has no '{name}'. .*{LEFT_OUT[name]}"):
        getattr(tf, name)


def test_sparse_is_dense():
    x = tf.constant([1, 0])
    assert tf.sparse.to_dense(x, default_value=0) is x
    with pytest.raises(ValueError, match="default_value=-1"):
        tf.sparse.to_dense(x, default_value=-1)
    with pytest.raises(AttributeError, match="Tensors are dense"):
        tf.sparse.sparse_dense_matmul  # noqa: B018
