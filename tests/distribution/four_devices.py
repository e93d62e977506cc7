"""Training on four devices, which XLA makes of one processor; run by `test_four_devices.py`.

    XLA_FLAGS=--xla_force_host_platform_device_count=4 KERAS_BACKEND=jax \
        python tests/distribution/four_devices.py FOLDER

Prints what each check has to say: nothing, or the traceback of its failure.
"""

import contextlib
import functools
import json
import os
import sys
import traceback

import jax
import keras
import numpy as np

import hornbill as hb

D = hb.distribution
RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 8, 8, 3)).astype("float32")
Y = RNG.integers(0, 3, 70)
ROWS, TARGETS = X[:64, 0, :, 0], X[:64, 0, :, 1]


def network(optimizer="adam", **options):
    """With batch normalization and dropout, whose numbers hang on the whole batch."""
    hb.utils.set_random_seed(1)
    layers = hb.layers
    model = hb.Sequential(
        [
            hb.Input((8, 8, 3)),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(16, activation="relu", name="dense_a"),
            layers.Dense(3, activation="softmax", name="dense_b"),
        ]
    )
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer, loss, metrics=["accuracy"], **options)
    return model


def train(model) -> list:
    """All that a model does with data, partial batches included."""

    def batches():
        for i in range(0, 64, 16):
            yield X[i : i + 16], Y[i : i + 16]

    said = [model.fit(X, Y, batch_size=16, epochs=2, validation_split=0.1, verbose=0).history]
    said.append(model.fit(batches(), verbose=0).history)
    said.append(model.evaluate(X, Y, batch_size=16, verbose=0))
    said.append(model.predict(X, batch_size=16, verbose=0))
    said += [model.train_on_batch(X[:16], Y[:16]), model.train_on_batch(X[:15], Y[:15])]
    return [said, model.get_weights()]


@functools.cache
def expected() -> list:
    """What one device gives."""
    return train(network())


def close(ours, theirs):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5), ours, theirs)


def spec(variable):
    return tuple(variable.value.sharding.spec)


def layouts(k):
    mesh = k.distribution.DeviceMesh((2, 2), ["batch", "model"], k.distribution.list_devices())
    made = k.distribution.LayoutMap(mesh)
    made[".*conv/kernel"] = k.distribution.TensorLayout((None, None, None, "model"))
    made[".*dense_a.*kernel"] = (None, "model")
    made[".*dense_a/bias"] = ("model",)
    made[".*dense_b/kernel"] = ("model", None)
    return made


@contextlib.contextmanager
def model_parallel(**more):
    made = layouts(hb)
    for key, layout in more.items():
        made[key] = layout
    with D.ModelParallel(layout_map=made, batch_dim_name="batch").scope() as plan:
        yield plan


def check_data_parallel_is_one_device():
    with D.DataParallel().scope() as plan:
        assert plan.num_model_replicas == 4
        model = network()
        close(train(model), expected())
    for variable in [*model.variables, *model.optimizer.variables]:
        assert len(variable.value.sharding.device_set) == 4
        assert variable.value.sharding.is_fully_replicated


def check_model_parallel_is_one_device():
    with model_parallel():
        model = network()
        close(train(model), expected())
    found = {v.path.partition("/")[2]: spec(v) for v in model.trainable_variables}
    assert found["conv/kernel"] == (None, None, None, "model")
    assert found["dense_a/kernel"] == (None, "model")
    assert found["dense_b/kernel"] == ("model", None)
    # What belongs to a weight lies where it does.
    slots = {v.path.partition("_conv_")[2]: spec(v) for v in model.optimizer.variables}
    assert slots["kernel_momentum"] == slots["kernel_velocity"] == found["conv/kernel"]


def check_layouts_are_those_of_keras():
    def specs(k):
        plan = k.distribution.ModelParallel(layout_map=layouts(k), batch_dim_name="batch")
        with plan.scope():
            x = k.Input((6,))
            y = k.layers.Dense(4, name="dense_b")(k.layers.Dense(8, name="dense_a")(x))
            model = k.Model(x, y)
            axes = [plan.get_data_layout(shape).axes for shape in ((8, 6), (8, 6, 2))]
            return axes, [tuple(v.value.sharding.spec) for v in model.weights]

    assert specs(hb) == specs(keras)


def check_each_device_has_its_rows():
    seen = []

    class Watched(hb.layers.Layer):
        def call(self, x):
            jax.debug.inspect_array_sharding(x, callback=seen.append)
            return x

    for data in ((ROWS, TARGETS), None):
        with D.DataParallel().scope():
            model = hb.Sequential([hb.layers.Dense(8), Watched()])
            model.compile("sgd", "mse")
        batches = ((ROWS[i : i + 16], TARGETS[i : i + 16]) for i in range(0, 64, 16))
        model.fit(*(data or (batches,)), batch_size=16 if data else None, verbose=0)
        assert any(s.shard_shape((16, 8)) == (4, 8) for s in seen), seen
        seen.clear()


