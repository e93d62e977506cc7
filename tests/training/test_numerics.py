"""check_nans and check_numerics: the first NaN is named, and the model stays as it was."""

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers, ops

RNG = np.random.default_rng(0)
X = RNG.uniform(1.0, 2.0, (24, 3)).astype("float32")
Y = RNG.normal(size=(24, 1)).astype("float32")


class Log(layers.Layer):
    """NaN below 0."""

    def call(self, x):
        return ops.log(x)


class Root(layers.Layer):
    """Finite at 0, where its derivative is not."""

    def call(self, x):
        return ops.sqrt(x)


def model_with(layer=None, optimizer="adam", loss="mse", **compiled):
    parts = [hb.Input((3,)), *([layer] if layer else []), layers.Dense(4), layers.Dense(1)]
    model = hb.Sequential(parts, name="net")
    compiled = {"check_numerics": True, **compiled}
    model.compile(optimizer, loss, **compiled)
    return model


def state(model):
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [np.array(v.value) for v in variables]


def with_bad(row, value=np.nan):
    x = X.copy()
    x[row, 1] = value
    return x


def infinite_loss(y_true, y_pred):
    return ops.log(ops.abs(y_true) * 0.0) + ops.mean(y_pred, -1)


def root_model(**compiled):
    model = hb.Sequential(
        [hb.Input((3,)), layers.Dense(4, name="wide"), Root(name="root"), layers.Dense(1)],
        name="net",
    )
    model.layers[0].set_weights([np.zeros((3, 4)), np.zeros(4)])
    model.compile("sgd", "mse", check_numerics=True, **compiled)
    return model


