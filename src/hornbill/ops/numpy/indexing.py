"""Ops that pick, order, look up and count elements."""

from collections.abc import Sequence

import jax.numpy as jnp

from ...engine.operation import Tensor, Tensors, op, to_array
from ..common import public

# Picking


@op
def get_item(x: Tensor, key) -> Tensor:
    """`x[key]` as NumPy understands it.

    Args:
        x: the tensor.
        key: an int, slice, None, Ellipsis, a tensor of indices or of truth values, or a tuple of
            these. In compiled code the slices and truth values must be known numbers.

    >>> import hornbill as hb
    >>> hb.ops.get_item([[1, 2], [3, 4]], (slice(None), 0)).tolist()
    [1, 3]
    """
    return jnp.asarray(x)[tuple(map(_index, key)) if isinstance(key, tuple) else _index(key)]


def _index(key):
    return key if isinstance(key, slice) or key is Ellipsis else to_array(key)


@op
def take(x: Tensor, indices: Tensor, axis: int | None = None) -> Tensor:
    """The elements (or rows) of `x` at `indices` along an axis.

    Args:
        x: the tensor.
        indices: integers; negative ones count from the end. An index outside gives NaN, or the
            smallest number of an integer dtype: compiled code cannot raise.
        axis: the axis; None takes from the raveled elements.

    >>> import hornbill as hb
    >>> hb.ops.take([10, 20, 30], [2, 0]).tolist()
    [30, 10]
    """
    return jnp.take(x, indices, axis)


@op
def take_along_axis(x: Tensor, indices: Tensor, axis: int | None = None) -> Tensor:
    """Along an axis, the elements at `indices`, which has as many axes as `x`.

    It undoes what `argmax(keepdims=True)` and `argsort` do.

    >>> import hornbill as hb
    >>> hb.ops.take_along_axis([[5, 7], [9, 8]], [[1], [0]], axis=1).tolist()
    [[7], [9]]
    """
    return jnp.take_along_axis(x, indices, axis)


@op
def where(condition: Tensor, x1: Tensor = None, x2: Tensor = None) -> Tensor:
    """`x1` where the condition is true, else `x2`.

    Args:
        condition: truth values.
        x1, x2: what to choose from; all three are broadcast. Without both, the places where the
            condition is true come back, as from `nonzero`.

    >>> import hornbill as hb
    >>> hb.ops.where([True, False], 1, 2).tolist()
    [1, 2]
    """
    if (x1 is None) != (x2 is None):
        given = "x2" if x1 is None else "x1"
        raise ValueError(f"ops.where takes both x1 and x2, or neither. Received: {given} only")
    return jnp.where(condition, x1, x2)


@op
def select(condlist: Tensors, choicelist: Tensors, default: Tensor = 0) -> Tensor:
    """At each place, the choice that belongs to the first true condition.

    Args:
        condlist: a list of truth values.
        choicelist: as many tensors to choose from.
        default: what stands where no condition is true.

    >>> import hornbill as hb
    >>> x = hb.ops.arange(4)
    >>> hb.ops.select([x < 1, x < 3], [x, 10 * x], -1).tolist()
    [0, 10, 20, -1]
    """
    for name, given in (("condlist", condlist), ("choicelist", choicelist)):
        if not isinstance(given, (list, tuple)) or not given:
            raise ValueError(
                f"ops.select takes lists of tensors that are not empty. Received: {name}={given!r}"
            )
    return jnp.select(condlist, choicelist, default)


@op
def nonzero(x: Tensor) -> tuple[Tensor, ...]:
    """The places of the elements that are not 0: one tensor of indices for each axis.

    How many there are depends on the values, so compiled code cannot run it.

    >>> import hornbill as hb
    >>> [index.tolist() for index in hb.ops.nonzero([[0, 1], [1, 0]])]
    [[0, 1], [1, 0]]
    """
    return jnp.nonzero(x)


@op
def unravel_index(indices: Tensor, shape: Sequence[int]) -> tuple[Tensor, ...]:
    """Places in the raveled tensor as indices into one of `shape`, a tensor for each axis.

    >>> import hornbill as hb
    >>> [index.tolist() for index in hb.ops.unravel_index([1, 5], (2, 3))]
    [[0, 1], [1, 2]]
    """
    return jnp.unravel_index(indices, shape)


# Ordering and finding


@op
def sort(x: Tensor, axis: int | None = -1) -> Tensor:
    """The elements in growing order along an axis; NaN comes last.

    >>> import hornbill as hb
    >>> hb.ops.sort([3, 1, 2]).tolist()
    [1, 2, 3]
    """
    return jnp.sort(x, axis)


@op
def argsort(x: Tensor, axis: int | None = -1) -> Tensor:
    """The indices that sort `x` along an axis; equal elements keep their order.

    >>> import hornbill as hb
    >>> hb.ops.argsort([3, 1, 2]).tolist()
    [1, 2, 0]
    """
    return jnp.argsort(x, axis if jnp.ndim(x) else None)


@op
def argpartition(x: Tensor, kth: int, axis: int | None = -1) -> Tensor:
    """Indices that put the `kth` smallest element in its place, no larger ones before it.

    Args:
        x: the tensor.
        kth: which element.
        axis: the axis; None partitions the raveled elements.

    >>> import hornbill as hb
    >>> hb.ops.argpartition([3, 1, 2], 0).tolist()[0]
    1
    """
    return jnp.argpartition(jnp.ravel(x), kth) if axis is None else jnp.argpartition(x, kth, axis)


