"""`tf.nn`: NHWC images, TensorFlow's losses on logits."""

import jax.numpy as jnp

from .. import ops
from .. import random as draws
from . import math
from .missing import missing
from .named import named, sizes
from .tensor import Tensor, lift, unwrap

relu = named(ops.relu, "features")
relu6 = named(ops.relu6, "features")
elu = named(ops.elu, "features")
selu = named(ops.selu, "features")
softplus = named(ops.softplus, "features")
softsign = named(ops.softsign, "features")
silu = swish = named(ops.silu, "features")
sigmoid = named(ops.sigmoid, "x")
tanh = named(ops.tanh, "x")
softmax = named(ops.softmax, "logits axis")
log_softmax = named(ops.log_softmax, "logits axis")
l2_normalize, top_k, in_top_k = math.l2_normalize, math.top_k, math.in_top_k


def gelu(features, approximate: bool = False, name=None):
    """`x Φ(x)`."""
    return lift(ops.gelu)(features, approximate)


def leaky_relu(features, alpha: float = 0.2, name=None):
    """`x`, and `alpha x` below 0."""
    return lift(ops.leaky_relu)(features, alpha)


def dropout(x, rate: float, noise_shape=None, seed=None, name=None):
    """Zeros with probability `rate`; the rest is scaled so that the mean stays."""
    return lift(draws.dropout)(x, rate, noise_shape, seed)


