"""lr_find and find_batch_size: what they find, and that they leave no trace."""

import jax
import matplotlib
import numpy as np
import pytest

import hornbill as hb
from hornbill.training.tuning import LearningRateCurve, _largest

matplotlib.use("Agg")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32") + 0.1


def small(optimizer="sgd", *, built=True, model=hb.Sequential, **settings):
    layers = [hb.layers.Dense(4), hb.layers.Dropout(0.2, seed=1), hb.layers.BatchNormalization()]
    model = model([hb.Input((3,))] * built + [*layers, hb.layers.Dense(1)])
    model.compile(optimizer, "mse", metrics=["mae"], **settings)
    return model


def state(model):
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [v.path for v in variables], [v.numpy() for v in variables]


def assert_untouched(model, run):
    """`run` leaves a trained model, and what is random, bit for bit as they were."""
    model.fit(X, Y, batch_size=35, verbose=0)
    random = np.random.get_state()[1].copy()
    names, before = state(model)
    result = run()
    again, after = state(model)
    assert again == names
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(np.random.get_state()[1], random)
    return result


@pytest.mark.parametrize("eager", [False, True])
def test_lr_find_leaves_no_trace(eager):
    model = small("adam", run_eagerly=eager)
    steps = 10 if eager else 60
    curve = assert_untouched(
        model, lambda: model.lr_find(X, Y, batch_size=35, max_lr=100.0, steps=steps)
    )
    assert len(curve.losses) == len(curve.learning_rates) <= steps
    assert np.isfinite(curve.losses).all()


def test_a_training_after_lr_find_is_the_training_without_it():
    histories = []
    for find in (False, True):
        hb.utils.set_random_seed(3)
        model = small(built=False)
        if find:
            model.lr_find(X, Y, steps=10)
        histories.append(model.fit(X, Y, epochs=2, verbose=0).history)
    assert histories[0] == histories[1]


def test_lr_find_trains_at_the_rates_it_names():
    # Without noise each loss has a closed form: w goes down the gradient of (w - 1)^2.
    model = hb.Sequential([hb.Input((1,)), hb.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1), "float32")])
    model.compile(hb.optimizers.SGD(0.1), "mse")
    ones = np.ones((8, 1), "float32")
    curve = model.lr_find(ones, ones, batch_size=4, min_lr=1e-3, max_lr=10.0, steps=40)
    np.testing.assert_allclose(
        curve.learning_rates, np.geomspace(1e-3, 10, 40)[: len(curve.losses)]
    )
    w, expected = 0.0, []
    for rate in curve.learning_rates:
        expected.append((w - 1) ** 2)
        w += rate * 2 * (1 - w)
    np.testing.assert_allclose(curve.losses, expected, rtol=5e-3, atol=1e-6)
    assert len(curve.losses) < 40  # above rate 1 it diverges, and the test ends
    assert 0.01 < curve.suggestion < 1


def test_lr_find_reads_arrays_on_the_device_again_and_again():
    curve = small("sgd").lr_find(X[:8], Y[:8], batch_size=4, max_lr=1e-3, steps=11)
    assert len(curve.losses) == 11


def test_a_curve_suggests_the_steepest_fall():
    rates = np.geomspace(1e-5, 1, 101)
    fall = 1 / (1 + (rates / 1e-3) ** 2)  # over log(rate) steepest at 1e-3
    losses = fall + np.where(rates > 0.1, rates * 5, 0)
    curve = LearningRateCurve(rates, losses, smoothing=0.5)
    assert curve.suggestion == pytest.approx(1e-3, rel=0.15)
    assert LearningRateCurve(rates, losses, 0.0).smoothed == pytest.approx(losses)
    assert LearningRateCurve(rates, rates).suggestion is None
    flat = LearningRateCurve(rates, np.full(101, 2.0), smoothing=0.9)
    np.testing.assert_allclose(flat.smoothed, 2.0)
    ax = curve.plot()
    assert ax.get_xscale() == "log"
    assert [len(line.get_xdata()) for line in ax.get_lines()] == [101, 101, 2]
    assert curve.plot(ax) is ax
    matplotlib.pyplot.close("all")


def test_lr_find_of_streams_and_checked_models():
    model = small(check_numerics=True)
    data = hb.utils.PyDataset

    class Batches(data):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return X[i * 20 : i * 20 + 20], Y[i * 20 : i * 20 + 20]

    curve = model.lr_find(Batches(), max_lr=1e20, steps=20)
    assert 5 < len(curve.losses) < 20  # it ended where the loss became infinite
    with pytest.raises(ValueError, match="got data for 2 of 10 steps"):
        model.lr_find(iter([(X, Y), (X, Y)]), steps=10, max_lr=1e-3)
    with pytest.raises(ValueError, match="no data"):
        model.lr_find(iter([]), steps=10)


