"""What the cells of SimpleRNN, LSTM and GRU share: weights, dropout, and the way over a sequence.

A cell is its formula: a static method `gates(x, a, states, *settings)` that gives the new states
(the first is the output) from the projected input `x` and the recurrent product `a`, both of them
lists with an array for each gate.
"""

import inspect
import types

import jax.numpy as jnp

from ... import activations, initializers, random
from ...engine.random import SeedGenerator
from ...kernels.recurrent import recurrence
from ..base import Layer
from .loop import carry_on, scan_steps


def arguments_for(function, values: dict) -> dict:
    """Those of the values (a constructor's `locals()`) that `function` takes by name."""
    names = inspect.signature(function).parameters.keys() - {"self", "kwargs"}
    return {name: values[name] for name in names if name in values}


def make_cell(cls, values: dict, kwargs: dict, name: str):
    """A layer's cell, from the layer's arguments: its named ones (`locals()`) and its `kwargs`."""
    shared = {key: kwargs[key] for key in ("dtype", "trainable") if key in kwargs}
    if "implementation" in kwargs:
        shared["implementation"] = kwargs.pop("implementation")
    return cls(**arguments_for(cls.__init__, values), **shared, name=name)


# The arguments that a recurrent layer only hands to its cell, and can be asked for.
CELL_ARGUMENTS = (
    "units use_bias kernel_initializer recurrent_initializer bias_initializer kernel_regularizer "
    "recurrent_regularizer bias_regularizer kernel_constraint recurrent_constraint "
    "bias_constraint dropout recurrent_dropout activation recurrent_activation unit_forget_bias "
    "reset_after filters kernel_size strides padding data_format dilation_rate"
).split()


def shares_with_cell(cls):
    """Makes the arguments that the layer takes for its cell readable on the layer."""
    for name in inspect.signature(cls.__init__).parameters:
        if name in CELL_ARGUMENTS:
            setattr(cls, name, property(lambda self, name=name: getattr(self.cell, name)))
    return cls


def check_rate(who: str, name: str, rate) -> float:
    """A dropout rate as a float between 0 and 1."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
        raise ValueError(f"{who}'s {name} is between 0 and 1. Received: {name}={rate!r}")
    return float(rate)


class DropoutCell(Layer):
    """A cell whose dropout masks are drawn once and hold for all steps of a sequence."""

    def __init__(self, dropout, recurrent_dropout, seed, masks: int, **kwargs):
        super().__init__(**kwargs)
        who = type(self).__name__
        self.dropout = check_rate(who, "dropout", dropout)
        self.recurrent_dropout = check_rate(who, "recurrent_dropout", recurrent_dropout)
        self.seed = seed
        self._masks = masks
        if self.dropout or self.recurrent_dropout:
            self.seed_generator = SeedGenerator(seed)

    def draw(self, rate: float, shape, dtype, training):
        """The masks (one for each gate, or one for all), or None when nothing is dropped."""
        if not training or rate == 0:
            return None
        ones = jnp.ones(shape, dtype)
        return [random.dropout(ones, rate, seed=self.seed_generator) for _ in range(self._masks)]


def product(x, kernel, masks):
    """`x @ kernel`, with each gate's columns seeing the inputs that its mask leaves."""
    if masks is None:
        return x @ kernel
    if len(masks) == 1:
        return (x * masks[0]) @ kernel
    parts = jnp.split(kernel, len(masks), axis=-1)
    return jnp.concatenate([(x * m) @ k for m, k in zip(masks, parts, strict=True)], axis=-1)


