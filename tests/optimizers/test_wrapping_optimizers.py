"""LossScaleOptimizer, MultiOptimizer and optax."""

import jax
import keras
import numpy as np
import pytest
from optimizer_cases import GRADIENTS, assert_same, keras_train, state, train, variables

import hornbill as hb

# Keras's own variables in NumPy's newest version.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept")

ONE = [np.ones(1, "float32")]


def loss_scale(library, **kwargs):
    inner = library.optimizers.Adam(0.1, weight_decay=0.1)
    return library.optimizers.LossScaleOptimizer(inner, **kwargs)


def with_overflow():
    gradients = [[g * 8 for g in pair] for pair in GRADIENTS[:8]]
    gradients[3] = [gradients[3][0], np.full(3, np.inf, "float32")]
    return gradients


@pytest.mark.parametrize("compiled", [False, True])
def test_loss_scale(compiled):
    ours, theirs = (loss_scale(k, initial_scale=8.0, dynamic_growth_steps=2) for k in (hb, keras))
    weights, their_weights = variables(hb), variables(keras)
    assert float(ours.scale_loss(np.float32(2.0))) == 16.0
    ours.build(weights)
    theirs.build(their_weights)
    mine = [v.value for v in weights], [v.value for v in ours.variables]
    values = [v.value for v in their_weights], [v.value for v in theirs.variables]
    our_step, their_step = jax.jit(ours.stateless_apply), jax.jit(theirs.stateless_apply)
    scales = []
    for gradients in with_overflow():
        if compiled:
            mine = our_step(mine[1], gradients, mine[0])
        else:
            ours.apply(gradients, weights)
            mine = [v.value for v in weights], [v.value for v in ours.variables]
        values = their_step(values[1], gradients, values[0])
        scales.append(float(mine[1][3]))
    assert scales == [8.0, 16.0, 16.0, 8.0, 8.0, 16.0, 16.0, 32.0]
    assert_same(mine[0], values[0])
    assert_same(mine[1], values[1])
    for variable, value in zip(ours.variables, mine[1], strict=True):
        variable.assign(value)
    assert int(ours.iterations) == 7
    assert float(ours.scale_loss(np.float32(2.0))) == 64.0
    ours.learning_rate = 0.5
    assert float(ours.inner_optimizer.learning_rate) == 0.5


def test_loss_scale_config_and_errors():
    ours, theirs = (loss_scale(k, name="scaled") for k in (hb, keras))
    ours.inner_optimizer.name = theirs.inner_optimizer.name = "adam"
    config = hb.optimizers.serialize(ours)
    assert config == keras.optimizers.serialize(theirs)
    again = hb.optimizers.deserialize(config)
    assert type(again.inner_optimizer) is hb.optimizers.Adam
    assert again.get_config() == ours.get_config()
    for wrong in ({"clipnorm": 1.0}, {"dynamic": False}):
        with pytest.raises(ValueError, match=r"on the inner optimizer. Received: "):
            hb.optimizers.LossScaleOptimizer(hb.optimizers.SGD(), **wrong)


def multi(library):
    k = library.optimizers
    by_path = k.OptimizerMap(k.Adam(0.1, name="adam"), {"bi.*": k.SGD(0.1, 0.9, name="sgd")})
    return k.MultiOptimizer(by_path, loss_scale_factor=2.0, name="multi")


def test_multi():
    ours, theirs = multi(hb), multi(keras)
    assert_same(train(ours, variables(hb), 5)[-1], keras_train(theirs, variables(keras), 5)[-1])
    assert_same(state(ours), state(theirs))
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    assert float(ours.scale_loss(np.float32(3.0))) == 6.0
    assert [type(o).__name__ for o in ours.optimizers] == ["SGD", "Adam"]
    ours.set_weights([v + 1 for v in state(ours)])
    assert int(ours.iterations) == 6


def test_multi_config_is_keras_s():
    config = hb.optimizers.serialize(multi(hb))
    assert config == keras.optimizers.serialize(multi(keras))
    again = hb.optimizers.deserialize(config)
    assert hb.optimizers.serialize(again) == config


