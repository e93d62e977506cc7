"""Shapes and axes drawn at random, against NumPy; nothing is computed, so nothing compiles."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hornbill import ops
from hornbill.engine.symbolic import SymbolicTensor

quick = settings(max_examples=25, deadline=None, derandomize=True)
shapes = hnp.array_shapes(min_dims=1, max_dims=4, max_side=4)


def shape_of(function, *shapes):
    """The shape that our op infers for placeholders of these shapes."""
    tensors = [SymbolicTensor(s) for s in shapes]
    return jax.tree.map(lambda t: t.shape, function(*tensors), is_leaf=lambda t: hasattr(t, "name"))


def zeros(*shapes):
    return [np.zeros(s, "float32") for s in shapes]


@pytest.mark.parametrize("name", ["sum", "max", "mean", "all", "median", "count_nonzero"])
@quick
@given(data=st.data())
def test_reductions(name, data):
    shape = data.draw(shapes)
    axes = data.draw(hnp.valid_tuple_axes(len(shape), min_size=1))
    keep = {} if name == "count_nonzero" else {"keepdims": data.draw(st.booleans())}
    (x,) = zeros(shape)
    expected = getattr(np, name)(x, axis=axes, **keep).shape
    assert shape_of(lambda t: getattr(ops, name)(t, axis=axes, **keep), shape) == expected


@quick
@given(pair=hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3))
def test_broadcasting(pair):
    expected = tuple(pair.result_shape)
    assert shape_of(ops.where, *pair.input_shapes) == expected
    assert shape_of(lambda a, b, c: ops.add(ops.multiply(a, b), c), *pair.input_shapes) == expected


@quick
@given(shape=hnp.mutually_broadcastable_shapes(signature="(m,k),(k,n)->(m,n)", max_dims=2))
def test_matmul(shape):
    assert shape_of(ops.matmul, *shape.input_shapes) == tuple(shape.result_shape)


@quick
@given(data=st.data())
def test_axes(data):
    shape = data.draw(shapes)
    (x,) = zeros(shape)
    order = tuple(data.draw(st.permutations(range(len(shape)))))
    source = data.draw(st.integers(-len(shape), len(shape) - 1))
    target = data.draw(st.integers(-len(shape), len(shape) - 1))
    place = data.draw(st.integers(-len(shape) - 1, len(shape)))
    assert shape_of(lambda t: ops.transpose(t, order), shape) == x.transpose(order).shape
    moved = np.moveaxis(x, source, target).shape
    assert shape_of(lambda t: ops.moveaxis(t, source, target), shape) == moved
    assert shape_of(lambda t: ops.expand_dims(t, place), shape) == np.expand_dims(x, place).shape
    assert shape_of(ops.squeeze, shape) == x.squeeze().shape
    joined = np.concatenate([x, x], source).shape
    assert shape_of(lambda t: ops.concatenate([t, t], source), shape) == joined
    stacked = np.stack([x, x], place).shape
    assert shape_of(lambda t: ops.stack([t, t], place), shape) == stacked
    parts = [p.shape for p in np.array_split(x, 3, source)]
    assert shape_of(lambda t: ops.array_split(t, 3, source), shape) == parts


@quick
@given(data=st.data())
def test_indexing(data):
    shape = data.draw(shapes)
    key = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    (x,) = zeros(shape)
    assert shape_of(lambda t: ops.get_item(t, key), shape) == x[key].shape


@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        (lambda t: ops.reshape(t, (-1, 4)), (None, 8), (None, 4)),
        (lambda t: ops.reshape(t, (-1, 2)), (None,), (None, 2)),
        (lambda t: ops.reshape(t, (t.shape[0], -1, 4)), (2, None, 2), (2, None, 4)),
        (lambda t: ops.reshape(t, (-1, 24)), (None, None, 3), (None, 24)),
        (lambda t: ops.split(t, 2), (None, 3), [(None, 3), (None, 3)]),
        (lambda t: ops.split(t, [2]), (None, 3), [(2, 3), (None, 3)]),
        (lambda t: ops.repeat(t, 2, axis=0), (None, 3), (None, 3)),
        (lambda t: ops.pad(t, 1), (None, 3), (None, 5)),
        (lambda t: ops.einsum("bi,bj->bij", t, t), (None, 3), (None, 3, 3)),
        (lambda t: ops.concatenate([t, t[:2]], 0), (None, 3), (None, 3)),
        (lambda t: ops.stack([t, t]), (None, 3), (2, None, 3)),
        (lambda t: ops.tile(t, (2, 2)), (None, 3), (None, 6)),
        (lambda t: ops.sort(t, 0), (None, 3), (None, 3)),
        (lambda t: ops.cumsum(t), (None, 3), (None,)),
        (lambda t: ops.size(t), (None, 3), ()),
        (lambda t: ops.diff(t, axis=0), (None, 3), (None, 3)),
        (lambda t: ops.mean(t, 0), (None, None), (None,)),
        (lambda t: ops.unstack(t, num=2), (None, 3), [(3,), (3,)]),
    ],
)
def test_unknown_dimensions(call, given, expected):
    assert shape_of(call, given) == expected
