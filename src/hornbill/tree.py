"""Nested structures of lists, tuples, named tuples and dicts, with anything else at the leaves.

JAX's pytrees with Keras's conventions: None is a leaf, dicts are read in the order of their
keys (an OrderedDict in its own), and a lone leaf is a structure too.
"""

import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import jax


class MAP_TO_NONE:
    """What the function given to `traverse` returns to put None in a place."""


def _is_none(x) -> bool:
    return x is None


def _flatten(structure):
    return jax.tree.flatten(structure, is_leaf=_is_none)


def _split(node):
    """What stands directly in a container, and its treedef (None for a leaf)."""
    parts, treedef = jax.tree.flatten(node, is_leaf=lambda x: x is not node or x is None)
    # A leaf and an empty container are both one node; only the leaf has a part: itself.
    return parts, None if treedef.num_nodes == treedef.num_leaves else treedef


def is_nested(structure: Any) -> bool:
    """Whether something is a list, tuple, dict or other container of leaves.

    >>> import hornbill as hb
    >>> hb.tree.is_nested({"a": 1}), hb.tree.is_nested(1), hb.tree.is_nested(None)
    (True, False, False)
    """
    return _split(structure)[1] is not None


def flatten(structure: Any) -> list:
    """The leaves, in order.

    >>> import hornbill as hb
    >>> hb.tree.flatten({"b": [2, None], "a": 1})
    [1, 2, None]
    """
    return _flatten(structure)[0]


def flatten_with_path(structure: Any) -> list[tuple[tuple, Any]]:
    """The leaves as pairs `(path, leaf)`; a path is the tuple of the indices and keys on the way.

    >>> import hornbill as hb
    >>> hb.tree.flatten_with_path([{"a": 5}])
    [((0, 'a'), 5)]
    """
    found = []

    def walk(node, path):
        parts, treedef = _split(node)
        if treedef is None:
            found.append((path, node))
            return
        for key, part in zip(_keys(node, len(parts)), parts, strict=True):
            walk(part, (*path, key))

    walk(structure, ())
    return found


def _keys(container, size: int) -> Iterable:
    if isinstance(container, OrderedDict):
        return container.keys()
    return sorted(container) if isinstance(container, dict) else range(size)


def pack_sequence_as(structure: Any, flat_sequence: Iterable) -> Any:
    """The leaves of `flat_sequence` in the form of `structure`; the inverse of `flatten`.

    Raises:
        ValueError: if there are more or fewer leaves than places.

    >>> import hornbill as hb
    >>> hb.tree.pack_sequence_as([(0, 0), 0], [1, 2, 3])
    [(1, 2), 3]
    """
    treedef, flat = _flatten(structure)[1], list(flat_sequence)
    if treedef.num_leaves != len(flat):
        raise ValueError(
            f"tree.pack_sequence_as: the structure has {treedef.num_leaves} leaves. "
            f"Received: flat_sequence of {len(flat)}"
        )
    return jax.tree.unflatten(treedef, flat)


def map_structure(func: Callable, *structures: Any, none_is_leaf: bool = True) -> Any:
    """The structure of what `func` gives for the leaves that stand in the same place.

    Args:
        func: a function of as many leaves as there are structures.
        structures: structures of the same form.
        none_is_leaf: whether `func` also gets the Nones; if not, they stay.

    Raises:
        ValueError: if the structures differ in form.

    >>> import hornbill as hb
    >>> hb.tree.map_structure(lambda a, b: a + b, {"x": [1, 2]}, {"x": [10, 20]})
    {'x': [11, 22]}
    """
    _check_call("map_structure", func, structures)
    first, *rest = structures
    for other in rest:
        assert_same_structure(first, other)
    if not rest:
        rows = [(leaf,) for leaf in flatten(first)]
    else:
        # By path, since a dict and an OrderedDict may list the same leaves in different orders.
        others = [dict(flatten_with_path(other)) for other in rest]
        rows = [(leaf, *(o[path] for o in others)) for path, leaf in flatten_with_path(first)]
    keep = not none_is_leaf
    results = [None if keep and row[0] is None else func(*row) for row in rows]
    return pack_sequence_as(first, results)


