"""ConvLSTM: an LSTM over images, with convolutions for its products."""

import jax
import jax.numpy as jnp

from ... import activations, initializers
from ...engine.config import standardize_data_format
from ...engine.errors import UnknownDimension
from ...kernels.conv import conv
from ...kernels.recurrent import conv_in_loop
from ...kernels.windows import check_padding, per_dimension
from ..input_spec import InputSpec
from .cell import DropoutCell, arguments_for, make_cell, shares_with_cell
from .loop import carry_on, scan_steps
from .lstm import forget_bias, lstm_gates
from .rnn import RNN


class ConvLSTMCell(DropoutCell):
    """One step of a ConvLSTM; the arguments are those of `ConvLSTM2D`, `rank` is 1, 2 or 3.

    Inside, channels are last, whatever the data format.
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size,
        strides,
        padding,
        data_format,
        dilation_rate,
        activation,
        recurrent_activation,
        use_bias,
        kernel_initializer,
        recurrent_initializer,
        bias_initializer,
        unit_forget_bias,
        kernel_regularizer,
        recurrent_regularizer,
        bias_regularizer,
        kernel_constraint,
        recurrent_constraint,
        bias_constraint,
        dropout,
        recurrent_dropout,
        seed,
        **kwargs,
    ):
        super().__init__(dropout, recurrent_dropout, seed, masks=4, **kwargs)
        who = f"ConvLSTM{rank}D"
        if isinstance(filters, bool) or not isinstance(filters, int) or filters <= 0:
            raise ValueError(f"{who}'s filters is a positive int. Received: filters={filters!r}")
        self.rank, self.filters = rank, filters
        self.kernel_size = per_dimension(kernel_size, rank, "kernel_size")
        self.strides = per_dimension(strides, rank, "strides")
        self.padding = check_padding(padding)
        self.data_format = standardize_data_format(data_format)
        self.dilation_rate = per_dimension(dilation_rate, rank, "dilation_rate")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{who} has strides or a dilation_rate above 1, not both. "
                f"Received: strides={strides}, dilation_rate={dilation_rate}"
            )
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.use_bias, self.unit_forget_bias = use_bias, unit_forget_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.recurrent_regularizer = recurrent_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.recurrent_constraint = recurrent_constraint
        self.bias_constraint = bias_constraint
        self.state_size = [filters, filters]
        self.output_size = filters

    def build(self, input_shape):
        *spatial, channels = self._shape_last(input_shape)[1:]
        if None in (*spatial, channels):
            raise UnknownDimension(
                f"Layer '{self.path}' (ConvLSTM{self.rank}D) keeps images as states, so it needs "
                f"the size of its images: only batch and time may be None. Received: a step of "
                f"shape {tuple(input_shape)}"
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, 4 * self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            (*self.kernel_size, self.filters, 4 * self.filters),
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name="recurrent_kernel",
        )
        self.bias = None
        if self.use_bias:
            start = self.bias_initializer
            self.bias = self.add_weight(
                (4 * self.filters,),
                forget_bias(start) if self.unit_forget_bias else start,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        image = jax.ShapeDtypeStruct((1, *spatial, channels), self.dtype)
        made = jax.eval_shape(lambda x: self._convolve(x, self.kernel.value), image)
        self._image_shape = (*made.shape[1:-1], self.filters)

    def _shape_last(self, shape):
        first = self.data_format == "channels_first"
        return (shape[0], *shape[2:], shape[1]) if first else tuple(shape)

    def _last(self, x):
        """Moves the channels last, where the data format has them before the image's axes."""
        first = self.data_format == "channels_first"
        return jnp.moveaxis(x, -self.rank - 1, -1) if first else x

    def _back(self, x):
        first = self.data_format == "channels_first"
        return jnp.moveaxis(x, -1, -self.rank - 1) if first else x

    def get_initial_state(self, batch_size=None) -> list:
        """Images of zeros for both states."""
        zeros = self._back(jnp.zeros((batch_size, *self._image_shape), self.compute_dtype))
        return [zeros, zeros]

    def _convolve(self, x, kernel):
        return conv(
            x, kernel, self.strides, self.padding, "channels_last", self.dilation_rate, self.path
        )

    def project(self, x, training):
        """What the images of one step, or of all at once, add to the gates."""
        kernel, image = self.kernel.value, x.shape[-self.rank - 2 :]
        masks = self.draw(self.dropout, image, x.dtype, training)
        lead = x.shape[: -self.rank - 1]

        def convolve(x, kernel):
            size = lead[0] if len(lead) == 1 else lead[0] * lead[1]
            y = self._convolve(x.reshape(size, *image[1:]), kernel)
            return y.reshape(*lead, *y.shape[1:])

        y = by_gate(convolve, x, kernel, masks)
        return y if self.bias is None else y + self.bias.value

    def advance(self, x, states, masks=None):
        """The new states of one step."""
        a = by_gate(conv_in_loop, states[0], self.recurrent_kernel.value, masks)
        x, a = (jnp.split(y, 4, axis=-1) for y in (x, a))
        return lstm_gates(x, a, states, self.activation, self.recurrent_activation)

    def _recurrent_masks(self, h, training):
        return self.draw(self.recurrent_dropout, h.shape, h.dtype, training)

    def call(self, inputs, states, training=False):
        x = self.project(self._last(inputs), training)
        before = [self._last(s) for s in states]
        new = self.advance(x, before, self._recurrent_masks(before[0], training))
        new = [self._back(s) for s in new]
        return new[0], new

    def run_sequence(self, sequences, states, mask, training, unroll):
        """All steps: one convolution for all inputs, then the recurrence."""
        x = self.project(self._last(sequences), training)
        states = tuple(self._last(s) for s in states)
        masks = self._recurrent_masks(states[0], training)

        def step(x, states):
            new = self.advance(x, states, masks)
            return new[0], new

        outputs, last = scan_steps(step, x, states, mask, unroll)
        if mask is not None:
            outputs = carry_on(outputs, mask, states[0])
        return self._back(outputs), [self._back(s) for s in last]


