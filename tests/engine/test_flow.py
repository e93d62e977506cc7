"""Control flow on tensors: converted and compiled against Python itself, value and gradient."""

import functools
import types

import jax
import numpy as np
import pytest
from flow_cases import CASES

from hornbill import ops
from hornbill.engine.errors import NeedsValue
from hornbill.engine.flow import convert

POINTS = (1.75, 0.6, -2.2)


def test_there_are_enough_cases():
    assert len(CASES) >= 30


@pytest.mark.parametrize("name", CASES)
def test_compiled_equals_python(name):
    function = CASES[name]
    converted = convert(function)
    assert converted is not function
    assert convert(function) is converted
    compiled = jax.jit(jax.value_and_grad(lambda x: converted(x) * 1.0))
    for x in POINTS:
        # Without jit the values are there, and Python takes the branches itself.
        value, slope = jax.value_and_grad(lambda x: function(x) * 1.0)(x)
        found, found_slope = compiled(x)
        np.testing.assert_allclose(found, value, rtol=1e-5)
        np.testing.assert_allclose(found_slope, slope, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(converted(x), function(x), rtol=1e-6)


def test_second_derivative_of_a_loop():
    def power(x):
        y, i = x, 0
        while i < x:
            y = y * x
            i += 1
        return y

    converted = convert(power)
    second = jax.jit(jax.grad(jax.grad(converted)))(2.5)  # x⁴
    np.testing.assert_allclose(second, 12 * 2.5**2, rtol=1e-5)


def test_gradient_of_any_number_of_rounds():
    def logistic(x, n):
        for _ in range(n):
            x = 2.9 * x * (1 - x)
        return x

    gradient = jax.jit(jax.value_and_grad(convert(logistic)))
    for rounds in (0, 1, 15, 16, 17, 40, 256, 700):
        value, slope = gradient(np.float32(0.3), rounds)
        x, wanted = 0.3, 1.0
        for _ in range(rounds):
            x, wanted = 2.9 * x * (1 - x), wanted * 2.9 * (1 - 2 * x)
        np.testing.assert_allclose(value, x, rtol=1e-4)
        np.testing.assert_allclose(slope, wanted, rtol=2e-2, atol=1e-6)


class _Secret:
    def __init__(self, factor):
        self.__factor = factor

    def scaled(self, x, *, times=2):
        return x * self.__factor * times if x > 0 else self.__factor

    def doubled(self, x):
        return x * 2


class _Child(_Secret):
    def doubled(self, x):
        if x > 0:
            return super().doubled(x) + 1
        return x


def _twice(function):
    @functools.wraps(function)
    def call(*args):
        return function(*args) * 2

    return call


@_twice
def _decorated(x):
    return x if x > 0 else -x


@_twice
def _tripled(x):
    if x > 0:
        return x * 3
    return x


def _counts():
    count = 0

    def add(x):
        nonlocal count
        if x > 0:
            count += 1
        return count

    return add


def test_pythons_own_things_stay():
    child = convert(_Child(3.0).doubled)
    assert jax.jit(child)(2.0) == 5.0
    assert jax.jit(convert(_Secret(3.0).scaled))(2.0) == 12.0  # a private name, a default
    assert jax.jit(convert(_decorated))(-2.0) == 4.0
    assert jax.jit(convert(_tripled))(2.0) == 12.0
    add = convert(_counts())
    assert [add(1), add(-1), add(2)] == [1, 1, 2]
    first, second = (lambda x: x if x > 0 else -x), (lambda y: y if y > 1 else 0.0)
    assert jax.jit(convert(first))(-2.0) == 2.0
    assert jax.jit(convert(second))(0.5) == 0.0

    def numbers(n):
        if n > 0:
            yield n

    assert convert(numbers) is numbers
    assert convert(np.mean) is np.mean
    assert convert(len) is len
    assert convert(eval("lambda x: x if x > 0 else 1"))(2) == 2  # without a source


def test_closures_see_what_python_shows_them():
    def late(n):
        functions = []
        for i in range(n):
            functions.append(lambda: i)  # noqa: B023
        y = 1
        read = lambda: y  # noqa: E731
        if n > 2:
            y = 5
            seen = read()
        else:
            seen = read()
        return [f() for f in functions], seen, read()

    assert convert(late)(3) == late(3) == ([2, 2, 2], 5, 5)
    with pytest.raises(NeedsValue, match="`read` uses y"):
        jax.jit(lambda x: convert(reads_late)(x))(1.0)


def reads_late(x):
    y = x
    read = lambda: y  # noqa: E731
    if x > 0:
        y = x * 2
        x = read()
    return x


def _keeps(x, box):
    if x > 0:
        box.last = x
    return x


def _appends(x, box):
    if x > 0:
        box.append(x)
    return x


def _raises(x, box):
    if x > 0:
        raise ValueError("positive")
    return x


def _assigns_a_global(x, box):
    global _written
    if x > 0:
        _written = x
    return x


def _one_way(x, box):
    if x > 0:
        y = x
    return y + 1


def _kinds(x, box):
    return "text" if x > 0 else x


def _shapes(x, box):
    y = x
    if x > 0:
        y = box
    return y


def _grows(x, box):
    y = box
    while x > 0:
        y = ops.concatenate([y, y])
        x = x - 1
    return y


def _vector(x, box):
    return x if box * x > 0 else -x


@pytest.mark.parametrize(
    ("function", "box", "match"),
    [
        (_keeps, types.SimpleNamespace(), r"`box.last = ...` inside .* local variable"),
        (_appends, [], r"`.append\(...\)` inside"),
        (_raises, None, "`raise` cannot depend"),
        (_assigns_a_global, None, "`global`"),
        (_one_way, None, "'y' is used, but only some ways"),
        (_kinds, None, "must give the same kinds of values"),
        (
            _shapes,
            np.ones(3, "float32"),
            r"'y' is array of shape \(3,\) in one and number in the other",
        ),
        (_grows, np.ones(2, "float32"), "'y' is array of shape"),
        (_vector, np.ones(2, "float32"), r"condition of shape \(2,\)"),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_what_cannot_be_compiled_says_so(function, box, match):
    with pytest.raises(NeedsValue, match=match) as caught:
        jax.jit(lambda x: convert(function)(x, box))(1.0)
    first = function.__code__.co_firstlineno
    assert caught.value.place[0] == __file__
    assert first < caught.value.place[1] < first + 7
    if function not in (_one_way, _raises, _vector, _shapes, _grows):
        convert(function)(1.0, box)  # with a value it is Python's
