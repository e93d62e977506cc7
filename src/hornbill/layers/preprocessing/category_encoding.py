"""CategoryEncoding: category numbers to vectors."""

from .arrays import ArrayLayer
from .encoding import check_mode, encode


class CategoryEncoding(ArrayLayer):
    """Ints in `[0, num_tokens)` as vectors of that length. Other ints count nowhere.

    Args:
        num_tokens: how many categories there are.
        output_mode: `"one_hot"` for a vector for each int (an axis of length 1 at the end becomes
            it); `"multi_hot"` and `"count"` for one vector for each sample, with ones or counts.
        sparse: must be False: Hornbill has dense tensors only.

    Call arguments:
        inputs: ints of shape `(n,)` (one sample) or `(batch, n)`.
        count_weights: for `"count"`, how much each int counts, in the shape of the inputs.

    Output shape: `(batch, num_tokens)`; for `"one_hot"` the input's shape and `num_tokens`.

    >>> import hornbill as hb
    >>> hb.layers.CategoryEncoding(4)([[0, 1], [3, 3]]).tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        modes = ("multi_hot", "one_hot", "count")
        self.output_mode = check_mode("CategoryEncoding", output_mode, modes, sparse)
        if num_tokens is None or num_tokens < 1:
            raise ValueError(
                "CategoryEncoding's num_tokens is a positive int. Where the categories are not "
                "known beforehand, take IntegerLookup, which learns them. "
                f"Received: num_tokens={num_tokens}"
            )
        self.num_tokens, self.sparse = num_tokens, sparse

    def call(self, inputs, count_weights=None):
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                f"CategoryEncoding '{self.path}' takes count_weights with output_mode='count' "
                f"only. Received: output_mode={self.output_mode!r}"
            )
        ints = inputs.astype("int32")
        return encode(ints, self.output_mode, self.num_tokens, self.compute_dtype, count_weights)
