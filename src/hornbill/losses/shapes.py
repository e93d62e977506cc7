"""How targets, predictions and weights of different ranks fit together."""

import jax.numpy as jnp

from ..engine.config import floatx
from ..engine.dtypes import is_float
from ..engine.operation import to_array


def as_floats(y_true, y_pred):
    """Targets and predictions as arrays of one float dtype, that of the predictions."""
    y_pred = jnp.asarray(to_array(y_pred))
    if not is_float(y_pred.dtype.name):
        y_pred = y_pred.astype(floatx())
    return jnp.asarray(to_array(y_true)).astype(y_pred.dtype), y_pred


def same_rank(a, b):
    """Two arrays whose ranks differ by a last axis of size 1, brought to one rank.

    `(n,)` with `(n, 1)` gives twice `(n, 1)`; in higher ranks the axis is dropped. All else comes
    back as it is.
    """
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[..., None]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[..., None], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def value_by_value(who: str, y_true, y_pred, broadcast: bool = True):
    """Targets and predictions that are compared value by value, as arrays of one rank.

    Raises:
        ValueError: when they cannot be broadcast (or `broadcast` is False and they would have to
            be), or only against other axes than their own.
    """
    y_true, y_pred = same_rank(*as_floats(y_true, y_pred))
    if y_true.shape != y_pred.shape and not (broadcast and _broadcast(y_true, y_pred)):
        raise ValueError(
            f"{who} compares targets and predictions value by value, so their shapes must agree. "
            "Reshape the targets, or give the last layer as many units as a target has values. "
            f"{received(y_true, y_pred)}"
        )
    return y_true, y_pred


def _broadcast(a, b) -> bool:
    if a.ndim != b.ndim:
        return 0 in (a.ndim, b.ndim)
    return all(1 in (m, n) or m == n for m, n in zip(a.shape, b.shape, strict=True))


def class_by_class(who: str, y_true, y_pred, axis: int):
    """One-hot (or soft) labels and predictions of one shape, with the classes along `axis`."""
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise ValueError(f"{who}'s axis is an int, that of the classes. Received: axis={axis!r}")
    y_true, y_pred = as_floats(y_true, y_pred)
    if y_true.shape == y_pred.shape and y_true.ndim > 0:
        return y_true, y_pred
    if y_true.ndim == y_pred.ndim - 1 or (y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1):
        fix = (
            "These look like class indices: use sparse_categorical_crossentropy, or one-hot "
            "labels from hornbill.utils.to_categorical"
        )
    else:
        fix = "Give the last layer as many units as there are classes, and the labels that axis"
    raise ValueError(
        f"{who} takes one-hot labels of the shape of the predictions. {fix}. "
        f"{received(y_true, y_pred)}"
    )


def class_indices(who: str, y_true, y_pred, axis: int = -1):
    """Class indices as int32, and predictions with the classes moved to the last axis."""
    y_true = jnp.asarray(to_array(y_true))
    _, y_pred = as_floats(0.0, y_pred)
    if y_true.ndim == y_pred.ndim > 0 and y_true.shape[axis] == 1:
        y_true = jnp.squeeze(y_true, axis)
    last = jnp.moveaxis(y_pred, axis, -1) if y_pred.ndim else y_pred
    if y_pred.ndim == 0 or y_true.shape != last.shape[:-1]:
        one_hot = y_true.shape == y_pred.shape
        fix = (
            "These look like one-hot labels: use categorical_crossentropy"
            if one_hot
            else "Give one label for each vector of predictions"
        )
        raise ValueError(
            f"{who} takes class indices, of the shape of the predictions without the axis of the "
            f"classes. {fix}. {received(y_true, y_pred)}"
        )
    return y_true.astype("int32"), last


def received(y_true, y_pred) -> str:
    """How messages end that are about two shapes."""
    return f"Received: y_true.shape={_shown(y_true)}, y_pred.shape={_shown(y_pred)}"


def _shown(x) -> tuple:
    return tuple(n if isinstance(n, int) else None for n in x.shape)
