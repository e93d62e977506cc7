"""GRU: gated recurrent units."""

import jax.numpy as jnp

from ..input_spec import InputSpec
from .cell import RecurrentCell, arguments_for, make_cell, product, shares_with_cell
from .rnn import RNN, check_use_cudnn


class GRUCell(RecurrentCell):
    """One step of a `GRU`.

    With `x_z, x_r, x_h` the three blocks of `x @ kernel + bias[0]`, `a_z, a_r, a_h` those of
    `h @ recurrent_kernel + bias[1]`, `s` the recurrent activation:

        z, r = s(x_z + a_z), s(x_r + a_r)
        h = z * h + (1 - z) * activation(x_h + r * a_h)

    With `reset_after=False` there is one bias, and `(r * h) @ recurrent_kernel_h` takes the place
    of `r * a_h`.

    Args:
        units: the size of the state and of the output.
        activation, recurrent_activation: names or functions; None is the identity.
        use_bias: whether biases are added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for the input and for the state, in training.
        reset_after: whether the reset gate `r` is applied after the recurrent product.
        seed: an int for the dropout; None draws one.

    Call: `cell(inputs, states)` with `(batch, n)` and `[(batch, units)]` gives
    `(output, [state])`.
    Weights: `kernel` `(n, 3 * units)`, `recurrent_kernel` `(units, 3 * units)`, `bias`
    `(2, 3 * units)`, without `reset_after` `(3 * units,)`.

    >>> import hornbill as hb
    >>> cell = hb.layers.GRUCell(4)
    >>> output, states = cell(hb.ops.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape
    (2, 4)
    """

    blocks = 3

    def __init__(
        self,
        units: int,
        activation="tanh",
        recurrent_activation="sigmoid",
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
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**arguments_for(RecurrentCell.__init__, locals()), **kwargs)
        self.reset_after = reset_after

    def _bias_shape(self):
        columns = 3 * self.units
        return (2, columns) if self.reset_after else (columns,)

    def _biases(self):
        if self.bias is None or not self.reset_after:
            return super()._biases()
        return self.bias.value[0], self.bias.value[1]

    @staticmethod
    def gates(x, a, states, activation, recurrent_activation):
        (h,) = states
        (x_z, x_r, x_h), (a_z, a_r, a_h) = x, a
        z, r = recurrent_activation(x_z + a_z), recurrent_activation(x_r + a_r)
        return (z * h + (1 - z) * activation(x_h + r * a_h),)

    def advance(self, x, states, masks=None):
        if self.reset_after:
            return super().advance(x, states, masks)
        (h,) = states
        kernel, split = self.recurrent_kernel.value, 2 * self.units
        x_z, x_r, x_h = jnp.split(x, 3, axis=-1)
        a_z, a_r = jnp.split(product(h, kernel[:, :split], masks and masks[:2]), 2, axis=-1)
        z, r = self.recurrent_activation(x_z + a_z), self.recurrent_activation(x_r + a_r)
        a_h = product(r * h, kernel[:, split:], masks and masks[2:])
        return (z * h + (1 - z) * self.activation(x_h + a_h),)

    def _fusible(self):
        return self.reset_after and super()._fusible()


@shares_with_cell
class GRU(RNN):
    """Gated recurrent units. Cho et al., 2014 (https://arxiv.org/abs/1406.1078); see `GRUCell`.

    Args:
        units: the size of the state and of the output.
        activation, recurrent_activation: names or functions; None is the identity.
        use_bias: whether biases are added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for the input and for the state, in training; what is
            dropped is dropped at all steps of a sequence.
        seed: an int for the dropout; None draws one.
        return_sequences, return_state, go_backwards, stateful, unroll: as in `RNN`.
        reset_after: whether the reset gate is applied after the recurrent product (the formula
            of arXiv 1406.1078v1, as cuDNN has it) or before (v3).
        use_cudnn: "auto", True or False, for Keras's sake: there is one engine, and it changes
            nothing.

    Call: `layer(sequences, initial_state=None, mask=None, training=None)`.
    Input shape: `(batch, time, n)`. Output shape: `(batch, units)`, with `return_sequences`
    `(batch, time, units)`; with `return_state` a tuple with the last state, `(batch, units)`.
    Weights: `kernel` `(n, 3 * units)`, `recurrent_kernel` `(units, 3 * units)`, `bias`
    `(2, 3 * units)`, without `reset_after` `(3 * units,)`.

    >>> import hornbill as hb
    >>> hb.layers.GRU(4, return_sequences=True)(hb.ops.ones((2, 5, 3))).shape
    (2, 5, 4)
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
        reset_after: bool = True,
        use_cudnn: str | bool = "auto",
        **kwargs,
    ):
        cell = make_cell(GRUCell, locals(), kwargs, name="gru_cell")
        kwargs["activity_regularizer"] = activity_regularizer
        super().__init__(**arguments_for(RNN.__init__, locals()), **kwargs)
        self.input_spec = InputSpec(ndim=3)
        self.use_cudnn = check_use_cudnn("GRU", use_cudnn)
