"""Indices to vectors: the output modes that the categorical layers share."""

import jax.numpy as jnp

from ... import ops

# Keras 2's names, which still work.
OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


def check_mode(who: str, mode: str, allowed: tuple[str, ...], sparse: bool = False) -> str:
    """The output mode by its present name.

    Raises:
        ValueError: for a mode that the layer does not have, and for sparse output.
    """
    mode = OLD_MODES.get(mode, mode)
    if mode not in allowed:
        raise ValueError(
            f"{who}'s output_mode is one of {', '.join(map(repr, allowed))}. "
            f"Received: output_mode={mode!r}"
        )
    if sparse:
        raise ValueError(f"{who}: Hornbill has dense tensors only. Received: sparse={sparse}")
    return mode


def encode(indices, mode: str, depth: int, dtype: str, weights=None):
    """Indices as the output mode says. Indices outside `[0, depth)` count nowhere.

    Args:
        indices: an int array.
        mode: `"int"`, `"one_hot"`, `"multi_hot"` or `"count"`.
        depth: the length of the vectors.
        dtype: the dtype of the result.
        weights: for `"count"`, what each index counts; 1 when None.
    """
    if mode == "int":
        return jnp.asarray(indices).astype(dtype)
    indices = jnp.atleast_1d(indices)
    if mode == "one_hot":
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = indices[..., 0]
        return ops.one_hot(indices, depth, dtype=dtype)
    if mode == "multi_hot":
        return ops.multi_hot(indices, depth, dtype=dtype)
    hot = ops.one_hot(indices, depth, dtype=dtype)
    if weights is not None:
        hot = hot * jnp.asarray(weights, dtype).reshape(indices.shape)[..., None]
    return hot.sum(1 if indices.ndim > 1 else 0)


def encoded_shape(shape, mode: str, depth: int | None) -> tuple:
    """The shape of `encode`'s result for indices of a shape, None for unknown dimensions."""
    shape = tuple(shape)
    if mode == "int":
        return shape
    shape = shape or (1,)
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth)
    return (*shape[:1], *shape[2:], depth) if len(shape) > 1 else (depth,)
