"""What MultiHeadAttention and GroupQueryAttention share: heads made and merged by projections."""

import math
import string

from ... import initializers, ops
from ...engine.beside import set_mask
from ..activation import masked_softmax
from ..base import Layer
from ..dropout import check_rate
from ..einsum_dense import EinsumDense
from .masks import merge_masks


class ProjectedAttention(Layer):
    """Base of attention with heads.

    Subclasses' `build` makes the projections by `_project`, and `_projections` lists them: they are
    kept under the names that Keras's files have.
    """

    def __init__(
        self,
        *,
        dropout,
        use_bias,
        sliding_window,
        flash_attention,
        use_gate,
        seed,
        projection: dict,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_rate(self, dropout, "dropout")
        if sliding_window is not None:
            check_positive(self, "sliding_window", sliding_window)
        if flash_attention and dropout > 0:
            raise ValueError(
                f"{type(self).__name__} has no flash attention with dropout: leave one out. "
                f"Received: flash_attention={flash_attention}, dropout={dropout}"
            )
        self.supports_masking = True
        self._dropout, self._seed = dropout, seed
        self._use_bias, self._use_gate = use_bias, use_gate
        self._sliding_window, self._flash_attention = sliding_window, flash_attention
        self._projection = projection
        self._attention_axes: tuple[int, ...] | None = (1,)

    def _project(self, name, bound: str, made: str, sizes, activation=None) -> EinsumDense:
        """A projection of the axes `bound` to the axes `made`, of these sizes."""
        shared = dict(self._projection)
        for key in ("kernel_initializer", "bias_initializer"):
            # One initializer object would give all projections the same values.
            given = initializers.get(shared[key])
            shared[key] = given.clone() if hasattr(given, "clone") else given
        dense = EinsumDense(
            f"...{bound},{bound}{made}->...{made}",
            output_shape=tuple(sizes),
            bias_axes=made if self._use_bias else None,
            activation=activation,
            name=name,
            dtype=self.dtype_policy,
            **shared,
        )
        dense.supports_masking = True  # masks are dealt with here: no word that one is dropped
        return dense

    def _projections(self) -> tuple[EinsumDense, ...]:
        """Those of query, key, value and output."""
        raise NotImplementedError

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        key = value if key is None else key
        gate = self._gate_dense(query) if self._use_gate else None
        of_query, of_key, of_value, of_output = self._projections()
        query, key, value = of_query(query), of_key(key), of_value(value)
        fused = (
            not self._dropout
            and not return_attention_scores
            and query.ndim == 4
            and query.shape[-1] == value.shape[-1]
        )
        given = (query_mask, value_mask, key_mask, attention_mask, self._sliding_window)
        # A mask that is only causal need not be written out: the fused op knows it.
        causal = fused and use_causal_mask and all(m is None for m in given)
        mask = merge_masks(
            query,
            value,
            query_mask,
            value_mask,
            key_mask,
            attention_mask,
            use_causal_mask and not causal,
            self._sliding_window,
        )
        if fused:
            scores, outputs = None, self._fused(query, key, value, mask, causal)
        elif self._flash_attention:
            raise ValueError(
                f"Layer '{self.path}' cannot return scores or attend over several axes with "
                "flash attention, which never writes the scores out: set flash_attention=False. "
                f"Received: return_attention_scores={return_attention_scores}"
            )
        else:
            scores, outputs = self._explicit(query, key, value, mask, training)
        outputs = of_output(outputs if gate is None else outputs * gate)
        set_mask(outputs, query_mask)
        return (outputs, scores) if return_attention_scores else outputs

    def _fused(self, query, key, value, mask, causal):
        """Attention in one op, without the scores: `(batch, steps, heads, dim)` all around."""
        if mask is not None and mask.ndim < 4:
            mask = ops.expand_dims(mask, -3)
        return ops.dot_product_attention(
            query,
            key,
            value,
            mask=mask,
            scale=1 / math.sqrt(query.shape[-1]),
            is_causal=causal,
            flash_attention=self._flash_attention,
        )

    def _explicit(self, query, key, value, mask, training):
        """Attention over any axes, with the scores: `(batch, heads, ..., queries, keys)`."""
        axes = self._attention_axes
        if key.shape[-2] != query.shape[-2]:
            times = query.shape[-2] // key.shape[-2]
            key, value = ops.repeat(key, times, axis=-2), ops.repeat(value, times, axis=-2)
        to_scores, to_outputs = attention_equations(query.ndim, axes)
        scores = ops.einsum(to_scores, key, query * (1 / math.sqrt(query.shape[-1])))
        while mask is not None and mask.ndim < scores.ndim:
            mask = ops.expand_dims(mask, -2 * len(axes) - 1)
        scores = masked_softmax(scores, mask, tuple(range(-len(axes), 0)))
        kept = self._dropout_layer(scores, training=training)
        return scores, ops.einsum(to_outputs, kept, value)


def attention_equations(rank: int, axes) -> tuple[str, str]:
    """The einsums from keys and queries to scores, and from scores and values to outputs.

    Args:
        rank: of queries, keys and values, with the axes of heads and features last.
        axes: those over which attention goes; the others are treated one by one.

    >>> from hornbill.layers.attention.projected import attention_equations
    >>> attention_equations(4, (1,))
    ('aBcd,abcd->acbB', 'acbB,aBcd->abcd')
    """
    queries = string.ascii_lowercase[:rank]
    keys = "".join(c.upper() if i in axes else c for i, c in enumerate(queries))
    alone = "".join(c for i, c in enumerate(queries[:-1]) if i not in axes)
    scores = alone + "".join(queries[i] for i in axes) + "".join(keys[i] for i in axes)
    return f"{keys},{queries}->{scores}", f"{scores},{keys}->{queries}"


def check_positive(layer, name: str, value) -> None:
    """Raises unless `value` is a positive int."""
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(
            f"{type(layer).__name__}'s {name} is a positive int. Received: {name}={value!r}"
        )
