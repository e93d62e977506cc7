"""Embedding: a table of vectors, looked up by index."""

from .. import ops
from ..engine.beside import set_mask
from ..engine.dtypes import dtype_of
from .base import Layer
from .lora import LoRA, adapted


class Embedding(LoRA, Layer):
    """The rows of a learned table, at the indices given.

    Args:
        input_dim: the number of rows: the largest index plus 1.
        output_dim: the length of a row.
        embeddings_initializer: how the table starts.
        embeddings_regularizer: a penalty on it.
        embeddings_constraint: applied to it after each update.
        mask_zero: whether index 0 is padding: the output gets the mask `inputs != 0`.
        weights: the table's values to start from, of shape `(input_dim, output_dim)`, alone or
            in a list. They are not part of the config.
        lora_rank, lora_alpha: as if `enable_lora` were called after `build`.
        quantization_config: must stay None.

    Input shape: any, of ints (floats are cut to ints). Output shape: `(*input, output_dim)`.
    Weights: `embeddings` of shape `(input_dim, output_dim)`.

    Keras 2's `input_length` is taken and has no effect: the length is the input's.

    >>> import hornbill as hb
    >>> layer = hb.layers.Embedding(10, 4, mask_zero=True)
    >>> layer(hb.ops.array([[3, 1, 0]])).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero: bool = False,
        weights=None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config=None,
        **kwargs,
    ):
        kwargs.pop("input_length", None)
        super().__init__(**kwargs)
        for name, value in (("input_dim", input_dim), ("output_dim", output_dim)):
            if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
                raise ValueError(
                    f"{type(self).__name__}'s {name} is a positive int. Received: {name}={value!r}"
                )
        self.input_dim, self.output_dim = input_dim, output_dim
        self.embeddings_initializer = embeddings_initializer
        self.embeddings_regularizer = embeddings_regularizer
        self.embeddings_constraint = embeddings_constraint
        self.mask_zero = self.supports_masking = mask_zero
        self._set_lora(lora_rank, lora_alpha, quantization_config)
        # Indices are no numbers to round, and the rows are cast after they are chosen: casting
        # the whole table would cost more than the lookup.
        self.autocast = False
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) else [weights])

    _lora_target = "embeddings"
    embeddings = adapted("embeddings")

    def build(self, input_shape=None):
        self._add_table()

    def _add_table(self):
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )
        self._build_lora()

    def call(self, inputs):
        if dtype_of(inputs) not in ("int32", "int64"):
            inputs = ops.cast(inputs, "int32")
        rows = ops.take(self._embeddings, inputs, axis=0)
        if self.lora_enabled:
            # The product of the chosen rows alone, not that of the whole table.
            a = ops.take(self._lora_a, inputs, axis=0)
            rows = rows + self._lora_scale * ops.matmul(a, self._lora_b)
        return ops.cast(rows, self.compute_dtype)

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def get_config(self) -> dict:
        config = super().get_config()
        return {k: v for k, v in config.items() if k not in ("weights", "input_length")}


class ReversibleEmbedding(Embedding):
    """An Embedding that also projects vectors back to a score for each row.

    Language models use it at both ends. https://arxiv.org/abs/1608.05859

    Args:
        input_dim: the number of rows.
        output_dim: the length of a row.
        tie_weights: whether the way back uses the transposed table, or a kernel of its own.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint, mask_zero: as in
            `Embedding`. The own kernel starts by the same initializer.
        reverse_dtype: the dtype of the way back; None promotes the inputs' and the kernel's.
        logit_soft_cap: scores become `cap * tanh(scores / cap)`; None leaves them.

    Call arguments:
        inputs: ints of any shape; with `reverse` vectors `(..., output_dim)`.
        reverse: whether to project back, to `(..., input_dim)`.

    Weights: `embeddings` of shape `(input_dim, output_dim)`; without `tie_weights` also
    `reverse_embeddings` of shape `(output_dim, input_dim)`.

    >>> import hornbill as hb
    >>> layer = hb.layers.ReversibleEmbedding(10, 4)
    >>> layer(layer(hb.ops.array([[3, 1]])), reverse=True).shape
    (1, 2, 10)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero: bool = False,
        reverse_dtype=None,
        logit_soft_cap: float | None = None,
        **kwargs,
    ):
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )
        if logit_soft_cap is not None and not logit_soft_cap > 0:
            raise ValueError(
                "ReversibleEmbedding's logit_soft_cap is a positive number or None. "
                f"Received: logit_soft_cap={logit_soft_cap!r}"
            )
        self.tie_weights, self.reverse_dtype = tie_weights, reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape=None):
        self._add_table()
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim),
                self.embeddings_initializer,
                name="reverse_embeddings",
            )

    def call(self, inputs, reverse=False):
        if not reverse:
            outputs = super().call(inputs)
            set_mask(outputs, super().compute_mask(inputs))
            return outputs
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs = ops.cast(inputs, self.reverse_dtype)
            kernel = ops.cast(kernel, self.reverse_dtype)
        logits = ops.matmul(inputs, kernel)
        cap = self.logit_soft_cap
        return logits if cap is None else cap * ops.tanh(logits / cap)

    def compute_mask(self, inputs, mask=None):
        # `call` sets it: only the way forth has one.
        return None
