"""The activation functions that are more than, or other than, the op of their name."""

import jax
import jax.numpy as jnp

from .. import ops
from ..engine.operation import Tensor, op
from ..kernels.softplus import softplus


@op
def relu(x: Tensor, negative_slope: float = 0.0, max_value: float | None = None, threshold=0.0):
    """`max(x, 0)`, with settings.

    Args:
        negative_slope: the slope below `threshold`.
        max_value: the largest value that comes out; None sets no limit.
        threshold: up to this value the function is `negative_slope * (x - threshold)`, above
            it `x`.

    >>> import hornbill as hb
    >>> hb.activations.relu([-2.0, 0.5, 9.0], negative_slope=0.5, max_value=6.0).tolist()
    [-1.0, 0.5, 6.0]
    """
    if threshold == 0 and negative_slope == 0:
        x = jax.nn.relu(x)
    elif threshold == 0:
        x = jax.nn.leaky_relu(x, negative_slope)
    else:
        x = jnp.where(x > threshold, x, negative_slope * (x - threshold))
    return x if max_value is None else jnp.minimum(x, max_value)


def gelu(x, approximate: bool = False):
    """`x * Φ(x)`, with the normal distribution function Φ. https://arxiv.org/abs/1606.08415

    Args:
        approximate: whether Φ is computed by a tanh instead of erf.

    >>> import hornbill as hb
    >>> round(float(hb.activations.gelu(1.0)), 4)
    0.8413
    """
    return ops.gelu(x, approximate)


def linear(x):
    """`x` itself.

    >>> import hornbill as hb
    >>> hb.activations.linear(3.0)
    3.0
    """
    return x


def exponential(x):
    """`exp(x)`.

    >>> import hornbill as hb
    >>> float(hb.activations.exponential(0.0))
    1.0
    """
    return ops.exp(x)


@op
def mish(x: Tensor):
    """`x * tanh(softplus(x))`. https://arxiv.org/abs/1908.08681

    >>> import hornbill as hb
    >>> float(hb.activations.mish(0.0))
    0.0
    """
    return x * jnp.tanh(softplus(x))
