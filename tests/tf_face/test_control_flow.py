"""Control flow on tensors: compiled against Python, value and gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hornbill.tensorflow as tf
from hornbill.engine.flow import convert


def early_return(x):
    if x > 1:
        return x * 2
    y = x + 1
    if x > 0:
        return y * y
    return -y


def assigning_if(x):
    y = x
    if x > 0:
        y = y * 3
        z = y + 1
    else:
        z = y - 1
    return y * z


def nested_if(x):
    if x > 0:
        if x > 1:
            y = x * 2
        else:
            y = x * 3
    else:
        y = x * 4
    return y * y


def halving(x):
    while abs(x) > 0.5:
        x = x * 0.5
    return x * x


def loop_with_if(x):
    total = 0.0
    i = 0
    while i < x * 3:
        if i % 2 == 0:
            total = total + x
        else:
            total = total + x * x
        i = i + 1
    return total * x


def counted(x):
    y = x
    for i in range(tf.cast(abs(x) * 3, "int32")):
        y = y * x + tf.cast(i, "float32")
    return y


def plain_loop(x):
    for k in range(3):
        if x > k:
            x = x * 0.9
    return x


def logic(x):
    if (x > -1 and not x > 1) or x > 3:
        return x * 2
    return x * 3


def conditional(x):
    return (x if x > 0 else x * 5) * x


def python_values(x, scale=2.0, *, flag=True):
    if flag:
        x = x * scale
    return x if scale else None


FUNCTIONS = [
    early_return,
    assigning_if,
    nested_if,
    halving,
    loop_with_if,
    counted,
    plain_loop,
    logic,
    conditional,
    python_values,
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_compiled_equals_python(function):
    def value(x):
        return tf.convert_to_tensor(convert(function)(tf.convert_to_tensor(x))).value

    compiled = jax.jit(jax.value_and_grad(value))
    for x in (1.75, 0.6, -2.2):
        y, slope = compiled(x)
        plain = float(function(tf.constant(x)))
        assert float(y) == pytest.approx(plain, rel=1e-5)
        # Python itself took the branches here, and jax.grad followed it.
        assert float(slope) == pytest.approx(float(_slope(function, x)), rel=1e-4)


def _slope(function, x):
    with tf.GradientTape() as tape:
        x = tf.constant(x)
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


def test_lines_stay():
    def broken(x):
        if x > 0:
            y = x
        else:
            y = x
        return y.no_such_attribute

    with pytest.raises(AttributeError) as caught:
        convert(broken)(1.0)
    assert caught.traceback[-1].lineno + 1 == broken.__code__.co_firstlineno + 5


def test_variables_assigned_in_branches_and_loops():
    count = tf.Variable(0)

    @tf.function
    def step(x):
        while x > 1.0:
            count.assign_add(1)
            x = x / 2
        if x > 0.9:
            count.assign(100)
        return x

    assert float(step(tf.constant(5.0))) == 0.625
    assert int(count) == 3
    step(tf.constant(8.0))
    assert int(count) == 100


def test_function_compiles_once_for_each_kind():
    runs = []

    @tf.function
    def add(a, b=1):
        runs.append(1)
        return {"sum": a + b, "what": "sum"}

    assert float(add(tf.constant(1.0))["sum"]) == 2.0
    seen = len(runs)
    assert float(add(tf.constant(5.0))["sum"]) == 6.0
    assert len(runs) == seen
    assert add(tf.constant([1.0, 2.0]), b=2)["sum"].numpy().tolist() == [3.0, 4.0]
    assert add(tf.constant(1.0))["what"] == "sum"
    assert len(runs) > seen


def test_function_inside_a_tape():
    w = tf.Variable([1.0, 2.0])
    square = tf.function(lambda x: tf.reduce_sum(w * w * x))
    with tf.GradientTape() as tape:
        y = square(tf.constant(3.0))
    np.testing.assert_allclose(tape.gradient(y, w), [6.0, 12.0])


def test_cond_and_map():
    absolute = jax.jit(lambda x: tf.cond(x > 0, lambda: x, lambda: -x))
    assert float(absolute(jnp.float32(-2.0))) == 2.0
    assert tf.map_fn(lambda x: x * 2, tf.constant([1.0, 2.0])).numpy().tolist() == [2.0, 4.0]
