"""Ops that move elements without changing them: shapes, axes, joining, splitting, repeating."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from ...engine.operation import Tensor, Tensors, op
from ..common import Axis, DType, Shape, arrays, hashable, named, public

# Shapes and axes


@op
def reshape(x: Tensor, newshape: Shape) -> Tensor:
    """The same elements in a new shape.

    Args:
        x: the tensor.
        newshape: the shape; one dimension may be -1, and is then computed.

    >>> import hornbill as hb
    >>> hb.ops.reshape([1, 2, 3, 4], (2, -1)).tolist()
    [[1, 2], [3, 4]]
    """
    # None comes out of a symbolic tensor's shape, where it stands for the dimension to compute.
    if isinstance(newshape, (list, tuple)):
        newshape = tuple(-1 if n is None else n for n in newshape)
        if newshape.count(-1) > 1:
            raise ValueError(
                "ops.reshape can compute one dimension, given as -1 or None. "
                f"Received: newshape={newshape}"
            )
    return jnp.reshape(x, newshape)


@op
def ravel(x: Tensor) -> Tensor:
    """The elements in one row, of shape `(size,)`.

    >>> import hornbill as hb
    >>> hb.ops.ravel([[1, 2], [3, 4]]).tolist()
    [1, 2, 3, 4]
    """
    return jnp.ravel(x)


@op
def expand_dims(x: Tensor, axis: Axis) -> Tensor:
    """Adds dimensions of size 1, so that they stand at `axis` of the result.

    >>> import hornbill as hb
    >>> hb.ops.expand_dims([1, 2], -1).tolist()
    [[1], [2]]
    """
    return jnp.expand_dims(x, hashable(axis))


@op
def squeeze(x: Tensor, axis: Axis = None) -> Tensor:
    """Takes away dimensions of size 1: those at `axis`, or all of them when None.

    >>> import hornbill as hb
    >>> hb.ops.squeeze([[[1], [2]]]).tolist()
    [1, 2]
    """
    return jnp.squeeze(x, hashable(axis))


@op
def transpose(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Reorders the axes: axis `i` of the result is axis `axes[i]` of `x`.

    Args:
        x: the tensor.
        axes: the order; the reverse of `x`'s when None.

    >>> import hornbill as hb
    >>> hb.ops.transpose([[1, 2], [3, 4]]).tolist()
    [[1, 3], [2, 4]]
    """
    return jnp.transpose(x, hashable(axes))


