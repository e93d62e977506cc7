"""Conversion, slices, scattering and control flow against Keras on JAX and NumPy."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill import ops
from hornbill.engine.symbolic import SymbolicTensor

X = np.arange(12, dtype="float32").reshape(3, 4)


def both(call):
    """The result of a call with our ops, after it was compared with Keras's."""
    ours, theirs = call(ops), call(keras.ops)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6)
    return ours


@pytest.mark.parametrize(
    "call",
    [
        lambda o: o.cast(X, "int32"),
        lambda o: o.convert_to_tensor([1, 2], dtype="float16"),
        lambda o: o.unstack(X, axis=1),
        lambda o: o.slice(jnp.asarray(X), (1, 0), (2, 3)),
        lambda o: o.slice(jnp.asarray(X), (1, 2), (-1, -1)),
        lambda o: o.slice_update(jnp.asarray(X), (1, 1), jnp.ones((2, 2))),
        lambda o: o.scatter(jnp.array([[0, 1], [2, 0], [0, 1]]), jnp.ones(3), (3, 2)),
        lambda o: o.scatter(jnp.array([[1], [0]]), jnp.asarray(X[:2]), (3, 4)),
        *(
            lambda o, r=r: o.scatter_update(X, [[0, 1], [2, 3]], [5.0, -1.0], reduction=r)
            for r in (None, "add", "mul", "max", "MIN")
        ),
        lambda o: o.cond(True, lambda: jnp.ones(2), lambda: jnp.zeros(2)),
        lambda o: o.switch(1, [lambda x: x + 1, lambda x: x * 2], jnp.asarray(X)),
        lambda o: o.while_loop(lambda a, b: a < 9, lambda a, b: (a + 2, b * 2), (0, 1.0)),
        lambda o: o.while_loop(lambda a: a < 9, lambda a: a + 2, 0, maximum_iterations=3),
        lambda o: o.fori_loop(0, 4, lambda i, v: v + i, 1),
        lambda o: o.scan(lambda c, x: (c + x, c * x), jnp.zeros(4), jnp.asarray(X)),
        lambda o: o.scan(lambda c, x: (c + x, c), jnp.zeros(4), jnp.asarray(X), reverse=True),
        lambda o: o.scan(lambda c, x: (c * 2, c), 1.0, length=3, unroll=True),
        lambda o: o.associative_scan(lambda a, b: a * b, jnp.asarray(X), axis=1),
        lambda o: o.associative_scan(lambda a, b: a + b, jnp.asarray(X), reverse=True),
        lambda o: o.map(lambda x: x.sum(), jnp.asarray(X)),
        lambda o: o.vectorized_map(
            lambda pair: pair[0] @ pair[1], (jnp.asarray(X), jnp.asarray(X))
        ),
        lambda o: o.vectorize(lambda a, b: a @ b, signature="(n),(n)->()")(X, X[0]),
        lambda o: jax.grad(lambda x: (o.stop_gradient(x) * x).sum())(X[0]),
    ],
)
def test_as_keras(call):
    both(call)


@pytest.mark.parametrize("source", ["bool", "int8", "int32", "uint8", "float16", "float32"])
def test_saturate_cast(source):
    values = np.array([0, 1, 100, 200, 255], "float32") if source != "bool" else np.array([0, 1])
    if source.startswith(("int", "float")):
        values = np.concatenate([values, -values])
    if source in ("float16", "float32", "int32"):
        values = np.concatenate([values, [40000, -40000]])
    if source == "float32":
        values = np.concatenate([values, [3e9, -3e9, 1e30, -1e30]])
    x = np.asarray(np.clip(values, -128, 127) if source == "int8" else values).astype(source)
    for target in ("bool", "int8", "uint8", "int32", "float16", "bfloat16"):
        ours = ops.saturate_cast(x, target)
        assert ours.dtype == target
        info = (jnp.finfo if "float" in target else jnp.iinfo)(target) if target != "bool" else None
        low, high = (0, 1) if info is None else (float(info.min), float(info.max))
        exact = np.clip(x.astype("float64"), low, high)
        if target == "int32" and source == "float32":
            # float32 has no 2**31 - 1: the nearest below.
            exact = np.minimum(exact, 2.0**31 - 128)
        expected = exact.astype(target) if target != "bool" else exact.astype(bool)
        np.testing.assert_array_equal(np.asarray(ours), expected, err_msg=target)


