"""scale_learning_rate: learning rates per group of variables."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from optimizer_cases import GRADIENTS, assert_same, train, variables

import hornbill as hb

STEPS = 6


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {"momentum": 0.9, "weight_decay": 0.1}),
        ("Adam", {}),
        ("Nadam", {"gradient_accumulation_steps": 2}),
        ("Ftrl", {"l1_regularization_strength": 0.01}),
    ],
)
def test_a_scaled_group_is_an_optimizer_of_its_own(name, settings):
    ours = getattr(hb.optimizers, name)(0.1, **settings)
    ours.scale_learning_rate({"b.*": 0.25})
    mine = train(ours, variables(hb), STEPS)[-1]
    for place, rate in enumerate([0.1, 0.025]):
        weights = [variables(keras)[place]]
        theirs = getattr(keras.optimizers, name)(rate, **settings)
        theirs.build(weights)
        for gradients in GRADIENTS[:STEPS]:
            theirs.apply([gradients[place]], weights)
        assert_same([mine[place]], [weights[0]], atol=5e-6)


@pytest.mark.parametrize("name", ["AdamW", "Ftrl", "LossScaleOptimizer"])
def test_factor_0_leaves_variables_alone(name):
    if name == "LossScaleOptimizer":
        optimizer = hb.optimizers.LossScaleOptimizer(hb.optimizers.SGD(0.1), initial_scale=1.0)
    else:
        optimizer = getattr(hb.optimizers, name)(0.1)
    optimizer.scale_learning_rate({"kernel": 0})
    weights = variables(hb)
    before = [w.numpy() for w in weights]
    train(optimizer, weights, 2)
    np.testing.assert_array_equal(weights[0], before[0])
    assert np.abs(weights[1].numpy() - before[1]).min() > 0
    assert np.isfinite(weights[1].numpy()).all()


def test_optax_updates_are_scaled():
    down = SimpleNamespace(
        init=lambda values: (),
        update=lambda gradients, state, values: ({k: -g for k, g in gradients.items()}, state),
    )
    optimizer = hb.optimizers.get(down)
    optimizer.scale_learning_rate({"kernel": 0.5})
    weights = variables(hb)
    before = [w.numpy() for w in weights]
    optimizer.apply(GRADIENTS[0], weights)
    for w, old, g, factor in zip(weights, before, GRADIENTS[0], (0.5, 1), strict=True):
        np.testing.assert_allclose(w, old - factor * g, rtol=1e-6)


X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


def two_layers():
    encoder, head = hb.layers.Dense(2, name="encoder"), hb.layers.Dense(1, name="head")
    model = hb.Sequential([hb.Input((3,)), encoder, head])
    model.set_weights([np.full(w.shape, 0.5, "float32") for w in model.get_weights()])
    return model


def moves(model):
    """How far one step of `fit` moves each weight."""
    before = model.get_weights()
    model.fit(X, X[:, :1], batch_size=8, verbose=0)
    return [b - a for a, b in zip(before, model.get_weights(), strict=True)]


def test_layers_in_fit_changed_between_calls_and_saved(tmp_path):
    model, plain = two_layers(), two_layers()
    plain.compile(hb.optimizers.SGD(0.1), "mse")
    model.compile(hb.optimizers.SGD(0.1), "mse")
    model.optimizer.scale_learning_rate({model.get_layer("encoder"): 0.5, "head/bias": 0})
    full = moves(plain)
    for mine, factor, move in zip(moves(model), (0.5, 0.5, 1, 0), full, strict=True):
        np.testing.assert_allclose(mine, factor * move, rtol=1e-5, atol=1e-8)

    model.save(tmp_path / "model.keras")
    again = hb.saving.load_model(tmp_path / "model.keras")
    assert again.optimizer.learning_rate_factors == [0.5, 0.5, 1, 0]
    # A later choice reaches the step that is compiled already; so does none.
    weights = plain.get_weights()
    model.set_weights(weights)
    model.optimizer.scale_learning_rate({"head/.*": 2})
    full = moves(plain)
    for mine, factor, move in zip(moves(model), (1, 1, 2, 2), full, strict=True):
        np.testing.assert_allclose(mine, factor * move, rtol=1e-5, atol=1e-8)
    model.set_weights(weights)
    model.optimizer.scale_learning_rate({})
    np.testing.assert_allclose(moves(model)[0], full[0], rtol=1e-5)
    assert "learning_rate_factors" not in model.optimizer.get_config()


@pytest.mark.parametrize(
    ("factors", "error", "match"),
    [
        ({"kernel": -1}, ValueError, "at least 0. Received: 'kernel': -1"),
        ({"kernel": "fast"}, ValueError, "Received: 'kernel': 'fast'"),
        ({3: 0.5}, TypeError, "a layer or a regular expression. Received: 3"),
        ({hb.layers.Dense(1): 0.5}, ValueError, "has no trainable weights. Build the model"),
        ({"kernal": 0.5}, ValueError, r"'kernal' has none of the variables \['kernel', 'bias'\]"),
        ([1, 2, 3], ValueError, "each of the 2 variables"),
        ({"ker.*": 0.5, ".*nel": 2}, ValueError, "'kernel' is in more than one group"),
    ],
)
def test_errors_leave_the_optimizer_as_it_was(factors, error, match):
    optimizer = hb.optimizers.SGD(0.1)
    optimizer.scale_learning_rate({"bias": 0.5})
    optimizer.build(variables(hb))
    with pytest.raises(error, match=match):
        optimizer.scale_learning_rate(factors)
    assert optimizer.learning_rate_factors == [1, 0.5]


def test_groups_are_checked_when_the_variables_are_known():
    optimizer = hb.optimizers.SGD(0.1)
    optimizer.scale_learning_rate({"kernal": 0.5})
    with pytest.raises(ValueError, match="'kernal' has none"):
        optimizer.build(variables(hb))
    assert not optimizer.built


def test_multi_optimizer_has_its_optimizers_factors():
    inner = hb.optimizers.SGD(0.1, name="slow")
    multi = hb.optimizers.MultiOptimizer(hb.optimizers.OptimizerMap(inner))
    with pytest.raises(ValueError, match="of its `optimizers`"):
        multi.scale_learning_rate({"kernel": 0.5})
    inner.scale_learning_rate({"kernel": 0.5})
    assert multi.learning_rate_factors == {"slow": {"kernel": 0.5}}
    weights = variables(hb)
    before = weights[0].numpy()
    multi.apply(GRADIENTS[0], weights)
    np.testing.assert_allclose(weights[0], before - 0.05 * GRADIENTS[0][0], rtol=1e-6)
