"""`.keras` files: Keras's opened here, ours opened by Keras."""

import json
import warnings

import jax
import keras
import numpy as np
import pytest

import hornbill as hb

from .model_cases import CASES, ROWS, STEPS


def close(got, expected, rtol=1e-6):
    got, expected = jax.tree.leaves(got), jax.tree.leaves(expected)
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(
            np.asarray(one, "float32"), np.asarray(other, "float32"), rtol=rtol, atol=1e-6
        )


def predict(model, data, **how):
    """One compiled call, in either library."""
    trained = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    # The last digits of two compilations need not agree, but these do.
    run = jax.jit(lambda t, o, x: model.stateless_call(t, o, x, **how)[0])
    return run(trained, others, data)


@pytest.mark.parametrize("name", CASES)
def test_there_and_back(name, tmp_path):
    build, data = CASES[name]
    theirs = build(keras)
    rng = np.random.default_rng(1)
    theirs.set_weights([rng.uniform(0.1, 0.9, w.shape).astype(w.dtype) for w in theirs.weights])
    theirs.save(tmp_path / "theirs.keras")
    ours = hb.saving.load_model(tmp_path / "theirs.keras")
    expected = predict(theirs, data, training=False)
    assert jax.tree.leaves(expected)
    close(predict(ours, data, training=False), expected)

    ours.save(tmp_path / "ours.keras")
    opened = keras.saving.load_model(tmp_path / "ours.keras")
    close(opened.get_weights(), theirs.get_weights(), rtol=0)
    assert [v.path.split("/")[-2:] for v in opened.trainable_variables] == [
        v.path.split("/")[-2:] for v in theirs.trainable_variables
    ]
    # A model with equal weights and the very same config needs no second compilation.
    if json.dumps(opened.get_config(), default=str) != json.dumps(theirs.get_config(), default=str):
        close(predict(opened, data, training=False), expected)


def test_layers_that_differ_in_training(tmp_path):
    """Keras writes a default of `training` into each use of a layer; it must not stick."""
    x, y = keras.Input((20, 20, 1)), keras.Input((20, 20, 1))
    inner = keras.Model(y, keras.layers.Dropout(0.5)(y))
    inner(keras.layers.Dropout(0.5)(x))
    model = keras.Model(x, keras.layers.RandomContrast(0.5)(inner(keras.layers.Dropout(0.5)(x))))
    model.save(tmp_path / "m.keras")
    data = np.random.default_rng(0).uniform(0.1, 200, (2, 20, 20, 1)).astype("float32")
    for loaded in (model, hb.saving.load_model(tmp_path / "m.keras")):
        np.testing.assert_array_equal(loaded(data, training=False), data)
        lost = float(np.mean(np.asarray(loaded(data, training=True)) == 0))
        assert 0.65 < lost < 0.85
    z = hb.Input((20, 20, 1))
    always = hb.Model(z, hb.layers.Dropout(0.5)(z, training=True))
    always.save(tmp_path / "always.keras")
    always = hb.saving.load_model(tmp_path / "always.keras")
    assert 0.4 < float(np.mean(np.asarray(always(data, training=False)) == 0)) < 0.6


def built_here(k):
    x = k.Input((6,), name="x")
    y = k.ops.tanh(k.layers.Dense(4, name="one")(x) * 2)[:, :3]
    return k.Model(x, k.layers.Dense(2, name="two")(y), name="mine")


