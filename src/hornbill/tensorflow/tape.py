"""GradientTape: what is computed inside a `with` can be differentiated after it.

While a tape is active it stands between the program and JAX: each primitive computation passes
through it, runs as it would have, and is noted as `(function, inputs, outputs)`. It does not matter
who computes: a tf function, an operator, a layer, a loss, a model's `losses`. `gradient` repeats
the part of the notes that leads from the sources to the target as one pure function, under
`jax.vjp`. Arrays are known by identity; they stay what they are (values eagerly, tracers of the
step that is compiled), so tapes nest and work inside compiled code.
"""

import contextlib
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun, set_current_trace, take_current_trace

from ..engine.variable import Variable as Cell
from .tensor import Tensor, unwrap


class Recorder(jax.core.Trace):
    """Stands before the trace that was current and notes what goes to it."""

    def __init__(self, parent, notes: list):
        super().__init__()
        self.parent, self.notes = parent, notes

    def process_primitive(self, primitive, args, params, /):
        out = self.parent.process_primitive(primitive, args, params)
        several = primitive.multiple_results
        if not several and any(out is x for x in args):
            # What is handed through (by stop_gradient) is another value for a gradient.
            with set_current_trace(self.parent):
                out = jnp.copy(out)
        function = functools.partial(primitive.bind, **params)
        self.notes.append((function, list(args), list(out) if several else [out], several))
        return out

    def stage_value(self, val):
        return self.parent.stage_value(val)

    def cur_qdd(self, x):
        return self.parent.cur_qdd(x)

    def _run(self, method: str, functions, args, *rest, **params):
        """Functions with derivatives of their own can be run once only: they become a program."""

        def staged(*operands):
            with take_current_trace() as trace, set_current_trace(trace):
                return getattr(trace, method)(*functions, list(operands), *rest, **params)

        function = jaxpr_as_fun(jax.make_jaxpr(staged)(*args))
        with set_current_trace(self.parent):
            # Here too, what is handed through is another value for a gradient.
            out = [jnp.copy(y) if any(y is x for x in args) else y for y in function(*args)]
        self.notes.append((function, list(args), out, True))
        return out

    def process_custom_jvp_call(self, primitive, fun, jvp, tracers, /, **params):
        return self._run("process_custom_jvp_call", (primitive, fun, jvp), tracers, **params)

    def process_custom_vjp_call(self, primitive, fun, fwd, bwd, tracers, /, **params):
        functions = (primitive, fun, fwd, bwd)
        return self._run("process_custom_vjp_call", functions, tracers, **params)

    def process_call(self, primitive, f, tracers, params, /):
        return self._run("process_call", (primitive, f), tracers, params)


