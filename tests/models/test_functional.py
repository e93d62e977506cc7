import numpy as np
import pytest

import hornbill as hb
from hornbill import Input, Model, layers, ops

RNG = np.random.default_rng(0)


def data(*shape):
    return RNG.normal(size=shape).astype("float32")


def both(build):
    """The same model in Keras and in Hornbill, with the same weights."""
    import keras

    theirs, ours = build(keras), build(hb)
    assert [w.shape for w in theirs.weights] == [w.shape for w in ours.weights]
    ours.set_weights(theirs.get_weights())
    return theirs, ours


def multi_input(k):
    a, b = k.Input((4,), name="a"), k.Input((6,), name="b")
    x = k.layers.Dense(5, activation="relu")(a)
    y = k.layers.Dense(5, activation="tanh")(b)
    joined = k.layers.concatenate([x, y])
    return k.Model([a, b], k.layers.Dense(1, activation="sigmoid")(joined))


def shared_residual(k):
    a, b = k.Input((4,), name="a"), k.Input((6,), name="b")
    shared = k.layers.Dense(5, activation="tanh")
    x, y = shared(k.layers.Dense(5)(a)), shared(k.layers.Dense(5)(b))
    return k.Model([a, b], [k.layers.Dense(2)(x + y), k.layers.Dense(3)(x * y - y)])


def dict_in_dict_out(k):
    a, b = k.Input((4,), name="a"), k.Input((6,), name="b")
    x = k.layers.Dense(3, name="one")(a)
    y = k.layers.Dense(3, name="two")(k.layers.Dense(4)(b))
    return k.Model({"a": a, "b": b}, {"sum": x + y, "gate": x * k.ops.sigmoid(y)})


def nested_models(k):
    a, b = k.Input((4,), name="a"), k.Input((6,), name="b")
    i = k.Input((5,))
    inner = k.Model(i, k.layers.Dense(5)(k.layers.Dense(7)(i)), name="inner")
    sequential = k.Sequential([k.layers.Dense(5), k.layers.Dense(5, activation="relu")])
    x = inner(k.layers.Dense(5)(a))
    y = inner(sequential(k.layers.Dense(5)(b)))
    return k.Model([a, b], k.layers.Dense(2)(x + y))


def ops_everywhere(k):
    a, b = k.Input((4,), name="a"), k.Input((6,), name="b")
    x = a[:, :3] @ np.ones((3, 2), "float32") + 1.0
    y = k.ops.stack([b[:, 0], k.ops.mean(b, axis=1)], axis=-1)
    z = k.ops.where(x > y, x, 2 * y) / (1 + abs(x)) - y**2
    return k.Model([a, b], k.layers.Dense(2)(z))


@pytest.mark.parametrize(
    "build", [multi_input, shared_residual, dict_in_dict_out, nested_models, ops_everywhere]
)
def test_outputs_weights_and_layers_are_keras(build):
    theirs, ours = both(build)
    a, b = data(7, 4), data(7, 6)
    given = {"a": a, "b": b} if build is dict_in_dict_out else [a, b]
    expected, got = theirs.predict(given, verbose=0), ours.predict(given, verbose=0)
    assert type(got) is type(expected)
    pairs = zip(_leaves(expected), _leaves(got), strict=True)
    for e, g in pairs:
        np.testing.assert_allclose(g, e, rtol=1e-5, atol=1e-6)
    assert [type(x).__name__ for x in ours.layers] == [type(x).__name__ for x in theirs.layers]


def _leaves(x):
    if isinstance(x, dict):
        return [x[k] for k in sorted(x)]
    return x if isinstance(x, (list, tuple)) else [x]


def test_inputs_by_name_by_order_and_single():
    model = multi_input(hb)
    a, b = data(3, 4), data(3, 6)
    expected = model.predict([a, b], verbose=0)
    np.testing.assert_array_equal(model.predict({"b": b, "a": a}, verbose=0), expected)
    np.testing.assert_allclose(np.asarray(model((a, b))), expected, rtol=1e-6)


def test_inputs_are_made_to_fit():
    i = Input((1,))
    model = Model(i, layers.Dense(1)(i))
    column = np.arange(4.0)[:, None]  # float64
    expected = model.predict(column, verbose=0)
    np.testing.assert_array_equal(model.predict(column[:, 0], verbose=0), expected)
    np.testing.assert_array_equal(model.predict(column.astype(int), verbose=0), expected)


def test_a_model_can_be_cut_at_inner_tensors():
    i = Input((4,))
    x = layers.Dense(3, name="middle")(i)
    y = layers.Dense(2)(layers.Dense(5)(x))
    whole = Model(i, y)
    head, tail = Model(i, whole.get_layer("middle").output), Model(x, y)
    a = data(5, 4)
    np.testing.assert_allclose(
        tail.predict(head.predict(a, verbose=0), verbose=0), whole.predict(a, verbose=0), rtol=1e-5
    )
    assert len(tail.weights) == 4


def test_deep_models_do_not_recurse():
    i = x = Input((2,))
    for _ in range(1500):
        x = x + 1.0
    assert float(Model(i, x)(np.zeros((1, 2)))[0, 0]) == 1500.0


