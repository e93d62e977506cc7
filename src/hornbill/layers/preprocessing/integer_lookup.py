"""IntegerLookup: ints to indices and back."""

import numpy as np

from .index_lookup import IndexLookup


class IntegerLookup(IndexLookup):
    """Ints to indices by a vocabulary that is given or learned by `adapt`.

    Indices: 0 for the mask token, if there is one (in `"int"` mode), then `num_oov_indices` for
    ints outside the vocabulary, then the vocabulary. Works in compiled steps, too.

    Args:
        max_tokens: the most indices that there may be; `adapt` keeps the most frequent tokens.
        num_oov_indices: how many indices unknown ints have; with 0 they are an error.
        mask_token: an int that stands for no value: index 0 in `"int"` mode, counted nowhere in
            the others.
        oov_token: what `invert` gives for unknown indices.
        vocabulary: a list or array of ints, or the path of a text file with one a line.
        vocabulary_dtype: `"int64"`, the only one.
        idf_weights: for `"tf_idf"`, a weight for each item of `vocabulary`.
        invert: whether indices become the ints of the vocabulary.
        output_mode: `"int"`; `"one_hot"` for a vector for each int (an axis of length 1 at the
            end becomes it); `"multi_hot"`, `"count"`, `"tf_idf"` for one vector for each sample:
            ones, counts, or counts times the weights.
        sparse: must be False: Hornbill has dense tensors only.
        pad_to_max_tokens: whether vectors have the length `max_tokens`, whatever is known.
        oov_method: with several OOV indices, `"floormod"` for `value % num_oov_indices`, or
            `"farmhash"` for a hash of the decimals, which spreads regular ids evenly.
        salt: an int or a pair of ints, with `"farmhash"`: SipHash with this key is used instead.

    Input shape: any. Output shape: the same for `"int"`, else with an axis of the indices at the
    end.

    >>> import hornbill as hb
    >>> hb.layers.IntegerLookup(vocabulary=[10, 30, 20])([[30, 10, 7]]).tolist()
    [[2, 1, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary=None,
        vocabulary_dtype: str = "int64",
        idf_weights=None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt=None,
        name: str | None = None,
        **kwargs,
    ):
        if vocabulary_dtype != "int64":
            raise ValueError(
                "IntegerLookup's vocabulary_dtype is 'int64'. "
                f"Received: vocabulary_dtype={vocabulary_dtype!r}"
            )
        if salt is not None and oov_method != "farmhash":
            raise ValueError(
                "IntegerLookup's salt goes with oov_method='farmhash'. "
                f"Received: salt={salt}, oov_method={oov_method!r}"
            )
        self.vocabulary_dtype = vocabulary_dtype
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            oov_method=oov_method,
            salt=salt,
            name=name,
            **kwargs,
        )

    input_dtype = property(lambda self: "int32")

    def read(self, values) -> np.ndarray:
        values = np.asarray(values)
        if values.dtype.kind not in "iufb":
            raise TypeError(
                "IntegerLookup takes ints; take StringLookup for strings. "
                f"Received: an array of shape {values.shape}, {values.dtype}"
            )
        return values.astype("int64")

    def parse(self, lines):
        return [int(line) for line in lines]
