"""Activation functions: one value in, one value out (softmax and its kin: one axis)."""

import jax
import jax.numpy as jnp
import numpy as np

from ...engine.beside import made_from_logits
from ...engine.operation import Tensor, op
from ...kernels import softplus as kernel
from ..common import public


@op
def relu(x: Tensor):
    """`max(x, 0)`.

    >>> import hornbill as hb
    >>> hb.ops.relu([-1.0, 0.5]).tolist()
    [0.0, 0.5]
    """
    return jax.nn.relu(x)


@op
def relu6(x: Tensor):
    """`min(max(x, 0), 6)`.

    >>> import hornbill as hb
    >>> hb.ops.relu6([-1.0, 0.5, 9.0]).tolist()
    [0.0, 0.5, 6.0]
    """
    return jax.nn.relu6(x)


@op
def sigmoid(x: Tensor):
    """`1 / (1 + exp(-x))`.

    >>> import hornbill as hb
    >>> float(hb.ops.sigmoid(0.0))
    0.5
    """
    return made_from_logits(jax.nn.sigmoid(x), x, "sigmoid")


@op
def sparse_sigmoid(x: Tensor):
    """0 up to -1, 1 from 1 on, a straight line between: the derivative of `sparse_plus`.

    >>> import hornbill as hb
    >>> hb.ops.sparse_sigmoid([-2.0, 0.0, 0.5]).tolist()
    [0.0, 0.5, 0.75]
    """
    return jax.nn.sparse_sigmoid(x)


@op
def softplus(x: Tensor):
    """`log(1 + exp(x))`, a smooth ReLU.

    >>> import hornbill as hb
    >>> round(float(hb.ops.softplus(0.0)), 4)
    0.6931
    """
    return kernel.softplus(x)


@op
def softsign(x: Tensor):
    """`x / (1 + |x|)`.

    >>> import hornbill as hb
    >>> float(hb.ops.softsign(3.0))
    0.75
    """
    return jax.nn.soft_sign(x)


@op
def soft_shrink(x: Tensor, threshold: float = 0.5):
    """Moves values `threshold` towards 0; those nearer become 0.

    >>> import hornbill as hb
    >>> hb.ops.soft_shrink([-2.0, 0.3, 2.0]).tolist()
    [-1.5, 0.0, 1.5]
    """
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0.0))


@op
def sparse_plus(x: Tensor):
    """0 up to -1, `x` from 1 on, `(x + 1)² / 4` between.

    >>> import hornbill as hb
    >>> hb.ops.sparse_plus([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.25, 2.0]
    """
    return jax.nn.sparse_plus(x)


@op
def silu(x: Tensor):
    """`x * sigmoid(x)`, also called swish. https://arxiv.org/abs/1702.03118

    >>> import hornbill as hb
    >>> round(float(hb.ops.silu(1.0)), 4)
    0.7311
    """
    return jax.nn.silu(x)


@op
def squareplus(x: Tensor, b: float = 4):
    """`(x + sqrt(x² + b)) / 2`, a smooth ReLU without exponentials.

    >>> import hornbill as hb
    >>> float(hb.ops.squareplus(0.0))
    1.0
    """
    return jax.nn.squareplus(x, b)


@op
def log_sigmoid(x: Tensor):
    """`log(sigmoid(x))`, without overflow.

    >>> import hornbill as hb
    >>> float(hb.ops.log_sigmoid(-1000.0))
    -1000.0
    """
    return -kernel.softplus(-x)


@op
def leaky_relu(x: Tensor, negative_slope: float = 0.2):
    """`x` where positive, `negative_slope * x` elsewhere.

    >>> import hornbill as hb
    >>> hb.ops.leaky_relu([-1.0, 2.0], 0.5).tolist()
    [-0.5, 2.0]
    """
    return jax.nn.leaky_relu(x, negative_slope)


