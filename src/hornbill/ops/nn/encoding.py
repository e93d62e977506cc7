"""Ints to vectors of zeros and ones."""

import jax
import jax.numpy as jnp

from ...engine.dtypes import standardize_dtype
from ...engine.operation import Tensor, op
from ..common import public


def _refuse_sparse(who: str, sparse: bool) -> None:
    if sparse:
        raise ValueError(f"{who}: Hornbill has dense tensors only. Received: sparse={sparse}")


@op
def one_hot(x: Tensor, num_classes: int, axis: int = -1, dtype=None, sparse: bool = False):
    """A vector for each int: 1 at its place, 0 elsewhere; all 0 for ints outside the classes.

    Args:
        num_classes: the length of the vectors.
        axis: where the new axis stands.
        dtype: the dtype; `floatx()` when None.

    >>> import hornbill as hb
    >>> hb.ops.one_hot([2, -1], 3).tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    _refuse_sparse("one_hot", sparse)
    return jax.nn.one_hot(x, num_classes, axis=axis, dtype=standardize_dtype(dtype))


@op
def multi_hot(
    inputs: Tensor,
    num_classes: int | None = None,
    axis: int = -1,
    dtype=None,
    sparse: bool = False,
    **kwargs,
):
    """One vector for each row of ints: 1 at the place of each of them, 0 elsewhere.

    Args:
        num_classes: the length of the vectors (`num_tokens`, its old name, works too).
        axis: where the new axis stands before axis 1 is reduced.
        dtype: the dtype; `floatx()` when None.

    >>> import hornbill as hb
    >>> hb.ops.multi_hot([[0, 2], [1, 1]], 3).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    _refuse_sparse("multi_hot", sparse)
    num_classes = kwargs.pop("num_tokens", num_classes)
    if num_classes is None or kwargs:
        raise ValueError(
            "multi_hot takes num_classes, the length of the vectors. "
            f"Received: num_classes={num_classes}, {kwargs}"
        )
    hot = jax.nn.one_hot(
        jnp.asarray(inputs).astype("int32"), num_classes, axis=axis, dtype=standardize_dtype(dtype)
    )
    return hot.max(1 if jnp.ndim(inputs) > 1 else 0)


__all__ = public(globals())
