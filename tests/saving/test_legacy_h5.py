"""Keras 2's `.h5` files: those that Keras 3 writes, Keras 2's own configs, and hostile ones."""

import json
import logging

import h5py
import jax
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

import hornbill as hb

from .model_cases import CASES, ROWS

NAMES = (
    "dense",
    "regularized",
    "normalizations",
    "convolutions",
    "lstm",
    "states",
    "bidirectional",
) + (
    "masked",
    "attention",
    "ops_with_settings",
    "merges",
    "shared",
    "nested",
    "several_inputs",
    "frozen",
)


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Keras says of each such file that the format is old."""
    caplog.set_level(logging.ERROR, "absl")


def save_weights(model, path):
    """What Keras 3 has left of Keras 2's `save_weights`."""
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def draw(model, seed):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 0.9, w.shape).astype(w.dtype) for w in model.weights])


def same(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def outputs(model, data):
    trained = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    return jax.tree.leaves(
        jax.jit(lambda t, o, x: model.stateless_call(t, o, x)[0])(trained, others, data)
    )


def close(got, expected):
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_whole_models_and_weights(name, tmp_path):
    build, data = CASES[name]
    theirs = build(keras)
    draw(theirs, 1)
    theirs.save(tmp_path / "m.h5")
    expected = outputs(theirs, data)
    loaded = hb.saving.load_model(tmp_path / "m.h5")
    close(outputs(loaded, data), expected)
    assert [w.trainable for w in loaded.weights] == [w.trainable for w in theirs.weights]
    save_weights(theirs, tmp_path / "w.h5")
    for file in ("w.h5", "m.h5"):
        again = build(hb)
        draw(again, 2)
        again.load_weights(tmp_path / file)
        same(again, loaded)


def test_training_goes_on(tmp_path):
    theirs = CASES["dense"][0](keras)
    theirs.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    y = ROWS[:, :2]
    theirs.fit(ROWS, y, epochs=2, verbose=0, shuffle=False)
    theirs.save(tmp_path / "m.h5")
    ours = hb.saving.load_model(tmp_path / "m.h5")
    for v, w in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        np.testing.assert_array_equal(v.numpy(), np.asarray(w.value))
    one = theirs.fit(ROWS, y, epochs=2, verbose=0, shuffle=False).history
    other = ours.fit(ROWS, y, epochs=2, verbose=0, shuffle=False).history
    assert one.keys() == other.keys() == {"loss", "mae"}
    np.testing.assert_allclose(other["loss"], one["loss"], rtol=1e-5)
    assert not hb.saving.load_model(tmp_path / "m.h5", compile=False).compiled


class Own(keras.layers.Layer):
    """For Keras; Hornbill has one of the same name."""

    def call(self, x):
        return x * 2


class OwnToo(hb.layers.Layer):
    def call(self, x):
        return x * 2


def test_custom_layers(tmp_path):
    theirs = keras.Sequential([keras.Input((6,)), Own(), keras.layers.Dense(2)])
    theirs.save(tmp_path / "m.h5")
    with pytest.raises(ValueError, match=r"Unknown class 'Own'.*custom_objects"):
        hb.saving.load_model(tmp_path / "m.h5")
    ours = hb.saving.load_model(tmp_path / "m.h5", {"Own": OwnToo})
    close(outputs(ours, ROWS), outputs(theirs, ROWS))


def subclassed(k):
    class Whole(k.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = k.layers.Dense(3), k.layers.BatchNormalization()

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(3,), initializer="ones", name="scale")
            self.one.build(input_shape)
            self.two.build((None, 3))
            self.built = True

        def call(self, x):
            return self.two(self.one(x)) * self.scale

    model = Whole()
    model(ROWS)
    return model


def test_weights_of_a_subclassed_model(tmp_path):
    theirs, ours = subclassed(keras), subclassed(hb)
    draw(theirs, 3)
    save_weights(theirs, tmp_path / "w.h5")
    ours.load_weights(tmp_path / "w.h5")
    close(outputs(ours, ROWS), outputs(theirs, ROWS))
    with h5py.File(tmp_path / "w.h5", "a") as file:
        del file["top_level_model_weights"]  # which older files do not have
    with pytest.raises(ValueError, match=r"model 'whole.*expected 1 weights, the file has 0"):
        ours.load_weights(tmp_path / "w.h5")
    again = subclassed(hb)
    for mine, layer_of_theirs in zip(again.layers, theirs.layers, strict=True):
        mine.name = layer_of_theirs.name
    again.load_weights(tmp_path / "w.h5", by_name=True)
    for a, b in zip(again.layers, theirs.layers, strict=True):
        same(a, b)


def named(k, *layers):
    """A model of Dense layers given as `(name, units)`."""
    return k.Sequential([k.Input((6,)), *[k.layers.Dense(u, name=n) for n, u in layers]])


def test_by_name(tmp_path):
    theirs = named(keras, ("a", 4), ("b", 3))
    save_weights(theirs, tmp_path / "w.h5")
    ours = named(hb, ("a", 4), ("new", 3), ("b", 5))
    before = ours.get_weights()
    with pytest.raises(ValueError, match=r"layer 'b', weight 'kernel': expected shape \(3, 5\)"):
        ours.load_weights(tmp_path / "w.h5", by_name=True)
    for a, b in zip(before, ours.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match=r"left alone: layer 'b'.*\(4, 3\)"):
        ours.load_weights(tmp_path / "w.h5", by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(ours.get_weights()[0], theirs.get_weights()[0])
    for a, b in zip(before[2:], ours.get_weights()[2:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_does_not_fit(tmp_path):
    save_weights(named(keras, ("a", 4), ("b", 3)), tmp_path / "w.h5")
    with pytest.raises(ValueError, match=r"expected 1 layers with weights, \['a'\]. Received: 2"):
        named(hb, ("a", 4)).load_weights(tmp_path / "w.h5")
    other = hb.Sequential([hb.Input((6,)), hb.layers.Dense(5), hb.layers.Dense(3, use_bias=False)])
    with pytest.raises(ValueError, match="do not fit") as caught:
        other.load_weights(tmp_path / "w.h5")
    for part in ("(6, 5), the file has (6, 4)", "(5,), the file has (4,)", "expected 1 weights"):
        assert part in str(caught.value)
    with pytest.raises(ValueError, match="holds weights alone"):
        hb.saving.load_model(tmp_path / "w.h5")
    with pytest.raises(TypeError, match=r"Received: \['nonsense'\]"):
        other.load_weights(tmp_path / "w.h5", nonsense=1)


def test_names_in_several_attributes(tmp_path):
    theirs, ours = named(keras, ("a", 4), ("b", 3)), named(hb, ("a", 4), ("b", 3))
    save_weights(theirs, tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5", "a") as file:
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = [b"a"], np.array([b"b"])
    ours.load_weights(tmp_path / "w.h5")
    same(ours, theirs)


# ---- Keras 2's own configs, in its form -------------------------------------------------------


def old_dense(name, units, *uses, **settings):
    config = {"name": name, "trainable": True, "dtype": "float32", "units": units}
    zeros = {"class_name": "Zeros", "config": {}, "shared_object_id": 1}
    glorot = {"class_name": "GlorotUniform", "config": {"seed": None}, "shared_object_id": 2}
    config |= {"activation": "tanh", "kernel_initializer": glorot, "bias_initializer": zeros}
    nodes = [[[*use, {}]] for use in uses]
    return {
        "class_name": "Dense",
        "config": config | settings,
        "name": name,
        "inbound_nodes": nodes,
    }


def old_input(name, *shape):
    config = {"batch_input_shape": [None, *shape], "dtype": "float32", "sparse": False}
    config |= {"ragged": False, "name": name}
    return {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


def old_model(class_name, name, layers, inputs, ends, *uses):
    config = {"name": name, "trainable": True, "layers": layers}
    config |= {"input_layers": inputs, "output_layers": ends}
    nodes = [[[*use, {}]] for use in uses]
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": nodes}


def layer(class_name, **config):
    return {"class_name": class_name, "config": config}


def old_graph():
    """Two inputs, a shared layer, a merge, a model inside whose uses count from 1."""
    inner_layers = [old_input("i", 4), old_dense("inner_dense", 4, ["i", 0, 0])]
    inner = old_model(
        "Functional", "inner", inner_layers, [["i", 0, 0]], [["inner_dense", 0, 0]], ["twice", 1, 0]
    )
    add = layer("Add", name="add", trainable=True, dtype="float32")
    add |= {"name": "add", "inbound_nodes": [[["inner", 1, 0, {}], ["twice", 0, 0, {}]]]}
    layers = [
        *(old_input("x", 6), old_input("y", 6)),
        old_dense("twice", 4, ["x", 0, 0], ["y", 0, 0]),
        *(inner, add),
    ]
    ends = [["add", 0, 0], ["inner", 1, 0]]
    return old_model("Functional", "old", layers, [["x", 0, 0], ["y", 0, 0]], ends)


def old_sequential(*layers):
    return layer("Sequential", name="old", layers=[old_input("x", 6), *layers])


def new_graph():
    x, y = hb.Input((6,)), hb.Input((6,))
    twice = hb.layers.Dense(4, "tanh", name="twice")
    i = hb.Input((4,))
    inner = hb.Model(i, hb.layers.Dense(4, "tanh")(i))
    a, b = twice(x), twice(y)
    return hb.Model([x, y], [inner(b) + a, inner(b)])


def write(path, config, layers, training=None):
    """A file as Keras 2 lays it out: `{layer: arrays}`."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["keras_version"] = "2.11.0"
        if training is not None:
            file.attrs["training_config"] = json.dumps(training).encode()
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in layers]
        for name, arrays in layers.items():
            group = root.create_group(name)
            group.attrs["weight_names"] = [f"{name}/w{i}:0".encode() for i in range(len(arrays))]
            for i, array in enumerate(arrays):
                group[f"{name}/w{i}:0"] = array
    return path


def arrays(*shapes):
    rng = np.random.default_rng(5)
    return [rng.uniform(-0.5, 0.5, shape).astype("float32") for shape in shapes]


def test_keras_2_graph(tmp_path):
    twice, inner = arrays((6, 4), (4,)), arrays((4, 4), (4,))
    path = write(tmp_path / "m.h5", old_graph(), {"x": [], "y": [], "twice": twice, "inner": inner})
    expected = new_graph()
    expected.set_weights([*twice, *inner])
    data = [ROWS, ROWS[::-1]]
    close(outputs(hb.saving.load_model(path), data), outputs(expected, data))


@pytest.mark.parametrize(
    ("old", "new", "shapes"),
    [
        (old_dense("a", 3), lambda: hb.layers.Dense(3, "tanh"), [(6, 3), (3,)]),
        (
            layer("BatchNormalization", name="a", axis=[1], momentum=0.9, epsilon=0.1),
            lambda: hb.layers.BatchNormalization(epsilon=0.1),
            [(6,)] * 4,
        ),
        (layer("Lambda", name="a", function="tanh", function_type="function", module="keras.x"),)
        + (lambda: hb.layers.Activation("tanh"), []),
        (layer("Activation", name="a", activation="relu", dtype=layer("Policy", name="float32")),)
        + (lambda: hb.layers.ReLU(), []),
    ],
    ids=["dense", "normalization", "function", "policy"],
)
def test_keras_2_layers(old, new, shapes, tmp_path):
    weights = arrays(*shapes)
    path = write(tmp_path / "m.h5", old_sequential(old), {"a": weights})
    expected = hb.Sequential([hb.Input((6,)), new()])
    expected.set_weights(weights)
    close(outputs(hb.saving.load_model(path), ROWS), outputs(expected, ROWS))


def test_keras_2_settings_without_meaning(tmp_path):
    conv = layer("DepthwiseConv2D", name="a", kernel_size=[2, 2], groups=1)
    first = conv | {"config": {**conv["config"], "batch_input_shape": [None, 4, 4, 2]}}
    flat, steps = layer("Flatten", name="f"), layer("Reshape", name="r", target_shape=[9, 2])
    lstm = layer("LSTM", name="b", units=2, implementation=2, time_major=False)
    config = {"class_name": "Sequential", "config": [first, flat, steps, lstm]}
    weights = {"a": arrays((2, 2, 2, 1), (2,)), "b": arrays((2, 8), (2, 8), (8,))}
    path = write(tmp_path / "m.h5", config, weights)
    expected = hb.Sequential([hb.Input((4, 4, 2)), hb.layers.DepthwiseConv2D(2)])
    for new in (hb.layers.Reshape((9, 2)), hb.layers.LSTM(2)):
        expected.add(new)
    expected.set_weights([*weights["a"], *weights["b"]])
    x = np.ones((1, 4, 4, 2), "float32")
    close(outputs(hb.saving.load_model(path), x), outputs(expected, x))


TRAINING = {
    "loss": layer("BinaryCrossentropy", reduction="auto", name="b", from_logits=True, fn="x"),
    "metrics": [[layer("MeanMetricWrapper", name="acc", dtype="float32", fn="binary_accuracy")]],
    "weighted_metrics": None,
    "loss_weights": None,
    "optimizer_config": layer("SGD", name="SGD", lr=0.1, decay=0.5, momentum=0.0, nesterov=False),
}


def test_keras_2_training(tmp_path):
    path = write(tmp_path / "m.h5", old_sequential(old_dense("a", 1)), {"a": arrays((6, 1), (1,))})
    with h5py.File(path, "a") as file:
        file.attrs["training_config"] = json.dumps(TRAINING)
        group = file.create_group("optimizer_weights")
        group["SGD/iter:0"] = np.int64(4)
        group.attrs["weight_names"] = [b"SGD/iter:0"]
    model = hb.saving.load_model(path)
    assert model.loss.from_logits
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1 / (1 + 0.5 * 4))
    model.fit(ROWS, ROWS[:, :1] > 0, verbose=0)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1 / (1 + 0.5 * 5))
    assert model.metrics_names == ["loss", "acc"]
    with h5py.File(path, "a") as file:
        file.attrs["training_config"] = json.dumps(TRAINING | {"optimizer_config": layer("Adam")})
    with pytest.warns(UserWarning, match="so the optimizer starts anew"):
        assert int(hb.saving.load_model(path).optimizer.iterations) == 0
    with h5py.File(path, "a") as file:
        file.attrs["training_config"] = json.dumps(TRAINING | {"optimizer_config": layer("Popen")})
    with pytest.raises(ValueError, match=r"cannot be set up.*Unknown class 'Popen'"):
        hb.saving.load_model(path)


# ---- files from somebody else -----------------------------------------------------------------


def bytecode():
    return layer("Lambda", name="a", function=["4wEAAAA=", None, None], function_type="lambda")


def without(graph, key):
    del graph["config"][key]
    return graph


def changed(graph, index, **entries):
    graph["config"]["layers"][index] |= entries
    return graph


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (old_sequential(bytecode()), "never runs code from files"),
        (layer("Popen", args=["x"]), "Unknown class 'Popen'"),
        (layer("Dense", units=10**9), "does not say for which input shape"),
        (old_sequential(layer("Dense", units=10**9)), "far larger weights than it holds"),
        ({"class_name": "Functional", "config": 3}, "is a dict"),
        ({"config": {}}, "describes no model"),
        (
            old_sequential(layer("TFOpLambda", name="f", function="math.tanh")),
            "Unknown class",
        ),
        (
            changed(old_graph(), 2, inbound_nodes=[[["gone", 0, 0, {}]]]),
            "'gone', which",
        ),
        (
            changed(old_graph(), 2, inbound_nodes=[[["x", 9, 0, {}]]]),
            "refers to use 9 of layer 'x'",
        ),
        (changed(old_graph(), 2, inbound_nodes=3), "holds a malformed config"),
        (changed(old_graph(), 2, name=["x"]), "holds a malformed config"),
        (changed(old_graph(), 2, inbound_nodes=[[["twice", 0, 0]]]), "has a loop"),
    ],
)
def test_hostile_configs(config, message, tmp_path):
    path = write(tmp_path / "m.h5", config, {"a": arrays((6, 1), (1,))})
    with pytest.raises(ValueError, match=message):
        hb.saving.load_model(path)


def test_a_lambda_of_the_callers(tmp_path):
    path = write(tmp_path / "m.h5", old_sequential(bytecode()), {})
    model = hb.saving.load_model(path, {"a": lambda x: x + 1})
    close(outputs(model, ROWS), [ROWS + 1])


def link(file):
    file["model_weights/a/soft"] = h5py.SoftLink("/model_weights")


def external(file):
    file["model_weights/a/outer"] = h5py.ExternalLink("/etc/passwd", "/")


def objects(file):
    file["model_weights/a/text"] = np.array(["x"], dtype=object)


def climbing(file):
    file["model_weights/a"].attrs["weight_names"] = [b"../../other"]
    file["other"] = np.zeros(3)


def lost(file):
    file["model_weights"].attrs["layer_names"] = [b"gone"]


def numbers(file):
    file["model_weights"].attrs["layer_names"] = np.arange(3)


def unnamed(file):
    del file["model_weights/a"].attrs["weight_names"]


def no_weights(file):
    del file["model_weights"]


def number_config(file):
    file.attrs["model_config"] = 3


def twice_named(file):
    file.attrs["model_config"] = '{"class_name": "Sequential", "class_name": "Dense"}'


def many_names(file):
    kind = h5py.string_dtype()
    names = np.array(["x" * 2_000_000] + ["y"] * 3999, dtype=object)
    del file["model_weights"].attrs["layer_names"]
    file["model_weights"].attrs.create("layer_names", names, (4000,), kind)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (link, "holds a link at 'model_weights/a/soft'"),
        (external, "holds a link at 'model_weights/a/outer'"),
        (objects, "not plain numbers"),
        (climbing, r"has no array 'model_weights/a/../../other'"),
        (lost, "has no group 'model_weights/gone'"),
        (numbers, "lists no names"),
        (unnamed, "has no 'weight_names'"),
        (no_weights, "has no group 'model_weights'"),
        (number_config, "'model_config' that is no text"),
        (twice_named, "names a member twice"),
        (many_names, "too many or too long names"),
    ],
)
def test_hostile_files(spoil, message, tmp_path):
    path = write(tmp_path / "m.h5", old_sequential(old_dense("a", 1)), {"a": arrays((6, 1), (1,))})
    with h5py.File(path, "a") as file:
        spoil(file)
    with pytest.raises(ValueError, match=message):
        hb.saving.load_model(path)


def test_damaged_files(tmp_path):
    path = write(tmp_path / "m.h5", old_sequential(old_dense("a", 1)), {"a": arrays((6, 1), (1,))})
    content = path.read_bytes()
    weights = hb.saving.load_model(path).get_weights()
    for size in np.linspace(0, len(content) - 1, 20, dtype=int):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match="h5"):
            hb.saving.load_model(path)
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(content), 40):
        flipped = bytearray(content)
        flipped[place] ^= 1 << rng.integers(8)
        path.write_bytes(flipped)
        try:
            loaded = hb.saving.load_model(path)
        except ValueError:
            continue
        # HDF5 has no checksum for its data: at most a number or a name has changed.
        assert [w.shape for w in loaded.get_weights()] == [w.shape for w in weights]
