"""GroupQueryAttention: several query heads share a head of keys and values."""

from ..dropout import Dropout
from .projected import ProjectedAttention, check_positive


class GroupQueryAttention(ProjectedAttention):
    """Attention in which groups of query heads share keys and values.

    With one key head it is multi-query attention, with as many as query heads
    MultiHeadAttention. https://arxiv.org/abs/2305.13245

    Args:
        head_dim: the size of a head's queries, keys and values.
        num_query_heads: the number of heads of queries.
        num_key_value_heads: the number of heads of keys and values; it divides that of queries.
        dropout: the probability with which a weight is dropped in training.
        use_bias: whether the projections have biases.
        sliding_window: how many places a query may look to each side, its own included.
        flash_attention: True asks for the GPU's fused kernel and fails where there is none; None
            takes it where it fits; False never.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the projections' outputs.
        kernel_constraint, bias_constraint: applied to the weights after each update.
        use_gate: whether the heads' outputs are multiplied by a sigmoid of a projection of the
            query. https://arxiv.org/abs/2505.06708
        seed: of the dropout.

    Call arguments: as in `MultiHeadAttention`, for `query` `(batch, T, features)` and `value` and
    `key` `(batch, S, features)`.

    Output shape: `(batch, T, features of query)`; with `return_attention_scores` also
    `(batch, num_query_heads, T, S)`.
    Weights: for `query`, `key`, `gate` (if used) and `value` each `kernel`
    `(features, heads, head_dim)` and `bias` `(heads, head_dim)`; for `attention_output` `kernel`
    `(num_query_heads, head_dim, features)` and `bias` `(features,)`.

    >>> import hornbill as hb
    >>> layer = hb.layers.GroupQueryAttention(3, num_query_heads=4, num_key_value_heads=2)
    >>> layer(hb.ops.ones((2, 4, 8)), hb.ops.ones((2, 5, 8))).shape
    (2, 4, 8)
    """

    _keras_class = "GroupedQueryAttention"

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(
            dropout=dropout,
            use_bias=use_bias,
            sliding_window=sliding_window,
            flash_attention=flash_attention,
            use_gate=use_gate,
            seed=seed,
            projection={
                "kernel_initializer": kernel_initializer,
                "bias_initializer": bias_initializer,
                "kernel_regularizer": kernel_regularizer,
                "bias_regularizer": bias_regularizer,
                "activity_regularizer": activity_regularizer,
                "kernel_constraint": kernel_constraint,
                "bias_constraint": bias_constraint,
            },
            **kwargs,
        )
        check_positive(self, "head_dim", head_dim)
        check_positive(self, "num_query_heads", num_query_heads)
        check_positive(self, "num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                "GroupQueryAttention's num_query_heads is a multiple of num_key_value_heads. "
                f"Received: num_query_heads={num_query_heads}, "
                f"num_key_value_heads={num_key_value_heads}"
            )
        self.head_dim, self.num_query_heads = head_dim, num_query_heads
        self.num_key_value_heads = num_key_value_heads

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        ranks = {len(query_shape), len(value_shape), len(key_shape)}
        if ranks != {3} or value_shape[1] != key_shape[1]:
            raise ValueError(
                f"Layer '{self.path}' takes (batch, steps, features), and value and key of the "
                f"same steps. Received: query_shape={query_shape}, value_shape={value_shape}, "
                f"key_shape={key_shape}"
            )
        many, few, dim = self.num_query_heads, self.num_key_value_heads, self.head_dim
        self._query_dense = self._project("query", "a", "bc", (many, dim))
        self._query_dense.build(query_shape)
        self._key_dense = self._project("key", "a", "bc", (few, dim))
        self._key_dense.build(key_shape)
        if self._use_gate:
            self._gate_dense = self._project("gate", "a", "bc", (many, dim), "sigmoid")
            self._gate_dense.build(query_shape)
        self._value_dense = self._project("value", "a", "bc", (few, dim))
        self._value_dense.build(value_shape)
        self._dropout_layer = Dropout(self._dropout, dtype=self.dtype_policy, seed=self._seed)
        self._output_dense = self._project("attention_output", "ab", "c", query_shape[-1:])
        self._output_dense.build((*query_shape[:-1], many, dim))

    def _projections(self):
        return self._query_dense, self._key_dense, self._value_dense, self._output_dense