@op
def hard_sigmoid(x: Tensor):
    """`relu6(x + 3) / 6`: a sigmoid of straight lines.

    >>> import hornbill as hb
    >>> hb.ops.hard_sigmoid([-3.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return jax.nn.hard_sigmoid(x)


@op
def hard_silu(x: Tensor):
    """`x * hard_sigmoid(x)`, also called hard swish. https://arxiv.org/abs/1905.02244

    >>> import hornbill as hb
    >>> hb.ops.hard_silu([-3.0, 3.0]).tolist()
    [-0.0, 3.0]
    """
    return jax.nn.hard_silu(x)


@op
def elu(x: Tensor, alpha: float = 1.0):
    """`x` where positive, `alpha * (exp(x) - 1)` elsewhere. https://arxiv.org/abs/1511.07289

    >>> import hornbill as hb
    >>> float(hb.ops.elu(2.0))
    2.0
    """
    return jax.nn.elu(x, alpha)


@op
def selu(x: Tensor):
    """`1.0507 * elu(x, 1.6733)`: keeps mean 0 and variance 1 through layers.

    https://arxiv.org/abs/1706.02515

    >>> import hornbill as hb
    >>> round(float(hb.ops.selu(1.0)), 4)
    1.0507
    """
    return jax.nn.selu(x)


@op
def gelu(x: Tensor, approximate: bool = True):
    """`x * Φ(x)`, with the normal distribution function Φ. https://arxiv.org/abs/1606.08415

    Args:
        approximate: whether Φ is computed by a tanh instead of erf.

    >>> import hornbill as hb
    >>> round(float(hb.ops.gelu(1.0)), 4), round(float(hb.ops.gelu(1.0, False)), 4)
    (0.8412, 0.8413)
    """
    if approximate or jnp.result_type(x) != jnp.float32:
        return jax.nn.gelu(x, approximate)
    # JAX's form, by erfc, keeps more digits where the result is almost 0, which 16 bits need. On
    # the CPU it takes 1.7 times longer, gradient included.
    return 0.5 * x * (1 + jax.lax.erf(x * np.float32(0.5**0.5)))


@op
def celu(x: Tensor, alpha: float = 1.0):
    """`x` where positive, `alpha * (exp(x / alpha) - 1)` elsewhere.

    https://arxiv.org/abs/1704.07483

    >>> import hornbill as hb
    >>> float(hb.ops.celu(2.0))
    2.0
    """
    return jax.nn.celu(x, alpha)


@op
def glu(x: Tensor, axis: int = -1):
    """Halves `x` along `axis` into `a` and `b`: `a * sigmoid(b)`.

    https://arxiv.org/abs/1612.08083

    >>> import hornbill as hb
    >>> hb.ops.glu([4.0, 0.0]).tolist()
    [2.0]
    """
    if isinstance(x.shape[axis], int) and x.shape[axis] % 2:
        raise ValueError(
            f"glu needs an even number of values along axis {axis}. Received: x.shape={x.shape}"
        )
    return jax.nn.glu(x, axis)


@op
def tanh_shrink(x: Tensor):
    """`x - tanh(x)`.

    >>> import hornbill as hb
    >>> float(hb.ops.tanh_shrink(0.0))
    0.0
    """
    return x - jnp.tanh(x)


@op
def hard_tanh(x: Tensor):
    """`min(max(x, -1), 1)`.

    >>> import hornbill as hb
    >>> hb.ops.hard_tanh([-2.0, 0.5]).tolist()
    [-1.0, 0.5]
    """
    return jax.nn.hard_tanh(x)


@op
def hard_shrink(x: Tensor, threshold: float = 0.5):
    """`x` where `|x| > threshold`, 0 elsewhere.

    >>> import hornbill as hb
    >>> hb.ops.hard_shrink([-2.0, 0.3]).tolist()
    [-2.0, 0.0]
    """
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@op
def threshold(x: Tensor, threshold: float, default_value: float):
    """`x` where `x > threshold`, `default_value` elsewhere.

    >>> import hornbill as hb
    >>> hb.ops.threshold([1.0, 3.0], 2.0, -1.0).tolist()
    [-1.0, 3.0]
    """
    return jnp.where(x > threshold, x, default_value)


@op
def softmax(x: Tensor, axis=-1):
    """`exp(x) / sum(exp(x))` along `axis`: positive values that sum to 1.

    Args:
        axis: an axis or a tuple of axes; None takes all.

    >>> import hornbill as hb
    >>> hb.ops.softmax([1.0, 1.0]).tolist()
    [0.5, 0.5]
    """
    probabilities = jax.nn.softmax(x, axis)
    last = axis in (-1, jnp.ndim(x) - 1)
    return made_from_logits(probabilities, x, "softmax") if last else probabilities


@op
def log_softmax(x: Tensor, axis=-1):
    """`x - log(sum(exp(x)))` along `axis`, without overflow.

    Args:
        axis: an axis or a tuple of axes; None takes all.

    >>> import hornbill as hb
    >>> round(float(hb.ops.log_softmax([1.0, 1.0])[0]), 4)
    -0.6931
    """
    return jax.nn.log_softmax(x, axis)


@op
def sparsemax(x: Tensor, axis: int = -1):
    """The point of the simplex nearest to `x`: like softmax, but most values are exactly 0.

    https://arxiv.org/abs/1602.02068

    >>> import hornbill as hb
    >>> hb.ops.sparsemax([3.0, 1.0, 0.0]).tolist()
    [1.0, 0.0, 0.0]
    """
    x = jnp.moveaxis(x, axis, -1)
    falling = jnp.flip(jnp.sort(x, -1), -1)
    sums = jnp.cumsum(falling, -1)
    ranks = jnp.cumsum(jnp.ones_like(falling), -1)
    support = ranks * falling > sums - 1
    count = support.sum(-1, keepdims=True)
    excess = (jnp.where(support, falling, 0).sum(-1, keepdims=True) - 1) / count
    return jnp.moveaxis(jnp.maximum(x - excess, 0), -1, axis)


swish = silu
hard_swish = hard_silu


__all__ = public(globals())