@op
def moveaxis(x: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Moves axes to new places; the others keep their order.

    >>> import hornbill as hb
    >>> hb.ops.moveaxis(hb.ops.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return jnp.moveaxis(x, hashable(source), hashable(destination))


@op
def swapaxes(x: Tensor, axis1: int, axis2: int) -> Tensor:
    """Exchanges two axes.

    >>> import hornbill as hb
    >>> hb.ops.swapaxes(hb.ops.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    return jnp.swapaxes(x, axis1, axis2)


@op
def broadcast_to(x: Tensor, shape: Shape) -> Tensor:
    """Repeats `x` along new axes and those of size 1, up to `shape`.

    >>> import hornbill as hb
    >>> hb.ops.broadcast_to([1, 2], (2, 2)).tolist()
    [[1, 2], [1, 2]]
    """
    return jnp.broadcast_to(x, shape)


@op
def view(x: Tensor, dtype: DType = None) -> Tensor:
    """The same bytes read as another dtype; the last dimension follows the item's size.

    >>> import hornbill as hb
    >>> hb.ops.view(hb.ops.array([1.0], "float32"), "int32").tolist()
    [1065353216]
    """
    return jnp.asarray(x).view(named(dtype))


def ndim(x) -> int:
    """The number of axes.

    >>> import hornbill as hb
    >>> hb.ops.ndim([[1, 2], [3, 4]])
    2
    """
    return len(x.shape) if hasattr(x, "shape") else np.ndim(x)


@op
def size(x: Tensor) -> int:
    """The number of elements.

    >>> import hornbill as hb
    >>> hb.ops.size([[1, 2], [3, 4]])
    4
    """
    n = jnp.size(x)
    return n if isinstance(n, int) else jnp.asarray(n)


# Joining


@op
def concatenate(xs: Tensors, axis: int = 0) -> Tensor:
    """Puts tensors one behind the other along an axis; their other dimensions are equal.

    Args:
        xs: a list of tensors.
        axis: the axis, which they all have; None joins the raveled tensors.

    >>> import hornbill as hb
    >>> hb.ops.concatenate([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    return jnp.concatenate(arrays(xs), axis)


@op
def stack(x: Tensors, axis: int = 0) -> Tensor:
    """Puts tensors of one shape side by side along a new axis.

    >>> import hornbill as hb
    >>> hb.ops.stack([hb.ops.zeros(2), hb.ops.ones(2)], axis=1).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    return jnp.stack(arrays(x), axis)


@op
def hstack(xs: Tensors) -> Tensor:
    """Joins tensors along axis 1, or along axis 0 when they have one axis.

    >>> import hornbill as hb
    >>> hb.ops.hstack([hb.ops.zeros(1), hb.ops.ones(2)]).tolist()
    [0.0, 1.0, 1.0]
    """
    return jnp.hstack(arrays(xs))


@op
def vstack(xs: Tensors) -> Tensor:
    """Joins tensors along axis 0; those of one axis count as rows.

    >>> import hornbill as hb
    >>> hb.ops.vstack([hb.ops.zeros(2), hb.ops.ones(2)]).tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    """
    return jnp.vstack(arrays(xs))


@op
def dstack(xs: Tensors) -> Tensor:
    """Joins tensors along axis 2; those with fewer axes get them, `(n,)` as `(1, n, 1)`.

    >>> import hornbill as hb
    >>> hb.ops.dstack([hb.ops.zeros(2), hb.ops.ones(2)]).tolist()
    [[[0.0, 1.0], [0.0, 1.0]]]
    """
    return jnp.dstack(arrays(xs))


@op
def append(x1: Tensor, x2: Tensor, axis: int | None = None) -> Tensor:
    """`x2` behind `x1` along `axis`; both raveled when it is None.

    >>> import hornbill as hb
    >>> hb.ops.append([[1, 2]], [[3, 4]]).tolist()
    [1, 2, 3, 4]
    """
    return jnp.append(x1, x2, axis)


# Splitting


@op
def split(x: Tensor, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Cuts a tensor into a list of tensors along an axis.

    Args:
        x: the tensor.
        indices_or_sections: the number of equal parts, or the places before which to cut.
        axis: the axis.

    Raises:
        ValueError: when the axis cannot be cut into that many equal parts.

    >>> import hornbill as hb
    >>> [part.tolist() for part in hb.ops.split([1, 2, 3, 4], [1, 3])]
    [[1], [2, 3], [4]]
    """
    return list(jnp.split(x, hashable(indices_or_sections), axis))


@op
def array_split(x: Tensor, indices_or_sections: int, axis: int = 0) -> list[Tensor]:
    """Cuts a tensor into parts that are as equal as possible; the first may be longer by 1.

    Raises:
        TypeError, ValueError: when `indices_or_sections` is no positive integer.

    >>> import hornbill as hb
    >>> [part.tolist() for part in hb.ops.array_split([1, 2, 3], 2)]
    [[1, 2], [3]]
    """
    if not isinstance(indices_or_sections, int) or not isinstance(axis, int):
        raise TypeError(
            "ops.array_split takes a number of parts and an axis, both int. "
            f"Received: indices_or_sections={indices_or_sections!r}, axis={axis!r}"
        )
    if indices_or_sections <= 0:
        raise ValueError(
            "ops.array_split makes at least one part. "
            f"Received: indices_or_sections={indices_or_sections}"
        )
    return list(jnp.array_split(x, indices_or_sections, axis))


@op
def hsplit(x: Tensor, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """`split` along axis 1, or along axis 0 when there is one axis.

    >>> import hornbill as hb
    >>> [part.tolist() for part in hb.ops.hsplit([[1, 2], [3, 4]], 2)]
    [[[1], [3]], [[2], [4]]]
    """
    return list(jnp.hsplit(x, hashable(indices_or_sections)))


@op
def vsplit(x: Tensor, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """`split` along axis 0.

    >>> import hornbill as hb
    >>> [part.tolist() for part in hb.ops.vsplit([[1, 2], [3, 4]], 2)]
    [[[1, 2]], [[3, 4]]]
    """
    return list(jnp.vsplit(x, hashable(indices_or_sections)))


@op
def dsplit(x: Tensor, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """`split` along axis 2.

    >>> import hornbill as hb
    >>> [part.tolist() for part in hb.ops.dsplit([[[1, 2]]], 2)]
    [[[[1]]], [[[2]]]]
    """
    return list(jnp.dsplit(x, hashable(indices_or_sections)))


# Repeating, padding, turning


@op
def tile(x: Tensor, repeats: int | Sequence[int]) -> Tensor:
    """The whole tensor again and again, `repeats[i]` times along axis `i`.

    >>> import hornbill as hb
    >>> hb.ops.tile([1, 2], 2).tolist()
    [1, 2, 1, 2]
    """
    return jnp.tile(x, hashable(repeats))


@op
def repeat(x: Tensor, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
    """Each element `repeats` times in a row.

    Args:
        x: the tensor.
        repeats: how often, for all or for each place on the axis. It decides the result's shape,
            so in compiled code it must be a plain number or list.
        axis: the axis; None repeats the raveled elements.

    >>> import hornbill as hb
    >>> hb.ops.repeat([1, 2], 2).tolist(), hb.ops.repeat([1, 2], [1, 3]).tolist()
    ([1, 1, 2, 2], [1, 2, 2, 2])
    """
    return jnp.repeat(
        x, np.asarray(repeats) if isinstance(repeats, list | tuple) else repeats, axis
    )


@op
def pad(x: Tensor, pad_width, mode: str = "constant", constant_values: Tensor = None) -> Tensor:
    """Adds elements at the ends of the axes.

    Args:
        x: the tensor.
        pad_width: `((before, after), ...)` for each axis, `(before, after)` for all, or a number.
        mode: `"constant"`, `"reflect"`, `"symmetric"`, or another mode of `numpy.pad`.
        constant_values: what to add in mode `"constant"`; 0 when None.

    >>> import hornbill as hb
    >>> hb.ops.pad([1, 2], (1, 2)).tolist(), hb.ops.pad([1, 2, 3], 2, "reflect").tolist()
    ([0, 1, 2, 0, 0], [3, 2, 1, 2, 3, 2, 1])
    """
    if constant_values is None:
        return jnp.pad(x, pad_width, mode)
    if mode != "constant":
        raise ValueError(
            "ops.pad uses constant_values in mode 'constant' only; leave it out. "
            f"Received: mode={mode!r}, constant_values={constant_values}"
        )
    return jnp.pad(x, pad_width, mode, constant_values=constant_values)


@op
def flip(x: Tensor, axis: Axis = None) -> Tensor:
    """Reverses the order of the elements along some axes; along all when None.

    >>> import hornbill as hb
    >>> hb.ops.flip([[1, 2], [3, 4]], axis=1).tolist()
    [[2, 1], [4, 3]]
    """
    return jnp.flip(x, hashable(axis))


@op
def fliplr(x: Tensor) -> Tensor:
    """Reverses axis 1: left becomes right.

    >>> import hornbill as hb
    >>> hb.ops.fliplr([[1, 2], [3, 4]]).tolist()
    [[2, 1], [4, 3]]
    """
    return jnp.fliplr(x)


@op
def flipud(x: Tensor) -> Tensor:
    """Reverses axis 0: up becomes down.

    >>> import hornbill as hb
    >>> hb.ops.flipud([[1, 2], [3, 4]]).tolist()
    [[3, 4], [1, 2]]
    """
    return jnp.flipud(x)


@op
def roll(x: Tensor, shift: int | Sequence[int], axis: Axis = None) -> Tensor:
    """Moves elements along an axis; what falls off one end comes in at the other.

    Args:
        x: the tensor.
        shift: by how many places, for each axis.
        axis: the axes; None rolls the raveled elements and gives the shape back.

    >>> import hornbill as hb
    >>> hb.ops.roll([1, 2, 3], 1).tolist()
    [3, 1, 2]
    """
    return jnp.roll(x, hashable(shift), hashable(axis))


@op
def rot90(array: Tensor, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """Turns a plane of the tensor by `k` quarters, from `axes[0]` towards `axes[1]`.

    >>> import hornbill as hb
    >>> hb.ops.rot90([[1, 2], [3, 4]]).tolist()
    [[2, 4], [1, 3]]
    """
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"ops.rot90 turns in the plane of two axes. Received: axes={axes}")
    return jnp.rot90(array, k, hashable(axes))


__all__ = public(globals())
