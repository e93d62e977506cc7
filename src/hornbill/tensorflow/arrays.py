"""Making, shaping and picking from tensors: the names directly under `tf`."""

import jax
import jax.numpy as jnp
import numpy as np

from .. import ops
from ..engine.config import floatx
from ..engine.dtypes import standardize_dtype
from ..engine.symbolic import SymbolicTensor, symbolic_leaves
from ..engine.variable import Variable as Cell
from .named import named, sizes
from .tensor import Shape, Tensor, lift, unwrap
from .text import Bytes, bytes_array, strings

_IMPORTED = frozenset(globals())


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    """A tensor of an array-like, a variable or a shape; Python floats have 32 bits."""
    if isinstance(value, SymbolicTensor):
        return value if dtype is None else ops.cast(value, dtype)
    value = unwrap(value)
    if isinstance(value, Shape):
        value = value.numpy()
    if isinstance(value, (list, tuple)):
        value = [unwrap(v) for v in value]
        if any(hasattr(v, "shape") and not isinstance(v, np.ndarray) for v in value):
            value = jnp.stack([jnp.asarray(v) for v in value])
    if isinstance(value, Cell):
        value = value.value
    if isinstance(value, Bytes) and dtype in (None, "string"):
        return value
    if (array := bytes_array(value)) is None:
        array = np.asarray(value) if not hasattr(value, "dtype") else value
    if getattr(array.dtype, "kind", "") in "OUS":
        return strings(array)
    if dtype is None and not hasattr(value, "dtype") and array.dtype == np.float64:
        dtype = floatx()
    return Tensor(jnp.asarray(array, None if dtype is None else jnp.dtype(str(dtype))))


def constant(value, dtype=None, shape=None, name: str = "Const"):
    """A tensor of the value; with a shape, reshaped, or filled with a single value."""
    tensor = convert_to_tensor(value, dtype)
    if shape is None:
        return tensor
    shape = sizes(shape)
    same = jnp.broadcast_to if tensor.value.size == 1 else jnp.reshape
    return lift(same)(tensor, shape)


def cast(x, dtype, name=None):
    """The tensor in another dtype; floats become ints by cutting."""
    x = x.numpy() if isinstance(x, Shape) else x
    return lift(ops.cast)(x, standardize_dtype(dtype))


def shape(input, out_type=None, name=None) -> Shape:
    """The shape, as plain ints, also in compiled code; so `out_type` changes nothing."""
    return Shape(np.shape(unwrap(input)) if not hasattr(input, "shape") else input.shape)


def rank(input, name=None) -> int:
    """How many axes the tensor has."""
    return len(shape(input))


def size(input, out_type=None, name=None) -> int:
    """How many elements the tensor has, a plain int whatever `out_type` says."""
    return shape(input).num_elements()


def reshape(tensor, shape, name=None):
    """The elements in another shape; one size may be -1."""
    return lift(ops.reshape)(tensor, sizes(shape))


def concat(values, axis, name=None):
    """The tensors one after the other along an axis. Shapes give a shape."""
    parts = [unwrap(v) for v in values]
    if any(isinstance(p, Shape) for p in parts):
        if all(isinstance(p, (Shape, list, tuple)) for p in parts):
            return Shape(n for p in parts for n in sizes(p))
        parts = [np.asarray(p, "int32") if isinstance(p, Shape) else p for p in parts]
    if not symbolic_leaves(parts):
        parts = [convert_to_tensor(p).value for p in parts]
    return lift(ops.concatenate)(parts, axis)


def stack(values, axis: int = 0, name=None):
    """The tensors along a new axis."""
    parts = unwrap(list(values))
    if not symbolic_leaves(parts):
        parts = [convert_to_tensor(p).value for p in parts]
    return lift(ops.stack)(parts, axis)


