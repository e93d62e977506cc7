"""Recurrent layers against Keras on JAX: values, gradients, masks, states, dropout."""

import json
import re

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras_parity import data, pair, run

import hornbill as hb
from hornbill.engine.serialize import deserialize, serialize

X = data(2, 5, 3)
MASK = np.array([[1, 1, 0, 1, 0], [0, 0, 1, 1, 1]], bool)
SEQUENCES = {"units": 4, "return_sequences": True}

CASES = {
    "simple": ("SimpleRNN", {"units": 4}, {}),
    "simple dropout": (
        "SimpleRNN",
        {"units": 4, "dropout": 0.5, "recurrent_dropout": 0.5, "seed": 3},
        {"training": True},
    ),
    "lstm": ("LSTM", {"units": 4}, {}),
    "lstm mask": ("LSTM", {**SEQUENCES, "recurrent_activation": "hard_sigmoid"}, {"mask": MASK}),
    "lstm backwards": ("LSTM", {**SEQUENCES, "go_backwards": True, "use_bias": False}, {}),
    "lstm dropout": (
        "LSTM",
        {"units": 4, "dropout": 0.5, "recurrent_dropout": 0.3, "seed": 3},
        {"training": True},
    ),
    "gru mask": ("GRU", {"units": 4, "dropout": 0.5}, {"mask": MASK, "training": False}),
    "gru reset before": ("GRU", {**SEQUENCES, "reset_after": False}, {"mask": MASK}),
    "gru dropout": (
        "GRU",
        {"units": 4, "dropout": 0.5, "reset_after": False, "recurrent_dropout": 0.3, "seed": 1},
        {"training": True},
    ),
}


@pytest.mark.parametrize(("name", "settings", "arguments"), CASES.values(), ids=CASES)
def test_equals_keras(name, settings, arguments):
    ours, theirs = pair(name, settings, X.shape)
    got, expected = run(ours, X, **arguments), run(theirs, X, **arguments)
    for what in ("output", "gradients"):  # Keras keeps a seed where nothing is drawn, too
        assert_same(got[what], expected[what], rtol=2e-5, atol=1e-5)
    y = got["output"]
    assert ours(hb.Input((None, 3))).shape == (None, *((None, 4) if y.ndim == 3 else (4,)))
    assert ours.compute_output_shape((2, 5, 3)) == y.shape


def assert_same(ours, theirs, **tolerance):
    ours, theirs = jax.tree.leaves(ours), jax.tree.leaves(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, **({"rtol": 1e-5, "atol": 1e-6} | tolerance))


def twins(make, shape=(2, 5, 3)):
    """The layer that `make` builds from either library, with the same weights; ours from JSON."""
    theirs = make(keras.layers)
    theirs.build(shape)
    config = json.dumps(serialize(make(hb.layers)))
    keras.saving.deserialize_keras_object(json.loads(config))
    ours = deserialize(json.loads(config))
    ours.build(shape)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    ours.set_weights(theirs.get_weights())
    return ours, theirs


def paths(layer):
    """The weights' paths, without the numbers that tell layers of one kind apart."""
    return [re.sub(r"_\d+(?=/)", "", w.path) for w in layer.weights]


