import json

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras_parity import data, run

import hornbill as hb
from hornbill.engine.serialize import deserialize, serialize

X = data(4, 3)


@hb.saving.register_keras_serializable("test_jax_layer")
def start(rng, inputs, training):
    assert training
    params = {"w": jax.random.normal(rng, (inputs.shape[-1], 2)), "b": np.zeros(2, "float32")}
    return params, {"mean": jnp.zeros(2), "steps": 0}


@hb.saving.register_keras_serializable("test_jax_layer")
def model(params, state, rng, inputs, training):
    y = inputs @ params["w"] + params["b"]
    if training:
        y = y + jax.random.normal(rng, y.shape)
        state = {"mean": 0.9 * state["mean"] + 0.1 * y.mean(0), "steps": state["steps"] + 1}
    return y, state


@pytest.mark.parametrize("training", [False, True])
def test_equals_keras(training):
    # Keras's takes an init_fn only where TensorFlow is installed.
    params, state = start(jax.random.key(0), X, True)
    theirs = keras.layers.JaxLayer(model, params=params, state=state, seed=5)
    ours = hb.layers.JaxLayer(model, start, seed=5)
    ours.build((None, 3))
    theirs(X)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    theirs.set_weights(ours.get_weights())
    results = [run(layer, X, training=training) for layer in (ours, theirs)]
    for one, other in zip(*map(jax.tree.leaves, results), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_weights_bear_the_names_of_the_tree():
    layer = hb.layers.JaxLayer(model, start, name="net")
    assert layer(hb.Input((3,))).shape == (None, 2)
    assert [w.path for w in layer.weights] == ["net/b", "net/w", "net/mean", "net/steps"]
    assert [w.trainable for w in layer.weights] == [True, True, False, False]
    assert layer.weights[3].dtype == "int32"


def test_two_layers_start_differently():
    first, second = (hb.layers.JaxLayer(model, start) for _ in range(2))
    for layer in (first, second):
        layer(hb.Input((3,)))
    assert (np.array(first.params["w"]) != np.array(second.params["w"])).all()


def test_starts_from_values():
    layer = hb.layers.JaxLayer(lambda params, inputs: inputs * params, params=np.float32(2))
    np.testing.assert_allclose(layer(X), X * 2)
    assert layer.weights[0].path == f"{layer.name}/value"
    assert layer.built


def test_without_weights():
    np.testing.assert_allclose(hb.layers.JaxLayer(lambda inputs: inputs * 2)(X), X * 2)


def test_survives_its_config():
    layer = hb.layers.JaxLayer(model, start, seed=5)
    y = layer(X)
    config = json.loads(json.dumps(serialize(layer)))
    again = deserialize(config)
    again.build(X.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(X), y)
    with pytest.raises(TypeError, match="A lambda cannot be saved"):
        hb.layers.JaxLayer(lambda inputs: inputs).get_config()


def test_learns_and_updates_its_state_in_fit():
    net = hb.Sequential([hb.Input((3,)), hb.layers.JaxLayer(model, start)])
    net.compile("sgd", "mse")
    before = np.array(net.layers[0].params["w"])
    net.fit(X, data(4, 2), batch_size=2, epochs=2, verbose=0)
    assert int(net.layers[0].state["steps"]) == 4
    assert (np.array(net.layers[0].params["w"]) != before).all()


def test_mixed_precision():
    layer = hb.layers.JaxLayer(model, start, dtype="mixed_bfloat16")
    assert layer(X).dtype == "bfloat16"
    assert layer.params["w"].dtype == "float32"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: m.JaxLayer(lambda x: x), r"call_fn takes 'inputs'.*Received: \['x'\]"),
        (lambda m: m.JaxLayer(lambda inputs, rate: inputs), "call_fn takes 'inputs' and any of"),
        (lambda m: m.JaxLayer(model, lambda inputs, params: 0), "init_fn takes 'inputs'"),
        (lambda m: m.JaxLayer(model), "needs init_fn, or the first values"),
        (
            lambda m: m.JaxLayer(model, start, native_serialization_platforms=["cpu"]),
            "belongs to TensorFlow",
        ),
        (
            lambda m: m.JaxLayer(lambda state, inputs: (inputs, {}), state={"n": 1})(X),
            "another structure than the first one",
        ),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make(hb.layers)