class RecurrentCell(DropoutCell):
    """The base of SimpleRNNCell, LSTMCell and GRUCell. Subclasses give `gates` and `blocks`."""

    blocks = 1  # of `units` columns each, in the kernels
    states = 1

    def __init__(
        self,
        units,
        activation,
        use_bias,
        kernel_initializer,
        recurrent_initializer,
        bias_initializer,
        kernel_regularizer,
        recurrent_regularizer,
        bias_regularizer,
        kernel_constraint,
        recurrent_constraint,
        bias_constraint,
        dropout,
        recurrent_dropout,
        seed,
        recurrent_activation=None,
        implementation: int = 2,
        **kwargs,
    ):
        who = type(self).__name__
        if isinstance(units, bool) or not isinstance(units, int) or units <= 0:
            raise ValueError(f"{who}'s units is a positive int. Received: units={units!r}")
        if implementation not in (0, 1, 2):
            raise ValueError(
                f"{who}'s implementation is 1 (dropout for each gate by itself) or 2. "
                f"Received: implementation={implementation!r}"
            )
        by_gate = implementation == 1 or recurrent_dropout != 0
        masks = self.blocks if by_gate else 1
        super().__init__(dropout, recurrent_dropout, seed, masks, **kwargs)
        self.units = units
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.recurrent_regularizer = recurrent_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.recurrent_constraint = recurrent_constraint
        self.bias_constraint = bias_constraint
        self.implementation = 1 if by_gate else implementation
        self.output_size = units
        self.state_size = units if self.states == 1 else [units] * self.states

    def build(self, input_shape):
        columns = self.units * self.blocks
        self.kernel = self.add_weight(
            (input_shape[-1], columns),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            (self.units, columns),
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name="recurrent_kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                self._bias_shape(),
                self._start_bias(),
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def _bias_shape(self):
        return (self.units * self.blocks,)

    def _start_bias(self):
        return self.bias_initializer

    def _biases(self):
        """The bias of the input's product and that of the recurrent one, or None."""
        return (None if self.bias is None else self.bias.value), None

    def get_initial_state(self, batch_size=None) -> list:
        """Zeros for each state."""
        return [jnp.zeros((batch_size, self.units), self.compute_dtype)] * self.states

    def call(self, inputs, states, training=False):
        several = isinstance(states, (list, tuple))
        before = tuple(states) if several else (states,)
        x = self.project(inputs, self._input_masks(inputs, training))
        new = self.advance(x, before, self._recurrent_masks(before, training))
        return new[0], list(new) if several else new[0]

    def project(self, inputs, masks=None):
        """What the inputs of one step, or of all at once, add to the gates."""
        x = product(inputs, self.kernel.value, masks)
        bias, _ = self._biases()
        return x if bias is None else x + bias

    def _input_masks(self, inputs, training):
        return self.draw(self.dropout, inputs.shape[-2:], inputs.dtype, training)

    def _recurrent_masks(self, states, training):
        h = states[0]
        return self.draw(self.recurrent_dropout, h.shape, h.dtype, training)

    def advance(self, x, states, masks=None):
        """The new states of one step."""
        a = product(states[0], self.recurrent_kernel.value, masks)
        _, bias = self._biases()
        a = a if bias is None else a + bias
        x, a = (jnp.split(y, self.blocks, axis=-1) for y in (x, a))
        return self.gates(x, a, states, *self._settings())

    def _settings(self):
        return self.activation, self.recurrent_activation

    def run_sequence(self, sequences, states, mask, training, unroll):
        """All steps, by the kernel where it knows the formula."""
        states = tuple(states)
        seen = self._input_masks(sequences, training)
        masks = self._recurrent_masks(states, training)
        if masks is None and (seen is None or len(seen) == 1) and self._fusible():
            sequences = sequences if seen is None else sequences * seen[0]
            outputs, last = self._run_kernel(sequences, states, mask, True if unroll else 1)
            return outputs, list(last)
        x = self.project(sequences, seen)

        def step(x, states):
            new = self.advance(x, states, masks)
            return new[0], new

        outputs, last = scan_steps(step, x, states, mask, unroll)
        return (outputs if mask is None else carry_on(outputs, mask, states[0])), list(last)

    def _run_kernel(self, xs, states, mask, unroll):
        settings, weights = self._settings(), self._weights()
        return recurrence(type(self).gates, settings, unroll, xs, *weights, states, mask)

    def _weights(self):
        bias, recurrent_bias = self._biases()
        return self.kernel.value, bias, self.recurrent_kernel.value, recurrent_bias

    def _fusible(self) -> bool:
        # The kernel is compiled once for each pair of activations: one of ours is always the same
        # function, while a user's may hold variables of its own.
        return all(
            f is None
            or (isinstance(f, types.FunctionType) and f.__module__.startswith("hornbill."))
            for f in self._settings()
        )
