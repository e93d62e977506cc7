"""A Population trains each member as it would be trained alone."""

import os
import random

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(21, 4)).astype("float32")
LABELS = RNG.integers(0, 3, 21)
TARGET = RNG.normal(size=(21, 1)).astype("float32")
SEEDS, RATES, MOMENTA = [5, 6], [0.1, 0.02], [0.9, 0.5]
X16, LABELS16 = X[:16], LABELS[:16]  # whole batches: fewer programs to compile
FIT = {"epochs": 3, "batch_size": 8, "validation_data": (X16, LABELS16), "verbose": 0}


def classifier():
    """Everything that is state: weights made late, dropout, running statistics, slots."""
    model = hb.Sequential(
        [
            layers.Dense(6, activation="relu"),
            layers.Dropout(0.3),
            layers.BatchNormalization(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    sgd = hb.optimizers.SGD(0.05, momentum=0.1)
    model.compile(sgd, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def linear(**settings):
    model = hb.Sequential([hb.Input((4,)), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **settings})
    return model


def alone(build, seed, numbers, fits):
    """A model trained as a user would: `(model, history of each fit)`."""
    hb.utils.set_random_seed(seed)
    model = build()
    for name, value in numbers.items():
        setattr(model.optimizer, name, value)
    return model, [model.fit(**fit).history for fit in fits]


def assert_same(model, other, tolerance=1e-6):
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    pairs = zip(model.optimizer.variables, other.optimizer.variables, strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=tolerance, atol=tolerance)


@pytest.fixture(scope="module")
def trained():
    population = hb.Population(classifier, 2, RATES, SEEDS, momentum=MOMENTA)
    histories = [population.fit(X16, LABELS16, **FIT).history for _ in range(2)]
    fits = [{"x": X16, "y": LABELS16, **FIT}] * 2
    singles = [
        alone(classifier, seed, {"learning_rate": rate, "momentum": momentum}, fits)
        for seed, rate, momentum in zip(SEEDS, RATES, MOMENTA, strict=True)
    ]
    return population, histories, singles


def test_histories_are_those_of_each_alone(trained):
    _, histories, singles = trained
    for fit in range(2):  # the second goes on from the first
        for i, (_, alone) in enumerate(singles):
            assert set(histories[fit]) == set(alone[fit])
            for name, values in alone[fit].items():
                assert histories[fit][name].shape == (3, 2)
                np.testing.assert_allclose(histories[fit][name][:, i], values, rtol=1e-5)


def test_members_are_models_with_the_state_of_each_alone(trained):
    population, _, singles = trained
    assert len(population) == 2
    for member, (single, _) in zip(population, singles, strict=True):
        assert_same(member, single, 1e-5)
    assert [float(m.optimizer.momentum) for m in population] == MOMENTA


def test_evaluate_and_predict(trained):
    population, _, singles = trained
    results = population.evaluate(X16, LABELS16, batch_size=8, verbose=0)
    predictions = population.predict(X16, batch_size=8, verbose=0)
    assert predictions.shape == (2, 16, 3)
    for i, (single, _) in enumerate(singles):
        np.testing.assert_allclose(
            predictions[i], single.predict(X16, batch_size=8, verbose=0), rtol=1e-5, atol=1e-6
        )
        expected = single.evaluate(X16, LABELS16, batch_size=8, verbose=0, return_dict=True)
        assert {k: pytest.approx(v[i], rel=1e-5) for k, v in results.items()} == expected


def test_groups_in_threads_of_their_own_are_one_population(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    rates = np.linspace(0.01, 0.1, 8)
    population = hb.Population(linear, 8, rates)  # two groups of four, of which each shuffles
    fit = {"x": X, "y": TARGET, "batch_size": 8, "epochs": 2, "verbose": 0}  # 8, 8 and 5 samples
    history = population.fit(**fit).history["loss"]
    scores = population.evaluate(X, TARGET, batch_size=8, verbose=0)["loss"]
    predictions = population.predict(X, batch_size=8, verbose=0)
    assert (history.shape, scores.shape, predictions.shape) == ((2, 8), (8,), (8, 21, 1))
    for i in (0, 3, 4, 7):  # the ends of both groups
        model, (expected,) = alone(linear, i, {"learning_rate": rates[i]}, [fit])
        np.testing.assert_allclose(history[:, i], expected["loss"], rtol=1e-5)
        assert_same(population[i], model, 1e-5)
        x = {"x": X, "batch_size": 8, "verbose": 0}
        np.testing.assert_allclose(predictions[i], model.predict(**x), rtol=1e-5, atol=1e-6)
        assert scores[i] == pytest.approx(model.evaluate(**x, y=TARGET), rel=1e-5)


def test_best_is_a_model_to_go_on_with(trained):
    population, histories, _ = trained
    last = histories[1]["val_loss"][-1]
    assert population.ranking().tolist() == np.argsort(last).tolist()
    assert population.ranking("val_accuracy")[0] == np.argmax(histories[1]["val_accuracy"][-1])
    assert population.ranking("val_loss", mode="max").tolist() == np.argsort(-last).tolist()
    best = population.best()
    assert_same(best, population[int(np.argmin(last))], 0)
    before = population[0].get_weights()
    best.fit(X16, LABELS16, batch_size=8, verbose=0)
    for a, b in zip(before, population[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # a copy of its own


def test_ensemble_is_the_mean_and_can_be_saved(trained, tmp_path):
    population, *_ = trained
    ensemble = population.ensemble()
    predicted = ensemble.predict(X16, batch_size=8, verbose=0)
    np.testing.assert_allclose(
        predicted, population.predict(X16, batch_size=8, verbose=0).mean(0), atol=1e-6
    )
    accuracy = (predicted.argmax(-1) == LABELS16).mean()
    assert ensemble.evaluate(X16, LABELS16, batch_size=8, verbose=0)[1] == pytest.approx(accuracy)
    ensemble.save(tmp_path / "ensemble.keras")
    loaded = hb.saving.load_model(tmp_path / "ensemble.keras")
    np.testing.assert_allclose(loaded.predict(X16, batch_size=8, verbose=0), predicted, atol=1e-6)


def test_randomness_outside_stays():
    def drawn():
        hb.utils.set_random_seed(3)
        yield None
        yield (random.random(), np.random.rand(), float(hb.random.uniform(())))

    plain, disturbed = drawn(), drawn()
    next(plain)
    expected = next(plain)
    next(disturbed)
    hb.Population(linear, 2, seed=[1, 2]).fit(X, TARGET, verbose=0)
    assert next(disturbed) == expected


@pytest.mark.parametrize(
    "fit", [{"shuffle": False}, {"shuffle": "batch"}, {"steps_per_epoch": 2, "batch_size": 4}]
)
def test_every_order_of_the_data(fit):
    fit = {"x": X, "y": TARGET, "epochs": 2, "batch_size": 8, "verbose": 0, **fit}
    population = hb.Population(linear, 2, learning_rate=0.1)
    population.fit(**fit)
    assert population.seeds == [0, 1]
    for i in range(2):
        assert_same(population[i], alone(linear, i, {"learning_rate": 0.1}, [fit])[0])


def test_batches_of_an_iterable_go_to_all():
    batches = [(X[:8], TARGET[:8]), (X[8:16], TARGET[8:16])]
    population = hb.Population(linear, 2)
    population.fit(iter(batches), verbose=0)
    for i in range(2):
        fit = {"x": iter(batches), "verbose": 0}
        assert_same(population[i], alone(linear, i, {}, [fit])[0])


def test_averaged_weights_at_the_end():
    def build():
        return linear(optimizer=hb.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))

    fit = {"x": X, "y": TARGET, "verbose": 0}
    population = hb.Population(build, 2, ema_momentum=[0.5, 0.9])
    population.fit(**fit)
    for i, momentum in enumerate([0.5, 0.9]):
        assert_same(population[i], alone(build, i, {"ema_momentum": momentum}, [fit])[0])


def test_callbacks_see_all_members(capsys):
    seen = []

    class Stop(hb.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((epoch, logs["loss"].shape, self.model))
            self.model.stop_training = epoch == 1

    population = hb.Population(linear, 3)
    note = hb.callbacks.LambdaCallback(on_train_end=lambda logs: seen.append(sorted(logs)))
    history = population.fit(X, TARGET, epochs=9, verbose=2, callbacks=[Stop(), note])
    assert seen == [(0, (3,), population), (1, (3,), population), ["loss"]]
    assert history is population.history
    assert history.history["loss"].shape == (2, 3)
    low, high = history.history["loss"][1].min(), history.history["loss"][1].max()
    assert f"loss: {low:.4f}..{high:.4f}" in capsys.readouterr().out


def two_heads():
    x = hb.Input((4,), name="measured")
    h = layers.Dense(3)(x)
    heads = {"kind": layers.Dense(3, name="kind")(h), "size": layers.Dense(1, name="size")(h)}
    model = hb.Model({"measured": x}, heads)
    losses = {"kind": hb.losses.SparseCategoricalCrossentropy(from_logits=True), "size": "mse"}
    model.compile("adam", losses)
    return model


def test_structures_of_inputs_and_outputs():
    population = hb.Population(two_heads, 2)
    y = {"kind": LABELS, "size": TARGET}
    population.fit({"measured": X}, y, verbose=0)
    predicted = population.predict({"measured": X}, verbose=0)
    assert {k: v.shape for k, v in predicted.items()} == {"kind": (2, 21, 3), "size": (2, 21, 1)}
    ensemble = population.ensemble()
    mean = ensemble.predict({"measured": X}, verbose=0)
    for name in y:
        np.testing.assert_allclose(mean[name], predicted[name].mean(0), atol=1e-6)


def test_before_fit_a_member_is_what_build_gives():
    population = hb.Population(linear, 2, learning_rate=[0.5, 0.25], seed=7)
    hb.utils.set_random_seed(7)
    for member, rate in zip(population, [0.5, 0.25], strict=True):
        np.testing.assert_array_equal(member.get_weights()[0], population[0].get_weights()[0])
        assert float(member.optimizer.learning_rate) == rate
    np.testing.assert_array_equal(linear().get_weights()[0], population[-1].get_weights()[0])
    assert population.ensemble().output_shape == (None, 1)
    assert "n=2" in repr(population)
    assert population.hyperparameters["learning_rate"].tolist() == [0.5, 0.25]


class OwnStep(hb.Model):
    """Its optimizer's slots and its metric are made by its own step."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data

        def loss_fn():
            return hb.ops.mean(hb.ops.square(self(x) - y))

        loss, gradients = hb.value_and_grad(loss_fn, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss}


@pytest.mark.slow
def test_steps_of_a_users_own():
    def build():
        model = OwnStep()
        model.compile("adam")
        return model

    fit = {"x": X, "y": TARGET, "epochs": 2, "verbose": 0}
    population = hb.Population(build, 2, learning_rate=[0.1, 0.01])
    population.fit(**fit)
    for i, rate in enumerate([0.1, 0.01]):
        assert_same(population[i], alone(build, i, {"learning_rate": rate}, [fit])[0], 1e-5)


@pytest.mark.slow
def test_loss_scaling():
    def build():
        model = hb.Sequential([hb.Input((4,)), layers.Dense(1)])
        model.compile(hb.optimizers.LossScaleOptimizer(hb.optimizers.Adam()), "mse")
        return model

    population = hb.Population(build, 2, learning_rate=[0.1, 0.01])
    fit = {"x": X, "y": TARGET, "epochs": 2, "verbose": 0}
    population.fit(**fit)
    for i, rate in enumerate([0.1, 0.01]):
        assert_same(population[i], alone(build, i, {"learning_rate": rate}, [fit])[0], 1e-5)


NUMBERS = {
    "Adadelta": ["rho", "epsilon"],
    "Adafactor": ["beta_2_decay", "epsilon_2", "clip_threshold"],
    "Adagrad": ["epsilon"],
    "Adam": ["beta_1", "beta_2", "epsilon", "weight_decay"],
    "AdamW": ["weight_decay", "clipnorm"],
    "Adamax": ["beta_1", "beta_2"],
    "Ftrl": ["l1_regularization_strength", "beta"],
    "Lamb": ["beta_1", "beta_2", "global_clipnorm"],
    "Lion": ["beta_1", "beta_2"],
    "Nadam": ["beta_1", "beta_2", "clipvalue"],
    "RMSprop": ["rho", "momentum", "epsilon"],
    "SGD": ["momentum"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_optimizers(name):
    cls = getattr(hb.optimizers, name)
    usual = {"weight_decay": 0.01, "clipnorm": 0.3, "global_clipnorm": 0.3, "clipvalue": 0.3}
    usual |= {"momentum": 0.5, "l1_regularization_strength": 0.01, "beta": 0.1}
    given = {}
    for number in NUMBERS[name]:
        value = usual.get(number) or float(getattr(cls(), number))
        given[number] = [value, value * 0.9]

    def build():
        return linear(optimizer=cls(learning_rate=0.01))

    fit = {"x": X, "y": TARGET, "epochs": 2, "shuffle": False, "verbose": 0}
    population = hb.Population(build, 2, **given)
    population.fit(**fit)
    for i in range(2):
        single, _ = alone(build, i, {k: v[i] for k, v in given.items()}, [fit])
        for a, b in zip(population[i].get_weights(), single.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def count_calls():
    """A build whose models differ: the number of units, then a rate, grow with each call."""
    calls = iter(range(9))

    def units():
        model = hb.Sequential([hb.Input((4,)), layers.Dense(1 + next(calls), name="d")])
        model.compile("sgd", "mse")
        return model

    return units


def dropout_by_chance():
    model = hb.Sequential([hb.Input((4,)), layers.Dropout(random.random()), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def uncompiled():
    return hb.Sequential([hb.Input((4,)), layers.Dense(1)])


def scheduled():
    return linear(optimizer=hb.optimizers.SGD(hb.optimizers.schedules.CosineDecay(0.1, 10)))


class Picky(hb.optimizers.Optimizer):
    def __init__(self, learning_rate=0.1, factor=0.5):
        super().__init__(learning_rate)
        self.factor = factor

    def update(self, gradient, value, slots, learning_rate, step):
        return (value - gradient if self.factor > 0.7 else value), {}


ONE = linear()

WRONG = {
    "a model": (lambda: hb.Population(ONE, 2), TypeError, "a function that returns"),
    "no model": (lambda: hb.Population(lambda: None, 2), TypeError, "Received: None"),
    "one model": (lambda: hb.Population(lambda: ONE, 2), ValueError, "a new model at each call"),
    "not compiled": (lambda: hb.Population(uncompiled, 2), ValueError, "not compiled"),
    "eager": (
        lambda: hb.Population(lambda: linear(run_eagerly=True), 2),
        ValueError,
        "without run_eagerly",
    ),
    "n": (lambda: hb.Population(linear, 0), ValueError, "n is a positive int"),
    "length": (
        lambda: hb.Population(linear, 3, learning_rate=[0.1, 0.2]),
        ValueError,
        r"one learning_rate for all members, or 3 of them. Received: 2",
    ),
    "seeds": (lambda: hb.Population(linear, 2, seed=[0, -1]), ValueError, "Received: -1"),
    "no number": (lambda: hb.Population(linear, 2, momentum=["a", 1]), ValueError, "'a'"),
    "unknown": (
        lambda: hb.Population(linear, 2, dropout=[0.1, 0.2]),
        ValueError,
        "momentum.*dropout rate, needs a population of its own. Received: dropout",
    ),
    "a count": (
        lambda: hb.Population(linear, 2, gradient_accumulation_steps=2),
        ValueError,
        "Received: gradient_accumulation_steps",
    ),
    "out of range": (lambda: hb.Population(linear, 2, momentum=2), ValueError, "from 0 to 1"),
    "schedule": (
        lambda: hb.Population(scheduled, 2, learning_rate=0.1),
        ValueError,
        "learning rate from elsewhere",
    ),
    "no optimizer": (
        lambda: hb.Population(lambda: linear(optimizer=None), 2, learning_rate=0.1),
        ValueError,
        "with an optimizer",
    ),
    "other units": (
        lambda: hb.Population(count_calls(), 2),
        ValueError,
        r"d: units' 2 in member 1 and 1 in member 0",
    ),
    "other rates": (
        lambda: hb.Population(dropout_by_chance, 2),
        ValueError,
        "dropout: rate'",
    ),
    "other state": (
        lambda: hb.Population(linear, 2, momentum=[0, 0.5]).fit(X, TARGET, verbose=0),
        ValueError,
        "have the same variables. Member 1",
    ),
    "no history": (lambda: hb.Population(linear, 2).best(), ValueError, "There was no fit"),
    "mode": (lambda: hb.Population(linear, 2).best(mode="up"), ValueError, "'min' or 'max'"),
    "no member": (lambda: hb.Population(linear, 2)[2], IndexError, "has no member 2"),
    "a slice": (lambda: hb.Population(linear, 2)[:1], TypeError, "are numbered"),
    "unknown inputs": (
        lambda: hb.Population(classifier, 2).ensemble(),
        ValueError,
        "call fit first",
    ),
    "checked": (
        lambda: hb.Population(lambda: linear(check_numerics=True), 2).fit(X, TARGET),
        ValueError,
        "not checked for NaN",
    ),
    "a number that decides": (
        lambda: hb.Population(lambda: linear(optimizer=Picky()), 2, factor=[0.5, 0.9]).fit(
            X, TARGET, verbose=0
        ),
        ValueError,
        r"Picky, or the model, decides in Python.*: \['factor'\]",
    ),
    "a callback for one": (
        lambda: hb.Population(linear, 2).fit(
            X, TARGET, callbacks=[hb.callbacks.EarlyStopping("loss")]
        ),
        ValueError,
        "EarlyStopping handles one model",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be(case):
    call, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        call()


def test_no_such_metric(trained):
    with pytest.raises(ValueError, match="It has accuracy, loss, val_accuracy, val_loss"):
        trained[0].best("val_auc")


def test_fit_refuses_what_is_for_single_models():
    def build():
        model = hb.Sequential([layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    population = hb.Population(build, 2)
    for name in ("checkpoint", "dry_run"):
        with pytest.raises(ValueError, match=f"Population.fit has no {name}="):
            population.fit(np.zeros((4, 2)), np.zeros((4, 1)), **{name: "folder"})
