"""What `tf.keras.backend` has for sequences: loops, choices, and labels without an alignment."""

import jax
import jax.numpy as jnp

from .. import ops
from ..engine.config import epsilon
from ..engine.context import current_context
from ..engine.operation import Tensor as Array
from ..engine.operation import Tensors as Arrays
from ..engine.operation import op
from ..kernels.recurrent import select
from ..layers.rnn.loop import carry_on, scan_steps
from . import arrays, control
from .named import named
from .tensor import unwrap, wrap

__all__ = [
    "ctc_batch_cost",
    "ctc_decode",
    "foldl",
    "foldr",
    "in_test_phase",
    "in_train_phase",
    "map_fn",
    "rnn",
    "switch",
]


def map_fn(fn, elems, name=None, dtype=None):
    """`fn` of each element along the first axis, stacked. `dtype` is what it must give."""
    return control.map_fn(fn, elems, dtype)


def foldl(fn, elems, initializer=None, name=None):
    """The last state of `state = fn(state, element)`, from the first element to the last.

    The first element is the first state when `initializer` is None.
    """
    return _fold(fn, elems, initializer, False)


def foldr(fn, elems, initializer=None, name=None):
    """`foldl` from the last element to the first."""
    return _fold(fn, elems, initializer, True)


def _fold(fn, elems, initializer, reverse):
    states = control.scan(fn, elems, initializer, reverse=reverse)
    return wrap(jax.tree.map(lambda s: s[0 if reverse else -1], unwrap(states)))


@op
def _run(
    step_function,
    inputs: Arrays,
    initial_states: Arrays,
    go_backwards: bool = False,
    mask: Array = None,
    constants: Arrays = None,
    unroll: bool = False,
    input_length: Array = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
):
    """A loop over time: `output, states = step_function(input, states + constants)`.

    Args:
        step_function: takes the input of one step, `(batch, ...)`, and a tuple of the states and
            the constants; gives the output and the new states.
        inputs: `(batch, time, ...)`, with `time_major` `(time, batch, ...)`, or a structure of
            them.
        initial_states: the first states, a list.
        go_backwards: whether time runs backwards; outputs come as they are computed.
        mask: `(batch, time)`; where False, states stay as they are.
        constants: tensors that every step gets behind its states.
        unroll: whether the steps are written out one after the other.
        input_length: how many steps each example has, `(batch,)`: a mask; or the number of all.
        zero_output_for_mask: whether masked steps give zeros, instead of the output before.
        return_all_outputs: whether all outputs are returned, or the last as one of one step.

    Returns:
        `(last output, outputs, last states)`.
    """

    def turned(x):
        return x if time_major else jnp.swapaxes(x, 0, 1)

    inputs = jax.tree.map(turned, inputs)
    steps, batch = jax.tree.leaves(inputs)[0].shape[:2]
    if mask is not None:
        mask = turned(mask.astype(bool).reshape((steps, batch) if time_major else (batch, steps)))
    elif getattr(input_length, "ndim", 0) > 0:
        mask = jnp.arange(steps)[:, None] < input_length.reshape(1, -1)
    elif input_length is not None and int(input_length) != steps:
        raise ValueError(
            "K.rnn's input_length is the number of steps, or a vector with that of each example. "
            f"Received: input_length={int(input_length)} for {steps} steps"
        )
    if go_backwards:
        inputs = jax.tree.map(lambda x: jnp.flip(x, 0), inputs)
        mask = None if mask is None else jnp.flip(mask, 0)
    more = tuple(constants or ())

    def step(x, states):
        output, new = step_function(wrap(x), (*wrap(tuple(states)), *wrap(more)))
        return unwrap((output, list(new)))

    outputs, states = scan_steps(step, inputs, list(initial_states), mask, unroll)
    if mask is not None:
        zeros = jax.tree.map(jnp.zeros_like, outputs)
        if zero_output_for_mask:
            outputs = select(mask, outputs, zeros)
        else:
            outputs = jax.tree.map(lambda o, z: carry_on(o, mask, z[0]), outputs, zeros)
    last = jax.tree.map(lambda o: o[-1], outputs)
    kept = outputs if return_all_outputs else jax.tree.map(lambda o: o[None], last)
    return last, jax.tree.map(turned, kept), states


rnn = named(_run)


def switch(condition, then_expression, else_expression):
    """The one or the other: tensors, or functions that give them.

    A condition of two axes or more chooses for all values along the axes that it lacks behind.
    """
    if len(getattr(condition, "shape", ())) == 0:
        either = [e if callable(e) else lambda e=e: e for e in (then_expression, else_expression)]
        return control.cond(arrays.cast(condition, "bool"), *either)
    then, otherwise = (e() if callable(e) else e for e in (then_expression, else_expression))
    missing = len(then.shape) - len(condition.shape)
    if missing < 0:
        raise ValueError(
            "K.switch takes a condition of at most as many axes as what it chooses from. "
            f"Received: condition of shape {tuple(condition.shape)}, then_expression of shape "
            f"{tuple(then.shape)}"
        )
    chosen = arrays.cast(condition, "bool")
    if len(condition.shape) > 1:
        chosen = arrays.reshape(chosen, (*arrays.shape(chosen), *[1] * missing))
    return arrays.where(chosen, then, otherwise)


def in_train_phase(x, alt, training=None):
    """`x` in training, else `alt`; functions are called.

    Args:
        training: a boolean or a tensor; what the layer that runs was called with when None.
    """
    if training is None:
        training = current_context().training or False
    if isinstance(training, (bool, int)):
        chosen = x if training else alt
        return chosen() if callable(chosen) else chosen
    return switch(training, x, alt)


def in_test_phase(x, alt, training=None):
    """`alt` in training, else `x`."""
    return in_train_phase(alt, x, training)


# ---- labels of sequences -----------------------------------------------------------------------


@named
def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """`-log` of the probability of the labels, `(batch, 1)`.

    Args:
        y_true: `(batch, labels)`, ints.
        y_pred: `(batch, time, classes)`, probabilities; the last class is the blank.
        input_length, label_length: how many steps and labels each example has, `(batch, 1)`.
    """
    scores, lengths = ops.log(y_pred + epsilon()), [input_length, label_length]
    steps, labels = (ops.cast(ops.reshape(x, (-1,)), "int32") for x in lengths)
    blank = y_pred.shape[-1] - 1
    losses = ops.ctc_loss(ops.cast(y_true, "int32"), scores, labels, steps, mask_index=blank)
    return ops.expand_dims(losses, 1)


@named
def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
    """The labels that probabilities spell: `(paths, scores)`.

    Args:
        y_pred: `(batch, time, classes)`, probabilities; the last class is the blank.
        input_length: how many steps each example has, `(batch,)`.
        greedy: whether the likeliest class of each step counts, or `beam_width` label sequences
            are kept, of which the `top_paths` likeliest are given.

    Returns:
        A list of paths, each `(batch, time)`, ended by -1; and their scores, `(batch, 1)`, minus
        the sum of logarithms when greedy, else `(batch, top_paths)`, log-probabilities.
    """
    paths, scores = ops.ctc_decode(
        ops.log(y_pred + epsilon()),
        ops.cast(input_length, "int32"),
        "greedy" if greedy else "beam_search",
        beam_width,
        top_paths,
        mask_index=y_pred.shape[-1] - 1,
    )
    return list(paths), scores
