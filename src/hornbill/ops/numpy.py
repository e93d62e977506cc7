"""NumPy-like ops: declared with `@op`, computed by `jax.numpy`."""

import jax.numpy as jnp

from ..engine.operation import Tensor, Tensors, op


@op
def add(x1: Tensor, x2: Tensor):
    return jnp.add(x1, x2)


@op
def subtract(x1: Tensor, x2: Tensor):
    return jnp.subtract(x1, x2)


@op
def multiply(x1: Tensor, x2: Tensor):
    return jnp.multiply(x1, x2)


@op
def true_divide(x1: Tensor, x2: Tensor):
    return jnp.true_divide(x1, x2)


@op
def floor_divide(x1: Tensor, x2: Tensor):
    return jnp.floor_divide(x1, x2)


@op
def mod(x1: Tensor, x2: Tensor):
    return jnp.mod(x1, x2)


@op
def power(x1: Tensor, x2: Tensor):
    return jnp.power(x1, x2)


@op
def matmul(x1: Tensor, x2: Tensor):
    return jnp.matmul(x1, x2)


@op
def logical_and(x1: Tensor, x2: Tensor):
    return jnp.logical_and(x1, x2)


@op
def logical_or(x1: Tensor, x2: Tensor):
    return jnp.logical_or(x1, x2)


@op
def logical_xor(x1: Tensor, x2: Tensor):
    return jnp.logical_xor(x1, x2)


@op
def equal(x1: Tensor, x2: Tensor):
    return jnp.equal(x1, x2)


@op
def not_equal(x1: Tensor, x2: Tensor):
    return jnp.not_equal(x1, x2)


@op
def less(x1: Tensor, x2: Tensor):
    return jnp.less(x1, x2)


@op
def less_equal(x1: Tensor, x2: Tensor):
    return jnp.less_equal(x1, x2)


@op
def greater(x1: Tensor, x2: Tensor):
    return jnp.greater(x1, x2)


@op
def greater_equal(x1: Tensor, x2: Tensor):
    return jnp.greater_equal(x1, x2)


@op
def negative(x: Tensor):
    return jnp.negative(x)


@op
def absolute(x: Tensor):
    return jnp.absolute(x)


@op
def logical_not(x: Tensor):
    return jnp.logical_not(x)


@op
def get_item(x: Tensor, key):
    return x[key]


@op
def reshape(x: Tensor, newshape):
    return jnp.reshape(x, newshape)


@op
def concatenate(xs: Tensors, axis=-1):
    return jnp.concatenate(xs, axis)


@op
def cast(x: Tensor, dtype):
    return jnp.asarray(x).astype(dtype)