def check_outputs_of_layers():
    seen = []

    class Watched(hb.layers.Layer):
        def call(self, x):
            jax.debug.inspect_array_sharding(x, callback=seen.append)
            return x

    with model_parallel(**{".*dense_a/output": ("batch", "model")}):
        model = hb.Sequential([hb.Input((8,)), hb.layers.Dense(8, name="dense_a"), Watched()])
        model.compile("sgd", "mse")
        model.fit(ROWS, TARGETS, batch_size=16, verbose=0)
        assert model.layers[0](ROWS[:4]).sharding.shard_shape((4, 8)) == (2, 4)
    assert any(s.shard_shape((16, 8)) == (8, 4) for s in seen), seen


def check_optimizers():
    with model_parallel():
        for optimizer in ("adafactor", "lamb", "muon", "ftrl", "nadam", "adagrad"):
            model = hb.Sequential([hb.Input((8,)), hb.layers.Dense(8, name="dense_a")])
            model.compile(optimizer, "mse")
            history = model.fit(ROWS, TARGETS, batch_size=16, epochs=2, verbose=0).history
            assert history["loss"][1] < history["loss"][0], optimizer
            assert spec(model.layers[0].kernel) == (None, "model")
        options = {"gradient_accumulation_steps": 2, "use_ema": True, "clipnorm": 1.0}
        model.compile(hb.optimizers.Adam(**options), "mse")
        model.fit(ROWS, TARGETS, batch_size=16, verbose=0)
        sizes = {v.path: spec(v) for v in model.optimizer.variables}
        assert [s for p, s in sizes.items() if "accumulator" in p] == [(None, "model"), ("model",)]


def check_outside_of_its_scope():
    """A model keeps to the devices that it was made for, under another distribution too."""
    with model_parallel():
        model = network()
    close(train(model), expected())
    with D.DataParallel().scope():
        close(model.predict(X, verbose=0), model.predict(X, batch_size=10, verbose=0))
    assert spec(model.get_layer("dense_a").kernel) == (None, "model")
    assert D.distribution() is None


def check_files(folder):
    with model_parallel():
        model = network()
        model.fit(X, Y, verbose=0)
        path = os.path.join(folder, "m.keras")
        model.save(path)
        loaded = hb.saving.load_model(path)
        assert [spec(v) for v in loaded.weights] == [spec(v) for v in model.weights]
        close(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
        loaded.load_weights(path)
        loaded.fit(X, Y, verbose=0)
        assert spec(loaded.get_layer("dense_a").kernel) == (None, "model")
        predicted = model.predict(X, verbose=0)
    alone = hb.saving.load_model(path)
    close(alone.predict(X, verbose=0), predicted)
    alone.fit(X, Y, verbose=0)
    assert len(alone.weights[0].value.sharding.device_set) == 1


def check_resuming(folder):
    path = os.path.join(folder, "run")
    with model_parallel():
        whole = network()
        whole.fit(X, Y, batch_size=16, epochs=3, verbose=0)
        network().fit(X, Y, batch_size=16, epochs=2, verbose=0, checkpoint=path)
        resumed = network()
        resumed.fit(X, Y, batch_size=16, epochs=3, verbose=0, checkpoint=path)
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert spec(resumed.get_layer("dense_a").kernel) == (None, "model")


def check_mixed_precision_and_eager_steps():
    with D.DataParallel().scope():
        hb.config.set_dtype_policy("mixed_bfloat16")
        assert np.isfinite(network().fit(X, Y, batch_size=16, verbose=0).history["loss"]).all()
        hb.config.set_dtype_policy("float32")
        network(run_eagerly=True).fit(X[:16], Y[:16], batch_size=8, verbose=0)


def check_a_variables_own_layout():
    mesh = D.DeviceMesh((4,), ["model"])
    v = hb.Variable(np.ones((8, 2)), layout=D.TensorLayout(("model", None), mesh))
    assert spec(v) == ("model", None)
    v.assign(np.zeros((8, 2)))
    v.assign_add(np.ones((8, 2)))
    assert spec(v) == ("model", None)
    np.testing.assert_array_equal(v.numpy(), 1)


def check_what_does_not_fit():
    mesh = D.DeviceMesh((4,), ["model"])
    made = D.LayoutMap(mesh)
    made[".*kernel"] = (None, "model")
    with D.ModelParallel(layout_map=made).scope():
        said = "shape \\(8, 6\\) cannot be cut by the layout \\(None, 'model'\\).*'model': 4"
        with raises(ValueError, said):
            hb.layers.Dense(6).build((None, 8))
        with raises(ValueError, "trains on one device"):
            hb.Population(network, 2)
    with raises(ValueError, "has 3 places, and there are 4 devices"):
        D.DeviceMesh((3,), ["batch"])


@contextlib.contextmanager
def raises(kind, message):
    import pytest

    with pytest.raises(kind, match=message):
        yield


def main():
    expected()  # before any distribution holds
    said = {}
    for name, check in sorted(globals().items()):
        if not name.startswith("check_"):
            continue
        try:
            check(*sys.argv[1 : 1 + check.__code__.co_argcount])
            said[name] = ""
        except Exception:
            said[name] = traceback.format_exc()
        D.set_distribution(None)
        keras.distribution.set_distribution(None)
        hb.config.set_dtype_policy("float32")
    print(json.dumps(said))


if __name__ == "__main__":
    main()