def map_structure_up_to(shallow_structure: Any, func: Callable, *structures: Any) -> Any:
    """`map_structure` that goes only as deep as `shallow_structure`; `func` gets what lies below.

    >>> import hornbill as hb
    >>> hb.tree.map_structure_up_to([None, None], len, [[1, 1], [2, 2, 2]])
    [2, 3]
    """
    _check_call("map_structure_up_to", func, structures)
    treedef = _flatten(shallow_structure)[1]
    try:
        columns = [treedef.flatten_up_to(structure) for structure in structures]
    except ValueError as error:
        raise ValueError(
            "tree.map_structure_up_to: the structures have the form of shallow_structure, and may "
            f"go deeper. Received: shallow_structure={shallow_structure!r}, structures that differ "
            f"({error})"
        ) from None
    return jax.tree.unflatten(treedef, [func(*row) for row in zip(*columns, strict=True)])


def _check_call(who: str, func, structures) -> None:
    if not callable(func):
        raise TypeError(f"tree.{who} takes a function. Received: func={func!r}")
    if not structures:
        raise ValueError(f"tree.{who} needs at least one structure. Received: none")


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Raises where two structures differ in form; the leaves may be anything.

    Lists, tuples and each kind of named tuple are different forms; dicts of all kinds with the
    same keys are one. `check_types` has no effect (Keras deprecated it) and warns.

    Raises:
        ValueError: if they differ.

    >>> import hornbill as hb
    >>> hb.tree.assert_same_structure([(0, 1)], [("a", None)])
    """
    if check_types is not None:
        warnings.warn(
            "tree.assert_same_structure: check_types has no effect. For a looser check use "
            "tree.assert_same_paths.",
            DeprecationWarning,
            stacklevel=2,
        )
    if _flatten(_plain_dicts(a))[1] != _flatten(_plain_dicts(b))[1]:
        raise ValueError(f"The two structures differ in form. Received: {a!r} and {b!r}")


def _plain_dicts(structure):
    def plain(node):
        return dict(node) if isinstance(node, (OrderedDict, defaultdict)) else None

    return traverse(plain, structure, top_down=False)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raises where two structures have leaves at different paths, whatever their containers.

    Raises:
        ValueError: if they differ.

    >>> import hornbill as hb
    >>> hb.tree.assert_same_paths([0, 1], (2, 3))
    """
    paths_a, paths_b = ({path for path, _ in flatten_with_path(x)} for x in (a, b))
    if paths_a != paths_b:
        raise ValueError(
            "The two structures have leaves at different paths. Received: "
            f"only in a: {paths_a - paths_b or 'none'}, only in b: {paths_b - paths_a or 'none'}"
        )


def traverse(func: Callable, structure: Any, top_down: bool = True) -> Any:
    """Walks through a structure, containers and leaves alike, and may replace each part.

    Args:
        func: a function of a part. It returns None to leave the part (and, top down, to go on
            inside it), something else to put in its place, or `MAP_TO_NONE` for a None.
        structure: the structure.
        top_down: whether a container comes before what it holds.

    Returns:
        The structure after the replacements.

    >>> import hornbill as hb
    >>> hb.tree.traverse(lambda x: "pair" if isinstance(x, tuple) else None, [(1, 2), 3])
    ['pair', 3]
    """
    if not callable(func):
        raise TypeError(f"tree.traverse takes a function. Received: func={func!r}")

    def inside():
        parts, treedef = _split(structure)
        if treedef is None:
            return structure
        return jax.tree.unflatten(treedef, [traverse(func, part, top_down) for part in parts])

    walked = structure if top_down else inside()
    result = func(walked)
    if result is None:
        return inside() if top_down else walked
    return None if result is MAP_TO_NONE else result


def lists_to_tuples(structure: Any) -> Any:
    """The structure with a tuple in place of each list.

    >>> import hornbill as hb
    >>> hb.tree.lists_to_tuples([1, {"a": [2]}])
    (1, {'a': (2,)})
    """
    return traverse(lambda x: tuple(x) if isinstance(x, list) else None, structure, top_down=False)


def map_shape_structure(func: Callable, structure: Any) -> Any:
    """`map_structure` for structures of shapes: a list or tuple of ints and Nones is one leaf.

    >>> import hornbill as hb
    >>> hb.tree.map_shape_structure(len, {"x": (None, 3), "y": (2,)})
    {'x': 2, 'y': 1}
    """

    def is_shape(x):
        parts = isinstance(x, (list, tuple))
        return x is None or (parts and all(n is None or isinstance(n, int) for n in x))

    return jax.tree.map(func, structure, is_leaf=is_shape)
