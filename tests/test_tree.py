"""hb.tree against keras.tree (which stands on optree)."""

from collections import OrderedDict, defaultdict, namedtuple
from pprint import pformat

import keras
import numpy as np
import pytest

import hornbill as hb

Pair = namedtuple("Pair", ["a", "b"])
Other = namedtuple("Other", ["a", "b"])

STRUCTURES = [
    1,
    None,
    "text",
    [],
    (),
    {},
    [1],
    [None],
    [[1, 2], (3, None), {"b": 4, "a": (5,)}],
    {2: "two", 1: ["one", None]},
    OrderedDict([("z", 1), ("a", [2, 3])]),
    defaultdict(list, {"z": 1, "a": 2}),
    Pair(1, Pair([2], None)),
    {"shape": (None, 3), "deep": [{"x": {}}, []]},
]


@pytest.mark.parametrize("structure", STRUCTURES, ids=repr)
def test_same_as_keras(structure):
    for name in ("is_nested", "flatten", "flatten_with_path", "lists_to_tuples"):
        ours = getattr(hb.tree, name)(structure)
        assert ours == getattr(keras.tree, name)(structure), name
        assert type(ours) is type(getattr(keras.tree, name)(structure)), name
    assert hb.tree.map_structure(repr, structure) == keras.tree.map_structure(repr, structure)
    skipping = hb.tree.map_structure(repr, structure, none_is_leaf=False)
    assert skipping == keras.tree.map_structure(repr, structure, none_is_leaf=False)
    packed = hb.tree.pack_sequence_as(structure, hb.tree.flatten(structure))
    assert packed == structure
    assert type(packed) is type(structure)


@pytest.mark.parametrize("top_down", [True, False])
@pytest.mark.parametrize("structure", STRUCTURES, ids=repr)
def test_traverse(structure, top_down):
    def visit(seen, none):
        def function(x):
            # By key: JAX hands dicts back sorted.
            seen.append(pformat(dict(x)) if isinstance(x, dict) else pformat(x))
            return {2: "two!", 3: none}.get(x) if isinstance(x, int) else None

        return function

    ours, theirs = [], []
    result = hb.tree.traverse(visit(ours, hb.tree.MAP_TO_NONE), structure, top_down=top_down)
    expected = keras.tree.traverse(
        visit(theirs, keras.tree.MAP_TO_NONE), structure, top_down=top_down
    )
    assert result == expected
    assert ours == theirs


def test_several_structures():
    a, b = {"x": [1, 2], "y": 3}, {"x": [10, 20], "y": 30}
    assert hb.tree.map_structure(lambda m, n: m + n, a, b) == {"x": [11, 22], "y": 33}
    # The same leaves in the order of another kind of dict.
    reordered = OrderedDict([("y", 30), ("x", [10, 20])])
    assert hb.tree.map_structure(lambda m, n: m + n, a, reordered) == {"x": [11, 22], "y": 33}
    arrays = hb.tree.map_structure(np.add, [np.ones(2)], [np.ones(2)])
    np.testing.assert_array_equal(arrays[0], [2, 2])


SAME_OR_NOT = [
    ([1, 2], [3, 4]),
    ([1, 2], (1, 2)),
    ([1, 2], [1]),
    ([1, None], [None, 1]),
    ([1, 2], [1, [2]]),
    ([1, []], [1, 2]),
    ({"a": 1}, {"b": 1}),
    ({"a": 1, "b": 2}, OrderedDict([("b", 1), ("a", 2)])),
    ({"a": 1}, defaultdict(list, {"a": 2})),
    ([{"a": 1}], [OrderedDict(a=1)]),
    (Pair(1, 2), Pair(3, 4)),
    (Pair(1, 2), Other(1, 2)),
    (Pair(1, 2), (1, 2)),
    (1, [1]),
    (1, None),
]


@pytest.mark.parametrize(("a", "b"), SAME_OR_NOT, ids=repr)
@pytest.mark.parametrize("name", ["assert_same_structure", "assert_same_paths"])
def test_same_structure(name, a, b):
    def refuses(check):
        try:
            check(a, b)
        except ValueError:
            return True
        return False

    assert refuses(getattr(hb.tree, name)) == refuses(getattr(keras.tree, name))


def test_up_to():
    for shallow, deep in [
        ([0, 0], [[1, 1], [2, 2]]),
        ([0, [0, 0]], [[1, 1], [2, [3]]]),
        ({"a": 0}, {"a": {"b": 1}}),
        (0, [1, 2]),
    ]:
        ours = hb.tree.map_structure_up_to(shallow, repr, deep)
        assert ours == keras.tree.map_structure_up_to(shallow, repr, deep)
    # Keras's documented example, which Keras 3.15 itself refuses.
    assert hb.tree.map_structure_up_to([None, [None, None]], str, [[1], [2, [3]]]) == [
        "[1]",
        ["2", "[3]"],
    ]
    with pytest.raises(ValueError, match=r"the form of shallow_structure.*Received"):
        hb.tree.map_structure_up_to([[0], 0], repr, [1, 2])


def test_shapes():
    shapes = {"x": (None, 3), "y": [(2,), [4, 5]]}
    assert hb.tree.map_shape_structure(str, shapes) == keras.tree.map_shape_structure(str, shapes)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda t: t.pack_sequence_as([0, 0], [1]), ValueError, "2 leaves. Received: .* of 1"),
        (lambda t: t.map_structure(abs, [1], [1, 2]), ValueError, "differ in form. Received"),
        (lambda t: t.map_structure(abs), ValueError, "at least one structure"),
        (lambda t: t.map_structure(3, [1]), TypeError, "takes a function. Received: func=3"),
        (lambda t: t.traverse(3, [1]), TypeError, "takes a function. Received: func=3"),
        (lambda t: t.assert_same_paths([1], {"a": 1}), ValueError, "different paths. Received"),
    ],
)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call(hb.tree)


def test_check_types_warns():
    with pytest.warns(DeprecationWarning, match="no effect"):
        hb.tree.assert_same_structure([1], [2], check_types=True)
