"""What `tf.keras.backend` has for layers: products, convolution, pooling, borders, sizes.

Where a `data_format` is None, it is the configured one.
"""

import itertools

import jax.numpy as jnp

from .. import ops, random
from ..engine.config import standardize_data_format
from ..layers.dot_product import batched_dot
from . import image
from .named import named, sizes
from .random import source

__all__ = [
    "batch_dot",
    "batch_normalization",
    "bias_add",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "depthwise_conv2d",
    "dropout",
    "local_conv1d",
    "local_conv2d",
    "normalize_batch_in_training",
    "pool2d",
    "pool3d",
    "resize_images",
    "resize_volumes",
    "separable_conv2d",
    "spatial_2d_padding",
    "spatial_3d_padding",
    "temporal_padding",
]


@named
def batch_dot(x, y, axes=None):
    """The products along an axis of each (or one axis of both), for each row of the batch.

    Without `axes` they are the last one of `x` and the last but one of `y` (if it has two: the
    last). A result of one axis gets another one of length 1.
    """
    shapes = tuple(x.shape), tuple(y.shape)
    if axes is None:
        axes = (-1, -1 if len(shapes[1]) == 2 else -2)
    pair = tuple(axes) if isinstance(axes, (list, tuple)) else (axes, axes)
    ranks = [len(s) for s in shapes]
    if min(ranks) < 2 or len(pair) != 2 or not all(isinstance(a, int) for a in pair):
        raise ValueError(
            "K.batch_dot multiplies two tensors of at least two axes along one axis of each. "
            f"Received: shapes {shapes}, axes={axes}"
        )
    pair = [a % n for a, n in zip(pair, ranks, strict=True)]
    sizes = {s[a] for s, a in zip(shapes, pair, strict=True)} - {None}
    if 0 in pair or len(sizes) > 1:
        raise ValueError(
            "K.batch_dot needs axes of one size, and not the first, which is the batch. "
            f"Received: shapes {shapes}, axes={axes}"
        )
    result = batched_dot(x, y, *pair)
    return ops.expand_dims(result, -1) if len(result.shape) == 1 else result


_CONV = "x kernel strides padding data_format dilation_rate"
conv2d = named(ops.conv, _CONV)
conv3d = named(ops.conv, _CONV)
depthwise_conv2d = named(ops.depthwise_conv, _CONV.replace("kernel", "depthwise_kernel"))
separable_conv2d = named(
    ops.separable_conv, _CONV.replace("kernel", "depthwise_kernel pointwise_kernel")
)


def _first(data_format) -> bool:
    """Whether channels stand before the spatial axes."""
    return standardize_data_format(data_format) == "channels_first"


@named
def conv1d(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """The convolution of sequences; `"causal"` looks only back."""
    if padding == "causal":
        (dilation,) = dilation_rate if isinstance(dilation_rate, (list, tuple)) else [dilation_rate]
        x = _padded(x, [(dilation * (kernel.shape[0] - 1), 0)], data_format)
        padding = "valid"
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


@named
def conv2d_transpose(
    x, kernel, output_shape, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """The transpose of `conv2d`, with `(height, width, filters, channels)` kernels.

    `output_shape` is that of the whole result; its height and width choose among those that
    `conv2d` would make as large as `x`.
    """
    first = _first(data_format)
    wanted = tuple(sizes(output_shape))[2:] if first else tuple(sizes(output_shape))[1:3]
    have = x.shape[2:] if first else x.shape[1:3]
    strides = (strides, strides) if isinstance(strides, int) else tuple(strides)
    if isinstance(dilation_rate, int):
        dilation_rate = (dilation_rate, dilation_rate)
    more = []
    for n, size, k, s, d in zip(have, wanted, kernel.shape, strides, dilation_rate, strict=False):
        reach = (k - 1) * d + 1
        smallest = (n - 1) * s + (reach if padding == "valid" else 1)
        if not smallest <= size < smallest + s:
            raise ValueError(
                "K.conv2d_transpose cannot give this size from its input by these strides. "
                f"Received: output_shape={tuple(sizes(output_shape))}, an input of shape "
                f"{tuple(x.shape)}, strides={strides}, padding={padding!r}"
            )
        more.append(size - (n - 1) * s - (reach if padding == "valid" else reach % 2))
    return ops.conv_transpose(x, kernel, strides, padding, tuple(more), data_format, dilation_rate)


def _pool(x, pool_size, strides, padding="valid", data_format=None, pool_mode="max"):
    pools = {"max": ops.max_pool, "avg": ops.average_pool}
    if pool_mode not in pools:
        raise ValueError(f"A pool_mode is 'max' or 'avg'. Received: pool_mode={pool_mode!r}")
    return pools[pool_mode](x, pool_size, strides, padding, data_format)


@named
def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode: str = "max"):
    """The largest value (`"max"`) or the mean (`"avg"`) of each window."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


@named
def pool3d(
    x, pool_size, strides=(1, 1, 1), padding="valid", data_format=None, pool_mode: str = "max"
):
    """The largest value (`"max"`) or the mean (`"avg"`) of each window."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


# ---- own weights at each place -----------------------------------------------------------------


@named
def local_conv1d(inputs, kernel, kernel_size, strides, data_format=None):
    """A convolution with a kernel of its own at each place, `(places, window, filters)`."""
    return _local_conv(inputs, kernel, kernel_size, strides, (kernel.shape[0],), data_format)


@named
def local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format=None):
    """A convolution with a kernel of its own at each place, `(places, window, filters)`.

    `output_shape` is the height and width of the result, whose product is `places`.
    """
    return _local_conv(inputs, kernel, kernel_size, strides, sizes(output_shape), data_format)


