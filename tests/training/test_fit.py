"""fit, evaluate and predict: data, callbacks, overrides, failures."""

import json
import os
import re
import signal
import threading

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype("float32")
Y = (X @ RNG.normal(size=(4, 1))).astype("float32")


def linear(**compiled):
    model = hb.Sequential([hb.Input((4,)), layers.Dense(1)])
    model.compile(**{"optimizer": hb.optimizers.SGD(0.1), "loss": "mse", **compiled})
    return model


def test_linear_regression_finds_the_coefficients():
    model = linear()
    history = model.fit(X, Y, epochs=60, batch_size=8, verbose=0)
    expected, *_ = np.linalg.lstsq(X, Y, rcond=None)
    np.testing.assert_allclose(model.get_weights()[0], expected, atol=1e-3)
    assert history.epoch == list(range(60))
    assert history.history["loss"][-1] < 1e-5


def test_chunks_and_single_steps_give_the_same_bits():
    class EveryBatch(hb.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            assert isinstance(logs["loss"], float)

    results = []
    for callbacks in ([], [EveryBatch()]):
        hb.utils.set_random_seed(1)
        model = hb.Sequential(
            [hb.Input((4,)), layers.Dense(8), layers.Dropout(0.5), layers.Dense(1)]
        )
        model.compile("adam", "mse")
        history = model.fit(X, Y, epochs=3, batch_size=3, verbose=0, callbacks=callbacks)
        results.append((history.history["loss"], model.get_weights()))
    assert results[0][0] == results[1][0]
    for a, b in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_eager_equals_compiled():
    results = []
    for eagerly in (False, True):
        hb.utils.set_random_seed(1)
        model = linear(run_eagerly=eagerly, metrics=["mae"])
        results.append(model.fit(X, Y, epochs=2, verbose=0, shuffle=False).history)
    for name in results[0]:
        np.testing.assert_allclose(results[0][name], results[1][name], rtol=1e-5)


def test_callbacks_are_called_in_keras_order():
    import keras

    def record(k):
        class Note(k.callbacks.Callback):
            calls = []

        for name in dir(k.callbacks.Callback):
            if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):

                def hook(self, *args, name=name, **kwargs):
                    logs = kwargs.get("logs", args[-1] if args else None)
                    where = [a for a in args if isinstance(a, int)]
                    self.calls.append((name, *where, sorted(logs or ())))

                setattr(Note, name, hook)
        model = k.Sequential([k.Input((4,)), k.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["mae"])
        note = Note()
        model.fit(
            X, Y, epochs=2, batch_size=20, validation_data=(X, Y), verbose=0, callbacks=[note]
        )
        model.evaluate(X, Y, verbose=0, callbacks=[note])
        model.predict(X, verbose=0, callbacks=[note])
        return note.calls

    assert record(hb) == record(keras)


def test_losses_by_name_go_to_their_outputs_whatever_the_order_of_the_dict():
    seen = []

    def note(name):
        def loss(y_true, y_pred):
            seen.append((name, y_true.shape[-1], y_pred.shape[-1]))
            return ops.mean(y_pred, -1)

        return loss

    inputs = hb.Input((3,))
    model = hb.Model(inputs, {"z": layers.Dense(1)(inputs), "b": layers.Dense(2)(inputs)})
    model.compile("sgd", loss={"z": note("z"), "b": note("b")}, loss_weights={"z": 2.0, "b": 0.0})
    targets = {"z": np.ones((4, 1)), "b": np.ones((4, 2))}
    model.fit(np.ones((4, 3)), targets, verbose=0)
    model.evaluate(np.ones((4, 3)), targets, verbose=0)
    assert set(seen) == {("z", 1, 1), ("b", 2, 2)}


def test_an_output_without_loss_needs_no_target():
    inputs = hb.Input((3,))
    hidden = layers.Dense(4)(inputs)
    model = hb.Model(inputs, [layers.Dense(1, name="score")(hidden), hidden])
    x, y = np.ones((4, 3)), np.ones((4, 1))
    for metrics, names in ((None, set()), ([["mae"], None], {"score_mae"})):
        model.compile("sgd", loss=["mse", None], metrics=metrics)
        assert set(model.fit(x, y, verbose=0).history) >= {"loss"} | names
    model.compile("sgd", loss=["mse", None], metrics=[None, ["mae"]])
    with pytest.raises(ValueError, match="no targets for it"):
        model.fit(x, y, verbose=0)


def test_stop_training():
    class Stop(hb.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 2

    assert len(linear().fit(X, Y, epochs=10, verbose=0, callbacks=[Stop()]).epoch) == 3


def test_initial_epoch_and_repeated_fit():
    model = linear()
    assert model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0).epoch == [3, 4]
    assert model.fit(X, Y, epochs=1, verbose=0).epoch == [0]


def test_predict_keeps_the_structure_and_the_last_batch():
    i = hb.Input((4,))
    model = hb.Model(i, {"a": layers.Dense(1)(i), "b": [i * 2, ops.sum(i, axis=1)]})
    out = model.predict(X, batch_size=16, verbose=0)
    assert out["a"].shape == (40, 1)
    np.testing.assert_allclose(out["b"][0], X * 2)
    np.testing.assert_allclose(out["b"][1], X.sum(1), rtol=1e-5)
    assert all(type(v) is np.ndarray for v in (out["a"], *out["b"]))


def test_finite_iterables_are_read_once_per_epoch():
    batches = [(X[:20], Y[:20]), (X[20:], Y[20:])]

    class Batches:
        reads = 0

        def __iter__(self):
            Batches.reads += 1
            return iter(batches)

    history = linear().fit(Batches(), epochs=3, verbose=0)
    assert len(history.epoch) == 3
    assert Batches.reads == 3


def test_a_generator_that_ends_says_so():
    def once():
        yield X, Y

    with pytest.raises(ValueError, match="ended before the first step of epoch 2"):
        linear().fit(once(), epochs=2, verbose=0)
    with pytest.warns(UserWarning, match="ended after 1 of 3 steps"):
        linear().fit(once(), steps_per_epoch=3, verbose=0)


def test_pandas_like_jax_and_float64_data():
    import jax.numpy as jnp

    losses = [
        linear_from_zero().fit(x, y, epochs=1, verbose=0, shuffle=False).history["loss"]
        for x, y in ((X, Y), (jnp.asarray(X), jnp.asarray(Y)), (X.astype("float64"), Y[:, 0]))
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-6)
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-6)


