"""LSTM: long short-term memory."""

import jax.numpy as jnp
import numpy as np

from ...activations import sigmoid, tanh
from ...engine.device import from_host
from ...kernels.lstm import fits, lstm
from ...kernels.recurrent import recurrence
from ..input_spec import InputSpec
from .cell import RecurrentCell, arguments_for, make_cell, shares_with_cell
from .rnn import RNN, check_use_cudnn


def lstm_gates(x, a, states, activation, recurrent_activation):
    """The new `h` and `c` from what input and state add to the four gates."""
    _, c = states
    i, f, g, o = map(jnp.add, x, a)
    c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
    return recurrent_activation(o) * activation(c), c


def forget_bias(initializer):
    """An initializer for the four gates' bias that starts the second, the forget gate's, at 1."""

    def start(shape, dtype=None):
        units = shape[0] // 4
        first, rest = (np.asarray(initializer((n * units,), dtype)) for n in (1, 2))
        return from_host(np.concatenate([first, np.ones_like(first), rest]))

    return start


class LSTMCell(RecurrentCell):
    """One step of an `LSTM`.

    With `i, f, g, o` the four blocks of `x @ kernel + h @ recurrent_kernel + bias`:

        c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
        h = recurrent_activation(o) * activation(c)

    Args:
        units: the size of the states and of the output.
        activation, recurrent_activation: names or functions; None is the identity.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        unit_forget_bias: whether the bias of the forget gate `f` starts at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for the input and for the state, in training.
        seed: an int for the dropout; None draws one.

    Call: `cell(inputs, [h, c])` with `(batch, n)` and two states `(batch, units)` gives
    `(h, [h, c])`.
    Weights: `kernel` `(n, 4 * units)`, `recurrent_kernel` `(units, 4 * units)`, `bias`
    `(4 * units,)`.

    >>> import hornbill as hb
    >>> cell = hb.layers.LSTMCell(4)
    >>> output, (h, c) = cell(hb.ops.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape, c.shape
    ((2, 4), (2, 4))
    """

    blocks = 4
    states = 2
    gates = staticmethod(lstm_gates)

    def __init__(
        self,
        units: int,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**arguments_for(RecurrentCell.__init__, locals()), **kwargs)
        self.unit_forget_bias = unit_forget_bias

    def _start_bias(self):
        start = self.bias_initializer
        return forget_bias(start) if self.unit_forget_bias else start

    def _run_kernel(self, xs, states, mask, unroll):
        kernel, bias, kernel_h, _ = self._weights()
        usual = mask is None and self._settings() == (tanh, sigmoid)
        if not usual or not fits(xs, kernel, bias, kernel_h):
            return super()._run_kernel(xs, states, mask, unroll)
        outputs, *last = lstm(_plain, xs, *states, kernel, kernel_h, bias)
        return outputs, last


def _plain(xs, h, c, kernel, kernel_h, bias):
    """What `lstm` computes, by JAX alone."""
    rest = kernel, bias, kernel_h, None, (h, c), None
    outputs, last = recurrence(lstm_gates, (tanh, sigmoid), 1, xs, *rest)
    return outputs, *last


@shares_with_cell
class LSTM(RNN):
    """Long short-term memory. Hochreiter and Schmidhuber, 1997; see `LSTMCell` for the formula.

    Args:
        units: the size of the states and of the output.
        activation, recurrent_activation: names or functions; None is the identity.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        unit_forget_bias: whether the bias of the forget gate starts at 1
            (https://proceedings.mlr.press/v37/jozefowicz15.pdf).
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for the input and for the state, in training; what is
            dropped is dropped at all steps of a sequence.
        seed: an int for the dropout; None draws one.
        return_sequences, return_state, go_backwards, stateful, unroll: as in `RNN`.
        use_cudnn: "auto", True or False, for Keras's sake: there is one engine, and it changes
            nothing.

    Call: `layer(sequences, initial_state=None, mask=None, training=None)`.
    Input shape: `(batch, time, n)`. Output shape: `(batch, units)`, with `return_sequences`
    `(batch, time, units)`; with `return_state` a tuple with the last `h` and `c`, each
    `(batch, units)`.
    Weights: `kernel` `(n, 4 * units)`, `recurrent_kernel` `(units, 4 * units)`, `bias`
    `(4 * units,)`.

    >>> import hornbill as hb
    >>> layer = hb.layers.LSTM(4, return_sequences=True, return_state=True)
    >>> sequence, h, c = layer(hb.ops.ones((2, 5, 3)))
    >>> sequence.shape, h.shape, c.shape
    ((2, 5, 4), (2, 4), (2, 4))
    """

    def __init__(
        self,
        units: int,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: str | bool = "auto",
        **kwargs,
    ):
        cell = make_cell(LSTMCell, locals(), kwargs, name="lstm_cell")
        kwargs["activity_regularizer"] = activity_regularizer
        super().__init__(**arguments_for(RNN.__init__, locals()), **kwargs)
        self.input_spec = InputSpec(ndim=3)
        self.use_cudnn = check_use_cudnn("LSTM", use_cudnn)
