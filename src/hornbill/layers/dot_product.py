"""Dot: products of two tensors along an axis of each, row by row of the batch."""

from .. import ops
from ..engine.errors import known_shape
from .base import Layer


def batched_dot(x, y, i: int, j: int):
    """The sums over axis `i` of `x` times axis `j` of `y`, row by row of the batch."""
    letters = "abcdefghijklmnopqrstuvw"
    ranks = len(x.shape), len(y.shape)
    of_x, of_y = (
        list("z" + letters[: ranks[0] - 1]),
        list("z" + letters[ranks[0] :][: ranks[1] - 1]),
    )
    of_x[i] = of_y[j] = "y"
    kept = "".join(c for c in of_x + of_y[1:] if c != "y")
    return ops.einsum(f"{''.join(of_x)},{''.join(of_y)}->{kept}", x, y)


class Dot(Layer):
    """The dot product of two tensors along one axis of each, for each row of the batch.

    Args:
        axes: the axis of both, or a pair, one axis of each. Axis 0 is the batch.
        normalize: whether the vectors along the axes are scaled to length 1 first; the result
            is then the cosine of their angle.

    Input shape: a list of two shapes of at least two dimensions, equal in size at the axes.
    Output shape: the first one's dimensions without its axis, then the second one's without
    batch and axis; `(batch, 1)` where that leaves the batch alone. There is no mask.

    Raises:
        ValueError: if `axes` is no int and no pair, or names the batch.

    >>> import hornbill as hb
    >>> x, y = hb.ops.ones((2, 5, 3)), hb.ops.ones((2, 3, 7))
    >>> hb.layers.Dot(axes=(2, 1))([x, y]).shape
    (2, 5, 7)
    """

    def __init__(self, axes, normalize: bool = False, **kwargs):
        super().__init__(**kwargs)
        pair = axes if isinstance(axes, (list, tuple)) else [axes, axes]
        ints = all(isinstance(a, int) and not isinstance(a, bool) for a in pair)
        if len(pair) != 2 or not ints or 0 in pair:
            raise ValueError(
                "Dot's axes are an int or a pair of ints, none of them 0, the batch. "
                f"Received: axes={axes!r}"
            )
        self.supports_masking = True
        self.axes, self.normalize = axes, normalize

    def call(self, inputs):
        x, y = self._check(inputs)
        pair = self.axes if isinstance(self.axes, (list, tuple)) else (self.axes, self.axes)
        i, j = pair[0] % x.ndim, pair[1] % y.ndim
        if self.normalize:
            x, y = ops.normalize(x, axis=i), ops.normalize(y, axis=j)
        result = batched_dot(x, y, i, j)
        return ops.expand_dims(result, -1) if result.ndim == 1 else result

    def compute_mask(self, inputs, mask=None):
        return None

    def _check(self, inputs):
        shapes = (
            [known_shape(x.shape) for x in inputs] if isinstance(inputs, (list, tuple)) else None
        )
        if shapes is None or len(shapes) != 2 or min(map(len, shapes)) < 2:
            got = f"shapes {shapes}" if shapes is not None else "one tensor"
            raise ValueError(
                f"Layer '{self.path}' (Dot) takes a list of two tensors of at least two "
                f"dimensions. Received: {got}"
            )
        pair = self.axes if isinstance(self.axes, (list, tuple)) else (self.axes, self.axes)
        for axis, shape in zip(pair, shapes, strict=True):
            if not -len(shape) < axis < len(shape):
                raise ValueError(
                    f"Layer '{self.path}' (Dot) multiplies along axis {axis}, which is the batch "
                    f"or no axis of an input of shape {shape}. Received: axes={self.axes!r}"
                )
        sizes = {shape[axis] for axis, shape in zip(pair, shapes, strict=True)} - {None}
        if len(sizes) > 1:
            raise ValueError(
                f"Layer '{self.path}' (Dot) needs equal sizes along the axes {pair}. "
                f"Received: shapes {shapes}"
            )
        return inputs


def dot(inputs, axes=-1, **kwargs):
    """`Dot(axes, **kwargs)(inputs)`.

    >>> import hornbill as hb
    >>> hb.layers.dot([hb.Input((3,)), hb.Input((3,))], axes=1).shape
    (None, 1)
    """
    return Dot(axes=axes, **kwargs)(inputs)
