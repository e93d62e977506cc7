import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.utils import estimator_checks

import hornbill as hb
from hornbill.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

IRIS = load_iris(return_X_y=True)
SILENT = {"verbose": 0, "batch_size": 75}


def network(X, y, units=4, activation="linear", loss="mse"):
    layers = [hb.Input((X.shape[1],)), hb.layers.Dense(units, activation="relu")]
    model = hb.Sequential([*layers, hb.layers.Dense(y.shape[1], activation=activation)])
    model.compile(hb.optimizers.Adam(0.05), loss=loss)
    return model


def classifier(**settings):
    kwargs = {"activation": "softmax", "loss": "categorical_crossentropy"}
    return SKLearnClassifier(
        network, model_kwargs=kwargs, fit_kwargs={**SILENT, "epochs": 20}, **settings
    )


def regressor(model=network, **settings):
    return SKLearnRegressor(model, fit_kwargs=SILENT, **settings)


def fixed_model():
    model = hb.Sequential([hb.Input((4,)), hb.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    return model


def plain_network(X, y, activation="linear", loss="mse"):
    """The same weights at each fit: scikit-learn's checks compare one fit with another."""
    inputs = hb.Input((X.shape[1],))
    layer = hb.layers.Dense(y.shape[1], activation=activation, kernel_initializer="zeros")
    model = hb.Model(inputs, layer(inputs))
    model.compile(hb.optimizers.Adam(0.1), loss=loss)
    return model


STEADY = {"verbose": 0, "batch_size": 512, "shuffle": False, "epochs": 30}
SOFTMAX = {"activation": "softmax", "loss": "categorical_crossentropy"}


ONCE = {**STEADY, "epochs": 1}
ESTIMATORS = [
    SKLearnClassifier(plain_network, model_kwargs=SOFTMAX, fit_kwargs=STEADY),
    SKLearnRegressor(plain_network, fit_kwargs=ONCE),
    SKLearnTransformer(plain_network, fit_kwargs=ONCE),
]


def own_checks():
    # scikit-learn's own parametrization names tests by addresses in memory, which pytest-xdist
    # cannot take: each of its workers has others.
    for estimator in ESTIMATORS:
        checks = estimator_checks.estimator_checks_generator(estimator, legacy=True)
        for i, (_, check) in enumerate(checks):
            name = getattr(check, "func", check).__name__
            yield pytest.param(estimator, check, id=f"{type(estimator).__name__}-{i}-{name}")


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), list(own_checks()))
def test_scikit_learns_own_checks(estimator, check):
    # None fails. Those skipped are for pipelines of deterministic estimators (a model need not be
    # one), and for array libraries and pandas where they are not installed.
    check(clone(estimator))


def test_decision_function_of_two_classes_is_scikit_learns():
    X, y = IRIS[0][:100], IRIS[1][:100]
    fitted = SKLearnClassifier(plain_network, model_kwargs=SOFTMAX, fit_kwargs=STEADY).fit(X, y)
    scores = fitted.decision_function(X)
    outputs = fitted.model_.predict(X, verbose=0)
    np.testing.assert_allclose(scores, outputs[:, 1] - outputs[:, 0])
    np.testing.assert_array_equal(fitted.predict(X), (scores > 0).astype(int))
    assert roc_auc_score(y, scores) == 1


def test_classifier_learns_labels_of_any_kind():
    hb.utils.set_random_seed(1)  # with some draws all units of so small a network stay dead
    names = np.array(["setosa", "versicolor", "virginica"])
    fitted = classifier().fit(IRIS[0], names[IRIS[1]])
    assert list(fitted.classes_) == list(names)
    assert fitted.score(IRIS[0], names[IRIS[1]]) > 0.9
    scores = fitted.decision_function(IRIS[0])
    np.testing.assert_array_equal(fitted.predict(IRIS[0]), names[scores.argmax(-1)])
    np.testing.assert_allclose(scores.sum(-1), 1, rtol=1e-5)
    assert fitted.epoch_ == 20


def test_grid_search_tries_settings_of_the_model():
    grid = {"fit_kwargs": [{**SILENT, "epochs": 0}, {**SILENT, "epochs": 20}]}
    search = GridSearchCV(classifier(), grid, cv=2, refit=False).fit(*IRIS)
    assert search.best_params_["fit_kwargs"]["epochs"] == 20


@pytest.mark.parametrize("shape", [(150,), (150, 1), (150, 2)])
def test_regressor_gives_targets_of_the_fitted_form(shape):
    y = np.ones(shape)
    predicted = regressor().fit(IRIS[0], y).predict(IRIS[0])
    assert (predicted.shape, predicted.dtype) == (shape, np.float64)


def test_fit_copies_a_model_unless_warm_start():
    model = fixed_model()
    before = model.get_weights()
    fitted = regressor(model).fit(*IRIS)
    assert fitted.model_ is not model
    np.testing.assert_array_equal(model.get_weights()[0], before[0])

    warm = regressor(model, warm_start=True).fit(*IRIS)
    assert warm.model_ is model
    assert model.optimizer.iterations == 2
    warm.fit(*IRIS)
    assert model.optimizer.iterations == 4

    made = regressor(warm_start=True).fit(*IRIS).model_
    assert made.optimizer.iterations == 2


def test_fit_arguments_come_before_the_constructors():
    estimator = regressor()
    assert estimator.epoch_ == 0
    estimator.fit(*IRIS, epochs=3)
    assert estimator.epoch_ == 3
    assert estimator.fit_kwargs == SILENT
    weights = np.zeros(150)
    still = regressor(fixed_model(), warm_start=True)
    before = still.model.get_weights()[0]
    still.fit(*IRIS, sample_weight=weights)
    np.testing.assert_array_equal(still.model.get_weights()[0], before)


def test_clone_and_pickle_keep_the_models_weights():
    fitted = regressor(fixed_model(), warm_start=True).fit(*IRIS)
    copied = clone(fitted)
    assert copied.model is not fitted.model
    assert not hasattr(copied, "model_")
    assert copied.fit_kwargs == SILENT
    for a, b in zip(copied.model.get_weights(), fitted.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(IRIS[0]), fitted.predict(IRIS[0]))


def test_transformer_gives_the_outputs():
    fitted = SKLearnTransformer(fixed_model(), fit_kwargs=SILENT).fit(*IRIS)
    kernel, bias = fitted.model_.get_weights()
    np.testing.assert_allclose(fitted.transform(IRIS[0]), IRIS[0] @ kernel + bias, rtol=1e-4)


def test_set_fit_request_needs_routing():
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        regressor().set_fit_request(sample_weight=True)
    with sklearn.config_context(enable_metadata_routing=True):
        asked = regressor().set_fit_request(sample_weight=True).get_metadata_routing()
    assert asked.fit.requests == {"sample_weight": True}


@pytest.mark.parametrize(
    ("estimator", "error", "match"),
    [
        (regressor(3), TypeError, "Received: model=3"),
        (regressor(lambda X, y: None), TypeError, "which gave None"),
        (regressor(hb.Sequential([hb.layers.Dense(1)])), RuntimeError, "model.compile"),
    ],
)
def test_wrong_models(estimator, error, match):
    with pytest.raises(error, match=match):
        estimator.fit(*IRIS)


def test_classifier_needs_two_classes():
    with pytest.raises(ValueError, match="at least two classes"):
        classifier().fit(IRIS[0], np.ones(150, int))


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        hb.wrappers.SKLearnRegressor  # noqa: B018
