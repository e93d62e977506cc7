"""clone_model, configs of graphs, and state trees."""

import inspect

import keras
import numpy as np
import pytest
from keras.src.ops.operation import Operation

import hornbill as hb
from hornbill.models import clone_model
from hornbill.models.op_config import called_on, op_config, split_arguments

ROWS = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")


def functional():
    x = hb.Input((6,), name="x")
    shared = hb.layers.Dense(6, activation="tanh", name="shared")
    y = hb.ops.tanh(shared(shared(x)) * 2)[:, :4]
    return hb.Model({"x": x}, [hb.layers.Dense(2, name="head")(y), y], name="whole")


def sequential():
    return hb.Sequential(
        [hb.Input((6,), name="x"), hb.layers.Dense(4), hb.layers.Dense(2)], name="s"
    )


@pytest.mark.parametrize("build", [functional, sequential])
def test_a_clone_has_new_layers_and_new_weights(build):
    model = build()
    clone = clone_model(model)
    assert type(clone) is type(model)
    assert clone.get_config() == model.get_config()
    assert not {id(v) for v in clone.variables} & {id(v) for v in model.variables}
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    clone.set_weights(model.get_weights())
    data = {"x": ROWS} if build is functional else ROWS
    for a, b in zip(clone(data), model(data), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_compiled_model_is_cloned_compiled():
    model = sequential()
    model.compile(hb.optimizers.Adam(0.02), "mse", metrics=["mae", hb.metrics.MeanSquaredError()])
    model.fit(ROWS, ROWS[:, :2], verbose=0)
    clone = clone_model(model)
    assert clone.optimizer is not model.optimizer
    assert int(clone.optimizer.iterations) == 0
    assert float(clone.optimizer.learning_rate) == pytest.approx(0.02)
    clone.set_weights(model.get_weights())
    one = clone.evaluate(ROWS, ROWS[:, :2], verbose=0)
    np.testing.assert_allclose(one, model.evaluate(ROWS, ROWS[:, :2], verbose=0), rtol=1e-6)


def test_clone_function_and_call_function():
    model = functional()

    def wider(layer):
        config = layer.get_config()
        return type(layer).from_config({**config, "use_bias": False})

    def with_dropout(layer, *args, **kwargs):
        y = layer(*args, **kwargs)
        return hb.layers.Dropout(0.5)(y) if isinstance(layer, hb.layers.Dense) else y

    clone = clone_model(model, clone_function=wider, call_function=with_dropout)
    assert [w.name for w in clone.weights] == ["kernel", "kernel"]
    assert sum(isinstance(x, hb.layers.Dropout) for x in clone.layers) == 3
    same = clone_model(model, clone_function=lambda layer: layer)
    assert same.get_layer("shared") is model.get_layer("shared")


def test_input_tensors():
    new = hb.Input((6,), batch_size=3, name="new")
    assert clone_model(functional(), input_tensors={"x": new}).output_shape == [(3, 2), (3, 4)]
    assert clone_model(sequential(), input_tensors=new).output_shape == (3, 2)


def test_recursive():
    inner = sequential()
    x = hb.Input((6,))
    model = hb.Model(x, inner(x))
    met = []

    def note(layer):
        met.append(type(layer).__name__)
        return type(layer).from_config(layer.get_config())

    clone_model(model, clone_function=note)
    assert met == ["Sequential"]
    met.clear()
    clone = clone_model(model, clone_function=note, recursive=True)
    assert met == ["Dense", "Dense"]
    assert clone.count_params() == model.count_params()


def test_a_subclassed_model_is_made_from_its_config():
    class Own(hb.Model):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.dense = hb.layers.Dense(units)

        def call(self, x):
            return self.dense(x)

    model = Own(3)
    model(ROWS)
    clone = clone_model(model)
    assert type(clone) is Own
    assert [w.shape for w in clone.weights] == [(6, 3), (3,)]
    with pytest.raises(
        ValueError, match=r"clone_model\(clone_function=\.\.\.\) needs a functional"
    ):
        clone_model(model, clone_function=lambda layer: layer)


WRONG = [
    (lambda: clone_model(hb.layers.Dense(1)), "copies models"),
    (lambda: clone_model(sequential(), call_function=print), "lists its layers"),
    (lambda: clone_model(sequential(), input_tensors=ROWS), "one symbolic tensor"),
    (lambda: clone_model(functional(), input_tensors=hb.Input((6,))), "in the structure"),
]


@pytest.mark.parametrize(("act", "message"), WRONG)
def test_wrong_clones(act, message):
    with pytest.raises(ValueError, match=message):
        act()


def test_subclasses_made_from_tensors_keep_their_class():
    class Mine(hb.Model):
        pass

    x = hb.Input((6,))
    model = Mine(x, hb.layers.Dense(2)(x), name="mine")
    assert type(clone_model(model)) is Mine
    assert type(Mine.from_config(model.get_config())) is Mine


def test_a_graph_that_begins_inside_another_one():
    whole = sequential()
    part = hb.Model(whole.layers[0].output, whole.output)
    again = hb.Model.from_config(part.get_config())
    again.set_weights(part.get_weights())
    np.testing.assert_allclose(again(ROWS[:, :4]), part(ROWS[:, :4]), rtol=1e-6)
    assert clone_model(part).output_shape == (None, 2)


def test_thousand_layers_in_any_order():
    x = y = hb.Input((2,))
    for _ in range(300):
        y = hb.layers.Identity()(y)
    config = hb.Model(x, y).get_config()
    config["layers"].reverse()
    assert len(hb.Model.from_config(config).layers) == 301


def test_state_trees_are_keras_s():
    def build(k):
        model = k.Sequential([k.Input((6,)), k.layers.Dense(2, name="d")], name="s")
        model.compile(k.optimizers.Adam(name="adam"), "mse")
        model.fit(ROWS, ROWS[:, :2], verbose=0)
        return model

    theirs, ours = build(keras), build(hb)
    tree = ours.get_state_tree("numpy_array")
    expected = theirs.get_state_tree("numpy_array")
    assert shape_of(tree["trainable_variables"]) == shape_of(expected["trainable_variables"])
    assert shape_of(tree["optimizer_variables"]) == shape_of(expected["optimizer_variables"])
    ours.set_state_tree({"trainable_variables": expected["trainable_variables"]})
    np.testing.assert_array_equal(ours.get_weights()[0], theirs.get_weights()[0])
    with pytest.raises(ValueError, match="value_format"):
        ours.get_state_tree("list")
    with pytest.raises(ValueError, match="has no variable 's/x'"):
        ours.set_state_tree({"trainable_variables": {"s": {"x": np.ones(2)}}})
    with pytest.raises(ValueError, match="has the groups"):
        ours.set_state_tree({"weights": {}})
    with pytest.raises(ValueError, match=r"has shape \(6, 2\)"):
        ours.set_state_tree({"trainable_variables": {"s": {"d": {"kernel": np.ones(2)}}}})


def shape_of(tree):
    return {k: shape_of(v) if isinstance(v, dict) else np.shape(v) for k, v in tree.items()}


# Ops that make arrays from numbers, or that Keras computes from other ops: none of them is a class
# in Keras, so Keras cannot open graphs with them.
WITHOUT_CLASS = (
    "bartlett blackman empty extract_patches_3d eye hamming hanning identity kaiser ones tri zeros"
).split()


def our_ops():
    found = {}
    for space in (hb.ops, hb.ops.image):
        for thing in vars(space).values():
            if getattr(thing, "is_op", False) and ".ops." in thing.__module__:
                found[thing.__name__] = thing
    return found


def test_every_op_is_described_as_keras_s_class_takes_it():
    import importlib

    wrong = []
    for name, function in our_ops().items():
        module, class_name = op_config_of(function)
        cls = getattr(importlib.import_module(module), class_name, None)
        if cls is None:
            if name not in WITHOUT_CLASS:
                wrong.append((name, module, class_name))
            continue
        assert issubclass(cls, Operation)
        settings = set(inspect.signature(function).parameters) - set(called_on(function))
        takes = set(inspect.signature(cls.__init__).parameters) - {"self", "name"}
        call = tuple(inspect.signature(cls.call).parameters)[1:]
        # `rms_scaling` is among the `kwargs` of ours.
        if settings - {"kwargs"} != takes - {"kwargs", "rms_scaling"} or call != called_on(
            function
        ):
            wrong.append((name, settings, takes, called_on(function), call))
    assert wrong == []


def op_config_of(function):
    from hornbill.engine.operation import OpCall

    return op_config(OpCall(function, "x"))


def test_split_arguments():
    assert split_arguments(hb.ops.mean, (1,), {"axis": 2}) == (
        [1],
        {},
        {"axis": 2, "keepdims": False},
    )
    assert split_arguments(hb.ops.einsum, ("a,b", 1, 2), {}) == ([1, 2], {}, {"subscripts": "a,b"})