def moments(x, axes, shift=None, keepdims: bool = False, name=None):
    """`(mean, variance)`."""
    return lift(ops.moments)(x, axes, keepdims)


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`, by broadcasting."""
    factor = lift(ops.rsqrt)(variance + variance_epsilon)
    factor = factor if scale is None else factor * scale
    shifted = (x - mean) * factor
    return shifted if offset is None else shifted + offset


def bias_add(value, bias, data_format=None, name=None):
    """A bias for each channel, the last axis or (NC...) the second."""
    bias = jnp.asarray(unwrap(bias))
    if data_format is not None and data_format.startswith("NC"):
        bias = bias.reshape((-1, *[1] * (len(value.shape) - 2)))
    return lift(ops.add)(value, bias)


def embedding_lookup(params, ids, max_norm=None, name=None):
    """The rows of a table; with `max_norm` scaled down to it."""
    rows = lift(ops.take)(params, ids, 0)
    if max_norm is None:
        return rows
    norms = jnp.linalg.norm(rows.value, axis=-1, keepdims=True)
    return rows * (max_norm / jnp.maximum(norms, max_norm))


def sparse_softmax_cross_entropy_with_logits(labels, logits, name=None):
    """`-log softmax(logits)[label]` for each row."""
    return lift(ops.sparse_categorical_crossentropy)(labels, logits, True)


def softmax_cross_entropy_with_logits(labels, logits, axis: int = -1, name=None):
    """`-sum(labels * log softmax(logits))` for each row."""
    return lift(lambda y, x: -jnp.sum(y * ops.log_softmax(x, axis), axis))(
        jnp.asarray(unwrap(labels)), jnp.asarray(unwrap(logits))
    )


def sigmoid_cross_entropy_with_logits(labels=None, logits=None, name=None):
    """The binary cross-entropy of each element, computed without overflow."""
    z, x = jnp.asarray(unwrap(labels)), jnp.asarray(unwrap(logits))
    return Tensor(jnp.maximum(x, 0) - x * z + jnp.log1p(jnp.exp(-jnp.abs(x))))


def l2_loss(t, name=None):
    """Half the sum of squares."""
    return lift(lambda x: jnp.sum(jnp.square(x)) / 2)(jnp.asarray(unwrap(t)))


def compute_average_loss(
    per_example_loss, sample_weight=None, global_batch_size=None, name=None
) -> Tensor:
    """The sum of the losses over the size of the whole batch.

    A strategy's `run` sees whole batches: all devices' losses are in the sum.
    """
    losses = math.multiply(per_example_loss, 1.0 if sample_weight is None else sample_weight)
    size = losses.shape[0] if global_batch_size is None else global_batch_size
    total = math.reduce_sum(losses)
    return total / jnp.asarray(unwrap(size), unwrap(total).dtype)


def scale_regularization_loss(regularization_loss, name=None) -> Tensor:
    """The sum of the losses: one program over all devices adds them once."""
    return math.reduce_sum(regularization_loss)


def _inner(values, data_format):
    """Strides and the like without those of the batch and the channels."""
    if isinstance(values, int):
        return values
    values = tuple(int(v) for v in values)
    if len(values) == 4:
        return values[2:] if data_format == "NCHW" else values[1:3]
    return values[0] if len(values) == 1 else values


def _format(data_format) -> str:
    if data_format not in (None, "NHWC", "NCHW"):
        raise ValueError(f"data_format is 'NHWC' or 'NCHW'. Received: {data_format!r}")
    return "channels_first" if data_format == "NCHW" else "channels_last"


def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None):
    """The convolution of images with `(height, width, channels, filters)` kernels."""
    return lift(ops.conv)(
        input,
        filters,
        _inner(strides, data_format),
        padding.lower(),
        _format(data_format),
        _inner(dilations or 1, data_format),
    )


def depthwise_conv2d(input, filter, strides, padding, data_format=None, dilations=None, name=None):
    """A convolution of each channel by itself."""
    return lift(ops.depthwise_conv)(
        input,
        filter,
        _inner(strides, data_format),
        padding.lower(),
        _format(data_format),
        _inner(dilations or 1, data_format),
    )


def max_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """The largest value of each window."""
    sizes = _inner(ksize, data_format), _inner(strides, data_format)
    return lift(ops.max_pool)(input, *sizes, padding.lower(), _format(data_format))


def avg_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """The mean of each window."""
    sizes = _inner(ksize, data_format), _inner(strides, data_format)
    return lift(ops.average_pool)(input, *sizes, padding.lower(), _format(data_format))


max_pool, avg_pool = max_pool2d, avg_pool2d


def conv1d(input, filters, stride, padding, data_format="NWC", dilations=None, name=None):
    """The convolution of sequences with `(width, channels, filters)` kernels."""
    if data_format != "NWC":
        raise ValueError(f"conv1d's data_format is 'NWC'. Received: {data_format!r}")
    return lift(ops.conv)(input, filters, stride, padding.lower(), "channels_last", dilations or 1)


def conv2d_transpose(
    input,
    filters,
    output_shape,
    strides,
    padding="SAME",
    data_format="NHWC",
    dilations=None,
    name=None,
):
    """The transpose of `conv2d`, with `(height, width, filters, channels)` kernels.

    `output_shape` must be the one that follows from `padding` and `strides`.
    """
    result = lift(ops.conv_transpose)(
        input,
        filters,
        _inner(strides, data_format),
        padding.lower(),
        None,
        _format(data_format),
        _inner(dilations or 1, data_format),
    )
    if tuple(result.shape) != tuple(sizes(output_shape)):
        raise ValueError(
            f"conv2d_transpose gives the shape {tuple(result.shape)} with this padding and these "
            f"strides. Received: output_shape={tuple(sizes(output_shape))}"
        )
    return result


def depth_to_space(input, block_size: int, data_format="NHWC", name=None):
    """Channels laid out as blocks of pixels."""
    x, b = _nhwc("depth_to_space", input, data_format), block_size
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, b, b, c // b**2).transpose(0, 1, 3, 2, 4, 5)
    return Tensor(x.reshape(n, h * b, w * b, c // b**2))


def space_to_depth(input, block_size: int, data_format="NHWC", name=None):
    """Blocks of pixels laid out as channels: the inverse of `depth_to_space`."""
    x, b = _nhwc("space_to_depth", input, data_format), block_size
    n, h, w, c = x.shape
    x = x.reshape(n, h // b, b, w // b, b, c).transpose(0, 1, 3, 2, 4, 5)
    return Tensor(x.reshape(n, h // b, w // b, c * b**2))


def _nhwc(who: str, images, data_format):
    if data_format != "NHWC":
        raise ValueError(f"{who}'s data_format is 'NHWC'. Received: {data_format!r}")
    return jnp.asarray(unwrap(images))


def ctc_loss(
    labels,
    logits,
    label_length,
    logit_length,
    logits_time_major: bool = True,
    unique=None,
    blank_index: int | None = None,
    name=None,
):
    """`-log` of the probability of the labels, for each example, over all alignments.

    Args:
        labels: `(batch, labels)`; there are no sparse ones, and `unique` must be None.
        logits: `(time, batch, classes)`, batch first unless `logits_time_major`.
        blank_index: the class of the blank, 0 when None; negative from the end.
    """
    if unique is not None:
        raise ValueError("ctc_loss takes no unique=: it is a hint for TPUs.")
    logits = jnp.asarray(unwrap(logits))
    logits = jnp.swapaxes(logits, 0, 1) if logits_time_major else logits
    blank = (blank_index or 0) % logits.shape[-1]
    return lift(ops.ctc_loss)(labels, logits, label_length, logit_length, blank)


__getattr__ = missing("tf.nn", globals())
