"""Where NaN and infinity come from: a list of the places that held some, in order.

While nobody watches, `look` costs one look at a context variable and changes no trace. A watched
run is eager: its values can be read, also inside `jax.grad`.
"""

from contextvars import ContextVar
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

_watch: ContextVar[list | None] = ContextVar("hornbill_numerics", default=None)


class NumericsError(FloatingPointError):
    """NaN or infinity in a step that was checked, by `check_nans` or `check_numerics`.

    Attributes:
        kind: what held it first: `"data"`, `"old weight"` (before the step), `"layer"`,
            `"operation"`, `"loss"`, `"gradient"`, `"weight"` (after it), `"optimizer"`,
            `"metric"`, `"prediction"`, or None where it shows in the compiled step alone.
        path: which one: the layer's or variable's path, the loss's name, `x`, `y`, ...
        epoch: the epoch, from 0 as in callbacks; None outside `fit`.
        step: the step of the epoch (of the evaluation, of the prediction), from 0.
    """

    def __init__(self, message: str, kind=None, path=None, epoch=None, step=None):
        super().__init__(message)
        self.kind, self.path, self.epoch, self.step = kind, path, epoch, step


class Place(NamedTuple):
    """One thing that held values which are not finite, and how many of how many."""

    kind: str
    path: str
    nans: int
    infinities: int
    size: int

    def __str__(self):
        counts = (("NaN", self.nans), ("infinity", self.infinities))
        what = " and ".join(f"{name} ({n} of {self.size} values)" for name, n in counts if n)
        return f"{self.kind} '{self.path}' holds {what}"


class watch:
    """Collects the places that hold NaN or infinity, for the length of a `with`."""

    def __enter__(self) -> list[Place]:
        places: list[Place] = []
        self._token = _watch.set(places)
        return places

    def __exit__(self, *exc):
        _watch.reset(self._token)


def look(kind: str, path: str, values) -> None:
    """Notes the place if somebody watches and `values` (a structure) are not all finite.

    Values that are not there yet (in a loop's body, under `jax.checkpoint`) are passed over: what
    they lead to is looked at outside.
    """
    places = _watch.get()
    if places is None:
        return
    nans = infinities = size = 0
    for x in jax.tree.leaves(values):
        x = jax.lax.stop_gradient(x) if isinstance(x, jax.Array) else x
        if isinstance(x, jax.core.Tracer) or not _inexact(x):
            continue
        x = np.asarray(x)
        nans += int(np.isnan(x).sum())
        infinities += int(np.isinf(x).sum())
        size += x.size
    if nans or infinities:
        places.append(Place(kind, path, nans, infinities, size))


def all_finite(values):
    """Whether no number in a structure of arrays is NaN or infinite: a boolean array."""
    checks = [jnp.all(jnp.isfinite(x)) for x in jax.tree.leaves(values) if _inexact(x)]
    return jnp.all(jnp.stack(checks)) if checks else jnp.asarray(True)


def _inexact(x) -> bool:
    return hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.inexact)