CASES = {
    "data": (lambda **k: model_with(**k), with_bad(13), Y, "data", "x"),
    "targets": (
        lambda **k: model_with(**k),
        X,
        np.where(np.arange(24)[:, None] == 13, np.inf, Y),
        "data",
        "y",
    ),
    "layer": (
        lambda **k: model_with(Log(name="log"), **k),
        with_bad(13, -1),
        Y,
        "layer",
        "net/log",
    ),
    "loss": (lambda **k: model_with(loss=infinite_loss, **k), X, Y, "loss", "infinite_loss"),
    "gradient": (root_model, X, Y, "gradient", "net/wide/bias"),
    "weight": (
        lambda **k: model_with(optimizer=hb.optimizers.SGD(1e38), **k),
        X,
        1000 * Y,
        "weight",
        None,
    ),
}


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_fit_names_what_was_not_finite_first(name, eagerly):
    hb.utils.set_random_seed(0)
    make, x, y, kind, path = CASES[name]
    model = make(run_eagerly=eagerly)
    seen = []
    step = hb.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    start = model.get_weights()
    with pytest.raises(hb.NumericsError, match="as it was before this step") as caught:
        model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[step])
    error = caught.value
    assert error.kind == kind
    assert path is None or error.path == path
    assert (error.epoch, error.step) == (0, len(seen))
    assert f"step {len(seen) + 1} of epoch 1 of the training" in str(error)
    assert str(error.path) in str(error)
    assert int(model.optimizer.iterations) == len(seen)
    assert all(np.isfinite(a).all() for a in state(model))
    if not seen:
        for a, b in zip(start, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_in_looped_chunks_it_is_the_state_before_the_failing_step():
    """The same steps, up to the one that fails, without a check."""
    hb.utils.set_random_seed(3)
    model = model_with(Log())
    with pytest.raises(hb.NumericsError) as caught:
        model.fit(with_bad(13, -1), Y, batch_size=4, shuffle=False, verbose=0)
    assert caught.value.step == 3
    hb.utils.set_random_seed(3)
    other = model_with(Log(), check_numerics=False)
    other.fit(X[:12], Y[:12], batch_size=4, shuffle=False, verbose=0)
    for a, b in zip(state(model), state(other), strict=True):
        np.testing.assert_array_equal(a, b)
    model.fit(X, Y, verbose=0)  # and it can go on


def test_checks_change_no_numbers():
    histories = []
    for check in (False, True):
        hb.utils.set_random_seed(1)
        model = model_with(layers.Dropout(0.5), metrics=["mae"], check_numerics=check)
        histories.append(model.fit(X, Y, batch_size=5, epochs=2, verbose=0).history)
    assert histories[0] == histories[1]


USES = {
    "evaluate": lambda m, x, y: m.evaluate(x, y, verbose=0, batch_size=4),
    "predict": lambda m, x, y: m.predict(x, verbose=0, batch_size=4),
    "train_on_batch": lambda m, x, y: m.train_on_batch(x, y),
    "test_on_batch": lambda m, x, y: m.test_on_batch(x, y),
    "predict_on_batch": lambda m, x, y: m.predict_on_batch(x),
    "validation": lambda m, x, y: m.fit(X, Y, validation_data=(x, y), verbose=0),
    "generator": lambda m, x, y: m.fit(iter([(X, Y), (x, y)]), verbose=0),
}


@pytest.mark.parametrize("name", USES)
def test_everywhere(name):
    model = model_with(Log(name="log"))
    with pytest.raises(hb.NumericsError, match="layer 'net/log' holds NaN") as caught:
        USES[name](model, with_bad(13, -1), Y)
    assert caught.value.kind == "layer"
    assert (caught.value.epoch is None) == (name not in ("generator", "fit"))


def test_the_switch_of_the_process():
    assert not hb.config.is_check_nans_enabled()
    model = model_with(Log(), check_numerics=None)
    never = model_with(Log(), check_numerics=False)
    bad = with_bad(0, -1)
    with hb.config.check_nans():
        with pytest.raises(hb.NumericsError):
            model.predict(bad, verbose=0)
        assert np.isnan(never.predict(bad, verbose=0)).any()
    assert np.isnan(model.predict(bad, verbose=0)).any()
    hb.config.check_nans()
    try:
        with pytest.raises(hb.NumericsError):
            model.predict(bad, verbose=0)
    finally:
        hb.config.check_nans(False)
    assert np.isnan(model.predict(bad, verbose=0)).any()
    with pytest.raises(TypeError, match="True or False"):
        hb.config.check_nans("loss")
    with pytest.raises(TypeError, match="check_numerics is True, False or None"):
        model.compile(check_numerics="all")


def test_weights_that_were_nan_before_and_an_infinity_that_is_meant():
    model = model_with()
    weights = model.get_weights()
    model.set_weights([w * np.nan for w in weights])
    with pytest.raises(hb.NumericsError, match=r"old weight .*before this step"):
        model.evaluate(X, Y, verbose=0)

    class Mask(layers.Layer):
        def call(self, x):
            return ops.where(ops.array([True, False, True]), x, -np.inf)

    masked = hb.Sequential([hb.Input((3,)), Mask(name="mask"), layers.Softmax(name="soft")])
    masked.compile("sgd", "mse", check_numerics=True)
    assert np.isfinite(masked.predict(X, verbose=0)).all()
    tail = hb.Sequential([masked, Log(name="log"), layers.Rescaling(0.0, name="zero")], name="all")
    tail.compile("sgd", "mse", check_numerics=True)
    # log(0) is infinite, 0 times that is NaN: the NaN is named, and the infinity before it.
    with pytest.raises(hb.NumericsError, match=r"layer 'all/zero' holds NaN.*after an infinity"):
        tail.predict(X, verbose=0)


def test_a_step_of_a_users_own_and_gradients_by_jax():
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

    i = hb.Input((3,))
    model = JaxStep(i, layers.Dense(1)(Log(name="log")(i)), name="net")
    model.compile("sgd", check_numerics=True)
    with pytest.raises(hb.NumericsError, match="layer 'net/log'"):
        model.fit(with_bad(2, -1), Y, verbose=0)


def test_overflowing_gradients_are_the_business_of_loss_scaling():
    hb.config.set_dtype_policy("mixed_float16")
    try:
        model = model_with(optimizer=hb.optimizers.SGD(0.01))
        model.optimizer.build(model.trainable_variables)
        model.optimizer.dynamic_scale.assign(2.0**30)
        before = model.get_weights()
        model.train_on_batch(X, Y)
    finally:
        hb.config.set_dtype_policy("float32")
    assert float(model.optimizer.dynamic_scale) == 2.0**29
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
