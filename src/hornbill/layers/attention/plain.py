"""Attention and AdditiveAttention: one head, without projections."""

from ... import ops, random
from ...engine.dtypes import dtype_of
from ...engine.errors import known_shape
from ...engine.random import SeedGenerator
from ..base import Layer
from ..dropout import check_rate
from .masks import causal_mask


class Attention(Layer):
    """The values' mean, weighted by how alike queries and keys are. https://arxiv.org/abs/1508.04025

    Args:
        use_scale: whether the scores are multiplied by a learned number.
        score_mode: `"dot"` for the dot product of query and key, `"concat"` for
            `sum(tanh(query + key))`, with a learned factor.
        dropout: the probability with which a weight is dropped in training.
        seed: of the dropout.

    Call arguments:
        inputs: the list `[query, value]` or `[query, value, key]`, of shapes `(batch, T, dim)`,
            `(batch, S, dim)` and `(batch, S, dim)`; the value is also the key when there is none.
        mask: `[query_mask, value_mask]`, of shapes `(batch, T)` and `(batch, S)` or None, True
            where a step counts. Outputs at masked queries are 0. The output gets the query's mask.
        return_attention_scores: whether the weights are returned as well.
        use_causal_mask: whether no query looks at later places.

    Output shape: `(batch, T, dim)`; with `return_attention_scores` also `(batch, T, S)`.
    Weights: with `use_scale` `scale`, with `"concat"` `concat_score_weight`, of shape `()`.

    >>> import hornbill as hb
    >>> query, value = hb.ops.ones((1, 2, 3)), hb.ops.ones((1, 4, 3))
    >>> hb.layers.Attention()([query, value]).shape
    (1, 2, 3)
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                f"Attention's score_mode is 'dot' or 'concat'. Received: score_mode={score_mode!r}"
            )
        check_rate(self, dropout, "dropout")
        self.supports_masking = True
        self.use_scale, self.score_mode = use_scale, score_mode
        self.dropout, self.seed = dropout, seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)

    def build(self, input_shape):
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def call(
        self,
        inputs,
        mask=None,
        training=False,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        self._check(inputs, mask)
        query, value = inputs[:2]
        query_mask, value_mask = mask[:2] if mask is not None else (None, None)
        scores = self._scores(query, inputs[-1])
        visible = None if value_mask is None else ops.expand_dims(value_mask, -2)
        if use_causal_mask:
            causal = causal_mask(*scores.shape[-2:])
            visible = causal if visible is None else ops.logical_and(visible, causal)
        if visible is not None:
            far = 65504.0 if dtype_of(scores) == "float16" else 1e9
            scores = ops.where(visible, scores, scores - far)
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        outputs = ops.matmul(weights, value)
        if query_mask is not None:
            outputs = ops.where(ops.expand_dims(query_mask, -1), outputs, 0)
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else mask[0]

    def _scores(self, query, key):
        """How alike each query and key are, `(batch, T, S)`."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else ops.multiply(scores, self.scale)
        both = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        both = both if self.scale is None else ops.multiply(both, self.scale)
        return ops.multiply(ops.sum(ops.tanh(both), axis=-1), self.concat_score_weight)

    def _check(self, inputs, mask):
        who = f"Layer '{self.path}' ({type(self).__name__})"
        if not isinstance(inputs, (list, tuple)) or len(inputs) not in (2, 3):
            several = isinstance(inputs, (list, tuple))
            got = f"{len(inputs)} tensors" if several else "one tensor"
            raise ValueError(f"{who} takes [query, value] or [query, value, key]. Received: {got}")
        if mask is not None and (not isinstance(mask, (list, tuple)) or len(mask) not in (2, 3)):
            raise ValueError(f"{who} takes a mask [query_mask, value_mask]. Received: {mask!r}")
        shapes = [known_shape(x.shape) for x in inputs]
        if min(map(len, shapes)) < 2 or shapes[1][-2] != shapes[-1][-2]:
            raise ValueError(
                f"{who} takes (batch, T, dim) for query and (batch, S, dim) for value and key. "
                f"Received: shapes {shapes}"
            )


class AdditiveAttention(Attention):
    """Attention by the scores `sum(scale * tanh(query + key))`. https://arxiv.org/abs/1409.0473

    Args:
        use_scale: whether the terms are weighted by a learned vector.
        dropout: the probability with which a weight is dropped in training.

    Call arguments, output shape: as `Attention`.
    Weights: with `use_scale` `scale` of shape `(dim,)`.

    >>> import hornbill as hb
    >>> query, value = hb.ops.ones((1, 2, 3)), hb.ops.ones((1, 4, 3))
    >>> hb.layers.AdditiveAttention()([query, value]).shape
    (1, 2, 3)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs):
        if "score_mode" in kwargs:
            raise TypeError(
                "AdditiveAttention has one way to score; Attention takes a score_mode. "
                f"Received: score_mode={kwargs['score_mode']!r}"
            )
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape):
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def _scores(self, query, key):
        terms = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(terms if self.scale is None else ops.multiply(terms, self.scale), axis=-1)
