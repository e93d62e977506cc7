"""Rematerialization: forward results computed again in the backward pass instead of kept."""

import functools
import math
from contextvars import ContextVar

import jax

from .beside import get_mask, set_mask
from .errors import known_shape
from .scope import StatelessScope, current_scope

_current: ContextVar["RematScope | None"] = ContextVar("hornbill_remat", default=None)

current_remat = _current.get

MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class RematScope:
    """Layers made inside compute their forward pass again in the backward pass.

    That takes time and saves the memory of what they would keep: `jax.checkpoint` around each
    layer's `call`. https://arxiv.org/abs/1604.06174

    Args:
        mode: which layers: `"full"` all of them; `"activations"` only the activation functions of
            layers that have one; `"larger_than"` those with larger outputs than the threshold;
            `"list_of_layers"` those named; None none, inside another scope.
        output_size_threshold: how many numbers a call's outputs hold at most without it, the
            batch included, in the mode `"larger_than"`.
        layer_names: the names for `"list_of_layers"`.

    >>> import hornbill as hb
    >>> with hb.RematScope(mode="list_of_layers", layer_names=["hidden"]):
    ...     layers = [hb.layers.Dense(64, name="hidden"), hb.layers.Dense(2)]
    >>> model = hb.Sequential(layers)
    """

    def __init__(
        self,
        mode: str | None = "full",
        output_size_threshold: int = 1024,
        layer_names: list[str] | None = None,
    ):
        if mode not in MODES:
            raise ValueError(f"RematScope's mode is one of {MODES}. Received: mode={mode!r}")
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = layer_names or []

    def __enter__(self):
        self._token = _current.set(self)
        return self

    def __exit__(self, *exc):
        _current.reset(self._token)
        del self._token  # layers keep the scope, and layers are copied

    def wrap(self, layer, call):
        """A layer's `call` as this scope wants it."""
        if self.mode == "full":
            return remat(call)
        if self.mode == "list_of_layers" and layer.name in self.layer_names:
            return remat(call)
        if self.mode == "activations" and getattr(layer, "activation", None) is not None:
            return functools.partial(_with_remat_activation, layer, call)
        if self.mode == "larger_than":
            return functools.partial(self._if_large, call)
        return call

    def _if_large(self, call, *args, **kwargs):
        def shapes():
            with StatelessScope():
                return call(*args, **kwargs)

        outputs = jax.tree.leaves(jax.eval_shape(shapes))
        sizes = [math.prod(n or 1 for n in known_shape(x.shape)) for x in outputs]
        large = sum(sizes) > self.output_size_threshold
        return remat(call)(*args, **kwargs) if large else call(*args, **kwargs)


def _with_remat_activation(layer, call, *args, **kwargs):
    activation = layer.activation
    layer.activation = remat(activation)
    try:
        return call(*args, **kwargs)
    finally:
        layer.activation = activation


def remat(f):
    """`f`, whose inner results are computed again in the backward pass instead of kept.

    `f` may read and assign variables, like a layer's `call`. Its results and gradients stay the
    same.

    Args:
        f: a function of tensors (and of settings, which stay as they are).

    >>> import hornbill as hb
    >>> double = hb.remat(lambda x: x + x)
    >>> double(hb.ops.array([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """

    @functools.wraps(f)
    def rematerialized(*args, **kwargs):
        leaves, structure = jax.tree.flatten((args, kwargs))
        places = [i for i, x in enumerate(leaves) if isinstance(x, jax.Array)]
        arrays = [leaves[i] for i in places]
        traced = any(isinstance(x, jax.core.Tracer) for x in arrays)
        if current_scope() is None and not traced:
            return f(*args, **kwargs)  # nobody differentiates it
        scope = None

        def pure(arrays, masks):
            nonlocal scope
            filled = list(leaves)
            for i, x, mask in zip(places, arrays, masks, strict=True):
                filled[i] = x
                _carry(mask, x)
            a, k = jax.tree.unflatten(structure, filled)
            with StatelessScope() as scope:
                outputs = f(*a, **k)
            results = [get_mask(x) for x in jax.tree.leaves(outputs)]
            return outputs, results, scope.layer_losses, [value for _, value in scope.updates()]

        outputs, masks, losses, new = jax.checkpoint(pure)(arrays, [get_mask(x) for x in arrays])
        for x, mask in zip(jax.tree.leaves(outputs), masks, strict=True):
            _carry(mask, x)
        for variable, value in zip(scope.written, new, strict=True):
            variable.assign(value)
        _hand_on(losses)
        return outputs

    return rematerialized


def _carry(mask, x):
    # Masks are tied to the tensors of one trace; their values enter and leave it.
    if mask is not None:
        set_mask(x, mask)


def _hand_on(losses: dict) -> None:
    outer = current_scope()
    if losses and outer is None:
        raise RuntimeError(
            "add_loss was called inside hornbill.remat while jax.grad traces it, where the loss "
            "would be lost. Use hornbill.value_and_grad or stateless_call, or return the loss."
        )
    for layer, added in losses.items():
        outer.layer_losses.setdefault(layer, []).extend(added)
