"""Scaled dot-product attention, for the CPU."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from ..engine import onednn

# Less than this (10 us) does not pay for a call.
LEAST_PRODUCTS = 2_000_000

# Far below any score, and yet finite: exp of a difference of infinities is NaN.
LOWEST = np.float32(0.7 * np.finfo(np.float32).min)


def attention(query, key, value, bias, mask, scale: float, is_causal: bool):
    """`softmax(query · keyᵀ * scale + bias) · value`, for each head, in float32.

    Args:
        query: `(batch, T, heads, dim)`.
        key, value: `(batch, S, groups, dim)`, where `groups` divides `heads`.
        bias: broadcasts to `(batch, heads, T, S)`, or None.
        mask: likewise, True where a query may look; one that may look nowhere takes the mean.
        scale: of the scores.
        is_causal: whether a query sees no key behind its own place.
    """
    seen = _seen(mask, query.shape[1], key.shape[1], is_causal)
    if bias is None and _fits(query, key, value, scale):
        added = () if seen is None else (_added(seen, key.shape[1]),)
        return _by_onednn(onednn.threads(), float(scale), query, key, value, *added)
    return _formula(query, key, value, bias, seen, scale)


def _seen(mask, steps: int, keys: int, is_causal: bool):
    """Where a query may look, or None for everywhere."""
    if not is_causal:
        return mask
    before = jnp.tri(steps, keys, dtype=bool)
    return before if mask is None else mask & before


def _formula(query, key, value, bias, seen, scale):
    """Two products. With heads in front both are batches of plain matrix products.

    `jax.nn`'s function, made for accelerators, leaves heads in the middle, and takes 1.4 times
    longer on two cores (value and gradients; batch 32, 128 steps, 4 heads of 32).
    """
    batch, steps, heads, dim = query.shape
    groups = key.shape[2]
    query, key, value = (jnp.swapaxes(a, 1, 2) for a in (query, key, value))
    query = query.reshape(batch, groups, heads // groups * steps, dim)
    scores = (query @ jnp.swapaxes(key, 2, 3)).reshape(batch, heads, steps, -1) * scale
    if bias is not None:
        scores = scores + bias
    if seen is not None:
        scores = jnp.where(seen, scores, LOWEST)
    weights = jax.nn.softmax(scores, axis=-1).reshape(*query.shape[:3], -1)
    outputs = (weights @ value).reshape(batch, heads, steps, -1)
    return jnp.swapaxes(outputs, 1, 2)


def _fits(query, key, value, scale) -> bool:
    """Whether oneDNN is to do it: in a step of ours, on the CPU, where it is not too small.

    It keeps the scores of one head in a core's cache.
    """
    if not onednn.threads() or not isinstance(scale, int | float):
        return False
    if any(a.dtype != jnp.float32 for a in (query, key, value)):
        return False
    return query.shape[2] == key.shape[2] and query.size * key.shape[1] >= LEAST_PRODUCTS


def _added(seen, keys: int):
    """What is added to scores so that they are nothing where a query may not look."""
    seen = seen.reshape((1,) * (4 - seen.ndim) + seen.shape)
    return jnp.broadcast_to(jnp.where(seen, np.float32(0), LOWEST), (*seen.shape[:3], keys))


def _plain(scale, query, key, value, *added):
    """What `_by_onednn` computes, by JAX alone."""
    return _formula(query, key, value, added[0] if added else None, None, scale)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _by_onednn(threads, scale, *args):
    return onednn.attention(threads, scale, _like(args[0]), *args)


def _forward(threads, scale, *args):
    return _by_onednn(threads, scale, *args), args


def _backward(threads, scale, args, cotangent):
    return (*_gradients(threads, scale, args, cotangent), *(None for _ in args[3:]))


_by_onednn.defvjp(_forward, _backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _gradients(threads, scale, args, cotangent):
    shapes = [_like(a) for a in args[:3]]
    return tuple(onednn.attention(threads, scale, shapes, *args, cotangent, back=True))


def _gradients_forward(threads, scale, args, cotangent):
    return _gradients(threads, scale, args, cotangent), (args, cotangent)


def _gradients_backward(threads, scale, saved, seconds):
    def gradients(args, cotangent):
        return jax.vjp(functools.partial(_plain, scale), *args)[1](cotangent)[:3]

    return jax.vjp(gradients, *saved)[1](seconds)


_gradients.defvjp(_gradients_forward, _gradients_backward)


def _like(a):
    return jax.ShapeDtypeStruct(a.shape, a.dtype)
