"""The loop over time: any cell over a sequence, time first.

`run_cell` is the one way in. Cells that know a quicker way than step by step (the kernel of gated
cells, one convolution for all inputs, a stack as one loop after the other) offer it as
`run_sequence`.
"""

import contextlib

import jax
import jax.numpy as jnp

from ...engine.context import current_context, enter_context, leave_context
from ...engine.scope import StatelessScope
from ...kernels.recurrent import select
from ..base import Layer


@contextlib.contextmanager
def inside(cell: Layer):
    """The surroundings of a call of `cell`, for its other methods that compute."""
    context = current_context()
    autocast = cell.compute_dtype if cell.compute_dtype != cell.variable_dtype else None
    token = enter_context(context._replace(path=context.inside(cell.name), autocast=autocast))
    try:
        yield
    finally:
        leave_context(token)


def run_cell(cell, sequences, states, mask=None, training=None, unroll=False):
    """Runs a cell over a sequence.

    Args:
        cell: gives `(output, new states)` for `(input, states)`.
        sequences: `(time, batch, ...)`.
        states: the first states, a list whose items may be lists.
        mask: booleans of shape `(time, batch)`; where False, the states and the output of the
            step before are carried on.
        training: passed to cells that take it.
        unroll: whether the steps are written out one after the other.

    Returns:
        The outputs, `(time, batch, ...)`, and the last states in the structure of the first.
    """
    if hasattr(cell, "run_sequence"):
        with inside(cell):
            return cell.run_sequence(sequences, states, mask, training, unroll)
    kwargs = {}
    if isinstance(cell, Layer) and cell._call_spec.takes_training:
        kwargs["training"] = training
    call = cell if callable(cell) else cell.call

    def step(x, states):
        return call(x, states, **kwargs)

    if isinstance(cell, Layer) and not cell.built:
        with StatelessScope():
            jax.eval_shape(step, jax.ShapeDtypeStruct(sequences.shape[1:], sequences.dtype), states)
    held = [v for v in getattr(cell, "variables", []) if not v.made_trainable]
    outputs, last = scan_steps(step, sequences, states, mask, unroll, held)
    first = jax.tree.leaves(states)[0]
    return (outputs if mask is None else carry_on(outputs, mask, first)), last


def scan_steps(step, sequences, states, mask=None, unroll=False, held=()):
    """`output, states = step(x, states)` along the first axis of `sequences`.

    The variables `held` that the steps assign (counters of seeds, running statistics) go from step
    to step, and keep what the last one left.
    """
    structure = jax.tree.structure(states)
    written = {}

    def body(carry, item):
        values, states = carry
        x, now = item
        with StatelessScope(zip(held, values, strict=True)) as scope:
            output, new = step(x, states)
            values = [scope.read(v) for v in held]
        if scope.layer_losses:
            raise ValueError(
                "add_loss in a recurrent cell's step adds to no loss: the step runs inside a loop. "
                "Return what it needs as a state, and add the loss in a layer behind. "
                f"Received: {len(scope.layer_losses)} losses"
            )
        written.update(scope.written)
        new = jax.tree.unflatten(structure, jax.tree.leaves(new))
        new = jax.tree.map(lambda n, o: jnp.asarray(n, o.dtype), new, states)
        return (values, select(now, new, states)), output

    first = ([v._stored() for v in held], states)
    (values, last), outputs = jax.lax.scan(body, first, (sequences, mask), unroll=unroll)
    for variable, value in zip(held, values, strict=True):
        if variable in written:
            variable.assign(value)
    return outputs, last


def carry_on(outputs, mask, before):
    """Replaces outputs at masked steps by the last one that was not masked.

    A sequence that begins with masked steps begins with `before`, if that can be an output.
    """
    time = jnp.arange(mask.shape[0])[:, None]
    latest = jax.lax.cummax(jnp.where(mask, time, -1), axis=0)
    latest = latest.reshape(latest.shape + (1,) * (outputs.ndim - 2))
    if before.shape != outputs.shape[1:]:
        before = jnp.zeros(outputs.shape[1:])
    chosen = jnp.take_along_axis(outputs, jnp.maximum(latest, 0), axis=0)
    return jnp.where(latest < 0, before.astype(outputs.dtype), chosen)