def test_facts_about_tensors():
    x = ops.ones((2, 3))
    v = hb.Variable(np.zeros(2, "float32"))
    s = SymbolicTensor((None, 3), "int32")
    assert ops.shape(x) == (2, 3)
    assert ops.shape(s) == (None, 3)
    assert ops.shape([[1], [2]]) == (2, 1)
    assert (ops.dtype(x), ops.dtype(s), ops.dtype(v)) == ("float32", "int32", "float32")
    assert ops.is_tensor(x)
    assert not ops.is_tensor(np.ones(2))
    assert not ops.is_tensor(v)
    assert isinstance(ops.convert_to_numpy(v), np.ndarray)
    assert isinstance(ops.convert_to_tensor(v), jax.Array)
    assert ops.ndim(s) == ops.ndim(X) == 2


def test_custom_gradient():
    def make(o):
        @o.custom_gradient
        def double(x, y):
            return x * y, lambda upstream: (upstream * 10, upstream * 100)

        return double

    ours, theirs = make(ops), make(keras.ops)
    assert float(ours(2.0, hb.Variable(3.0))) == 6.0
    assert jax.grad(ours, (0, 1))(2.0, 3.0) == jax.grad(theirs, (0, 1))(2.0, 3.0) == (10.0, 100.0)
    assert ours(SymbolicTensor((None, 3)), SymbolicTensor((3,))).shape == (None, 3)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: ops.cast(x, "int32"), (None, 4)),
        (lambda x: ops.cond(ops.sum(x) > 0, lambda: 1.0, lambda: 2.0), ()),
        (lambda x: ops.switch(0, [ops.sin, ops.cos], x), (None, 4)),
        (lambda x: ops.while_loop(lambda v: ops.sum(v) < 9, lambda v: v + 1, x), (None, 4)),
        (lambda x: ops.fori_loop(0, 3, lambda i, v: v * 2, x), (None, 4)),
        (lambda x: ops.scan(lambda c, row: (c + row, row[:2]), X[0], x)[1], (None, 2)),
        (lambda x: ops.associative_scan(lambda a, b: a + b, x), (None, 4)),
        (lambda x: ops.map(lambda row: row[:2], x), (None, 2)),
        (lambda x: ops.vectorized_map(lambda row: row[:2], x), (None, 2)),
        (lambda x: ops.slice(x, (0, 1), (2, 2)), (2, 2)),
        (lambda x: ops.slice_update(x, (0, 1), np.ones((1, 2), "float32")), (None, 4)),
        (lambda x: ops.scatter_update(x, [[0, 1]], [2.0]), (None, 4)),
        (lambda x: ops.stop_gradient(x), (None, 4)),
        (lambda x: ops.unstack(x, axis=1)[3], (None,)),
    ],
)
def test_symbolic(call, expected):
    assert call(SymbolicTensor((None, 4))).shape == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.convert_to_tensor([1], sparse=True), "dense tensors only"),
        (lambda: ops.convert_to_tensor([1], ragged=True), "dense tensors only"),
        (lambda: ops.cast([1], "int33"), "Unknown dtype"),
        (lambda: ops.unstack(X, num=2), "found 3 parts"),
        (lambda: ops.unstack(SymbolicTensor((None, 2))), "give num"),
        (lambda: ops.scatter_update(X, [[0]], [X[0]], reduction="mean"), "reductions"),
        (lambda: ops.scan(lambda c, x: (c, x), 0, X, unroll=0), "unroll"),
        (lambda: ops.scan(lambda c, x: (c, x), 0, X, unroll="all"), "unroll"),
        (lambda: ops.vectorize(3), "takes a function"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "Received: " in str(caught.value)


def test_a_branch_may_not_look_around_itself():
    x = SymbolicTensor((2,))
    with pytest.raises(ValueError, match=r"ops\.cond: a branch uses a symbolic tensor"):
        ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x)
