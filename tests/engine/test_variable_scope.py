import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hornbill as hb
from hornbill import StatelessScope, Variable


def test_assign_keeps_dtype_and_shape():
    v = Variable(np.ones((2, 2)), name="w")
    assert v.dtype == "float32"
    v.assign(np.full((2, 2), 3, "int32"))
    assert v.dtype == "float32"
    v.assign_add(np.ones((2, 2)))
    v.assign_sub(np.full((2, 2), 0.5))
    np.testing.assert_array_equal(v.numpy(), np.full((2, 2), 3.5))
    with pytest.raises(ValueError, match=r"'w' has shape \(2, 2\).*shape \(3,\)"):
        v.assign(np.ones(3))
    np.testing.assert_array_equal(v.numpy(), np.full((2, 2), 3.5))


@pytest.mark.parametrize(
    "expression",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: a**b,
        lambda a, b: a @ b,
        lambda a, b: a // b,
        lambda a, b: a % b,
        lambda a, b: a < b,
        lambda a, b: a >= b,
        lambda a, b: a == b,
        lambda a, b: -a + abs(b),
    ],
)
def test_operators_are_numpys(expression):
    a, b = (
        np.array([[1.0, 2.0], [3.0, 4.0]], "float32"),
        np.array([[2.0, 1.0], [0.5, 3.0]], "float32"),
    )
    expected = expression(a, b)
    for x, y in ((Variable(a), Variable(b)), (Variable(a), b), (jnp.asarray(a), Variable(b))):
        np.testing.assert_allclose(np.asarray(expression(x, y)), expected, rtol=1e-6)


def test_variable_errors():
    with pytest.raises(ValueError, match="needs the shape"):
        Variable(hb.initializers.Zeros())
    with pytest.raises(ValueError, match="cannot have the shape"):
        Variable(hb.initializers.Zeros(), shape=(None, 3))
    with pytest.raises(ValueError, match="without '/'"):
        Variable(1.0, name="a/b")
    with pytest.raises(TypeError, match="no truth value"):
        bool(Variable(1.0))


def test_scope_redirects_and_writes_nothing_through():
    v, w = Variable(1.0), Variable(10.0)
    with StatelessScope({v: jnp.float32(5.0)}) as scope:
        assert float(v.value) == 5.0
        v.assign_add(1.0)
        w.assign(w + v)
        assert float(w.value) == 16.0
    assert (float(v.value), float(w.value)) == (1.0, 10.0)
    assert [(x is v, x is w, float(value)) for x, value in scope.updates()] == [
        (True, False, 6.0),
        (False, True, 16.0),
    ]


def test_scopes_nest():
    v = Variable(1.0)
    with StatelessScope({v: jnp.float32(2.0)}) as outer:
        with StatelessScope() as inner:
            assert float(v.value) == 2.0
            v.assign(3.0)
        assert float(v.value) == 2.0
        assert float(inner.read(v)) == 3.0
        assert outer.updates() == []


def test_code_under_a_scope_is_a_pure_function():
    counter = Variable(0.0)

    def count(x):
        counter.assign_add(x)
        return counter * 2

    @jax.jit
    def pure(state, x):
        with StatelessScope({counter: state}) as scope:
            out = count(x)
        return out, scope.read(counter)

    state = jnp.float32(0)
    for x in (1.0, 2.0, 3.0):
        out, state = pure(state, x)
    assert (float(out), float(state), float(counter.value)) == (12.0, 6.0, 0.0)


def test_a_variable_made_in_a_trace_holds_numbers():
    made = []

    def f(x):
        made.append(Variable(hb.initializers.GlorotUniform(seed=1), shape=(3, 2)))
        return x @ made[0].value

    jax.eval_shape(f, jax.ShapeDtypeStruct((4, 3), "float32"))
    expected = np.asarray(hb.initializers.GlorotUniform(seed=1)((3, 2)))
    np.testing.assert_array_equal(made[0].numpy(), expected)


def test_assigning_in_a_foreign_trace_is_refused():
    v = Variable(0.0, name="lost")
    with pytest.raises(RuntimeError, match=r"'lost' was assigned inside a function that jax\.jit"):
        jax.jit(lambda x: v.assign(x))(1.0)


def test_value_and_grad_keeps_assignments_and_aux():
    w, seen = Variable([1.0, 2.0]), Variable(0.0, trainable=False)

    def loss():
        seen.assign_add(1.0)
        return (w**3).sum(), {"w": w * 1}

    (value, aux), (gradient,) = hb.value_and_grad(loss, [w], has_aux=True)
    assert float(value) == 9.0
    np.testing.assert_allclose(gradient, [3.0, 12.0])
    np.testing.assert_allclose(aux["w"], [1.0, 2.0])
    assert float(seen.value) == 1.0


def test_name_scope_and_paths():
    with hb.name_scope("outer"), hb.name_scope("inner"):
        v = Variable(1.0, name="v")
    assert v.path == "outer/inner/v"
    with pytest.raises(ValueError, match="without '/'"):
        hb.name_scope("a/b")


def test_set_random_seed_repeats_everything():
    def draws():
        hb.utils.set_random_seed(3)
        layer = hb.layers.Dense(2)
        layer(np.ones((1, 3), "float32"))
        return np.concatenate(
            [layer.get_weights()[0].ravel(), np.asarray(hb.random.normal((4,))), np.random.rand(2)]
        )

    np.testing.assert_array_equal(draws(), draws())


@pytest.mark.parametrize("seed", ["a", 1.5, True])
def test_bad_seeds(seed):
    with pytest.raises((ValueError, TypeError), match="seed"):
        hb.random.SeedGenerator(seed)
    with pytest.raises(ValueError, match="seed"):
        hb.utils.set_random_seed(seed)
