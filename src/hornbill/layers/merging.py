"""Layers that make one tensor of a list of tensors, value by value, and Concatenate."""

from .. import ops
from ..engine.errors import known_shape
from .base import Layer


class Merge(Layer):
    """Base of the merging layers: subclasses define `merge(inputs, masks)`.

    Inputs of fewer dimensions get axes of size 1 after the batch. The output's mask is True
    where any input's is, and there is one only if all inputs have one.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        _check_broadcast(self, _shapes(self, inputs))
        rank = max(x.ndim for x in inputs)
        if any(x.ndim != rank for x in inputs):
            # A mask belongs to the axes as they were.
            inputs, mask = [_with_rank(x, rank) for x in inputs], None
        return self.merge(list(inputs), [None] * len(inputs) if mask is None else list(mask))

    def merge(self, inputs: list, masks: list):
        """One tensor from a list of tensors of equal rank, with their masks or Nones."""
        raise NotImplementedError(
            f"{type(self).__name__} has no merge(). Write `def merge(self, inputs, masks): ...`."
        )

    def compute_mask(self, inputs, mask=None):
        if mask is None or any(m is None for m in mask):
            return None
        return _fold(ops.logical_or, mask)


class Add(Merge):
    """The sum of a list of tensors.

    Input shape: a list of shapes that broadcast. Output shape: what they broadcast to.

    >>> import hornbill as hb
    >>> x = hb.ops.array([[1.0, 2.0]])
    >>> hb.layers.Add()([x, x, x]).tolist()
    [[3.0, 6.0]]
    """

    def merge(self, inputs, masks):
        return _fold(ops.add, inputs)


class Subtract(Merge):
    """The first of two tensors minus the second.

    Input shape: a list of two shapes that broadcast. Output shape: what they broadcast to.

    >>> import hornbill as hb
    >>> x = hb.ops.array([[1.0, 2.0]])
    >>> hb.layers.Subtract()([x, 3 * x]).tolist()
    [[-2.0, -4.0]]
    """

    def merge(self, inputs, masks):
        if len(inputs) != 2:
            raise ValueError(
                f"Layer '{self.path}' (Subtract) takes a list of two tensors. "
                f"Received: {len(inputs)} tensors"
            )
        return ops.subtract(*inputs)


class Multiply(Merge):
    """The product of a list of tensors; what an input's mask hides counts as 1.

    Where all inputs are masked, the output is 0.

    Input shape: a list of shapes that broadcast. Output shape: what they broadcast to.

    >>> import hornbill as hb
    >>> x = hb.ops.array([[1.0, 2.0]])
    >>> hb.layers.Multiply()([x, x, x]).tolist()
    [[1.0, 8.0]]
    """

    def merge(self, inputs, masks):
        shown = _pairs(inputs, masks)
        shown = [x if m is None else ops.where(m[..., None], x, 1) for x, m in shown]
        product = _fold(ops.multiply, shown)
        if any(m is None for m in masks):
            return product
        return ops.where(_fold(ops.logical_or, masks)[..., None], product, 0)


class Average(Merge):
    """The mean of a list of tensors.

    Input shape: a list of shapes that broadcast. Output shape: what they broadcast to.

    >>> import hornbill as hb
    >>> x = hb.ops.array([[1.0, 2.0]])
    >>> hb.layers.Average()([x, 3 * x]).tolist()
    [[2.0, 4.0]]
    """

    def merge(self, inputs, masks):
        return _fold(ops.add, inputs) / len(inputs)


class Maximum(Merge):
    """The largest of a list of tensors at each place; masked values do not count.

    Input shape: a list of shapes that broadcast. Output shape: what they broadcast to.

    >>> import hornbill as hb
    >>> x, y = hb.ops.array([[1.0, 2.0]]), hb.ops.array([[0.0, 5.0]])
    >>> hb.layers.Maximum()([x, y]).tolist()
    [[1.0, 5.0]]
    """

    def merge(self, inputs, masks):
        return _masked_fold(ops.maximum, inputs, masks)


class Minimum(Merge):
    """The smallest of a list of tensors at each place; masked values do not count.

    Input shape: a list of shapes that broadcast. Output shape: what they broadcast to.

    >>> import hornbill as hb
    >>> x, y = hb.ops.array([[1.0, 2.0]]), hb.ops.array([[0.0, 5.0]])
    >>> hb.layers.Minimum()([x, y]).tolist()
    [[0.0, 2.0]]
    """

    def merge(self, inputs, masks):
        return _masked_fold(ops.minimum, inputs, masks)


class Concatenate(Merge):
    """A list of tensors, one after the other along an axis.

    Args:
        axis: the axis.

    Input shape: a list of shapes, equal but for `axis`. Output shape: theirs, with the sum of
    the sizes at `axis`. The masks are concatenated too; an input without one counts as all True.

    >>> import hornbill as hb
    >>> hb.layers.Concatenate(axis=1)([hb.ops.ones((2, 3)), hb.ops.ones((2, 4))]).shape
    (2, 7)
    """

    def __init__(self, axis: int = -1, **kwargs):
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ValueError(f"Concatenate's axis is an int. Received: axis={axis!r}")
        self.axis = axis

    def call(self, inputs):
        shapes = _shapes(self, inputs)
        ranks = {len(s) for s in shapes}
        rank = max(ranks)
        if len(ranks) > 1 or not -rank <= self.axis < rank:
            raise ValueError(
                f"Layer '{self.path}' (Concatenate) takes tensors of one rank that have an axis "
                f"{self.axis}. Received: shapes {shapes}"
            )
        for axis in set(range(rank)) - {self.axis % rank}:
            if len({s[axis] for s in shapes} - {None}) > 1:
                raise ValueError(
                    f"Layer '{self.path}' (Concatenate) takes tensors that differ in size only "
                    f"along axis {self.axis}; they differ along axis {axis}. "
                    f"Received: shapes {shapes}"
                )
        return ops.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs, mask=None):
        if mask is None or all(m is None for m in mask):
            return None
        spread = []
        for x, m in _pairs(inputs, mask):
            if m is None:
                m = ops.ones_like(x, dtype="bool")
            elif m.ndim < x.ndim:
                m = ops.broadcast_to(ops.expand_dims(m, -1), x.shape)
            spread.append(m)
        return ops.any(ops.concatenate(spread, axis=self.axis), axis=-1)


def _pairs(inputs, masks):
    return zip(inputs, masks, strict=True)


def _fold(function, values):
    result = values[0]
    for value in values[1:]:
        result = function(result, value)
    return result


def _masked_fold(function, inputs, masks):
    """`function` over the inputs in turn, a masked value giving way to the other one."""
    result, shown = inputs[0], masks[0]
    for x, mask in _pairs(inputs[1:], masks[1:]):
        if mask is not None:
            x = ops.where(mask[..., None], x, result)
        if shown is not None:
            result = ops.where(shown[..., None], result, x)
        shown = None if mask is None or shown is None else ops.logical_or(shown, mask)
        result = function(result, x)
    return result


def _with_rank(x, rank: int):
    return ops.reshape(x, (x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:]))


def _shapes(layer, inputs) -> list[tuple]:
    if not isinstance(inputs, (list, tuple)) or not inputs:
        got = f"one tensor of shape {known_shape(inputs.shape)}" if inputs is not None else inputs
        raise ValueError(
            f"Layer '{layer.path}' ({type(layer).__name__}) takes a list of tensors, as [a, b]. "
            f"Received: {got}"
        )
    return [known_shape(x.shape) for x in inputs]


def _check_broadcast(layer, shapes) -> None:
    for place in range(1, max(len(s) for s in shapes)):
        sizes = {s[-place] for s in shapes if len(s) > place} - {None, 1}
        if len(sizes) > 1:
            raise ValueError(
                f"Layer '{layer.path}' ({type(layer).__name__}) takes tensors whose shapes "
                f"broadcast; axis {-place} has the sizes {sorted(sizes)}. "
                f"Received: shapes {shapes}"
            )
    if len({s[0] for s in shapes if s} - {None}) > 1:
        raise ValueError(
            f"Layer '{layer.path}' ({type(layer).__name__}) takes tensors of one batch size. "
            f"Received: shapes {shapes}"
        )


def add(inputs, **kwargs):
    """`Add(**kwargs)(inputs)`.

    >>> import hornbill as hb
    >>> hb.layers.add([hb.Input((3,)), hb.Input((3,))]).shape
    (None, 3)
    """
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """`Subtract(**kwargs)(inputs)`.

    >>> import hornbill as hb
    >>> hb.layers.subtract([hb.Input((3,)), hb.Input((3,))]).shape
    (None, 3)
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """`Multiply(**kwargs)(inputs)`.

    >>> import hornbill as hb
    >>> hb.layers.multiply([hb.Input((3,)), hb.Input((1,))]).shape
    (None, 3)
    """
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """`Average(**kwargs)(inputs)`.

    >>> import hornbill as hb
    >>> hb.layers.average([hb.Input((3,)), hb.Input((3,))]).shape
    (None, 3)
    """
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """`Maximum(**kwargs)(inputs)`.

    >>> import hornbill as hb
    >>> hb.layers.maximum([hb.Input((3,)), hb.Input((3,))]).shape
    (None, 3)
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """`Minimum(**kwargs)(inputs)`.

    >>> import hornbill as hb
    >>> hb.layers.minimum([hb.Input((3,)), hb.Input((3,))]).shape
    (None, 3)
    """
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis: int = -1, **kwargs):
    """`Concatenate(axis, **kwargs)(inputs)`.

    >>> import hornbill as hb
    >>> hb.layers.concatenate([hb.Input((3,)), hb.Input((4,))]).shape
    (None, 7)
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