def split(value, num_or_size_splits, axis: int = 0, num=None, name=None) -> list:
    """Equal parts along an axis, or parts of the sizes given."""
    parts = sizes(num_or_size_splits)
    if not isinstance(parts, int):
        if -1 in parts:
            rest = shape(value)[axis] - sum(n for n in parts if n != -1)
            parts = [rest if n == -1 else n for n in parts]
        parts = np.cumsum(parts)[:-1].tolist()
    return list(lift(ops.split)(value, parts, axis))


def fill(dims, value, name=None):
    """A tensor full of one value."""
    return lift(ops.full)(sizes(dims), convert_to_tensor(value).value)


def zeros(shape, dtype="float32", name=None, layout=None):
    """A tensor of zeros. `layout`, of TensorFlow's distribution, must be None."""
    if layout is not None:
        raise ValueError(f"tf.zeros takes no layout. Received: layout={layout!r}")
    return lift(ops.zeros)(sizes(shape), dtype)


def ones(shape, dtype="float32", name=None, layout=None):
    """A tensor of ones. `layout`, of TensorFlow's distribution, must be None."""
    if layout is not None:
        raise ValueError(f"tf.ones takes no layout. Received: layout={layout!r}")
    return lift(ops.ones)(sizes(shape), dtype)


def eye(num_rows, num_columns=None, batch_shape=None, dtype="float32", name=None):
    """Identity matrices."""
    matrix = ops.eye(int(num_rows), None if num_columns is None else int(num_columns), dtype=dtype)
    return Tensor(jnp.broadcast_to(matrix, (*(sizes(batch_shape or ())), *matrix.shape)))


def range(start, limit=None, delta=1, dtype=None, name=None):
    """Numbers from `start` (0 when it is alone) up to, not with, `limit`."""
    start, limit, delta = (unwrap(v) for v in (start, limit, delta))
    if limit is None:
        start, limit = 0, start
    return lift(jnp.arange)(start, limit, delta, None if dtype is None else str(dtype))


def gather(params, indices, validate_indices=None, axis=None, batch_dims: int = 0, name=None):
    """The slices at the indices, along the first axis after `batch_dims`, or along `axis`.

    `validate_indices` is a hint: indices outside give NaN, or the last slice of ints.
    """
    x, i = convert_to_tensor(params).value, convert_to_tensor(indices).value
    axis = batch_dims if axis is None else axis

    def take(x, i, depth):
        if depth == 0:
            return jnp.take(x, i, axis=(axis % (x.ndim + batch_dims)) - batch_dims)
        return jax.vmap(lambda a, b: take(a, b, depth - 1))(x, i)

    return Tensor(take(x, i, batch_dims))


def gather_nd(params, indices, batch_dims: int = 0, name=None):
    """The slices at index tuples, which lie along the last axis of `indices`."""
    x, i = convert_to_tensor(params).value, convert_to_tensor(indices).value
    lead = jnp.meshgrid(*[jnp.arange(n) for n in x.shape[:batch_dims]], indexing="ij")
    grown = [g.reshape(g.shape + (1,) * (i.ndim - 1 - batch_dims)) for g in lead]
    return Tensor(x[(*grown, *jnp.moveaxis(i, -1, 0))])


def boolean_mask(tensor, mask, axis=None, name: str = "boolean_mask"):
    """The slices where the mask is true. Their number depends on values: eagerly only."""
    x, mask = convert_to_tensor(tensor).value, np.asarray(unwrap(mask))
    return Tensor(x[(slice(None),) * (axis or 0) + (mask,)])


def where(condition, x=None, y=None, name=None):
    """`x` where the condition holds, else `y`; alone, the indices of what is true (eagerly)."""
    if x is None and y is None:
        return Tensor(jnp.asarray(np.argwhere(np.asarray(unwrap(condition)))))
    return lift(ops.where)(condition, x, y)


def one_hot(indices, depth, on_value=1.0, off_value=0.0, axis=-1, dtype="float32", name=None):
    """Vectors with `on_value` at the index and `off_value` elsewhere."""
    hot = lift(ops.one_hot)(indices, int(depth), axis, dtype)
    if (on_value, off_value) == (1.0, 0.0):
        return hot
    return hot * (on_value - off_value) + off_value


