"""What is worth knowing of each weight: its size, how far it moved, the loss's gradient by it."""

import jax
import jax.numpy as jnp
import numpy as np

from ..engine import compile as compiler
from ..engine.gradients import value_and_grad
from ..engine.scope import StatelessScope
from ..training.data.batches import as_arrays
from ..training.data.make import check_lengths
from ..training.runner import state_of
from ..training.step import compute_loss, forward


class WeightWatch:
    """Describes a model's weights, and how they changed since the last description."""

    def __init__(self):
        self._before: dict[str, np.ndarray] = {}

    @np.errstate(all="ignore")  # weights may hold NaN and infinity: that is what one wants to see
    def describe(self, model) -> dict[str, dict]:
        """`{weight's path: {"shape", "rms", "mean", "std", "min", "max", "change"}}`.

        `change` is the root mean square of what was added to the weight since the last call, as a
        fraction of the weight's own; it is missing the first time. Only weights of floats, and
        such that hold any number, are described.
        """
        now = {
            v.path: np.asarray(v.value).astype("float32")  # a copy: a step reuses the memory
            for v in model.weights
            if jnp.issubdtype(v.value.dtype, jnp.floating) and v.value.size
        }
        found = {path: _moments(value) for path, value in now.items()}
        for path, value in now.items():
            old, size = self._before.get(path), found[path]["rms"]
            if old is not None and old.shape == value.shape and size:
                found[path]["change"] = _rms(value - old) / size
        self._before = now
        return found


def _moments(value: np.ndarray) -> dict:
    numbers = {
        "rms": _rms(value),
        "mean": float(value.mean()),
        "std": float(value.std()),
        "min": float(value.min()),
        "max": float(value.max()),
    }
    return {"shape": list(value.shape), **numbers}


def _rms(value: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(value, dtype="float64"))))


class Probe:
    """The gradients of a model's loss on one batch that stays the same.

    Args:
        batch: `(x, y)` or `(x, y, sample_weight)`.

    Raises:
        ValueError: for anything else, and where the lengths differ.
    """

    def __init__(self, batch):
        if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
            raise ValueError(
                "RunLogger's probe is a batch, (x, y) or (x, y, sample_weight). "
                f"Received: {type(batch).__name__}"
            )
        names = ("x", "y", "sample_weight")
        parts = {
            name: as_arrays(value, f"probe {name}")
            for name, value in zip(names, batch, strict=False)
        }
        check_lengths(**parts)
        self._batch = (*parts.values(), None)[:3]
        self._program, self._made_for = None, None

    def gradients(self, model) -> dict[str, float]:
        """`{weight's path: root mean square of the loss's gradient by it}`.

        The loss is the compiled one, in training mode; nothing of the model changes.
        """
        variables = list(model.trainable_variables)
        cells = [v for group in state_of(model, "test") for v in group]
        made_for = [*map(id, variables), *map(id, cells)]
        if self._made_for != made_for:
            self._program = _program(model, variables, cells)
            self._made_for = made_for
        sizes = jax.device_get(self._program([v.value for v in cells], self._batch))
        return {v.path: float(s) for v, s in zip(variables, sizes, strict=True) if s is not None}


def _program(model, variables, cells):
    def run(values, batch):
        x, y, sample_weight = batch

        def loss():
            y_pred = forward(model, x, training=True)
            return compute_loss(model, x, y, y_pred, sample_weight, training=True)

        with StatelessScope(zip(cells, values, strict=True)):
            _, gradients = value_and_grad(loss, variables)
        return [
            None if g is None else jnp.sqrt(jnp.mean(jnp.square(g.astype("float32"))))
            for g in gradients
        ]

    return run if model.run_eagerly or not model.jit_compile else compiler.jit(run)