def linear_from_zero():
    model = hb.Sequential([hb.Input((4,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    return model


class Custom(hb.Model):
    """A step written over variables, with a metric of its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.norm = hb.metrics.Mean(name="norm")

    def train_step(self, data):
        x, y = data

        def loss_fn():
            return self.compute_loss(x, y, self(x, training=True))

        loss, gradients = hb.value_and_grad(loss_fn, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.norm.update_state(sum(ops.sum(g * g) for g in gradients))
        return {"loss": loss, "norm": self.norm.result()}


def test_train_step_of_a_users_own():
    i = hb.Input((4,))
    model = Custom(i, layers.Dense(1)(i))
    model.compile("sgd", "mse")
    history = model.fit(X, Y, epochs=9, batch_size=40, verbose=0).history
    assert set(history) == {"loss", "norm"}
    assert history["loss"][-1] < history["loss"][0]
    assert history["norm"][-1] < history["norm"][0]


def test_train_step_in_keras_form_for_jax():
    import jax

    class JaxStep(hb.Model):
        def train_step(self, state, data):
            trainable, rest, slots, metrics = state
            x, y = data

            def loss_fn(trainable):
                out, new = self.stateless_call(trainable, rest, x, training=True)
                return ops.mean((out - y) ** 2), new

            (loss, rest), grads = jax.value_and_grad(loss_fn, has_aux=True)(trainable)
            trainable, slots = self.optimizer.stateless_apply(slots, grads, trainable)
            return {"loss": loss}, (trainable, rest, slots, metrics)

    i = hb.Input((4,))
    model = JaxStep(i, layers.BatchNormalization()(layers.Dense(1)(i)))
    model.compile("adam")
    history = model.fit(X, Y, epochs=8, batch_size=40, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert int(model.optimizer.iterations) == 8


def test_gan_with_two_optimizers_and_x_only():
    class Gan(hb.Model):
        def __init__(self):
            super().__init__()
            self.generator = hb.Sequential([hb.Input((2,)), layers.Dense(4)])
            self.critic = hb.Sequential([hb.Input((4,)), layers.Dense(1)])
            self.tracker = hb.metrics.Mean(name="d_loss")

        @property
        def metrics(self):
            return [self.tracker]

        def compile(self, d_optimizer, g_optimizer):
            super().compile()
            self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

        def train_step(self, real):
            noise = hb.random.normal((ops.shape(real)[0], 2))

            def d_loss():
                fake = self.critic(self.generator(noise))
                return ops.mean(ops.softplus(fake)) + ops.mean(ops.softplus(-self.critic(real)))

            weights = self.critic.trainable_variables
            loss, gradients = hb.value_and_grad(d_loss, weights)
            self.d_optimizer.apply(gradients, weights)
            weights = self.generator.trainable_variables
            _, gradients = hb.value_and_grad(
                lambda: ops.mean(ops.softplus(-self.critic(self.generator(noise)))), weights
            )
            self.g_optimizer.apply(gradients, weights)
            self.tracker.update_state(loss)
            return {"d_loss": self.tracker.result()}

    gan = Gan()
    gan.compile(hb.optimizers.Adam(0.01), hb.optimizers.SGD(0.01))
    before = gan.get_weights()
    history = gan.fit(X, epochs=3, batch_size=8, verbose=0).history
    assert list(history) == ["d_loss"]
    assert all(not np.array_equal(a, b) for a, b in zip(before, gan.get_weights(), strict=True))
    assert (int(gan.d_optimizer.iterations), int(gan.g_optimizer.iterations)) == (15, 15)


def test_a_metric_may_return_its_variable():
    class Total(hb.metrics.Metric):
        def __init__(self):
            super().__init__(name="total")
            self.sum = self.add_variable((), "zeros", name="sum")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.sum.assign_add(ops.sum(y_true))

        def result(self):
            return self.sum

    logs = linear(metrics=[Total()]).fit(X, Y, verbose=0).history
    np.testing.assert_allclose(logs["total"], [Y.sum()], rtol=1e-4)


def test_train_function_of_a_users_own():
    class Twice(hb.Model):
        def make_train_function(self, force=False):
            usual = super().make_train_function(force)

            def train_function(iterator):
                usual(iterator)  # two batches make one step
                return usual(iterator)

            self.train_function = train_function
            return train_function

        def make_predict_function(self, force=False):
            return lambda iterator: np.asarray(self(next(iterator))) * 2

    i = hb.Input((4,))
    model = Twice(i, layers.Dense(1)(i))
    model.compile("sgd", "mse")

    class Count(hb.callbacks.Callback):
        batches = 0

        def on_train_batch_end(self, batch, logs=None):
            Count.batches += 1

    model.fit(X, Y, batch_size=10, verbose=0, callbacks=[Count()])
    assert (Count.batches, int(model.optimizer.iterations)) == (2, 4)
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * np.asarray(model(X)), rtol=1e-5)
    usual = linear().make_test_function()
    assert set(usual(iter([(X, Y)]))) == {"loss"}


def test_overriding_compute_loss_and_metrics():
    class Ours(hb.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return ops.mean(ops.abs(y - y_pred)) * 2

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "two": ops.ones(()) * 2}

    i = hb.Input((4,))
    model = Ours(i, layers.Dense(1)(i))
    model.compile("sgd", metrics=["mae"])
    logs = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert logs["two"] == 2.0
    np.testing.assert_allclose(logs["loss"], 2 * logs["mae"], rtol=1e-5)
    assert "two" in model.fit(X, Y, verbose=0).history


def test_noise_is_new_at_each_step_and_repeats_with_the_seed():
    class Noise(layers.Layer):
        def call(self, x, training=None):
            return hb.random.normal(ops.shape(x)) if training else x

    def losses():
        hb.utils.set_random_seed(7)
        model = hb.Sequential([hb.Input((4,)), Noise()])
        model.compile(hb.optimizers.SGD(0.0), "mse")

        class Steps(hb.callbacks.Callback):
            seen = []

            def on_train_batch_end(self, batch, logs=None):
                self.seen.append(logs["loss"])

        steps = Steps()
        steps.seen = []
        model.fit(np.zeros((8, 4)), np.zeros((8, 4)), batch_size=1, verbose=0, callbacks=[steps])
        return steps.seen

    first = losses()
    assert len(set(first)) == 8
    assert first == losses()


def test_arrays_that_users_hold_stay_valid():
    model = linear()
    held = model.layers[0].kernel.value
    before = np.array(held)
    kept = []

    class Keep(hb.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            kept.append(self.model.layers[0].kernel.value)

    model.fit(X, Y, epochs=3, verbose=0, callbacks=[Keep()])
    np.testing.assert_array_equal(np.asarray(held), before)
    assert len({float(np.asarray(k)[0, 0]) for k in kept}) == 3


@pytest.fixture
def ctrl_c():
    """Python's own answer to Ctrl-C, which a job started in the background does not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_a_usable_model():
    class Interrupt(hb.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                os.kill(os.getpid(), signal.SIGINT)

    model = linear()
    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=100, verbose=0, callbacks=[Interrupt()])
    assert int(model.optimizer.iterations) == 4
    assert np.isfinite(model.evaluate(X, Y, verbose=0))
    model.fit(X, Y, verbose=0)


def test_shape_changes_recompile_and_work():
    i = hb.Input((None, 4))
    model = hb.Model(i, layers.Dense(1)(i))
    model.compile("sgd", "mse")

    def batches():
        for n in (3, 5, 3):
            yield np.ones((2, n, 4), "float32"), np.ones((2, n, 1), "float32")

    assert np.isfinite(model.fit(batches(), verbose=0).history["loss"]).all()


def test_progress_lines(capsys):
    linear().fit(X, Y, epochs=2, verbose=2, validation_data=(X, Y))
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2
    assert out[0].startswith("Epoch 1/2 - 2/2 ")
    assert " - loss: " in out[0]
    assert " - val_loss: " in out[0]
    linear().evaluate(X, Y)
    assert re.fullmatch(
        r"2/2 \d+s \d+[mu]?s/step \S+ samples/s - loss: \S+\n", capsys.readouterr().out
    )
    linear().fit(X, Y, verbose=0)
    assert capsys.readouterr().out == ""


def test_logs_are_json():
    history = linear(metrics=["mae"]).fit(X, Y, epochs=2, verbose=0).history
    assert json.loads(json.dumps(history)) == history


def test_memory_of_variables_in_mixed_precision():
    hb.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = hb.Sequential([hb.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
        model.compile("adam", "mse")
        history = model.fit(X, Y, epochs=20, verbose=0).history["loss"]
    finally:
        hb.config.set_dtype_policy("float32")
    assert history[-1] < history[0]
    assert {w.dtype for w in model.weights} == {"float32"}


def test_float16_scales_the_loss():
    hb.config.set_dtype_policy("mixed_float16")
    try:
        model = hb.Sequential([hb.Input((4,)), layers.Dense(1)])
        model.compile("adam", "mse")
        assert isinstance(model.optimizer, hb.optimizers.LossScaleOptimizer)
        model.fit(X, Y, epochs=2, verbose=0)
    finally:
        hb.config.set_dtype_policy("float32")


WRONG = {
    "no compile": (lambda m: hb.Sequential([layers.Dense(1)]).fit(X, Y), "is not compiled"),
    "lengths": (lambda m: m.fit(X, Y[:3]), "x has 40, y has 3"),
    "no data": (lambda m: m.fit(X[:0], Y[:0]), "x has 0 samples"),
    "x is None": (lambda m: m.fit(None, Y), "x is None"),
    "ragged numbers": (lambda m: m.fit([[1.0], [2.0, 3.0]], Y), "rows of different lengths"),
    "text": (lambda m: m.fit(np.array(["a", "b"]), Y[:2]), "got strings"),
    "input shape": (lambda m: m.fit(X[:, :3], Y), r"expects shape \(None, 4\), got \(.*3\)"),
    "target shape": (lambda m: m.fit(X, np.ones((40, 3, 2))), "mean_squared_error"),
    "no targets": (lambda m: m.fit(X), "needs targets"),
    "two targets": (lambda m: m.fit(X, [Y, Y]), "one output, but y holds 2"),
    "batch_size": (lambda m: m.fit(X, Y, batch_size=0), "batch_size is a positive int"),
    "epochs": (lambda m: m.fit(X, Y, epochs=1.5), "epochs is an int"),
    "verbose": (lambda m: m.fit(X, Y, verbose=7), "verbose is 0, 1, 2 or 'auto'"),
    "split": (lambda m: m.fit(X, Y, validation_split=1.5), "between 0 and 1"),
    "split to nothing": (lambda m: m.fit(X[:1], Y[:1], validation_split=0.1), "leaves"),
    "split a generator": (lambda m: m.fit(iter([(X, Y)]), validation_split=0.1), "needs arrays"),
    "y beside a generator": (lambda m: m.fit(iter([(X, Y)]), Y), "leave y out"),
    "batch_size beside one": (
        lambda m: m.fit(iter([(X, Y)]), batch_size=2),
        "leave batch_size out",
    ),
    "a tuple of four": (lambda m: m.fit(iter([(X, Y, Y, Y)])), "yielded a tuple of 4"),
    "class_weight": (lambda m: m.fit(X, Y, class_weight=[1, 2]), r"a dict \{class: weight\}"),
    "validation_data": (lambda m: m.fit(X, Y, validation_data=(X,)), "Received 1 items"),
    "callbacks": (lambda m: m.fit(X, Y, callbacks=[3]), "Callback objects"),
    "callback class": (
        lambda m: m.fit(X, Y, callbacks=[hb.callbacks.History]),
        "with parentheses",
    ),
    "unknown loss": (lambda m: m.compile("sgd", "msee"), "Unknown loss.*'msee'.*'mse'"),
    "unknown optimizer": (lambda m: m.compile("adm", "mse"), "(?s)adm.*[Aa]dam"),
    "unknown metric": (
        lambda m: m.compile("sgd", "mse", metrics=["acuracy"]) or m.fit(X, Y),
        "acuracy",
    ),
    "metrics no list": (
        lambda m: m.compile("sgd", "mse", metrics="mae"),
        r"metrics=\['accuracy'\]",
    ),
    "weights without loss": (lambda m: m.compile("sgd", loss_weights=[1.0]), "nothing to weight"),
    "losses by wrong name": (
        lambda m: m.compile("sgd", {"out": "mse"}) or m.fit(X, Y),
        r"\['out'\]. Its outputs are: \['dense",
    ),
    "steps_per_execution": (
        lambda m: m.compile("sgd", "mse", steps_per_execution=0),
        "steps_per_execution is positive",
    ),
    "no loss": (lambda m: m.compile("sgd") or m.fit(X, Y), "has no loss to minimize"),
    "reduction None": (
        lambda m: m.compile("sgd", hb.losses.MeanSquaredError(reduction=None)) or m.fit(X, Y),
        "instead of a scalar",
    ),
    "get_layer": (lambda m: m.get_layer("nope"), r"no layer 'nope'. Its layers are: \['dense"),
    "get_layer index": (lambda m: m.get_layer(index=9), "none at index 9"),
    "get_layer neither": (lambda m: m.get_layer(), "a name or an index"),
    "steps": (lambda m: m.evaluate(X, Y, steps=0), "steps is an int of at least 1"),
    "predict nothing": (lambda m: m.predict(iter([])), "no data to predict on"),
    "evaluate nothing": (lambda m: m.evaluate(iter([])), "no data to evaluate on"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_uses_have_one_clear_message_and_do_no_harm(name):
    use, message = WRONG[name]
    model = linear()
    model.fit(X, Y, verbose=0)
    weights = model.get_weights()
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        use(model)
    assert "jax" not in str(caught.value).lower()
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)


def test_a_failed_compile_keeps_the_old_settings():
    model = linear()
    optimizer = model.optimizer
    with pytest.raises(ValueError, match="msee"):
        model.compile("adam", "msee")
    assert model.optimizer is optimizer
    model.fit(X, Y, verbose=0)


def test_the_first_eager_step_of_a_model_without_weights_counts():
    models = []
    for eagerly in (False, True):
        hb.utils.set_random_seed(1)
        model = hb.Sequential([layers.Dense(2), layers.Dense(1)])
        model.compile("adam", "mse", run_eagerly=eagerly)
        model.fit(X, Y, batch_size=40, verbose=0)
        models.append(model)
    assert int(models[1].optimizer.iterations) == 1
    for a, b in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_evaluate_after_an_early_stop_reads_all():
    class Stop(hb.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    model = linear()
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[Stop()])
    expected = np.mean((model.predict(X, verbose=0) - Y) ** 2)
    assert model.evaluate(X, Y, batch_size=8, verbose=0) == pytest.approx(expected, rel=1e-5)
    some = np.mean((model.predict(X[:16], verbose=0) - Y[:16]) ** 2)
    assert model.evaluate(X, Y, batch_size=8, steps=2, verbose=0) == pytest.approx(some, rel=1e-5)