MAKERS = {
    "states": lambda k: k.LSTM(4, return_state=True, return_sequences=True),
    "unrolled": lambda k: k.GRU(4, return_state=True, unroll=True),
    "zero output": lambda k: k.GRU(4, return_sequences=True, zero_output_for_mask=True),
    "cells": lambda k: k.RNN([k.LSTMCell(4), k.GRUCell(3)], return_state=True),
    "stack backwards": lambda k: k.RNN(
        k.StackedRNNCells([k.SimpleRNNCell(4), k.LSTMCell(3)]),
        return_sequences=True,
        go_backwards=True,
    ),
    **{
        f"bidirectional {mode}": lambda k, mode=mode: k.Bidirectional(
            k.LSTM(4, return_sequences=True), merge_mode=mode
        )
        for mode in ("concat", "sum", "ave", "mul", None)
    },
    "bidirectional states": lambda k: k.Bidirectional(
        k.GRU(4, return_state=True), backward_layer=k.GRU(4, return_state=True, go_backwards=True)
    ),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_composed_layers_equal_keras(make):
    ours, theirs = twins(make)
    assert paths(ours) == paths(theirs)
    mask = None if getattr(ours, "unroll", False) else MASK
    y = ours(X, mask=mask)
    assert_same(y, theirs(X, mask=mask))
    time = 5 if getattr(ours, "unroll", False) else None
    symbolic = ours(hb.Input((time, 3)))
    assert jax.tree.structure(symbolic) == jax.tree.structure(y)
    for found, real in zip(jax.tree.leaves(symbolic), jax.tree.leaves(y), strict=True):
        assert found.shape == (None, *[time] * (real.ndim - 2), real.shape[-1])


def test_initial_state():
    ours, theirs = twins(lambda k: k.LSTM(4, return_state=True))
    states = [data(2, 4), data(2, 4) + 1]
    assert_same(ours(X, initial_state=states), theirs(X, initial_state=states))
    both, theirs = twins(lambda k: k.Bidirectional(k.SimpleRNN(4)))
    assert_same(both(X, initial_state=states), theirs(X, initial_state=states))

    # As tensors of a graph.
    inputs = [hb.Input((5, 3)), hb.Input((4,)), hb.Input((4,))]
    model = hb.Model(inputs, ours(inputs[0], initial_state=inputs[1:]))
    assert_same(model([X, *states]), ours(X, initial_state=states))


class Counter(hb.layers.Layer):
    """A cell with nested states, a layer that builds itself, and its own noise."""

    state_size = [3, [3, 2]]

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = hb.layers.Dense(2)
        self.dropout = hb.layers.Dropout(0.5, seed=1)

    def call(self, inputs, states, training=False):
        total, (_previous, count) = states
        noise = self.dropout(jnp.ones_like(inputs), training=training)
        output = self.dense(total + inputs)
        return output, [total + inputs, [inputs + noise, count + 1]]


def test_a_cell_of_the_user():
    layer = hb.layers.RNN(Counter(), return_state=True, return_sequences=True)
    outputs, total, (previous, count) = layer(X)
    kernel, bias = layer.cell.dense.get_weights()
    np.testing.assert_allclose(outputs, X.cumsum(1) @ kernel + bias, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(total, X.sum(1), rtol=1e-6)
    np.testing.assert_allclose(previous, X[:, -1] + 1, rtol=1e-6)
    assert (count == 5).all()

    # Masked steps leave all states alone, and repeat the output before.
    outputs, total, (_, count) = layer(X, mask=MASK)
    np.testing.assert_allclose(total, (X * MASK[..., None]).sum(1), rtol=1e-6)
    assert count[:, 0].tolist() == MASK.sum(1).tolist()
    np.testing.assert_array_equal(outputs[0, 2], outputs[0, 1])
    assert not outputs[1, :2].any()

    # The seed's counter goes on from step to step.
    layer(X, training=True)
    assert layer.cell.dropout.seed_generator.state.numpy()[1] == 5
    assert [t.shape[-1] for t in jax.tree.leaves(layer(hb.Input((None, 3))))] == [2, 3, 3, 2]


def test_a_cell_that_is_no_layer():
    class Running:
        state_size = 3

        def call(self, inputs, states):
            return inputs + states[0], inputs + states[0]

    assert_same(hb.layers.RNN(Running())(X), X.sum(1))
    assert_same(hb.layers.RNN([Running(), Running()])(X), X.cumsum(1).sum(1))


@pytest.mark.parametrize("make", [lambda k: k.GRUCell(4), lambda k: k.LSTMCell(4)])
def test_cells_alone(make):
    theirs, ours = make(keras.layers), make(hb.layers)
    theirs.build((2, 3)), ours.build((2, 3))
    ours.set_weights(theirs.get_weights())
    states = [s + 0.5 for s in ours.get_initial_state(2)]
    assert_same(ours(X[:, 0], states), theirs(X[:, 0], states))
    stack, one = hb.layers.StackedRNNCells([ours]), ours(X[:, 0], states)
    (given,) = [states] if len(states) > 1 else states
    assert_same(stack(X[:, 0], [given]), one)


def test_stateful():
    ours, theirs = twins(lambda k: k.LSTM(4, stateful=True))
    for _ in range(2):
        assert_same(ours(X), theirs(X))
    assert_same([s.value for s in ours.states], [s.value for s in theirs.states])
    assert len(ours.weights) == 3
    assert len(ours.variables) == 5
    ours.reset_state(), theirs.reset_states()
    assert not ours.states[0].numpy().any()
    with pytest.raises(ValueError, match=r"built for batches of 2.*Received: a batch of 1"):
        ours(X[:1])
    with pytest.raises(ValueError, match=r"batch size must be known.*Received"):
        hb.layers.LSTM(4, stateful=True)(hb.Input((5, 3)))
    with pytest.raises(ValueError, match=r"batch size must be known.*Received"):
        hb.layers.LSTM(4, stateful=True).compute_output_shape((None, 5, 3))

    both = hb.layers.Bidirectional(hb.layers.GRU(4, stateful=True))
    first = both(X)
    assert len(both.states) == 2
    assert not np.allclose(first, both(X))
    both.reset_state()
    assert_same(both(X), first)


def test_stateful_in_fit():
    """States go on from batch to batch inside the compiled loop."""
    inputs = hb.Input(batch_shape=(2, 5, 3))
    layer = hb.layers.SimpleRNN(3, "linear", recurrent_initializer="identity", stateful=True)
    model = hb.Model(inputs, layer(inputs))
    layer.set_weights([np.eye(3), np.eye(3), np.zeros(3)])
    assert_same(model.predict(np.concatenate([X, X]), batch_size=2, verbose=0)[2:], 2 * X.sum(1))


def test_masks_travel():
    """An Embedding's or Masking's mask reaches the layer, and goes on only with sequences."""
    x = X * MASK[..., None]
    ours, theirs = twins(lambda k: k.LSTM(4, return_sequences=True))
    masked = hb.layers.Masking()(x)
    y = ours(masked)
    assert_same(y, theirs(x, mask=MASK))
    assert ours.compute_mask(x, MASK) is MASK
    last = hb.layers.LSTM(4, return_state=True)
    assert last.compute_mask(x, MASK) == [None] * 3
    both = hb.layers.Bidirectional(last, merge_mode=None)
    assert both.compute_mask(x, MASK) == [None, None]


def test_mixed_precision():
    ours = hb.layers.Bidirectional(hb.layers.GRU(4, dtype="mixed_bfloat16"), dtype="mixed_bfloat16")
    y = ours(X)
    assert y.dtype == "bfloat16"
    assert all(w.dtype == "float32" for w in ours.weights)
    full = hb.layers.Bidirectional(hb.layers.GRU(4))
    full.build(X.shape)
    full.set_weights(ours.get_weights())
    np.testing.assert_allclose(np.asarray(y, "float32"), full(X), atol=0.03)


def test_learns_in_fit():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 6, 2)).astype("float32")
    y = x[:, :3, :1].sum(1)
    hb.utils.set_random_seed(0)
    model = hb.Sequential(
        [
            hb.Input((6, 2)),
            hb.layers.RNN([hb.layers.LSTMCell(8), hb.layers.GRUCell(8, dropout=0.1)]),
            hb.layers.Dense(1),
        ]
    )
    model.compile(hb.optimizers.Adam(0.02), "mse")
    losses = model.fit(x, y, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 3


def test_options_reach_the_weights():
    layer = hb.layers.LSTM(
        2,
        kernel_initializer="ones",
        recurrent_initializer="zeros",
        bias_initializer="ones",
        unit_forget_bias=False,
        kernel_regularizer="l1",
        recurrent_regularizer="l2",
        bias_regularizer="l1",
        kernel_constraint="non_neg",
        recurrent_constraint="max_norm",
        bias_constraint="unit_norm",
        activity_regularizer="l2",
        trainable=False,
    )
    layer(X)
    assert len(layer.losses) == 1
    assert not layer.trainable_weights
    layer.trainable = True
    layer(X)
    assert len(layer.losses) == 4
    kernel, recurrent, bias = layer.weights
    assert kernel.numpy().min() == bias.numpy().min() == 1
    assert not recurrent.numpy().any()
    names = [type(w.constraint).__name__ for w in layer.weights]
    assert names == ["NonNeg", "MaxNorm", "UnitNorm"]
    forget = hb.layers.LSTM(2)
    forget.build(X.shape)
    assert forget.cell.bias.numpy().tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert (layer.units, layer.kernel_initializer is layer.cell.kernel_initializer) == (2, True)


def test_weights_of_bidirectional():
    made = hb.layers.Bidirectional(hb.layers.SimpleRNN(2))
    made.build(X.shape)
    again = hb.layers.Bidirectional(hb.layers.SimpleRNN(2), weights=made.get_weights())
    assert_same(again(X), made(X))
    assert again.forward_layer.name.startswith("forward_simple_rnn")


L = hb.layers


class Loss(L.Layer):
    state_size = 3

    def call(self, inputs, states):
        self.add_loss(inputs.sum())
        return inputs, states


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.LSTM(0), "units is a positive int. Received: units=0"),
        (lambda: L.GRU(4, dropout=2), r"between 0 and 1. Received: dropout=2"),
        (lambda: L.GRUCell(4, recurrent_dropout="a"), "Received: recurrent_dropout='a'"),
        (lambda: L.LSTM(4, use_cudnn="yes"), "Received: use_cudnn='yes'"),
        (lambda: L.LSTM(4, implementation=3), "Received: implementation=3"),
        (lambda: L.RNN(L.Dense(3)), "no state_size. Received: cell=<Dense"),
        (lambda: L.RNN(L.GRUCell(2, activity_regularizer="l2")), "to the recurrent layer instead"),
        (lambda: L.RNN(Loss())(X), "add_loss in a recurrent cell's step.*Received: 1 losses"),
        (lambda: L.StackedRNNCells([]), r"list of cells. Received: cells=\[\]"),
        (lambda: L.LSTM(4)(X[0]), "expected 3 dimensions, got 2"),
        (lambda: L.LSTM(4)(X, initial_state=[X[:, 0]]), "has 2 states.*Received: 1 states"),
        (lambda: L.GRU(4, unroll=True)(hb.Input((None, 3))), "number of steps must be known"),
        (lambda: L.Bidirectional(L.Dense(3)), "recurrent layer such as.*Received: layer=<Dense"),
        (lambda: L.Bidirectional(L.GRU(3), "max"), "one of.*Received: merge_mode='max'"),
        (
            lambda: L.Bidirectional(L.GRU(3), backward_layer=L.GRU(3)),
            "opposite directions.*Received: go_backwards=False",
        ),
        (
            lambda: L.Bidirectional(
                L.GRU(3), backward_layer=L.GRU(3, go_backwards=True, return_state=True)
            ),
            "same return_state. Received",
        ),
        (lambda: L.Bidirectional(L.LSTM(3))(X, initial_state=[X] * 3), "Received: 3 states"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