@pytest.mark.parametrize(
    ("optimizer", "settings", "match"),
    [
        ("sgd", {"min_lr": 1.0, "max_lr": 0.5}, "min_lr=1.0, max_lr=0.5"),
        ("sgd", {"steps": 3}, "Received: steps=3"),
        ("sgd", {"smoothing": 1}, "Received: smoothing=1"),
        ("sgd", {"stop_at": 1}, "Received: stop_at=1"),
        (hb.optimizers.SGD(hb.optimizers.schedules.OneCycle(0.1, 9)), {}, "comes from a schedule"),
        (
            hb.optimizers.MultiOptimizer(hb.optimizers.OptimizerMap(hb.optimizers.SGD())),
            {},
            "several optimizers",
        ),
    ],
)
def test_lr_find_errors(optimizer, settings, match):
    with pytest.raises(ValueError, match=match):
        small(optimizer).lr_find(X, Y, **settings)


def test_train_step_without_a_loss_in_its_logs():
    class Silent(hb.Sequential):
        def train_step(self, data):
            super().train_step(data)
            return {"other": hb.ops.zeros(())}

    with pytest.raises(ValueError, match=r"return it as 'loss'. Received: \['other'\]"):
        small(model=Silent).lr_find(X, Y)


class Limited(hb.Sequential):
    """Runs out of memory above a batch size, as XLA says it, while the step is traced or runs."""

    most = 1000
    words = "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 3 bytes."

    def train_step(self, data):
        if data[0].shape[0] > self.most:
            raise jax.errors.JaxRuntimeError(self.words)
        return super().train_step(data)


def test_find_batch_size_leaves_no_trace():
    model = small("adam", model=Limited)

    def run():
        model.most = 50
        return model.find_batch_size(X, Y)

    assert assert_untouched(model, run) == 48


@pytest.mark.parametrize(
    ("most", "settings", "found"),
    [(1000, {"start": 50}, 70), (1000, {"start": 64, "maximum": 100}, 100), (5, {"start": 8}, 4)],
)
def test_find_batch_size(most, settings, found):
    model = Limited([hb.Input((3,)), hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    # The words of the CPU's runtime.
    model.most, model.words = most, "INTERNAL: Error: Out of memory allocating 6400000000 bytes."
    assert model.find_batch_size(X, Y, **settings) == found


def test_find_batch_size_recovers_from_a_step_that_fails_while_it_runs():
    # The old state has been given to the step, which dies: it must come back.
    def out_of_memory(x):
        if len(x) > 20:
            raise MemoryError("Out of memory, says this test.")
        return x

    class Host(hb.layers.Layer):
        def call(self, x):
            return x + 0 * jax.lax.stop_gradient(
                jax.pure_callback(out_of_memory, jax.ShapeDtypeStruct(x.shape, x.dtype), x)
            )

    model = hb.Sequential([hb.Input((3,)), Host(), hb.layers.Dense(1)])
    model.compile("adam", "mse")
    before = model.get_weights()
    assert model.find_batch_size(X, Y, start=4) == 20
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_find_batch_size_errors():
    model = small(model=Limited)
    model.most = 0
    with pytest.raises(MemoryError, match="on one sample"):
        model.find_batch_size(X, Y, start=2)
    with pytest.raises(ValueError, match="from arrays"):
        model.find_batch_size(iter([(X, Y)]))
    with pytest.raises(ValueError, match="Received: maximum=0"):
        model.find_batch_size(X, Y, maximum=0)

    class Wrong(hb.Sequential):
        def train_step(self, data):
            raise RuntimeError("another trouble; out of memory it is not")

    with pytest.raises(RuntimeError, match="another trouble"):
        small(model=Wrong).find_batch_size(X, Y)


@pytest.mark.parametrize("start", [1, 3, 16, 40])
def test_the_search_finds_the_limit_in_few_tries(start):
    for limit in range(1, 130):
        tried = []

        def fits(size, tried=tried, limit=limit):
            tried.append(size)
            return size <= limit

        found = _largest(fits, start, 128)
        assert found <= limit
        assert len(set(tried)) == len(tried) <= 15
        if limit >= 128:
            assert found == 128
        elif limit >= start:
            assert found == limit // start * start
        else:
            assert found >= limit / 3
