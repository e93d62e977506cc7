"""StackedRNNCells: cells on top of each other, as one cell."""

import jax.numpy as jnp

from ...engine.serialize import deserialize
from ..base import Layer
from .loop import run_cell


def check_cell(cell, who: str):
    """The cell, if it is one."""
    missing = [name for name in ("call", "state_size") if not hasattr(cell, name)]
    if missing:
        raise ValueError(
            f"{who} takes cells: objects with call(inputs, states) and a state_size, such as "
            f"LSTMCell(8). This one has no {' and no '.join(missing)}. Received: cell={cell!r}"
        )
    if not isinstance(cell.state_size, (int, list, tuple)):
        raise ValueError(
            f"{who}: a cell's state_size is an int, or a list with one for each state. "
            f"Received: state_size={cell.state_size!r}"
        )
    if getattr(cell, "activity_regularizer", None) is not None:
        raise ValueError(
            f"{who}: a cell's steps add no losses. Give activity_regularizer to the recurrent "
            f"layer instead. Received: cell={cell!r}"
        )
    return cell


def initial_state_of(cell, batch_size, dtype):
    """What the cell says itself, else zeros in the form of its `state_size`."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size)

    def zeros(size):
        if isinstance(size, (list, tuple)):
            return [zeros(s) for s in size]
        return jnp.zeros((batch_size, size), getattr(cell, "compute_dtype", dtype))

    return zeros(cell.state_size)


def output_size_of(cell):
    """The size of a cell's output: what it says, else that of its first state."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = cell.state_size
    while isinstance(size, (list, tuple)):
        size = size[0]
    return size


class StackedRNNCells(Layer):
    """A stack of cells, each fed with the output of the one before, as one cell.

    Its states are a list with the states of each cell.

    Args:
        cells: a list of cells.

    >>> import hornbill as hb
    >>> stack = hb.layers.StackedRNNCells([hb.layers.LSTMCell(4), hb.layers.GRUCell(6)])
    >>> stack.state_size, hb.layers.RNN(stack)(hb.ops.ones((2, 5, 3))).shape
    ([[4, 4], 6], (2, 6))
    """

    def __init__(self, cells, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(cells, (list, tuple)) or not cells:
            raise ValueError(f"StackedRNNCells takes a list of cells. Received: cells={cells!r}")
        self.cells = [check_cell(cell, "StackedRNNCells") for cell in cells]

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None):
        """The stack that `get_config` described."""
        return cls(**{k: deserialize(v, custom_objects) for k, v in config.items()})

    @property
    def state_size(self) -> list:
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self):
        return output_size_of(self.cells[-1])

    def get_initial_state(self, batch_size=None) -> list:
        """The first states of each cell."""
        return [initial_state_of(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape):
        for cell in self.cells:
            if isinstance(cell, Layer) and type(cell).build is not Layer.build:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size_of(cell))

    def call(self, inputs, states, training=False, **kwargs):
        new = []
        for cell, state in zip(self.cells, states, strict=True):
            several = isinstance(state, (list, tuple))
            if isinstance(cell, Layer) and cell._call_spec.takes_training:
                kwargs["training"] = training
            else:
                kwargs.pop("training", None)
            call = cell if callable(cell) else cell.call
            inputs, state = call(inputs, list(state) if several else [state], **kwargs)
            one = not several and isinstance(state, (list, tuple))
            new.append(state[0] if one else state)
        return inputs, new

    def run_sequence(self, sequences, states, mask, training, unroll):
        """All steps: each cell over the whole sequence, since none feeds one below it."""
        last = []
        for cell, state in zip(self.cells, states, strict=True):
            several = isinstance(state, (list, tuple))
            state = list(state) if several else [state]
            sequences, state = run_cell(cell, sequences, state, mask, training, unroll)
            last.append(state if several else state[0])
        return sequences, last