def by_gate(convolve, x, kernel, masks):
    """One convolution for all four gates, or one for each, of what its mask leaves."""
    if masks is None:
        return convolve(x, kernel)
    parts = zip(masks, jnp.split(kernel, 4, axis=-1), strict=True)
    return jnp.concatenate([convolve(x * mask, part) for mask, part in parts], axis=-1)


@shares_with_cell
class ConvLSTM(RNN):
    """The base of `ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D`, which say their `rank`."""

    rank: int

    def __init__(
        self,
        filters: int,
        kernel_size,
        strides=1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate=1,
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
        **kwargs,
    ):
        rank = self.rank
        cell = make_cell(ConvLSTMCell, locals(), kwargs, name="conv_lstm_cell")
        kwargs["activity_regularizer"] = activity_regularizer
        super().__init__(**arguments_for(RNN.__init__, locals()), **kwargs)
        self.input_spec = InputSpec(ndim=rank + 3)


class ConvLSTM1D(ConvLSTM):
    """An LSTM over sequences of rows, with convolutions for its products; see `ConvLSTM2D`.

    Input shape: `(batch, time, steps, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.ConvLSTM1D(4, 3)(hb.ops.ones((2, 5, 8, 3))).shape
    (2, 6, 4)
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """An LSTM over sequences of images, with convolutions for its products.

    Source: Shi et al., 2015, https://arxiv.org/abs/1506.04214 (without its peepholes).

    Args:
        filters: the channels of the states and of the output.
        kernel_size: the windows' size, an int or one per spatial dimension.
        strides, padding, dilation_rate: of the convolution of the input; `"valid"` or `"same"`.
            That of the state has stride 1 and keeps the size.
        data_format: `"channels_last"` or `"channels_first"` (before the spatial dimensions); the
            configured one when None.
        activation, recurrent_activation: names or functions; None is the identity.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        unit_forget_bias: whether the bias of the forget gate starts at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for the input and for the state, in training.
        seed: an int for the dropout; None draws one.
        return_sequences, return_state, go_backwards, stateful: as in `RNN`.

    Call: `layer(sequences, initial_state=None, mask=None, training=None)`.
    Input shape: `(batch, time, rows, columns, channels)`, where the size of the images must be
    known. Output shape: `(batch, new rows, new columns, filters)`, with `return_sequences` with
    time second; with `return_state` a tuple with the last `h` and `c` of the same shape.
    Weights: `kernel` `(*kernel_size, channels, 4 * filters)`, `recurrent_kernel`
    `(*kernel_size, filters, 4 * filters)`, `bias` `(4 * filters,)`.

    >>> import hornbill as hb
    >>> layer = hb.layers.ConvLSTM2D(4, 3, padding="same", return_sequences=True)
    >>> layer(hb.ops.ones((2, 5, 8, 8, 3))).shape
    (2, 5, 8, 8, 4)
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """An LSTM over sequences of volumes, with convolutions for its products; see `ConvLSTM2D`.

    Input shape: `(batch, time, depth, rows, columns, channels)`.

    >>> import hornbill as hb
    >>> hb.layers.ConvLSTM3D(2, 3)(hb.ops.ones((1, 2, 4, 4, 4, 3))).shape
    (1, 2, 2, 2, 2)
    """

    rank = 3