OPTIMIZERS = {
    "adam": lambda k: k.optimizers.Adam(0.02, clipnorm=1.0),
    "sgd": lambda k: k.optimizers.SGD(
        k.optimizers.schedules.ExponentialDecay(0.1, 3, 0.9), momentum=0.9, nesterov=True
    ),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_goes_on_with_the_same_numbers(optimizer, tmp_path):
    x, y = np.repeat(ROWS, 4, 0), np.repeat(ROWS[:, :2] ** 2, 4, 0)
    theirs = built_here(keras)
    theirs.compile(
        OPTIMIZERS[optimizer](keras),
        keras.losses.LogCosh(),
        metrics=["mae", keras.metrics.MeanSquaredError(name="squares")],
    )
    how = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
    theirs.fit(x, y, **how)
    theirs.save(tmp_path / "theirs.keras")
    ours = hb.saving.load_model(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    opened = keras.saving.load_model(tmp_path / "ours.keras")
    histories = [model.fit(x, y, **how).history for model in (theirs, ours, opened)]
    assert set(histories[0]) == set(histories[1]) == {"loss", "mae", "squares"}
    for key in histories[0]:
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=1e-5)
        np.testing.assert_allclose(histories[2][key], histories[0][key], rtol=1e-5)
    assert int(ours.optimizer.iterations) == int(theirs.optimizer.iterations) == 12


def schedule(k):
    return k.optimizers.schedules.PiecewiseConstantDecay([2, 3], [0.1, 0.05, 0.01])


# Each of Keras's optimizers, with settings that add state.
ALL_OPTIMIZERS = {
    "Adadelta": {"learning_rate": 0.5},
    "Adafactor": {"learning_rate": 0.01},
    "Adagrad": {"learning_rate": 0.1, "clipvalue": 0.5},
    "Adam": {"amsgrad": True, "use_ema": True, "ema_overwrite_frequency": 2},
    "AdamW": {"weight_decay": 0.1, "learning_rate": 0.05},
    "Adamax": {"learning_rate": 0.05, "gradient_accumulation_steps": 2},
    "Ftrl": {"learning_rate": 0.1, "l1_regularization_strength": 0.01},
    "Lamb": {"learning_rate": 0.05},
    "Lion": {"learning_rate": 0.01, "global_clipnorm": 1.0},
    "Nadam": {"learning_rate": 0.05},
    "RMSprop": {"momentum": 0.5, "centered": True, "learning_rate": 0.01},
    "SGD": {"momentum": 0.9, "learning_rate": schedule},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_OPTIMIZERS)
def test_every_optimizer_goes_on(name, tmp_path):
    """Two steps in Keras, then three more in both; and the state in the file that we write."""
    settings = {k: v(keras) if callable(v) else v for k, v in ALL_OPTIMIZERS[name].items()}
    theirs = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
    theirs.compile(getattr(keras.optimizers, name)(**settings), "mse")
    for _ in range(2):
        theirs.train_on_batch(ROWS, ROWS[:, :2])
    theirs.save(tmp_path / "theirs.keras")
    ours = hb.saving.load_model(tmp_path / "theirs.keras")
    for _ in range(3):
        expected = theirs.train_on_batch(ROWS, ROWS[:, :2])
        # Both report the mean since the last reset.
        np.testing.assert_allclose(ours.train_on_batch(ROWS, ROWS[:, :2]), expected, rtol=1e-5)
    close(ours.get_weights(), theirs.get_weights(), rtol=1e-5)
    ours.save(tmp_path / "ours.keras")
    opened = keras.saving.load_model(tmp_path / "ours.keras")
    mine, kept = opened.optimizer.variables, ours.optimizer.variables
    assert len(mine) == len(kept) > 2
    for one, other in zip(mine, kept, strict=True):
        np.testing.assert_array_equal(np.asarray(one.value), np.asarray(other.value))


def subclass(k):
    @k.saving.register_keras_serializable("tests", "Stack")
    class Stack(k.Model):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.one = k.layers.Dense(units)
            self.more = [k.layers.Dense(units, activation="relu"), k.layers.Dense(2)]

        def call(self, x):
            return self.more[1](self.more[0](self.one(x)) + 1)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return Stack


def test_subclassed_models_are_built_when_they_are_loaded(tmp_path):
    theirs, ours = subclass(keras)(4), subclass(hb)(4)
    theirs(ROWS), ours(ROWS)
    theirs.save(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    loaded = hb.saving.load_model(tmp_path / "theirs.keras")
    assert loaded.built
    assert loaded.units == 4
    close(predict(loaded, ROWS), predict(theirs, ROWS))
    close(predict(hb.saving.load_model(tmp_path / "ours.keras"), ROWS), predict(ours, ROWS))
    close(predict(keras.saving.load_model(tmp_path / "ours.keras"), ROWS), predict(ours, ROWS))


def measured(k):
    @k.saving.register_keras_serializable("tests", "Measured")
    class Measured(k.layers.Layer):
        """Made for a width that is no shape of its input."""

        def prepare(self, width):
            self.width = width
            self.scale = self.add_weight(shape=(width,), initializer="ones", name="scale")
            self.built = True

        def build(self, input_shape):
            self.prepare(input_shape[-1])

        def call(self, x):
            return x * self.scale

        def get_build_config(self):
            return {"width": self.width}

        def build_from_config(self, config):
            self.prepare(config["width"] + 0)

    return Measured


def test_build_configs(tmp_path):
    assert hb.layers.Dense(2).get_build_config() == keras.layers.Dense(2).get_build_config()
    dense = hb.layers.Dense(2)
    dense.build((None, 3))
    again = hb.layers.Dense(2)
    again.build_from_config(dense.get_build_config())
    assert [w.shape for w in again.weights] == [w.shape for w in dense.weights]
    ours, theirs = measured(hb)(), measured(keras)()
    for k, layer, path in ((hb, ours, "ours.keras"), (keras, theirs, "theirs.keras")):
        model = k.Sequential([k.Input((6,)), layer])
        model.set_weights([np.arange(6, dtype="float32")])
        model.save(tmp_path / path)
    for k, path in ((hb, "theirs.keras"), (keras, "ours.keras"), (hb, "ours.keras")):
        close(predict(k.saving.load_model(tmp_path / path), ROWS), ROWS * np.arange(6))


def test_models_with_several_arguments_are_built_too(tmp_path):
    @hb.saving.register_keras_serializable("tests")
    class Pair(hb.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = hb.layers.Dense(3), hb.layers.Dense(3)

        def call(self, a, b):
            return self.one(a) + self.two(b)

    model = Pair()
    expected = model(ROWS, STEPS[:, 0])
    model.save(tmp_path / "m.keras")
    close(hb.saving.load_model(tmp_path / "m.keras")(ROWS, STEPS[:, 0]), expected)


@hb.saving.register_keras_serializable("tests")
def cube(x):
    return x**3


@hb.saving.register_keras_serializable("tests")
class Scale(hb.layers.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return self.factor * x


def test_registered_classes_and_functions(tmp_path):
    model = hb.Sequential([hb.Input((6,)), Scale(2.0), hb.layers.Dense(2, activation=cube)])
    model.save(tmp_path / "m.keras")
    again = hb.saving.load_model(tmp_path / "m.keras")
    assert isinstance(again.layers[0], Scale)
    assert again.layers[1].activation is cube
    close(predict(again, ROWS), predict(model, ROWS))


def test_custom_objects_that_are_not_registered(tmp_path):
    class Double(hb.layers.Layer):
        def call(self, x):
            return 2 * x

    model = hb.Sequential([hb.Input((6,)), Double()])
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match=r"Unknown class 'Double'.*custom_objects"):
        hb.saving.load_model(tmp_path / "m.keras")
    again = hb.models.load_model(tmp_path / "m.keras", custom_objects={"Double": Double})
    assert type(again.layers[0]) is Double


def test_shared_objects_stay_shared(tmp_path):
    x = hb.Input((6,))
    layer = hb.layers.Dense(6, name="both")
    i = hb.Input((6,))
    inner = hb.Model(i, layer(i), name="inner")
    model = hb.Model(x, inner(layer(x)))
    model.save(tmp_path / "m.keras")
    again = hb.saving.load_model(tmp_path / "m.keras")
    assert again.get_layer("both") is again.get_layer("inner").get_layer("both")
    close(predict(again, ROWS), predict(model, ROWS))


def test_folders(tmp_path):
    theirs = built_here(keras)
    theirs.save(tmp_path / "theirs", zipped=False)
    ours = hb.saving.load_model(tmp_path / "theirs")
    for _ in range(2):
        ours.save(tmp_path / "ours", zipped=False)
    opened = keras.saving.load_model(tmp_path / "ours")
    close(opened.get_weights(), theirs.get_weights(), rtol=0)
    assert {p.name for p in tmp_path.iterdir()} == {"theirs", "ours"}


@hb.saving.register_keras_serializable("tests")
class Words(hb.layers.Layer):
    words: tuple = ()

    def call(self, x):
        return x * len(self.words)

    def save_assets(self, dir_path):
        with open(f"{dir_path}/words.txt", "w") as file:
            file.write(" ".join(self.words))

    def load_assets(self, dir_path):
        with open(f"{dir_path}/words.txt") as file:
            self.words = tuple(file.read().split())


@pytest.mark.parametrize("zipped", [True, False])
def test_assets(zipped, tmp_path):
    model = hb.Sequential([hb.Input((6,)), Words()])
    model.layers[0].words = ("a", "b")
    path = tmp_path / ("m.keras" if zipped else "m")
    model.save(path, zipped=zipped)
    assert hb.saving.load_model(path).layers[0].words == ("a", "b")


def test_compile_false_and_models_without_compile(tmp_path):
    model = built_here(hb)
    model.compile("adam", "mse")
    model.save(tmp_path / "m.keras")
    assert hb.saving.load_model(tmp_path / "m.keras").compiled
    assert not hb.saving.load_model(tmp_path / "m.keras", compile=False).compiled


def test_configs_as_json():
    model = built_here(hb)
    text = model.to_json(indent=1)
    again = hb.models.model_from_json(text)
    assert again.to_json(indent=1) == text
    assert keras.models.model_from_json(text).name == "mine"
    assert hb.Model.from_config(model.get_config()).count_params() == model.count_params()


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.keras"
    model = built_here(hb)
    model.save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("hornbill.saving.archive.write_archive", fail)
    with pytest.raises(OSError, match="disk full"):
        model.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


WRONG = [
    ({"filepath": "m.weights.h5"}, ValueError, "with save_weights"),
    ({"filepath": "m"}, ValueError, "ends in '.keras'"),
    ({"filepath": "m.keras", "zipped": False}, ValueError, "to a folder"),
    ({"filepath": "missing/m.keras"}, ValueError, "does not exist"),
    ({"filepath": "m.keras", "save_format": "tf"}, TypeError, "save_format"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), WRONG)
def test_wrong_saves(arguments, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        hb.saving.save_model(built_here(hb), **arguments)


def test_wrong_loads(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        hb.saving.load_model(tmp_path / "m.keras")
    (tmp_path / "m.npz").write_bytes(b"x")
    with pytest.raises(ValueError, match="Keras 2"):
        hb.saving.load_model(tmp_path / "m.npz")
    model = built_here(hb)
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="exists already"):
        model.save(tmp_path / "m.keras", overwrite=False)


def plus_one(x):
    return x + 1


@hb.saving.register_keras_serializable("tests")
def twice(x):
    return x * 2


@hb.saving.register_keras_serializable("tests")
class Halved(hb.layers.Layer):
    def call(self, x):
        return x / 2


def test_without_safe_mode_it_is_told_what_of_the_caller_s_is_called(tmp_path, capsys):
    path = str(tmp_path / "m.keras")
    custom = {"plus_one": plus_one}
    layers = [hb.layers.Activation(f) for f in (twice, plus_one, twice)]
    hb.Sequential([hb.Input((6,)), *layers, Halved()]).save(path)
    config = hb.saving.serialize_keras_object(layers[1])
    capsys.readouterr()
    hb.saving.load_model(path, custom)
    assert capsys.readouterr().out == ""
    model = hb.saving.load_model(path, custom, safe_mode=False)
    close(model(ROWS), 2 * ROWS + 1)
    who, here = f"load_model('{path}', safe_mode=False) calls your", __name__
    told = [
        f"{who} function 'tests>twice': {here}.twice",
        f"{who} function 'plus_one': {here}.plus_one",
        f"{who} class 'tests>Halved': {here}.Halved",
    ]
    assert capsys.readouterr().out.splitlines() == told
    hb.saving.deserialize_keras_object(config, custom, safe_mode=False)
    (line,) = capsys.readouterr().out.splitlines()
    assert line == f"deserialize(safe_mode=False) calls your function 'plus_one': {here}.plus_one"
    with hb.saving.custom_object_scope(custom):
        hb.models.clone_model(model)  # nothing is told outside
    assert capsys.readouterr().out == ""


def test_lambdas_are_named_before_they_are_refused(tmp_path):
    model = hb.Sequential([hb.Input((6,)), hb.layers.Lambda(lambda x: x * 2, name="twice")])
    with pytest.raises(TypeError, match="lambda"):
        model.save(tmp_path / "m.keras")
    theirs = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Lambda(lambda x: x * 2, name="twice", output_shape=lambda shape: shape),
            keras.layers.Activation(lambda x: x + 1, name="more"),
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.save(tmp_path / "m.keras")
    for safe_mode in (True, False):
        # One after the other is asked for.
        given = {}
        for name, owner, argument, function in (
            ("twice", "twice", "function", lambda x: x * 2),
            ("twice/output_shape", "twice", "output_shape", lambda shape: shape),
            ("more/activation", "more", "activation", plus_one),
        ):
            message = f"The '{argument}' of '{owner}' is .*never runs code.*'{name}': function"
            with pytest.raises(ValueError, match=message):
                hb.saving.load_model(tmp_path / "m.keras", given, safe_mode=safe_mode)
            given[name] = function
        ours = hb.saving.load_model(tmp_path / "m.keras", given, safe_mode=safe_mode)
        close(ours(ROWS), ROWS * 2 + 1)


def test_weights_that_are_not_in_the_file_are_drawn_after_all(tmp_path):
    @hb.saving.register_keras_serializable("tests")
    class Half(hb.layers.Layer):
        def build(self, input_shape):
            self.kept = self.add_weight(shape=(2,), initializer="ones")
            self.drawn = self.add_weight(shape=(2,), initializer=hb.initializers.Constant(3.0))

        def call(self, x):
            return x

        def save_own_variables(self, store):
            store["0"] = self.kept.numpy()

        def load_own_variables(self, store):
            self.kept.assign(store["0"])

    model = hb.Sequential([hb.Input((6,)), Half()])
    model.layers[0].kept.assign([4.0, 5.0])
    model.save(tmp_path / "m.keras")
    layer = hb.saving.load_model(tmp_path / "m.keras").layers[0]
    assert layer.kept.numpy().tolist() == [4.0, 5.0]
    assert layer.drawn.numpy().tolist() == [3.0, 3.0]
