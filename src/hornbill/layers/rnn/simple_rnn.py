"""SimpleRNN: the output is fed back as a second input."""

from ..input_spec import InputSpec
from .cell import RecurrentCell, arguments_for, make_cell, shares_with_cell
from .rnn import RNN


class SimpleRNNCell(RecurrentCell):
    """One step of a `SimpleRNN`: `h = activation(x @ kernel + bias + h @ recurrent_kernel)`.

    Args:
        units: the size of the state and of the output.
        activation: a name or a function; None is the identity.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for the input and for the state, in training.
        seed: an int for the dropout; None draws one.

    Call: `cell(inputs, states)` with `(batch, n)` and `[(batch, units)]` gives
    `(output, [state])`.
    Weights: `kernel` `(n, units)`, `recurrent_kernel` `(units, units)`, `bias` `(units,)`.

    >>> import hornbill as hb
    >>> cell = hb.layers.SimpleRNNCell(4)
    >>> output, states = cell(hb.ops.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape
    (2, 4)
    """

    def __init__(
        self,
        units: int,
        activation="tanh",
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
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

    def _settings(self):
        return (self.activation,)

    @staticmethod
    def gates(x, a, states, activation):
        (x,), (a,) = x, a
        return (activation(x + a),)


@shares_with_cell
class SimpleRNN(RNN):
    """A recurrent layer whose output is fed back: `h = tanh(x @ kernel + h @ recurrent + bias)`.

    Args:
        units: the size of the state and of the output.
        activation: a name or a function; None is the identity.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for the input and for the state, in training; what is
            dropped is dropped at all steps of a sequence.
        return_sequences, return_state, go_backwards, stateful, unroll: as in `RNN`.
        seed: an int for the dropout; None draws one.

    Call: `layer(sequences, initial_state=None, mask=None, training=None)`.
    Input shape: `(batch, time, n)`. Output shape: `(batch, units)`, with `return_sequences`
    `(batch, time, units)`; with `return_state` a tuple with the last state, `(batch, units)`.
    Weights: `kernel` `(n, units)`, `recurrent_kernel` `(units, units)`, `bias` `(units,)`.

    >>> import hornbill as hb
    >>> hb.layers.SimpleRNN(4)(hb.ops.ones((2, 5, 3))).shape
    (2, 4)
    """

    def __init__(
        self,
        units: int,
        activation="tanh",
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs,
    ):
        cell = make_cell(SimpleRNNCell, locals(), kwargs, name="simple_rnn_cell")
        kwargs["activity_regularizer"] = activity_regularizer
        super().__init__(**arguments_for(RNN.__init__, locals()), **kwargs)
        self.input_spec = InputSpec(ndim=3)