def _local_conv(x, kernel, kernel_size, strides, places, data_format):
    first, rank = _first(data_format), len(places)
    windows = []
    for place in itertools.product(*map(range, places)):
        window = [slice(p * s, p * s + k) for p, s, k in zip(place, strides, kernel_size)]  # noqa: B905
        part = x[(slice(None), slice(None), *window) if first else (slice(None), *window)]
        windows.append(ops.reshape(part, (-1, kernel.shape[1])))
    y = ops.einsum("bpw,pwf->bpf", ops.stack(windows, 1), kernel)
    y = ops.reshape(y, (-1, *places, kernel.shape[-1]))
    return ops.moveaxis(y, rank + 1, 1) if first else y


# ---- borders and sizes -------------------------------------------------------------------------


def _padded(x, sides, data_format):
    sides = [(p, p) if isinstance(p, int) else tuple(p) for p in sides]
    first = _first(data_format)
    return ops.pad(x, [(0, 0), (0, 0), *sides] if first else [(0, 0), *sides, (0, 0)])


@named
def temporal_padding(x, padding=(1, 1)):
    """Zeros before and behind the steps of sequences, `(batch, time, features)`."""
    return _padded(x, [padding], "channels_last")


@named
def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Zeros around images: how many before and behind, for each axis."""
    return _padded(x, padding, data_format)


@named
def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None):
    """Zeros around volumes: how many before and behind, for each axis."""
    return _padded(x, padding, data_format)


@named
def resize_images(x, height_factor, width_factor, data_format, interpolation: str = "nearest"):
    """Images enlarged by whole factors; `interpolation` as `tf.image.resize` names methods."""
    first = _first(data_format)
    if interpolation == "nearest":
        return _repeated(x, (height_factor, width_factor), first)
    x = ops.moveaxis(x, 1, -1) if first else x
    size = x.shape[1] * height_factor, x.shape[2] * width_factor
    x = image.resize(x, size, interpolation).value
    return ops.moveaxis(x, -1, 1) if first else x


@named
def resize_volumes(x, depth_factor, height_factor, width_factor, data_format):
    """Volumes enlarged by whole factors: each value is repeated."""
    return _repeated(x, (depth_factor, height_factor, width_factor), _first(data_format))


def _repeated(x, factors, first: bool):
    for axis, times in enumerate(factors, 2 if first else 1):
        x = ops.repeat(x, int(times), axis)
    return x


# ---- channels ----------------------------------------------------------------------------------


@named
def bias_add(x, bias, data_format=None):
    """A bias for each channel, or one for each value of an example.

    The shape of the latter says its channels last always; its values lie as those of `x` do.
    """
    rank, first = len(x.shape), _first(data_format)
    if len(bias.shape) not in (1, rank - 1):
        raise ValueError(
            f"K.bias_add takes a bias of 1 or {rank - 1} axes here. "
            f"Received: shape {tuple(bias.shape)}"
        )
    if first and rank > 2:
        more = (1,) * (rank - 1 - len(bias.shape))
        bias = ops.reshape(bias, (bias.shape[-1], *bias.shape[:-1], *more))
    return x + bias


@named
def batch_normalization(x, mean, var, beta, gamma, axis: int = -1, epsilon: float = 1e-3):
    """`(x - mean) / sqrt(var + epsilon) * gamma + beta`; None leaves `gamma` or `beta` out.

    Statistics of one axis stand for the channels along `axis`.
    """
    rank = len(x.shape)
    along = [1] * rank
    along[axis] = -1

    def fit(stat):
        stat = None if stat is None else jnp.asarray(stat)
        return stat.reshape(along) if stat is not None and stat.ndim == 1 else stat

    mean, var, beta, gamma = map(fit, (mean, var, beta, gamma))
    y = (x - mean) * ops.rsqrt(var + epsilon)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


@named
def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon: float = 1e-3):
    """`(normalized, mean, variance)`, normalized by the batch's own statistics over the axes.

    The variance of images (axes 0, 1, 2) is given as the unbiased one.
    """
    axes = tuple(reduction_axes)
    mean, var = ops.moments(x, axes, keepdims=True)
    y = (x - mean) * ops.rsqrt(var + epsilon)
    shape = mean.shape
    y = y if gamma is None else y * ops.reshape(gamma, shape)
    y = y if beta is None else y + ops.reshape(beta, shape)
    if len(x.shape) == 4 and axes == (0, 1, 2):
        count = x.shape[0] * x.shape[1] * x.shape[2]
        var = var * (count / (count - 1))
    return y, ops.squeeze(mean, axes), ops.squeeze(var, axes)


@named
def dropout(x, level: float, noise_shape=None, seed=None):
    """Zeros with probability `level`; the rest is scaled so that the mean stays."""
    return random.dropout(x, level, noise_shape, source(seed))
