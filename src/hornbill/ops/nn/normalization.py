"""Statistics and normalization."""

import jax.numpy as jnp
from jax import lax

from ...engine import config
from ...engine.dtypes import standardize_dtype
from ...engine.operation import Tensor, op
from ...kernels import normalization as kernel
from ..common import public


@op
def moments(x: Tensor, axes, keepdims: bool = False, synchronized: bool = False):
    """The mean and the variance along axes; computed in float32 for 16-bit inputs.

    Args:
        axes: an axis or several.
        keepdims: whether the reduced axes stay, with size 1.
        synchronized: must stay False. Under a data-parallel `Distribution` a compiled step's
            batch is one global array, so its statistics span all devices anyway.

    Returns:
        `(mean, variance)`.

    >>> import hornbill as hb
    >>> [v.tolist() for v in hb.ops.moments([[1.0, 3.0], [5.0, 5.0]], [0])]
    [[3.0, 4.0], [4.0, 1.0]]
    """
    if synchronized:
        raise ValueError(
            "moments has no synchronized=True: statistics are those of the whole array that it "
            "is given, whichever devices hold it. Received: synchronized=True"
        )
    dtype = standardize_dtype(x.dtype)
    axes = tuple(axes) if isinstance(axes, list) else axes
    if dtype not in ("float16", "bfloat16"):
        return x.mean(axes, keepdims=keepdims), x.var(axes, keepdims=keepdims)
    x = x.astype("float32")
    limit = float(jnp.finfo("float16").max)

    def narrow(value):
        return jnp.clip(value, -limit, limit).astype(dtype)

    return narrow(x.mean(axes, keepdims=keepdims)), narrow(x.var(axes, keepdims=keepdims))


@op
def batch_normalization(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    axis: int,
    offset: Tensor = None,
    scale: Tensor = None,
    epsilon: float = 1e-3,
):
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`.

    Args:
        mean, variance, offset, scale: vectors along `axis`.
        axis: the axis of the features.
        epsilon: added to the variance.

    >>> import hornbill as hb
    >>> hb.ops.batch_normalization([[5.0]], [1.0], [4.0], -1, epsilon=0.0).tolist()
    [[2.0]]
    """
    shape = [1] * x.ndim
    shape[axis] = mean.shape[0]
    factor = lax.rsqrt(variance + epsilon)
    if scale is not None:
        factor = factor * scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return x * factor.reshape(shape) + shift.reshape(shape)


@op
def layer_normalization(
    x: Tensor,
    gamma: Tensor = None,
    beta: Tensor = None,
    axis=-1,
    epsilon: float | None = None,
    **kwargs,
):
    """Each example to mean 0 and variance 1 along `axis`, times `gamma`, plus `beta`.

    https://arxiv.org/abs/1607.06450

    Args:
        gamma, beta: of the sizes of the normalized axes.
        axis: an axis or several.
        epsilon: added to the variance; `config.epsilon()` when None.

    >>> import hornbill as hb
    >>> hb.ops.layer_normalization([[1.0, 3.0]], epsilon=0.0).tolist()
    [[-1.0, 1.0]]
    """
    if kwargs.pop("rms_scaling", False) or kwargs:
        raise ValueError(
            "layer_normalization has no rms_scaling (it never was root-mean-square scaling) nor "
            f"other arguments: use ops.rms_normalization. Received: {kwargs or 'rms_scaling=True'}"
        )
    dtype, x = x.dtype, _at_least_float32(x)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    gamma = jnp.ones((), x.dtype) if gamma is None else _along(gamma.astype(x.dtype), axes, x)
    beta = jnp.zeros((), x.dtype) if beta is None else _along(beta.astype(x.dtype), axes, x)
    return kernel.normalize(x, gamma, beta, axes, _epsilon(epsilon)).astype(dtype)


@op
def rms_normalization(x: Tensor, scale: Tensor = None, axis=-1, epsilon: float | None = None):
    """`x / sqrt(mean(x²) + epsilon) * scale` along `axis`. https://arxiv.org/abs/1910.07467

    Args:
        scale: broadcast against `x`.
        axis: an axis or several.
        epsilon: `config.epsilon()` when None.

    >>> import hornbill as hb
    >>> hb.ops.rms_normalization([[3.0, -3.0]], epsilon=0.0).tolist()
    [[1.0, -1.0]]
    """
    dtype, x = x.dtype, jnp.atleast_1d(_at_least_float32(x))
    axis = axis if isinstance(axis, int) else tuple(axis)
    x = x * lax.rsqrt((x * x).mean(axis, keepdims=True) + _epsilon(epsilon))
    if scale is not None:
        x = x * scale.astype(x.dtype)
    return x.astype(dtype)


@op
def normalize(x: Tensor, axis=-1, order: int = 2, epsilon: float | None = None):
    """Each vector along `axis` divided by its norm.

    Args:
        axis: an axis or several.
        order: which norm, an int of at least 1: 1 is the sum of magnitudes, 2 the length.
        epsilon: the least norm to divide by; `config.epsilon()` when None.

    >>> import hornbill as hb
    >>> [round(v, 4) for v in hb.ops.normalize([3.0, 4.0]).tolist()]
    [0.6, 0.8]
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize's order is an int of at least 1. Received: order={order!r}")
    x = jnp.atleast_1d(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    least = _epsilon(epsilon)
    if order == 2:
        inverse = lax.rsqrt((x * x).sum(axis, keepdims=True))
        # In float16 one over the default epsilon is infinite, and zeros times that are NaN.
        largest = float(jnp.finfo(inverse.dtype).max)
        return x * jnp.minimum(inverse, min(1.0 / least, largest))
    return x / jnp.maximum(jnp.linalg.norm(x, order, axis, keepdims=True), least)


def _epsilon(value):
    return config.epsilon() if value is None else value


def _at_least_float32(x):
    return x.astype(jnp.promote_types(x.dtype, "float32"))


def _along(weight, axes, x):
    """A weight of the sizes of `axes`, shaped to broadcast against `x`."""
    places = sorted(axis % x.ndim for axis in axes)
    if weight.ndim == x.ndim or places == [x.ndim - 1]:
        return weight
    return weight.reshape([x.shape[i] if i in places else 1 for i in range(x.ndim)])


__all__ = public(globals())
