"""The masks of attention: which query may look at which key."""

import functools

from ... import ops


def causal_mask(queries: int, keys: int):
    """`(1, queries, keys)`, True where the key is not behind the query's own place."""
    return ops.arange(queries)[None, :, None] >= ops.arange(keys)[None, None, :]


def window_mask(queries: int, keys: int, window: int):
    """`(1, queries, keys)`, True where both places are less than `window` apart."""
    apart = ops.arange(queries)[None, :, None] - ops.arange(keys)[None, None, :]
    return ops.abs(apart) < window


def merge_masks(
    query,
    value,
    query_mask=None,
    value_mask=None,
    key_mask=None,
    attention_mask=None,
    causal: bool = False,
    window: int | None = None,
):
    """All masks as one, True where a query may look at a key; None where all may.

    Args:
        query: `(batch, T, ...)`, of which only the size counts; `value`: `(batch, S, ...)`.
        query_mask: `(batch, T)`; `value_mask` and `key_mask`: `(batch, S)`.
        attention_mask: broadcasts to `(batch, T, S)`.
        causal, window: which of `causal_mask` and `window_mask` join in.
    """
    masks = []
    if query_mask is not None:
        masks.append(ops.expand_dims(query_mask, -1))
    masks += [ops.expand_dims(m, -2) for m in (value_mask, key_mask) if m is not None]
    if causal:
        masks.append(causal_mask(query.shape[1], value.shape[1]))
    if window is not None:
        masks.append(window_mask(query.shape[1], value.shape[1], window))
    if attention_mask is not None:
        masks.append(attention_mask)
    masks = [ops.cast(m, "bool") for m in masks]
    return functools.reduce(ops.logical_and, masks) if masks else None