def test_names():
    i = Input((2,), name="pixels")
    model = Model(i, layers.Dense(1, name="score")(i), name="my_model")
    assert (model.name, model.input_names, model.output_names) == (
        "my_model", ["pixels"], ["score"],
    )  # fmt: skip
    hb.utils.clear_session()
    j = Input((2,))
    first, second = Model(j, layers.Dense(1)(j)), Model(j, layers.Dense(1)(j))
    assert (first.name, second.name) == ("functional", "functional_1")
    assert [x.name for x in (*first.layers, *second.layers)] == [
        "input_layer", "dense", "input_layer", "dense_1",
    ]  # fmt: skip
    assert first.layers[1].kernel.path == "dense/kernel"


def test_get_layer_and_shapes():
    model = multi_input(hb)
    assert model.get_layer(index=0) is model.layers[0]
    assert model.get_layer("a") is model.get_layer(index=0)
    assert model.input_shape == [(None, 4), (None, 6)]
    assert model.output_shape == (None, 1)
    assert model.count_params() == 4 * 5 + 5 + 6 * 5 + 5 + 11


def test_optional_inputs():
    i, j = Input((3,)), Input((3,), name="extra", optional=True)

    class AddIfThere(layers.Layer):
        def call(self, x, extra=None):
            return x if extra is None else x + extra

    model = Model([i, j], AddIfThere()(i, j))
    x = data(2, 3)
    np.testing.assert_array_equal(np.asarray(model([x, None])), x)
    np.testing.assert_array_equal(np.asarray(model([x, x])), x + x)


def test_masks_reach_layers_while_the_model_is_made():
    class NeedsMask(layers.Layer):
        def call(self, x, mask=None):
            return x * ops.expand_dims(ops.cast(mask, x.dtype), -1)

    i = Input((None,), dtype="int32")
    model = Model(i, NeedsMask()(layers.Embedding(5, 3, mask_zero=True)(i)))
    out = model.predict(np.array([[1, 0, 2]]), verbose=0)
    assert (out[0, 1] == 0).all()
    assert (out[0, ::2] != 0).all()


def unconnected():
    i, j = Input((3,), name="left"), Input((3,), name="right")
    return Model(i, layers.Dense(1)(i) + layers.Dense(1)(j))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (unconnected, "depends on the input 'right', which is not among its inputs"),
        (lambda: Model(Input((3,)), np.ones(3)), "outputs are tensors that come from Input"),
        (lambda: Model(np.ones(3), Input((3,))), "inputs are tensors that come from Input"),
        (lambda: Model(inputs=Input((3,))), r"Model\(inputs=\.\.\., outputs=\.\.\.\)"),
        (lambda: Model([], []), "needs inputs"),
        (lambda: Input(), "either shape="),
        (lambda: Input(3), r"Write Input\(shape=\(3,\)\)"),
        (lambda: Input((-1,)), "non-negative"),
        (lambda: Input((3,), sparse=True), "dense tensors only"),
        (lambda: Input((3,), dtype="text"), "Unknown dtype"),
        (lambda: layers.Dense(2)(Input(())), "'dense.*' expected at least 2 dimensions, got 1"),
        (lambda: layers.Dense(2)(Input((None,))), "every dimension of a weight must be known"),
        (lambda: Input((3,)) + Input((4,)), r"ops\.add cannot take"),
    ],
)
def test_construction_errors(build, message):
    with pytest.raises((ValueError, TypeError), match=message):
        build()


def test_a_name_used_twice():
    i = Input((3,))
    x = layers.Dense(3, name="same")(i)
    with pytest.raises(ValueError, match=r"name 'same' is used twice.*Dense and Dense"):
        Model(i, layers.Dense(3, name="same")(x))
    j = Input((3,))
    with pytest.raises(ValueError, match="listed twice"):
        Model([j, j], layers.Dense(1)(j))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda: data(3, 4), r"expects 2 inputs \(\['a', 'b'\]\), got 1"),
        (lambda: {"a": data(3, 4)}, r"\['b'\] are missing"),
        (lambda: [data(3, 5), data(3, 6)], r"input 'a' expects shape \(None, 4\), got \(3, 5\)"),
        (lambda: [data(3, 4, 2), data(3, 6)], r"input 'a' expects shape"),
        (lambda: [None, data(3, 6)], "input 'a' got None"),
    ],
)
def test_call_errors_leave_the_model_usable(given, message):
    model = multi_input(hb)
    with pytest.raises(ValueError, match=message):
        model(given())
    assert model([data(3, 4), data(3, 6)]).shape == (3, 1)


def test_a_nested_model_of_strings():
    words = hb.Input((1,), dtype="string")
    size = hb.Input((1,))
    lookup = layers.StringLookup(vocabulary=["a", "b"], output_mode="multi_hot")
    ready = hb.Model([words, size], layers.concatenate([lookup(words), size]))
    outer = hb.Model([words, size], layers.Dense(2)(ready([words, size])))
    assert ready in outer.layers
    assert outer.output_shape == (None, 2)
    given = [np.array([["a"], ["c"]]), np.ones((2, 1))]
    wanted = np.array([[0, 1, 0, 1], [1, 0, 0, 1]]) @ outer.layers[-1].kernel.numpy()
    np.testing.assert_allclose(outer(given), wanted, rtol=1e-5)
