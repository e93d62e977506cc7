"""Connectionist temporal classification: labels of sequences without an alignment.

https://www.cs.toronto.edu/~graves/icml_2006.pdf
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax

from ...engine.operation import Tensor, op
from ..common import public

# Stands for log(0) in the loss: finite, so that gradients of impossible paths stay numbers.
LOG_ZERO = -1e5


@op
def ctc_loss(
    target: Tensor,
    output: Tensor,
    target_length: Tensor,
    output_length: Tensor,
    mask_index: int = 0,
):
    """`-log` of the probability that the outputs spell the labels, over all alignments.

    Args:
        target: `(batch, labels)`, ints.
        output: `(batch, time, classes)`, logits.
        target_length: `(batch,)`, how many labels each example has.
        output_length: `(batch,)`, how many steps of time.
        mask_index: the class that stands for blank.

    Returns:
        The loss of each example, `(batch,)`. About 1e5 where the steps do not suffice.

    >>> import hornbill as hb
    >>> loss = hb.ops.ctc_loss([[1]], [[[0.0, 0.0], [0.0, 0.0]]], [1], [2])
    >>> round(float(loss[0]), 4)
    0.2877
    """
    logs = jax.nn.log_softmax(_at_least_float32(output))
    target = target.astype("int32")
    batch, count = target.shape
    # Each label stands between blanks: a path walks through these states, and may skip the
    # blank between two labels that differ.
    states = jnp.full((batch, 2 * count + 1), mask_index).at[:, 1::2].set(target)
    differs = jnp.pad(target[:, 1:] != target[:, :-1], ((0, 0), (1, 0)))
    skips = jnp.zeros(states.shape, bool).at[:, 1::2].set(differs)
    gains = jnp.take_along_axis(logs, states[:, None, :], axis=2)
    steps = jnp.arange(logs.shape[1])

    def back(scores, n):
        return jnp.pad(scores, ((0, 0), (n, 0)), constant_values=LOG_ZERO)[:, :-n]

    def advance(scores, now):
        gain, step = now
        skipped = jnp.where(skips, back(scores, 2), LOG_ZERO)
        reached = jnp.logaddexp(jnp.logaddexp(scores, back(scores, 1)), skipped) + gain
        return jnp.where(step < output_length[:, None], reached, scores), None

    # Before the first step, the path stands in front of the first blank.
    start = jnp.full(states.shape, LOG_ZERO, logs.dtype).at[:, 0].set(0.0)
    first = jnp.where(jnp.arange(2 * count + 1) < 2, gains[:, 0], LOG_ZERO)
    start = jnp.where(output_length[:, None] > 0, first, start)
    scores, _ = lax.scan(advance, start, (gains.swapaxes(0, 1)[1:], steps[1:]))
    last = 2 * target_length.astype("int32")[:, None]
    on_blank = jnp.take_along_axis(scores, last, axis=1)
    on_label = jnp.take_along_axis(scores, jnp.maximum(last - 1, 0), axis=1)
    on_label = jnp.where(last > 0, on_label, LOG_ZERO)
    return -jnp.logaddexp(on_blank, on_label)[:, 0]


@op
def ctc_decode(
    inputs: Tensor,
    sequence_lengths: Tensor,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
):
    """The labels that outputs spell.

    Args:
        inputs: `(batch, time, classes)`, logits.
        sequence_lengths: `(batch,)`, how many steps each example has.
        strategy: `"greedy"` takes the likeliest class of each step; `"beam_search"` sums over
            alignments and keeps the `beam_width` likeliest label sequences.
        beam_width, top_paths: for the beam search, how many are kept and how many returned.
        merge_repeated: whether repeated labels without a blank between are one (the beam
            search always merges them).
        mask_index: the class that stands for blank.

    Returns:
        `(paths, scores)`: paths of shape `(top_paths, batch, time)`, ended by -1; scores of
        shape `(batch, top_paths)`, for `"greedy"` minus the sum of the highest logits, for
        `"beam_search"` the log-probabilities.

    >>> import hornbill as hb
    >>> logits = hb.ops.one_hot([[1, 1, 0, 2]], 3) * 5
    >>> hb.ops.ctc_decode(logits, [4])[0].tolist()
    [[[1, 2, -1, -1]]]
    """
    inputs = _at_least_float32(inputs)
    classes = inputs.shape[-1]
    mask_index = classes - 1 if mask_index is None else mask_index
    if strategy == "greedy":
        return _greedy(inputs, sequence_lengths, merge_repeated, mask_index)
    if strategy != "beam_search":
        raise ValueError(
            f"ctc_decode's strategy is 'greedy' or 'beam_search'. Received: strategy={strategy!r}"
        )
    if not merge_repeated or not 1 <= top_paths <= beam_width:
        raise ValueError(
            "ctc_decode's beam search always merges repeated labels, and returns at most "
            f"beam_width paths. Received: merge_repeated={merge_repeated}, "
            f"top_paths={top_paths}, beam_width={beam_width}"
        )
    search = functools.partial(
        _beam_search, width=beam_width, top_paths=top_paths, blank=mask_index
    )
    paths, scores = jax.vmap(search)(jax.nn.log_softmax(inputs), sequence_lengths)
    return paths.swapaxes(0, 1), scores


def _at_least_float32(x):
    return x.astype(jnp.promote_types(x.dtype, "float32"))


def _greedy(inputs, lengths, merge_repeated, blank):
    steps = inputs.shape[1]
    valid = jnp.arange(steps) < lengths[:, None]
    best = jnp.where(valid, inputs.argmax(-1).astype("int32"), blank)
    scores = -jnp.where(valid, inputs.max(-1), 0).sum(1, keepdims=True)
    keep = best != blank
    if merge_repeated:
        keep &= jnp.pad(best[:, 1:] != best[:, :-1], ((0, 0), (1, 0)), constant_values=True)
    # A stable sort moves the labels to the front in their order.
    order = jnp.argsort(~keep, axis=1, stable=True)
    labels = jnp.take_along_axis(jnp.where(keep, best, -1), order, axis=1)
    return labels[None], scores


def _beam_search(logs, length, width, top_paths, blank):
    """The likeliest label sequences of one example.

    Each beam has two scores: of all alignments that end in a blank, and of those that end in
    its last label. https://arxiv.org/abs/1408.2873
    """
    steps, classes = logs.shape
    paths = jnp.full((width, steps), -1, "int32")
    sizes = jnp.zeros(width, "int32")
    nothing = jnp.full(width, -jnp.inf, logs.dtype)
    beams = paths, sizes, nothing.at[0].set(0.0), nothing
    rows = jnp.arange(width)

    def advance(beams, now):
        log, step = now
        paths, sizes, blank_score, label_score = beams
        total = jnp.logaddexp(blank_score, label_score)
        alive = total > -jnp.inf
        ends = jnp.where(sizes > 0, paths[rows, sizes - 1], -1)
        # A beam grows by each class; by its own last label only behind a blank.
        grown = jnp.where(
            jnp.arange(classes) == ends[:, None], blank_score[:, None], total[:, None]
        )
        grown = jnp.where(jnp.arange(classes) == blank, -jnp.inf, grown + log)
        # What grows into a beam that is there already is added to it.
        without_end = jnp.where(jnp.arange(steps) == sizes[:, None] - 1, -1, paths)
        parent = (paths[:, None] == without_end[None]).all(-1) & (sizes[:, None] == sizes - 1)
        parent &= alive[:, None] & alive
        arrived = jax.nn.logsumexp(jnp.where(parent, grown[:, ends], -jnp.inf), axis=0)
        taken = (parent[:, :, None] & (ends[:, None] == jnp.arange(classes))).any(1)
        grown = jnp.where(taken, -jnp.inf, grown)
        stay_blank = total + log[blank]
        stay_label = jnp.logaddexp(label_score + log[ends], arrived)
        stay = jnp.logaddexp(stay_blank, stay_label)
        _, best = lax.top_k(jnp.concatenate([stay, grown.ravel()]), width)
        grew = best >= width
        source = jnp.where(grew, (best - width) // classes, best)
        label = jnp.where(grew, (best - width) % classes, -1)
        at_end = grew[:, None] & (jnp.arange(steps) == sizes[source][:, None])
        new = (
            jnp.where(at_end, label[:, None], paths[source]),
            sizes[source] + grew,
            jnp.where(grew, -jnp.inf, stay_blank[source]),
            jnp.where(grew, grown[source, label], stay_label[source]),
        )
        going = step < length
        return jax.tree.map(lambda n, o: jnp.where(going, n, o), new, beams), None

    beams, _ = lax.scan(advance, beams, (logs, jnp.arange(steps)))
    paths, _, blank_score, label_score = beams
    scores, best = lax.top_k(jnp.logaddexp(blank_score, label_score), top_paths)
    return paths[best], scores


__all__ = public(globals())