class GradientTape:
    """Records what is computed inside a `with`, for gradients.

    Args:
        persistent: whether several gradients may be asked for.
        watch_accessed_variables: whether trainable variables count as watched.

    >>> x = Tensor(3.0)
    >>> with GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * x
    >>> float(tape.gradient(y, x))
    6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True):
        self.persistent, self.watch_accessed_variables = persistent, watch_accessed_variables
        self._notes: list = []
        self._watched: dict = {}
        self._seen: dict = {}
        self._recorder: Recorder | None = None
        self._entered = None
        self._used = False

    # ---- recording -----------------------------------------------------------------------

    def __enter__(self):
        if self._entered is not None:
            raise ValueError(f"This GradientTape is recording already. Received: {self!r}")
        with take_current_trace() as parent:
            self._recorder = Recorder(parent, self._notes)
        self._entered = set_current_trace(self._recorder)
        self._entered.__enter__()
        return self

    def __exit__(self, *exc):
        self._entered.__exit__(*exc)
        self._entered = None

    def watch(self, tensor) -> None:
        """Makes a tensor or variable, or a list of them, something to differentiate by."""
        for x in _flat(tensor):
            value = _value(x)
            if not _differentiable(value):
                raise ValueError(
                    f"GradientTape.watch takes tensors of floats. Received: dtype {value.dtype}"
                )
            self._watched[id(x) if isinstance(x, Cell) else id(value)] = x

    def stop_recording(self):
        """A context inside which nothing is recorded."""
        with take_current_trace() as current:
            if current is not self._recorder:
                return contextlib.nullcontext()
        return set_current_trace(self._recorder.parent)

    def reset(self) -> None:
        """Forgets everything recorded so far."""
        self._notes.clear()
        self._watched.clear()
        self._seen.clear()

    # ---- gradients -----------------------------------------------------------------------

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients: str = "none"):
        """The gradients of the (sum of the) target by the sources.

        Args:
            target: a tensor, or a structure of them, computed inside the tape.
            sources: tensors or variables in any structure.
            output_gradients: gradients that reach the target, in its structure; ones when None.
            unconnected_gradients: `"none"` or `"zero"`, for sources that the target does not
                depend on.

        Returns:
            Tensors (or None) in the structure of the sources.
        """
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(
                "unconnected_gradients is 'none' or 'zero'. "
                f"Received: unconnected_gradients={unconnected_gradients!r}"
            )
        leaves, treedef = jax.tree.flatten(sources, is_leaf=_is_source)
        targets = [_value(x) for x in _flat(target)]
        if output_gradients is None:
            seeds = [jnp.ones_like(t) for t in targets]
        else:
            given = jax.tree.leaves(unwrap(output_gradients))
            seeds = [jnp.asarray(g, t.dtype) for g, t in zip(given, targets, strict=True)]
        _, pullback = self._pullback(targets, leaves)
        gradients = pullback(seeds)
        if unconnected_gradients == "zero":
            gradients = [
                jnp.zeros_like(_value(x)) if g is None else g
                for x, g in zip(leaves, gradients, strict=True)
            ]
        return treedef.unflatten([None if g is None else Tensor(g) for g in gradients])

    def jacobian(
        self,
        target,
        sources,
        unconnected_gradients: str = "none",
        parallel_iterations=None,
        experimental_use_pfor: bool = True,
    ):
        """The derivative of each element of a target by each of the sources' elements.

        `parallel_iterations` and `experimental_use_pfor` are hints, which change nothing.

        Returns:
            Tensors of shape `target.shape + source.shape`, in the structure of the sources.
        """
        leaves, treedef = jax.tree.flatten(sources, is_leaf=_is_source)
        y = _value(target)
        basis = jnp.eye(y.size, dtype=y.dtype).reshape((y.size, *y.shape))
        rows = self._rows([y], leaves, basis)
        shaped = [
            None if r is None else Tensor(r.reshape((*y.shape, *_value(x).shape)))
            for x, r in zip(leaves, rows, strict=True)
        ]
        if unconnected_gradients == "zero":
            shaped = [
                Tensor(jnp.zeros((*y.shape, *_value(x).shape), y.dtype)) if s is None else s
                for x, s in zip(leaves, shaped, strict=True)
            ]
        return treedef.unflatten(shaped)

    def batch_jacobian(
        self,
        target,
        source,
        unconnected_gradients: str = "none",
        parallel_iterations=None,
        experimental_use_pfor: bool = True,
    ):
        """`jacobian` of each sample's target by its own source, both with the batch first.

        `parallel_iterations` and `experimental_use_pfor` are hints, which change nothing.

        Returns:
            A tensor of shape `(batch, *target.shape[1:], *source.shape[1:])`.
        """
        y, x = _value(target), _value(source)
        if y.shape[:1] != x.shape[:1]:
            raise ValueError(
                "batch_jacobian's target and source have one batch size. "
                f"Received: shapes {y.shape} and {x.shape}"
            )
        inner = y[0].size
        basis = jnp.eye(inner, dtype=y.dtype).reshape((inner, 1, *y.shape[1:]))
        (rows,) = self._rows([y], [source], jnp.broadcast_to(basis, (inner, *y.shape)))
        if rows is None:
            if unconnected_gradients == "none":
                return None
            rows = jnp.zeros((inner, *x.shape), y.dtype)
        shape = (y.shape[0], *y.shape[1:], *x.shape[1:])
        return Tensor(jnp.moveaxis(rows, 0, 1).reshape(shape))

    def _rows(self, targets, leaves, basis):
        _, pullback = self._pullback(targets, leaves)
        connected = [g is not None for g in pullback([basis[0]])]
        rows = jax.vmap(lambda seed: [g for g in pullback([seed]) if g is not None])(basis)
        rows = iter(rows)
        return [next(rows) if there else None for there in connected]

    def watched_variables(self) -> tuple:
        """The variables watched by hand."""
        return tuple(x for x in self._watched.values() if isinstance(x, Cell))

    def _pullback(self, targets, leaves):
        """`(values, function from the targets' gradients to those of the leaves)`."""
        if self._used and not self.persistent:
            raise RuntimeError(
                "A GradientTape that is not persistent gives one gradient. Write "
                f"tf.GradientTape(persistent=True) for several. Received: {self!r}"
            )
        self._used = True
        try:
            # Asked for inside the `with`, the gradient itself is none of this tape's business.
            with self.stop_recording():
                return self._repeat(targets, leaves)
        finally:
            if not self.persistent:
                self._notes.clear()

    def _repeat(self, targets, leaves):
        # Which values the sources are. A variable assigned meanwhile is several.
        places: dict[int, list[int]] = {}
        made = {id(y) for _, _, outs, _ in self._notes for y in outs}
        firsts = []
        for place, x in enumerate(leaves):
            value = _value(x)
            values = [value]
            if isinstance(x, Cell):
                values = self._seen.setdefault(id(x), (x, []))[1]
                if all(v is not value for v in values):
                    values.append(value)
            for v in values:
                if _differentiable(v) and self._counts(x, v, made):
                    places.setdefault(id(v), []).append(len(firsts))
                    firsts.append((place, v))
        reached = self._path(places, targets)
        if reached is None:
            return targets, lambda seeds: [None] * len(leaves)
        needed, depends = reached

        def repeat(shifts):
            # Each source is its value plus a shift of zero: so a source that is computed from
            # another one takes part twice, as itself and as a result.
            shifted = {
                i: lambda v, p=p: functools.reduce(jnp.add, [shifts[k] for k in p], v)
                for i, p in places.items()
            }
            found: dict = {}

            def read(v):
                if id(v) not in found:
                    found[id(v)] = shifted[id(v)](v) if id(v) in shifted else v
                return found[id(v)]

            for function, ins, outs, several in needed:
                result = function(*map(read, ins))
                for y, new in zip(outs, result if several else [result], strict=True):
                    # An array handed through is its own result, and has its shift already.
                    if all(y is not x for x in ins):
                        found[id(y)] = shifted[id(y)](new) if id(y) in shifted else new
            return [read(t) for t in targets]

        values, pullback = jax.vjp(repeat, [jnp.zeros_like(v) for _, v in firsts])

        def gradients(seeds):
            seeds = [
                s if _differentiable(v) else np.zeros(v.shape, jax.dtypes.float0)
                for s, v in zip(seeds, values, strict=True)
            ]
            (parts,) = pullback(seeds)
            total: list = [None] * len(leaves)
            for (place, v), part in zip(firsts, parts, strict=True):
                if id(v) in depends:
                    total[place] = part if total[place] is None else total[place] + part
            return total

        return values, gradients

    def _counts(self, x, value, made) -> bool:
        if isinstance(x, Cell):
            return id(x) in self._watched or (self.watch_accessed_variables and x.trainable)
        return id(value) in self._watched or id(value) in made

    def _path(self, places, targets):
        """The notes on the way from sources to targets, and the sources that lead there."""
        wanted = {id(t) for t in targets}
        needed = []
        for note in reversed(self._notes):
            _, ins, outs, _ = note
            if any(id(y) in wanted for y in outs):
                needed.append(note)
                wanted.update(id(x) for x in ins if hasattr(x, "dtype"))
        reachable = set(places)
        kept = []
        for note in reversed(needed):
            if any(id(x) in reachable for x in note[1]):
                reachable.update(id(y) for y in note[2])
                kept.append(note)
        if not any(id(t) in reachable for t in targets):
            return None
        return kept, {i for i in places if i in wanted}

    def __repr__(self):
        return f"<GradientTape persistent={self.persistent}, {len(self._notes)} computations>"


def _is_source(x) -> bool:
    return isinstance(x, (Tensor, Cell))


def _flat(structure) -> list:
    return jax.tree.leaves(structure, is_leaf=_is_source)


def _value(x):
    if isinstance(x, Cell):
        return x._stored()
    value = unwrap(x)
    return value if isinstance(value, jax.Array) else jnp.asarray(value)


def _differentiable(value) -> bool:
    return jnp.issubdtype(value.dtype, jnp.inexact)
