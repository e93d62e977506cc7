"""What `build` does stays, wherever the first call happens."""

import numpy as np
import pytest

import hornbill as hb


class Table(hb.layers.Layer):
    """A layer that fills its weight itself."""

    def build(self, shape):
        self.table = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False)
        self.table.assign(np.arange(shape[-1]))
        self.table.assign_add(np.ones(shape[-1]))

    def call(self, x):
        return x * self.table


def by_symbols(layer, x):
    i = hb.Input((3,))
    return hb.Model(i, layer(i)).predict(x, verbose=0)


def by_fit(layer, x):
    model = hb.Sequential([layer, hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], verbose=0)
    return np.asarray(layer(x))


def in_a_scope(layer, x):
    with hb.StatelessScope():
        layer(x)
    return np.asarray(layer(x))


@pytest.mark.parametrize("first_call", [by_symbols, by_fit, in_a_scope])
def test_build_may_assign(first_call):
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(first_call(Table(), x), [[1, 2, 3]] * 2)
