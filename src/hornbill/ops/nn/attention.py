"""Scaled dot-product attention."""

import jax
import jax.numpy as jnp

from ...engine import config
from ...engine.compile import platform
from ...engine.operation import Tensor, op
from ...kernels.attention import attention
from ..common import public


@op
def dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor = None,
    mask: Tensor = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
):
    """`softmax(query · keyᵀ * scale + bias) · value`, for each head.

    https://arxiv.org/abs/1706.03762

    Args:
        query: `(batch, T, heads, dim)`.
        key, value: `(batch, S, heads, dim)`; fewer heads that divide those of `query` make
            grouped-query attention.
        bias: added to the scores, broadcast to `(batch, heads, T, S)`.
        mask: True where a query may look at a key, broadcast to `(batch, heads, T, S)`.
        scale: `1 / sqrt(dim)` when None.
        is_causal: whether a query sees no key behind its own place.
        flash_attention: True asks for cuDNN's fused kernel and fails where there is none; None
            does what `config.enable_flash_attention` or `disable_flash_attention` said, else
            takes it where it fits (an NVIDIA GPU, 16-bit inputs); False never.
        attn_logits_soft_cap: must stay None.

    Returns:
        `(batch, T, heads, dim)`.

    >>> import hornbill as hb
    >>> q, kv = hb.ops.ones((1, 2, 4, 8)), hb.ops.ones((1, 3, 4, 8))
    >>> hb.ops.dot_product_attention(q, kv, kv).shape
    (1, 2, 4, 8)
    """
    if attn_logits_soft_cap is not None:
        raise ValueError(
            "dot_product_attention has no soft cap (Keras has it on TPUs only): cap the scores "
            "yourself with ops.einsum, ops.tanh and ops.softmax. "
            f"Received: attn_logits_soft_cap={attn_logits_soft_cap}"
        )
    shapes = query.shape, key.shape, value.shape
    if any(len(shape) != 4 for shape in shapes):
        raise ValueError(
            f"dot_product_attention takes (batch, length, heads, dim). {_received(*shapes)}"
        )
    (batch, _, heads, dim), (*_, groups, _) = shapes[:2]
    alike = key.shape == value.shape and (key.shape[0], key.shape[3]) == (batch, dim)
    if not alike or groups == 0 or heads % groups:
        raise ValueError(
            "dot_product_attention takes a key and a value of one shape, with the query's batch "
            f"and dim, and with heads whose number divides the query's. {_received(*shapes)}"
        )
    dtype = jnp.result_type(query, key, value)
    query, key, value = query.astype(dtype), key.astype(dtype), value.astype(dtype)
    bias = None if bias is None else bias.astype(dtype)
    mask = None if mask is None else mask.astype(bool)

    def attend(implementation):
        return jax.nn.dot_product_attention(
            query,
            key,
            value,
            bias=bias,
            mask=mask,
            scale=scale,
            is_causal=is_causal,
            implementation=implementation,
        )

    if flash_attention is None:
        flash_attention = config.is_flash_attention_enabled()
    if flash_attention:
        return attend("cudnn")
    fits = dtype in (jnp.float16, jnp.bfloat16) and query.shape[-1] % 8 == 0
    if flash_attention is None and fits and platform() == "gpu":
        try:
            return attend("cudnn")
        except Exception:
            # cuDNN's conditions on shapes and devices change between its versions: it decides.
            return attend("xla")
    if dtype == jnp.float32 and platform() == "cpu":
        scale = query.shape[-1] ** -0.5 if scale is None else scale
        return attention(query, key, value, bias, mask, scale, is_causal)
    return attend("xla")


def _received(query, key, value) -> str:
    return f"Received: query.shape={query}, key.shape={key}, value.shape={value}"


__all__ = public(globals())