def test_multi_finalizes_with_each_optimizer_s_average():
    averaging = hb.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    a, b = hb.Variable([1.0], name="a"), hb.Variable([1.0], name="b")
    plain = hb.optimizers.SGD(1.0)
    optimizer = hb.optimizers.MultiOptimizer(lambda v: averaging if v is a else plain)
    for _ in range(2):
        optimizer.apply(ONE * 2, [a, b])
    optimizer.finalize_variable_values([a, b])
    assert (a.numpy().tolist(), b.numpy().tolist()) == ([-0.5], [-1.0])


def test_multi_errors():
    k = hb.optimizers
    for make in (
        lambda: k.OptimizerMap(k.SGD(), {"a": k.LossScaleOptimizer(k.SGD())}),
        lambda: k.MultiOptimizer(lambda v: "sgd").apply(ONE, [hb.Variable([1.0])]),
    ):
        with pytest.raises(ValueError, match="made of plain Optimizers"):
            make()
    by_path = k.OptimizerMap(k.SGD(), {"a.*": k.SGD(), ".*b": k.SGD()})
    with pytest.raises(ValueError, match=r"More than one optimizer for the variable 'ab'"):
        by_path["ab"]
    with pytest.raises(ValueError, match="each used once"):
        by_path["a.*"] = k.SGD()
    with pytest.raises(TypeError, match="default_optimizer='sgd'"):
        k.OptimizerMap("sgd")
    with pytest.raises(AttributeError, match="no learning rate of its own"):
        k.MultiOptimizer(by_path).learning_rate = 1.0
    del by_path["a.*"]
    assert (len(by_path), list(by_path)) == (1, [".*b"])


# optax


def test_optax_adam_is_adam():
    optax = pytest.importorskip("optax")
    ours = hb.optimizers.get(optax.adam(0.1, eps=1e-7))
    reference = hb.optimizers.Adam(0.1)
    assert_same(train(ours, variables(hb), 5)[-1], train(reference, variables(hb), 5)[-1], 1e-4)
    names = [v.name for v in ours.variables]
    assert names[:2] == ["iteration", "learning_rate"]
    assert "0_mu_kernel" in names
    assert [v.dtype for v in ours.variables][2] == "int32"
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        ours.get_config()


def test_optax_state_lives_in_variables():
    optax = pytest.importorskip("optax")
    labels = lambda tree: {k: "slow" if "bias" in k else "fast" for k in tree}  # noqa: E731
    slow, fast = optax.sgd(0.01, momentum=0.9), optax.adamw(0.1)
    make = lambda: hb.optimizers.get(optax.partition({"slow": slow, "fast": fast}, labels))  # noqa: E731
    eager, pure = make(), make()
    seen = train(eager, variables(hb), 3)
    weights = variables(hb)
    pure.build(weights)
    step = jax.jit(pure.stateless_apply)
    values, own = [v.value for v in weights], [v.value for v in pure.variables]
    for gradients in GRADIENTS[:3]:
        values, own = step(own, gradients, values)
    assert_same(values, seen[-1])
    assert_same(own, state(eager))
    moved = weights[1].numpy() - seen[0][1]
    np.testing.assert_allclose(moved, 0.01 * GRADIENTS[0][1], rtol=1e-4)


def test_optax_random_keys_move_on():
    optax = pytest.importorskip("optax")
    optimizer = hb.optimizers.get(optax.chain(optax.add_noise(0.1, 0.0, 0), optax.sgd(1.0)))
    w = [hb.Variable([0.0], name="w")]
    seen = [0.0]
    for _ in range(3):
        optimizer.apply([np.zeros(1, "float32")], w)
        seen.append(float(w[0][0]))
    assert len(set(np.diff(seen).round(5))) == 3


def test_optax_with_missing_gradient_and_a_factor():
    optax = pytest.importorskip("optax")
    optimizer = hb.optimizers.OptaxOptimizer(optax.sgd(1.0), learning_rate=0.5)
    a, b = hb.Variable([1.0], name="w"), hb.Variable([1.0], name="w")
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizer.apply([None, *ONE], [a, b])
    assert (a.numpy().tolist(), b.numpy().tolist()) == ([1.0], [0.5])