@op
def argmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the largest element, of the first of them, along an axis.

    Args:
        x: the tensor.
        axis: the axis; None looks through the raveled elements.
        keepdims: whether the axis stays, with size 1.

    >>> import hornbill as hb
    >>> hb.ops.argmax([[1, 5], [4, 3]], axis=1).tolist()
    [1, 0]
    """
    return jnp.argmax(x, axis, keepdims=keepdims)


@op
def argmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the smallest element, of the first of them, along an axis.

    >>> import hornbill as hb
    >>> hb.ops.argmin([[1, 5], [4, 3]], axis=1).tolist()
    [0, 1]
    """
    return jnp.argmin(x, axis, keepdims=keepdims)


@op
def nanargmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """`argmax` of the elements that are not NaN; -1 where all are.

    >>> import hornbill as hb
    >>> int(hb.ops.nanargmax([1.0, float("nan"), 3.0]))
    2
    """
    return jnp.nanargmax(x, axis, keepdims=keepdims)


@op
def nanargmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """`argmin` of the elements that are not NaN; -1 where all are.

    >>> import hornbill as hb
    >>> int(hb.ops.nanargmin([1.0, float("nan"), 3.0]))
    0
    """
    return jnp.nanargmin(x, axis, keepdims=keepdims)


@op
def searchsorted(sorted_sequence: Tensor, values: Tensor, side: str = "left") -> Tensor:
    """The places at which values would go into a sorted sequence, so that it stays sorted.

    Args:
        sorted_sequence: a 1-D tensor in growing order.
        values: the values to place.
        side: `"left"`, before equal elements, or `"right"`, behind them.

    >>> import hornbill as hb
    >>> hb.ops.searchsorted([1, 3, 5], [3, 4]).tolist()
    [1, 2]
    """
    if jnp.ndim(sorted_sequence) != 1:
        raise ValueError(
            "ops.searchsorted looks into one 1-D sequence; for several, use ops.vectorized_map. "
            f"Received: sorted_sequence.shape={jnp.shape(sorted_sequence)}"
        )
    return jnp.searchsorted(sorted_sequence, values, side=side)


@op
def digitize(x: Tensor, bins: Tensor) -> Tensor:
    """The bin of each value: `i` where `bins[i-1] <= value < bins[i]`.

    >>> import hornbill as hb
    >>> hb.ops.digitize([0.5, 1.0, 9.0], [1.0, 2.0]).tolist()
    [0, 1, 2]
    """
    return jnp.digitize(x, bins)


# Counting


@op
def bincount(x: Tensor, weights: Tensor = None, minlength: int = 0, sparse: bool = False) -> Tensor:
    """How often each of the numbers 0, 1, 2, ... occurs.

    The result is as long as the largest number needs, so compiled code cannot run it.

    Args:
        x: natural numbers, of shape `(n,)`, or `(batch, n)` to count in each row.
        weights: of `x`'s shape: what each element counts; 1 when None.
        minlength: how long the result is at least.
        sparse: has to be False.

    >>> import hornbill as hb
    >>> hb.ops.bincount([1, 1, 3]).tolist()
    [0, 2, 0, 1]
    """
    if sparse:
        raise ValueError("ops.bincount gives dense tensors only. Received: sparse=True")
    if jnp.ndim(x) != 2:
        return jnp.bincount(x, weights, minlength)
    # All rows are as long as the largest number in any of them: one count with the row's offset.
    rows = x.shape[0]
    length = max(minlength, int(jnp.max(x)) + 1)
    offset = length * jnp.arange(rows)[:, None]
    weights = None if weights is None else jnp.ravel(weights)
    return jnp.bincount(jnp.ravel(x + offset), weights, length=rows * length).reshape(rows, length)


@op
def histogram(x: Tensor, bins: int = 10, range: tuple | None = None) -> tuple[Tensor, Tensor]:
    """How many values fall into each of `bins` bins of equal width.

    Args:
        x: a 1-D tensor.
        bins: how many bins.
        range: the ends `(low, high)`; the smallest and the largest value when None.

    Returns:
        The counts, of shape `(bins,)`, and the bins' edges, of shape `(bins + 1,)`.

    >>> import hornbill as hb
    >>> [part.tolist() for part in hb.ops.histogram([0.0, 1.0, 1.5, 2.0], bins=2)]
    [[1.0, 3.0], [0.0, 1.0, 2.0]]
    """
    if not isinstance(bins, int):
        raise TypeError(f"ops.histogram takes the number of bins. Received: bins={bins!r}")
    if bins < 0:
        raise ValueError(f"ops.histogram needs at least one bin. Received: bins={bins}")
    if range and (len(range) != 2 or range[1] < range[0]):
        raise ValueError(f"ops.histogram takes (low, high) as range. Received: range={range}")
    if jnp.ndim(x) > 1:
        raise ValueError(
            f"ops.histogram takes a 1-D tensor; use ops.ravel. Received: x.shape={jnp.shape(x)}"
        )
    return jnp.histogram(x, bins, range)


@op
def unique(
    x: Tensor,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Tensor = None,
):
    """The different elements, each once.

    Args:
        x: the tensor.
        sorted: whether they must be in growing order.
        return_index: whether to return where each occurs first.
        return_inverse: whether to return which of them each element of `x` is.
        return_counts: whether to return how often each occurs.
        axis: the axis whose slices are compared; None compares the raveled elements.
        size: the length of the result, cut or filled up. Compiled code needs it.
        fill_value: what fills it up; the smallest element when None.

    Returns:
        The elements, or a tuple of them and of what was asked for.

    >>> import hornbill as hb
    >>> [part.tolist() for part in hb.ops.unique([3, 1, 3], return_counts=True)]
    [[1, 3], [1, 2]]
    """
    return jnp.unique(
        x,
        return_index=return_index,
        return_inverse=return_inverse,
        return_counts=return_counts,
        axis=axis,
        equal_nan=False,
        size=size,
        fill_value=fill_value,
        sorted=sorted,
    )


__all__ = public(globals())
