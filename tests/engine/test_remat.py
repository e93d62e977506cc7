import jax
import numpy as np
import pytest

import hornbill as hb
from hornbill.engine.beside import get_mask, set_mask

X = np.random.default_rng(0).normal(size=(32, 6)).astype("float32")
MODES = [
    ({"mode": "full"}, 4),
    ({"mode": "activations"}, 2),
    ({"mode": "larger_than", "output_size_threshold": 100}, 3),
    ({"mode": "list_of_layers", "layer_names": ["a"]}, 1),
    ({"mode": None}, 0),
]


def network(**scope):
    with hb.RematScope(**scope):
        layers = [
            hb.layers.Dense(8, "relu", kernel_initializer=hb.initializers.HeNormal(1), name="a"),
            hb.layers.BatchNormalization(),
            hb.layers.Dropout(0.5, seed=3),
            hb.layers.Dense(
                1, kernel_initializer=hb.initializers.HeNormal(2), activity_regularizer="l2"
            ),
        ]
    model = hb.Sequential([hb.Input((6,)), *layers])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(("settings", "count"), MODES, ids=lambda x: str(x)[:25])
def test_training_stays_the_same(settings, count):
    model, plain = network(**settings), network(mode=None)
    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]

    def loss(values):
        return hb.ops.sum(model.stateless_call(values, others, X, training=True)[0])

    program = jax.make_jaxpr(loss)(trainable)
    kinds = [equation.primitive.name for equation in program.eqns]
    assert sum(kind in ("checkpoint", "remat2", "remat") for kind in kinds) == count
    got, want = (
        m.fit(X, X[:, :1], epochs=2, shuffle=False, verbose=0).history["loss"]
        for m in (model, plain)
    )
    np.testing.assert_allclose(got, want, rtol=1e-6)
    for a, b in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_an_inner_scope_counts():
    with hb.RematScope("full"):
        with hb.RematScope(None):
            inner = hb.layers.Dense(2)
        outer = hb.layers.Dense(2)
    assert (inner._remat.mode, outer._remat.mode, hb.layers.Dense(2)._remat) == (None, "full", None)


def test_assignments_masks_and_losses_leave_a_remat_function():
    counter = hb.Variable(0.0, trainable=False)
    weight = hb.Variable(3.0)
    adds = hb.layers.ActivityRegularization(l1=1.0)

    @hb.remat
    def function(x, factor=1):
        counter.assign_add(1.0)
        y = adds(x * weight * factor)
        set_mask(y, get_mask(x))
        return y

    def loss():
        x = hb.ops.array([2.0, 1.0])
        set_mask(x, hb.ops.array([True, False]))
        y = function(x, factor=2)
        assert get_mask(y) is not None
        return hb.ops.sum(y) + sum(adds.losses)

    value, (gradient,) = hb.value_and_grad(loss, [weight])
    assert (float(value), float(gradient), float(counter)) == (27.0, 9.0, 1.0)
    assert function(hb.ops.array([1.0])).tolist() == [3.0]
    with pytest.raises(RuntimeError, match="add_loss was called inside"):
        jax.grad(lambda x: hb.ops.sum(hb.remat(adds)(x)))(hb.ops.array([1.0]))


def test_unknown_mode():
    with pytest.raises(ValueError, match="Received: mode='some'"):
        hb.RematScope("some")
