"""RNN: a cell over time."""

import jax
import jax.numpy as jnp

from ...engine.errors import UnknownDimension
from ...engine.serialize import deserialize
from ...engine.symbolic import SymbolicTensor
from ...engine.variable import Variable
from ...kernels.recurrent import select
from ..base import Layer
from .loop import run_cell
from .stacked import StackedRNNCells, check_cell, initial_state_of


def check_use_cudnn(who: str, value):
    """Keras's `use_cudnn`, which needs no answer here: "auto", True or False."""
    if value not in ("auto", True, False):
        raise ValueError(
            f"{who}'s use_cudnn is 'auto', True or False. Received: use_cudnn={value!r}"
        )
    return value


class RNN(Layer):
    """Runs a cell over the time axis of its input.

    A cell is a layer (or any object) with a `state_size` (an int, or a list of ints or of lists)
    and a `call(inputs, states)` that gives `(output, new_states)` for one step; `states` is a
    list. It may have `get_initial_state(batch_size)`, else states start at zero, and may take
    `training`. A list of cells is a stack: each feeds the next.

    Args:
        cell: the cell, or a list of cells.
        return_sequences: whether the output of each step is returned, or the last only.
        return_state: whether the last states are returned behind the output.
        go_backwards: whether time runs backwards; the outputs come in the order in which they
            were computed.
        stateful: whether the last states of a batch are the first of the next one. Needs a
            fixed batch size, and `shuffle=False` in `fit`; `reset_state()` starts anew.
        unroll: whether the steps are written out one after the other instead of a loop: quicker
            for short sequences, slow to compile for long ones. Needs a known length.
        zero_output_for_mask: whether the output of masked steps is 0, instead of that of the
            step before.

    Call: `layer(sequences, initial_state=None, mask=None, training=None)`, with `mask` booleans
    of shape `(batch, time)`: where False, states stay as they are.
    Input shape: `(batch, time, ...)`. Output shape: `(batch, output_size)`, with
    `return_sequences` `(batch, time, output_size)`; with `return_state` a tuple of the output
    and the states.

    Raises:
        ValueError: if the cell is none, or a dimension must be known and is not.

    >>> import hornbill as hb
    >>> class Sum(hb.layers.Layer):
    ...     state_size = 3
    ...     def call(self, inputs, states):
    ...         total = states[0] + inputs
    ...         return total, [total]
    >>> hb.layers.RNN(Sum())(hb.ops.ones((1, 5, 3))).tolist()
    [[5.0, 5.0, 5.0]]
    """

    # States are saved with no file: they are variables, but no weights.
    _untracked = Layer._untracked | {"states"}

    def __init__(
        self,
        cell,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        self.cell = check_cell(cell, type(self).__name__)
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.states = None

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None):
        """The layer that `get_config` described."""
        return cls(**{k: deserialize(v, custom_objects) for k, v in config.items()})

    @property
    def state_size(self) -> list:
        """The sizes of the states, as a list."""
        size = self.cell.state_size
        return [size] if isinstance(size, int) else list(size)

    def build(self, sequences_shape, initial_state_shape=None):
        self._check_known(sequences_shape)
        cell = self.cell
        if isinstance(cell, Layer) and type(cell).build is not Layer.build:
            cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful:
            with jax.ensure_compile_time_eval():
                first = self.get_initial_state(sequences_shape[0])
            self.states = jax.tree.map(
                lambda state: Variable(state, trainable=False, dtype=self.dtype, name="rnn_state"),
                first,
            )

    def _check_known(self, shape):
        if self.stateful and shape[0] is None:
            raise UnknownDimension(
                f"Layer '{self.path}' is stateful: it keeps states for each sequence of a batch, "
                "so the batch size must be known. Pass batch_size= to Input. "
                f"Received: shape={tuple(shape)}"
            )
        if self.unroll and shape[1] is None:
            raise UnknownDimension(
                f"Layer '{self.path}' has unroll=True, so the number of steps must be known: give "
                f"it to Input, or leave unroll out. Received: shape={tuple(shape)}"
            )

    def __call__(self, *args, **kwargs):
        sequences = self._first(args, kwargs)
        if isinstance(sequences, SymbolicTensor) and len(sequences.shape) > 1:
            self._check_known(sequences.shape)
        return super().__call__(*args, **kwargs)

    def get_initial_state(self, batch_size) -> list:
        """The states of the first step when none are given: the cell's, or zeros."""
        states = initial_state_of(self.cell, batch_size, self.compute_dtype)
        return list(states) if isinstance(states, (list, tuple)) else [states]

    def call(self, sequences, initial_state=None, mask=None, training=False):
        states = self._first_states(sequences.shape[0], initial_state)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        last_output, outputs, states = self.inner_loop(sequences, states, mask, training)
        if self.stateful:
            for variable, new in zip(
                jax.tree.leaves(self.states), jax.tree.leaves(states), strict=True
            ):
                variable.assign(new)
        output = outputs if self.return_sequences else last_output
        return (output, *states) if self.return_state else output

    def _first_states(self, batch, given) -> list:
        if self.stateful:
            kept = jax.tree.leaves(self.states)[0].shape[0]
            if isinstance(batch, int) and batch != kept:
                raise ValueError(
                    f"Layer '{self.path}' is stateful and was built for batches of {kept}. Give it "
                    "batches of that size: drop a last one that is shorter. "
                    f"Received: a batch of {batch}"
                )
        if given is None:
            given = self.states if self.stateful else self.get_initial_state(batch)
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        expected = jax.tree.structure(self.get_initial_state(1))
        if jax.tree.structure(given) != expected:
            raise ValueError(
                f"Layer '{self.path}' has {expected.num_leaves} states of sizes "
                f"{self.cell.state_size}, and initial_state is a list like it. "
                f"Received: {len(given)} states"
            )
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return jax.tree.map(lambda s: jnp.asarray(_value(s), dtype), given)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """The loop over time: `(last output, outputs, last states)`."""
        x = jnp.swapaxes(sequences, 0, 1)
        if mask is not None:
            mask = jnp.asarray(mask, bool).reshape(sequences.shape[:2]).T
        if self.go_backwards:
            x = jnp.flip(x, 0)
            mask = None if mask is None else jnp.flip(mask, 0)
        outputs, states = run_cell(self.cell, x, initial_state, mask, training, self.unroll)
        outputs = outputs.astype(self.compute_dtype)
        states = jax.tree.map(lambda s: s.astype(self.compute_dtype), states)
        if self.zero_output_for_mask:
            outputs = select(mask, outputs, jnp.zeros_like(outputs))
        return outputs[-1], jnp.swapaxes(outputs, 0, 1), states

    def compute_mask(self, _, mask=None):
        """The input's mask for whole sequences; none for last outputs and states."""
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        mask = mask if self.return_sequences else None
        return [mask] + [None] * len(self.state_size) if self.return_state else mask

    def reset_state(self) -> None:
        """Sets the states of a stateful layer to zero."""
        for variable in jax.tree.leaves(self.states):
            variable.assign(jnp.zeros(variable.shape))

    reset_states = reset_state

    def _own_state(self) -> list[Variable]:
        return [*super()._own_state(), *jax.tree.leaves(self.states)]


def _value(state):
    return state._stored() if isinstance(state, Variable) else state
