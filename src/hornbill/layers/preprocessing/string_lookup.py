"""StringLookup: strings to indices and back."""

import jax
import numpy as np

from .host import as_strings
from .index_lookup import IndexLookup


class StringLookup(IndexLookup):
    """Strings to indices by a vocabulary that is given or learned by `adapt`.

    Indices: 0 for the mask token, if there is one (in `"int"` mode), then `num_oov_indices` for
    strings outside the vocabulary, then the vocabulary.

    Args:
        max_tokens: the most indices that there may be; `adapt` keeps the most frequent tokens.
        num_oov_indices: how many indices unknown strings have; above 1 they are spread by a
            hash, with 0 they are an error.
        mask_token: a string that stands for no value: index 0 in `"int"` mode, counted nowhere
            in the others.
        oov_token: what `invert` gives for unknown indices.
        vocabulary: a list or array of strings, or the path of a text file with one a line.
        idf_weights: for `"tf_idf"`, a weight for each item of `vocabulary`.
        invert: whether indices become strings.
        output_mode: `"int"`; `"one_hot"` for a vector for each string (an axis of length 1 at
            the end becomes it); `"multi_hot"`, `"count"`, `"tf_idf"` for one vector for each
            sample: ones, counts, or counts times the weights.
        pad_to_max_tokens: whether vectors have the length `max_tokens`, whatever is known.
        sparse: must be False: Hornbill has dense tensors only.
        encoding: how inputs that are bytes, and the file, are decoded.
        salt: an int or a pair of ints: unknown strings are spread by SipHash instead.

    Input shape: any. Output shape: the same for `"int"`, else with an axis of the indices at the
    end. Strings need eager calls or a data pipeline: compiled code has none.

    >>> import hornbill as hb
    >>> layer = hb.layers.StringLookup()
    >>> layer.adapt(["b", "a", "b"])
    >>> layer.get_vocabulary(), layer([["a", "b", "z"]]).tolist()
    (['[UNK]', 'b', 'a'], [[2, 1, 0]])
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = "[UNK]",
        vocabulary=None,
        idf_weights=None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt=None,
        **kwargs,
    ):
        self.encoding = encoding
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            salt=salt,
            name=name,
            **kwargs,
        )

    input_dtype = property(lambda self: "int32" if self.invert else "string")
    output_dtype = property(lambda self: "string" if self.invert else super().output_dtype)

    def call(self, inputs):
        if not self.invert:
            return super().call(self.read(inputs))
        if isinstance(inputs, jax.core.Tracer):
            raise TypeError(
                f"StringLookup '{self.path}' with invert=True gives strings, which compiled code "
                "cannot hold: call it on the model's predictions. Received: a compiled call"
            )
        return self._tokens_at(np.asarray(inputs))

    def read(self, values) -> np.ndarray:
        return as_strings(type(self).__name__, values, self.encoding)

    def parse(self, lines):
        return lines
