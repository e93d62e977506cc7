"""Layers that make, pass or mark: Embedding, Masking, Identity, ActivityRegularization, Wrapper."""

import json

import jax
import keras
import numpy as np
import pytest
from keras_parity import check, data, pair

import hornbill as hb
from hornbill.engine.beside import get_mask, set_mask

IDS = np.array([[3, 0, 1], [2, 2, 0]], "int32")


def test_embedding_equals_keras():
    settings = {
        "input_dim": 4,
        "output_dim": 5,
        "mask_zero": True,
        "embeddings_constraint": "max_norm",
    }
    ours, theirs = pair("Embedding", settings, (2, 3))
    y = ours(IDS)
    np.testing.assert_array_equal(y, theirs(IDS))
    np.testing.assert_array_equal(get_mask(y), IDS != 0)
    np.testing.assert_array_equal(ours(IDS.astype("float32")), y)
    assert ours(hb.Input((None,))).shape == (None, None, 5)
    assert ours.compute_output_shape((2, 3)) == (2, 3, 5)

    def loss(table, layer):
        return (layer.stateless_call([table], [], IDS)[0] ** 2).sum()

    table = ours.embeddings.value
    np.testing.assert_allclose(
        jax.grad(loss)(table, ours), jax.grad(loss)(table, theirs), rtol=1e-5
    )


def test_embedding_in_mixed_precision():
    layer = hb.layers.Embedding(4, 5, dtype="mixed_bfloat16")
    assert layer(IDS).dtype == "bfloat16"
    assert layer.embeddings.dtype == "float32"


def test_embedding_starts_from_weights():
    table = data(4, 5)
    for weights in (table, [table]):
        layer = hb.layers.Embedding(4, 5, weights=weights, input_length=3)
        np.testing.assert_array_equal(layer(IDS), table[IDS])
        assert not {"weights", "input_length"} & {*layer.get_config()}
        assert layer.embeddings.path == f"{layer.name}/embeddings"


@pytest.mark.parametrize("tie_weights", [True, False])
def test_reversible_embedding_equals_keras(tie_weights):
    settings = {"tie_weights": tie_weights, "logit_soft_cap": 2.0, "mask_zero": True}
    settings = {"input_dim": 4, "output_dim": 5, **settings}
    ours, theirs = pair("ReversibleEmbedding", settings, (2, 3))
    y = ours(IDS)
    np.testing.assert_array_equal(get_mask(y), IDS != 0)
    np.testing.assert_array_equal(y, theirs(IDS))
    np.testing.assert_allclose(ours(y, reverse=True), theirs(y, reverse=True), rtol=1e-5)
    assert ours(hb.Input((None, 5)), reverse=True).shape == (None, None, 4)


def test_reversible_embedding_way_back_dtype():
    layer = hb.layers.ReversibleEmbedding(4, 5, dtype="bfloat16", reverse_dtype="float32")
    assert layer(layer(IDS), reverse=True).dtype == "float32"


def test_masking_equals_keras():
    x = data(2, 3, 4)
    x[0, 1:] = -1.0
    layer = check("Masking", {"mask_value": -1.0}, x, unknown=(1,))
    np.testing.assert_array_equal(get_mask(layer(x)), [[1, 0, 0], [1, 1, 1]])


def test_masking_reaches_a_layer_further_on_in_a_model():
    class Keep(hb.layers.Layer):
        def call(self, inputs, mask=None):
            return inputs if mask is None else inputs * mask[..., None]

    x = data(2, 3, 4)
    x[0, 1:] = 0
    between = [hb.layers.Identity(), hb.layers.Dropout(0.5), hb.layers.Activation("sigmoid")]
    model = hb.Sequential([hb.Input((None, 4)), hb.layers.Masking(), *between, Keep()])
    expected = np.where((x != 0).any(-1, keepdims=True), 1 / (1 + np.exp(-x)), 0)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5)


def test_identity():
    check("Identity", {}, data(2, 3, 4), unknown=(1,))
    a, b = hb.ops.ones((2,)), hb.ops.zeros((3,))
    set_mask(a, mask := hb.ops.ones((2,), "bool"))
    both = hb.layers.Identity()({"a": a, "b": b})
    assert get_mask(both["a"]) is mask
    assert get_mask(both["b"]) is None


def test_activity_regularization_equals_keras():
    ours = check("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, x := data(2, 3, 4))
    theirs = keras.layers.ActivityRegularization(0.1, 0.2)
    ours(x)
    theirs(x)
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-5)


class Twice(hb.layers.Wrapper):
    def call(self, inputs):
        return self.layer(self.layer(inputs))


def test_wrapper_builds_and_describes_its_layer():
    wrapper = Twice(hb.layers.Dense(4, name="inner"), name="outer")
    y = wrapper(x := data(2, 4))
    assert [w.path for w in wrapper.weights] == ["outer/inner/kernel", "outer/inner/bias"]
    config = json.loads(json.dumps(wrapper.get_config()))
    again = Twice.from_config(config)
    assert wrapper.get_config() == config  # it is read, not used up
    again.build((None, 4))
    again.set_weights(wrapper.get_weights())
    np.testing.assert_array_equal(again(x), y)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: m.Embedding(0, 3), "Embedding's input_dim is a positive int"),
        (lambda m: m.Embedding(3, 2.0), "output_dim is a positive int. Received: output_dim=2.0"),
        (lambda m: m.Embedding(3, 2, weights=data(2, 2)), "cannot take these weights"),
        (lambda m: m.ReversibleEmbedding(3, 2, logit_soft_cap=0), "logit_soft_cap is a positive"),
        (lambda m: m.ActivityRegularization(l1=-1), "l1"),
        (lambda m: m.Wrapper("dense"), "Wrapper wraps a layer.*Received: layer='dense'"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make(hb.layers)
