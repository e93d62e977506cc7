"""MultiHeadAttention."""

from ..dropout import Dropout
from .projected import ProjectedAttention, check_positive


class MultiHeadAttention(ProjectedAttention):
    """Attention of several heads, each with its own projections. https://arxiv.org/abs/1706.03762

    `query`, `key` and `value` are projected for each head, the scores `query · key / sqrt(key_dim)`
    become weights by a softmax, and the weighted values of all heads are projected to the output.

    Args:
        num_heads: the number of heads.
        key_dim: the size of a head's queries and keys.
        value_dim: the size of a head's values; `key_dim` when None.
        dropout: the probability with which a weight is dropped in training.
        use_bias: whether the projections have biases.
        output_shape: the output's last dimensions; None is the query's last one.
        attention_axes: the axes that attention goes over; None is all between batch and features.
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

    Call arguments:
        query: `(batch, T, features)`, or more axes between.
        value: `(batch, S, features)`.
        key: `(batch, S, features)`; the value when None.
        query_mask, value_mask, key_mask: `(batch, T)` and `(batch, S)`, True where a step counts;
            taken from the tensors when None. The output gets the query's mask. (Keras takes the
            masks off the inputs, so that eager code finds them gone; here they stay.)
        attention_mask: True where a query may look at a key; broadcasts to `(batch, T, S)`, or
            has an axis of heads before `T`.
        return_attention_scores: whether the weights are returned as well.
        use_causal_mask: whether no query looks at later places.

    Output shape: `(batch, T, *output_shape)`; with `return_attention_scores` also
    `(batch, num_heads, T, S)`.
    Weights: for `query`, `key`, `gate` (if used) and `value` each `kernel`
    `(features, num_heads, dim)` and `bias` `(num_heads, dim)`; for `attention_output` `kernel`
    `(num_heads, value_dim, *output_shape)` and `bias` `output_shape`.

    >>> import hornbill as hb
    >>> layer = hb.layers.MultiHeadAttention(num_heads=2, key_dim=3)
    >>> query, value = hb.ops.ones((2, 4, 8)), hb.ops.ones((2, 5, 8))
    >>> layer(query, value).shape
    (2, 4, 8)
    >>> layer(query, value, return_attention_scores=True)[1].shape
    (2, 2, 4, 5)
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape=None,
        attention_axes=None,
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
        check_positive(self, "num_heads", num_heads)
        check_positive(self, "key_dim", key_dim)
        if value_dim is not None:
            check_positive(self, "value_dim", value_dim)
        self._num_heads, self._key_dim = num_heads, key_dim
        self._value_dim = value_dim or key_dim
        self._output_shape = _ints(self, "output_shape", output_shape)
        self._attention_axes = _ints(self, "attention_axes", attention_axes)

    num_heads = property(lambda self: self._num_heads)
    key_dim = property(lambda self: self._key_dim)
    value_dim = property(lambda self: self._value_dim)
    dropout = property(lambda self: self._dropout)
    use_bias = property(lambda self: self._use_bias)
    attention_axes = property(lambda self: self._attention_axes)

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        rank = len(query_shape)
        axes = self._attention_axes or tuple(range(1, rank - 1))
        if {len(value_shape), len(key_shape)} != {rank} or value_shape[1:-1] != key_shape[1:-1]:
            raise ValueError(
                f"Layer '{self.path}' takes query, value and key of one rank, and value and key "
                f"of the same steps. Received: query_shape={query_shape}, "
                f"value_shape={value_shape}, key_shape={key_shape}"
            )
        if not all(0 < axis % rank < rank - 1 for axis in axes):
            raise ValueError(
                f"Layer '{self.path}' attends over the axes {axes}, which must lie between the "
                f"batch and the features. Received: query_shape={query_shape}"
            )
        self._attention_axes = tuple(axis % rank for axis in axes)
        heads, of_keys, of_values = self._num_heads, self._key_dim, self._value_dim
        self.query_dense = self._project("query", "a", "bc", (heads, of_keys))
        self.query_dense.build(query_shape)
        self.key_dense = self._project("key", "a", "bc", (heads, of_keys))
        self.key_dense.build(key_shape)
        if self._use_gate:
            self._gate_dense = self._project("gate", "a", "bc", (heads, of_values), "sigmoid")
            self._gate_dense.build(query_shape)
        self.value_dense = self._project("value", "a", "bc", (heads, of_values))
        self.value_dense.build(value_shape)
        self._dropout_layer = Dropout(self._dropout, dtype=self.dtype_policy, seed=self._seed)
        made = self._output_shape or (query_shape[-1],)
        letters = "cdefghij"[: len(made)]
        self.output_dense = self._project("attention_output", "ab", letters, made)
        self.output_dense.build((*query_shape[:-1], heads, of_values))

    def _projections(self):
        return self.query_dense, self.key_dense, self.value_dense, self.output_dense


def _ints(layer, name: str, value) -> tuple[int, ...] | None:
    """A setting that is an int or several ints, as a tuple; None stays."""
    if value is None:
        return None
    value = (value,) if isinstance(value, int) else value
    if not isinstance(value, (list, tuple)) or not all(isinstance(n, int) for n in value):
        raise ValueError(
            f"{type(layer).__name__}'s {name} is an int, a tuple of ints or None. "
            f"Received: {name}={value!r}"
        )
    return tuple(value)
