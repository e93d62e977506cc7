"""Images rearranged: sliding blocks as columns and back, depth to space and back, polar form."""

import jax
import jax.numpy as jnp
from jax import lax

from ...engine.config import standardize_data_format
from ...engine.operation import Tensor, op
from ..common import public


def _pair(value, name: str) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"{name} is an int or two ints. Received: {name}={value}")
    return pair


def _blocks(x, kernel_size, dilation, padding, stride):
    """`unfold` on an array: a linear function of it."""
    columns = lax.conv_general_dilated_patches(
        x,
        _pair(kernel_size, "kernel_size"),
        _pair(stride, "stride"),
        [(n, n) for n in _pair(padding, "padding")],
        rhs_dilation=_pair(dilation, "dilation"),
        dimension_numbers=("NCHW", "OIHW", "NCHW"),
        precision=lax.Precision.HIGHEST,
    )
    return columns.reshape(*columns.shape[:2], -1)


@op
def unfold(x: Tensor, kernel_size, dilation=1, padding=0, stride=1):
    """All blocks of an image that a window passes, each as a column.

    Args:
        x: `(batch, channels, height, width)`.
        kernel_size, dilation, padding, stride: of the window, an int or two.

    Returns:
        `(batch, channels * kernel height * kernel width, number of places)`.

    >>> import hornbill as hb
    >>> hb.ops.unfold(hb.ops.ones((1, 2, 4, 4)), 2).shape
    (1, 8, 9)
    """
    if x.ndim != 4:
        raise ValueError(
            f"unfold takes (batch, channels, height, width). Received: x.shape={x.shape}"
        )
    return _blocks(x, kernel_size, dilation, padding, stride)


@op
def fold(x: Tensor, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The transpose of `unfold`: columns back to their blocks; where these overlap they add up.

    Args:
        x: `(batch, channels * kernel height * kernel width, number of places)`.
        output_size: `(height, width)`, or an int for both.
        kernel_size, dilation, padding, stride: as in `unfold`.

    Returns:
        `(batch, channels, height, width)`.

    >>> import hornbill as hb
    >>> columns = hb.ops.unfold(hb.ops.ones((1, 1, 2, 3)), 2)
    >>> hb.ops.fold(columns, (2, 3), 2).tolist()
    [[[[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]]]
    """
    if x.ndim != 3:
        raise ValueError(f"fold takes (batch, columns, places). Received: x.shape={x.shape}")
    height, width = _pair(kernel_size, "kernel_size")
    channels = x.shape[1] // (height * width)
    shape = (x.shape[0], channels, *_pair(output_size, "output_size"))
    image = jax.ShapeDtypeStruct(shape, x.dtype)

    def blocks(image):
        return _blocks(image, kernel_size, dilation, padding, stride)

    if jax.eval_shape(blocks, image).shape != x.shape:
        raise ValueError(
            f"fold: an image of shape {shape} unfolds to {jax.eval_shape(blocks, image).shape}. "
            f"Received: x.shape={x.shape}, output_size={output_size}, kernel_size={kernel_size}, "
            f"dilation={dilation}, padding={padding}, stride={stride}"
        )
    return jax.linear_transpose(blocks, image)(x)[0]


def _check_block(x, block_size: int, who: str) -> None:
    if block_size < 2 or x.ndim != 4:
        raise ValueError(
            f"{who} takes a batch of images (rank 4) and a block_size of at least 2. "
            f"Received: x.shape={x.shape}, block_size={block_size}"
        )


@op
def depth_to_space(x: Tensor, block_size: int, data_format: str | None = "channels_last"):
    """Channels spread over blocks of pixels ("pixel shuffle"). https://arxiv.org/abs/1609.05158

    Args:
        x: images; their channels are a multiple of `block_size²`.
        block_size: height and width of a block.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> import hornbill as hb
    >>> hb.ops.depth_to_space(hb.ops.ones((1, 2, 3, 8)), 2).shape
    (1, 4, 6, 2)
    """
    _check_block(x, block_size, "depth_to_space")
    b = block_size
    if standardize_data_format(data_format) == "channels_last":
        n, h, w, c = x.shape
        x = x.reshape(n, h, w, b, b, c // b**2).transpose(0, 1, 3, 2, 4, 5)
        return x.reshape(n, h * b, w * b, c // b**2)
    n, c, h, w = x.shape
    x = x.reshape(n, c // b**2, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
    return x.reshape(n, c // b**2, h * b, w * b)


@op
def space_to_depth(x: Tensor, block_size: int, data_format: str | None = "channels_last"):
    """Blocks of pixels stacked into channels: `depth_to_space` undone.

    Args:
        x: images; height and width are multiples of `block_size`.
        block_size: height and width of a block.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> import hornbill as hb
    >>> hb.ops.space_to_depth(hb.ops.ones((1, 4, 6, 2)), 2).shape
    (1, 2, 3, 8)
    """
    _check_block(x, block_size, "space_to_depth")
    b = block_size
    if standardize_data_format(data_format) == "channels_last":
        n, h, w, c = x.shape
        x = x.reshape(n, h // b, b, w // b, b, c).transpose(0, 1, 3, 2, 4, 5)
        return x.reshape(n, h // b, w // b, c * b**2)
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // b, b, w // b, b).transpose(0, 1, 3, 5, 2, 4)
    return x.reshape(n, c * b**2, h // b, w // b)


@op
def polar(abs_: Tensor, angle: Tensor):
    """Complex numbers from magnitude and angle: `abs_ * exp(i * angle)`.

    >>> import hornbill as hb
    >>> complex(hb.ops.polar(2.0, 0.0))
    (2+0j)
    """
    return lax.complex(
        jnp.asarray(abs_ * jnp.cos(angle), float), jnp.asarray(abs_ * jnp.sin(angle), float)
    )


__all__ = public(globals())