def pad(tensor, paddings, mode: str = "CONSTANT", constant_values=0, name=None):
    """The tensor with a border: `paddings` holds `[before, after]` for each axis."""
    widths = [list(map(int, pair)) for pair in np.asarray(unwrap(paddings))]
    mode = mode.lower()
    fill = {"constant_values": constant_values} if mode == "constant" else {}
    return lift(ops.pad)(tensor, widths, mode, **fill)


def slice_(input_, begin, size, name=None):
    """The part that starts at `begin` and has `size`; -1 is the rest."""
    begin, size = sizes(begin), sizes(size)
    parts = tuple(slice(b, None if n == -1 else b + n) for b, n in zip(begin, size, strict=True))
    return convert_to_tensor(input_)[parts]


def tensor_scatter_nd_update(tensor, indices, updates, name=None):
    """The tensor with new slices at index tuples."""
    return lift(ops.scatter_update)(tensor, indices, updates)


def tensor_scatter_nd_add(tensor, indices, updates, name=None):
    """The tensor with slices added at index tuples."""
    return lift(ops.scatter_update)(tensor, indices, updates, "add")


def identity(input, name=None):
    """A copy: another tensor, to be told apart by a tape."""
    return lift(jnp.copy)(convert_to_tensor(input))


def argsort(values, axis: int = -1, direction: str = "ASCENDING", stable=False, name=None):
    """The order that sorts the values, stable whether it is asked for or not."""
    values = -convert_to_tensor(values) if _descending(direction) else values
    return lift(ops.argsort)(values, axis)


def sort(values, axis: int = -1, direction: str = "ASCENDING", name=None):
    """The values sorted."""
    ordered = lift(ops.sort)(values, axis)
    return reverse(ordered, [axis]) if _descending(direction) else ordered


def _descending(direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"direction is 'ASCENDING' or 'DESCENDING'. Received: {direction!r}")
    return direction == "DESCENDING"


def unique(x, out_idx="int32", name=None):
    """`(values in the order in which they come, each element's place among them)`; eagerly."""
    values, first, places = np.unique(np.asarray(unwrap(x)), return_index=True, return_inverse=True)
    order = np.argsort(first)
    return Tensor(values[order]), Tensor(np.argsort(order)[places].astype(str(out_idx)))


def is_tensor(x) -> bool:
    """Whether it is a tensor, a variable or a symbolic tensor."""
    return isinstance(x, (Tensor, Cell, SymbolicTensor))


zeros_like = named(ops.zeros_like, "input dtype")
ones_like = named(ops.ones_like, "input dtype")
expand_dims = named(ops.expand_dims, "input axis")
squeeze = named(ops.squeeze, "input axis")
transpose = named(ops.transpose, "a perm")
reverse = named(ops.flip, "tensor axis")
roll = named(ops.roll, "input shift axis")
repeat = named(ops.repeat, "input repeats axis")
unstack = named(ops.unstack, "value num axis")
stop_gradient = named(ops.stop_gradient, "input")
searchsorted = named(ops.searchsorted, "sorted_sequence values side")
linspace = named(ops.linspace, "start stop num")
einsum = named(ops.einsum)


def tile(input, multiples, name=None):
    """The tensor repeated along each axis."""
    return lift(ops.tile)(input, sizes(multiples))


def broadcast_to(input, shape, name=None):
    """The tensor repeated to a shape."""
    return lift(ops.broadcast_to)(input, sizes(shape))


def meshgrid(*args, indexing: str = "xy", name=None) -> list:
    """Coordinate matrices of coordinate vectors."""
    return list(lift(ops.meshgrid)(*args, indexing=indexing))


__all__ = [n for n in list(globals()) if not n.startswith("_") and n not in _IMPORTED]
