"""`tf.math`, much of which stands directly under `tf` as well."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .. import ops
from .missing import missing
from .named import named
from .tensor import Tensor, lift, unwrap

_UNARY = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh exp expm1 floor log log1p negative "
    "reciprocal round sigmoid sign sin sinh sqrt square tan tanh erf rsqrt logical_not isfinite "
    "isinf isnan real imag conj softplus angle"
).split()
_OWN = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atanh": "arctanh",
    "pow": "power",
    "atan2": "arctan2",
    "floordiv": "floor_divide",
    "floormod": "mod",
    "is_finite": "isfinite",
    "is_inf": "isinf",
    "is_nan": "isnan",
}
_BINARY = (
    "add subtract multiply divide pow maximum minimum floordiv floormod mod atan2 equal not_equal "
    "less less_equal greater greater_equal logical_and logical_or logical_xor"
).split()
_REDUCE = "sum mean max min prod any all std variance logsumexp".split()

for _name in [*_UNARY, "is_finite", "is_inf", "is_nan"]:
    globals()[_name] = named(getattr(ops, _OWN.get(_name, _name)), "x")
for _name in _BINARY:
    globals()[_name] = named(getattr(ops, _OWN.get(_name, _name)), "x y")
for _name in _REDUCE:
    _function = getattr(ops, "var" if _name == "variance" else _name)
    globals()[f"reduce_{_name}"] = named(_function, "input_tensor axis keepdims")

truediv = divide = named(ops.true_divide, "x y")
digamma = named(jax.scipy.special.digamma, "x")
lgamma = named(jax.scipy.special.gammaln, "x")
cumprod = named(ops.cumprod, "x axis")
count_nonzero = named(ops.count_nonzero, "input axis")
in_top_k = named(ops.in_top_k, "targets predictions k")
segment_sum = named(ops.segment_sum, "data segment_ids")


class TopK(NamedTuple):
    """What `top_k` finds: the largest values, and where they are along the last axis."""

    values: Tensor
    indices: Tensor


def top_k(input, k: int = 1, sorted: bool = True, index_type="int32", name=None) -> TopK:
    """The `k` largest values along the last axis, from the largest on, and their indices."""
    dtype = jax.dtypes.canonicalize_dtype(str(index_type)).name
    return TopK(*_top_k(input, int(unwrap(k)), sorted, dtype))


def _values_and_places(x, k, is_sorted, dtype):
    values, places = ops.top_k(x, k, is_sorted)
    return values, ops.cast(places, dtype)


_top_k = named(_values_and_places)


def _mean_of_rows(data, segment_ids, num_segments=None):
    total = ops.segment_sum(data, segment_ids, num_segments)
    ones = jnp.ones(jnp.asarray(data).shape[:1], total.dtype)
    count = ops.segment_sum(ones, segment_ids, num_segments)
    return total / jnp.maximum(count, 1).reshape(-1, *(1,) * (total.ndim - 1))


unsorted_segment_mean = named(_mean_of_rows, "data segment_ids num_segments")
segment_mean = named(_mean_of_rows, "data segment_ids")
unsorted_segment_sum = named(ops.segment_sum, "data segment_ids num_segments")
unsorted_segment_max = named(ops.segment_max, "data segment_ids num_segments")
unsorted_segment_min = named(ops.segment_min, "data segment_ids num_segments")
unsorted_segment_prod = named(ops.segment_prod, "data segment_ids num_segments")
mod = floormod  # noqa: F821
scalar_mul = named(ops.multiply, "scalar x")
zero_fraction = named(lambda x: jnp.mean(jnp.asarray(x) == 0), "value")
reduce_euclidean_norm = named(
    lambda x, axis=None, keepdims=False: jnp.sqrt(
        jnp.sum(jnp.square(jnp.asarray(x)), axis=axis, keepdims=keepdims)
    ),
    "input_tensor axis keepdims",
)
log_sigmoid = named(ops.log_sigmoid, "x")
log_softmax = named(ops.log_softmax, "logits axis")
softmax = named(ops.softmax, "logits axis")


def _index(function, input, axis, output_type):
    # Without JAX's x64, ints have 32 bits whatever was asked for.
    dtype = jax.dtypes.canonicalize_dtype(str(output_type))
    return lift(lambda x: function(x, 0 if axis is None else axis).astype(dtype))(input)


def argmax(input, axis=None, output_type="int64", name=None):
    """The index of the largest value along an axis, the first when None."""
    return _index(ops.argmax, input, axis, output_type)


def argmin(input, axis=None, output_type="int64", name=None):
    """The index of the smallest value along an axis, the first when None."""
    return _index(ops.argmin, input, axis, output_type)


def cumsum(x, axis: int = 0, exclusive: bool = False, reverse: bool = False, name=None):
    """Running sums; `exclusive` ones leave each element's own value out."""
    x = jnp.asarray(unwrap(x))
    x = jnp.flip(x, axis) if reverse else x
    total = jnp.cumsum(x, axis) - (x if exclusive else 0)
    return Tensor(jnp.flip(total, axis) if reverse else total)


def add_n(inputs, name=None):
    """The sum of the tensors."""
    total, *rest = inputs
    for x in rest:
        total = total + x
    return total


def l2_normalize(x, axis=None, epsilon: float = 1e-12, name=None):
    """The tensor divided by its norm along the axis."""

    def normalize(x):
        squares = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
        return x * jax.lax.rsqrt(jnp.maximum(squares, epsilon))

    return lift(normalize)(jnp.asarray(unwrap(x)))


def divide_no_nan(x, y, name=None):
    """`x / y`, and 0 where `y` is 0."""

    def divide(x, y):
        safe = jnp.where(y == 0, 1, y)
        return jnp.where(y == 0, 0, x / safe)

    return lift(divide)(jnp.asarray(unwrap(x)), jnp.asarray(unwrap(y)))


def multiply_no_nan(x, y, name=None):
    """`x * y`, and 0 where `y` is 0, whatever `x` is."""
    x, y = jnp.asarray(unwrap(x)), jnp.asarray(unwrap(y))
    return Tensor(jnp.where(y == 0, 0, x * y))


def squared_difference(x, y, name=None):
    """`(x - y)²`."""
    return lift(ops.square)(lift(ops.subtract)(x, y))


def bincount(arr, weights=None, minlength=None, maxlength=None, dtype="int32", name=None):
    """How often each number from 0 on is there, or the sums of its weights; eagerly."""
    counts = np.bincount(
        np.asarray(unwrap(arr)).ravel(),
        None if weights is None else np.asarray(unwrap(weights)).ravel(),
        minlength or 0,
    )[:maxlength]
    return Tensor(counts.astype(str(dtype)) if weights is None else counts.astype("float32"))


def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype="int32", name=None):
    """How often a class (row) was taken for another one (column)."""
    labels, predictions = (jnp.asarray(unwrap(v)).ravel() for v in (labels, predictions))
    if num_classes is None:
        num_classes = int(max(labels.max(), predictions.max())) + 1
    counts = jnp.zeros((num_classes, num_classes), str(dtype))
    more = 1 if weights is None else jnp.asarray(unwrap(weights)).ravel().astype(str(dtype))
    return Tensor(counts.at[labels, predictions].add(more))


__getattr__ = missing("tf.math", globals())
