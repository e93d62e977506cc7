"""TextVectorization: texts to token indices."""

import re
import string

import numpy as np

from ...engine.serialize import serialize
from .adapt import AdaptableLayer
from .arrays import is_one_array
from .encoding import check_mode
from .host import HostLayer, as_strings
from .index_lookup import DROPPED, refuse_path
from .string_lookup import StringLookup

# ASCII alone, as in Keras: other alphabets keep their case.
LOWER = dict(zip(map(ord, string.ascii_uppercase), string.ascii_lowercase, strict=True))
STRIP = dict.fromkeys(map(ord, string.punctuation))
STANDARDIZE = {
    "lower": LOWER,
    "strip_punctuation": STRIP,
    "lower_and_strip_punctuation": LOWER | STRIP,
}
SPLIT = {"whitespace": re.compile(r"\S+", re.ASCII).findall, "character": list}


class TextVectorization(HostLayer, AdaptableLayer):
    """Texts to the indices of their tokens: standardize, split, join to n-grams, look up.

    In `"int"` mode index 0 pads, 1 is every token outside the vocabulary.

    Args:
        max_tokens: the most indices that there may be; `adapt` keeps the most frequent tokens.
        standardize: `"lower"` (A to Z only), `"strip_punctuation"` (that of ASCII), both as
            `"lower_and_strip_punctuation"`, None, or a function from an array of `str` to another.
        split: `"whitespace"`, `"character"`, None where each string is a token already, or a
            function from an array of texts to a list of lists of tokens.
        ngrams: an int for all n-grams up to that length, a tuple of ints for those lengths; their
            tokens are joined by blanks.
        output_mode: `"int"` for the indices in the order of the text; `"multi_hot"`, `"count"`,
            `"tf_idf"` for one vector for each text: ones, counts, or counts times weights. With
            `split=None` also `"one_hot"`.
        output_sequence_length: in `"int"` mode, texts are cut or padded to this many tokens;
            None pads to the longest of the call.
        pad_to_max_tokens: whether vectors have the length `max_tokens`, whatever is known.
        vocabulary: a list or array of tokens, or the path of a text file with one a line.
        idf_weights: for `"tf_idf"`, a weight for each item of `vocabulary`.
        sparse, ragged: must be False: Hornbill has dense tensors only.
        encoding: how inputs that are bytes, and the file, are decoded.

    Input shape: strings of shape `(batch,)` or `(batch, 1)`; without splitting also
    `(batch, tokens)`. Output shape: `(batch, tokens)` or `(batch, indices)`.
    Compiled code has no strings: it works in eager calls, in data pipelines, and at the front of a
    Sequential or functional model, whose `fit` and `predict` run it on the data before the step.

    >>> import hornbill as hb
    >>> layer = hb.layers.TextVectorization(output_sequence_length=4)
    >>> layer.adapt(["The cat sat.", "The dog!"])
    >>> layer.get_vocabulary()
    ['', '[UNK]', 'the', 'sat', 'dog', 'cat']
    >>> layer(["the CAT ran"]).tolist()
    [[2, 5, 1, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        ngrams=None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary=None,
        idf_weights=None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs,
    ):
        from_config = {
            key: kwargs.pop(key)
            for key in ("vocabulary_size", "has_input_vocabulary")
            if key in kwargs
        }
        super().__init__(name=name, **kwargs)
        modes = ("int", "one_hot", "multi_hot", "count", "tf_idf")
        self.output_mode = check_mode("TextVectorization", output_mode, modes, sparse)
        if ragged:
            raise ValueError(
                "TextVectorization: Hornbill has dense tensors only, padded with 0. "
                f"Received: ragged={ragged}"
            )
        _check_choice("standardize", standardize, STANDARDIZE)
        _check_choice("split", split, SPLIT)
        self.ngrams = _ngram_lengths(ngrams)
        if output_sequence_length is not None and (
            self.output_mode != "int" or output_sequence_length < 1
        ):
            raise ValueError(
                "TextVectorization's output_sequence_length is a positive int, for "
                f"output_mode='int' only. Received: output_sequence_length="
                f"{output_sequence_length!r}, output_mode={output_mode!r}"
            )
        if self.output_mode == "one_hot" and (split is not None or ngrams is not None):
            raise ValueError(
                "TextVectorization's output_mode='one_hot' needs split=None and no ngrams: texts "
                "have different numbers of tokens. Take 'int' and CategoryEncoding. "
                f"Received: split={split!r}, ngrams={ngrams!r}"
            )
        self.standardize, self.split = standardize, split
        self.output_sequence_length, self.encoding = output_sequence_length, encoding
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            mask_token="",
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            output_mode=self.output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            encoding=encoding,
            dtype=self.dtype_policy,
            **from_config,
        )

    input_dtype = property(lambda self: "string")
    depth = property(lambda self: self._lookup_layer.depth)

    def call(self, inputs):
        texts = as_strings(f"TextVectorization '{self.path}'", inputs, self.encoding)
        indices = self._padded(self.documents(np.atleast_1d(texts)))
        if texts.ndim == 0:
            indices = indices[0]
        return self._lookup_layer.encoded(indices)

    def _padded(self, documents: list[list[str]]) -> np.ndarray:
        integers = self.output_mode == "int"
        wanted = self.output_sequence_length
        width = max(map(len, documents), default=0) if wanted is None else wanted
        documents = [document[:width] for document in documents]
        there = np.arange(width) < np.array([len(d) for d in documents], int)[:, None]
        tokens = np.array([token for document in documents for token in document], dtype=object)
        indices = np.full(there.shape, 0 if integers else DROPPED, "int64")
        indices[there] = self._lookup_layer.indices(tokens)
        return indices

    def documents(self, texts: np.ndarray) -> list[list[str]]:
        """The tokens of each text."""
        if callable(self.standardize):
            texts = as_strings("TextVectorization's standardize", self.standardize(texts))
        elif self.standardize is not None:
            table = STANDARDIZE[self.standardize]
            plain = [text.translate(table) for text in texts.ravel().tolist()]
            texts = np.array(plain, dtype=object).reshape(texts.shape)
        if self.split is None:
            documents = texts.reshape(len(texts), -1).tolist()
        else:
            if texts.ndim > 2 or (texts.ndim == 2 and texts.shape[1] != 1):
                raise ValueError(
                    f"TextVectorization '{self.path}' splits texts of shape (batch,) or "
                    "(batch, 1); with split=None each string is a token. "
                    f"Received: shape {texts.shape}"
                )
            texts = texts.ravel()
            if callable(self.split):
                documents = [[str(t) for t in tokens] for tokens in self.split(texts)]
            else:
                documents = [SPLIT[self.split](text) for text in texts.tolist()]
        return documents if self.ngrams is None else [_ngrams(d, self.ngrams) for d in documents]

    def compute_output_shape(self, input_shape):
        batch = tuple(input_shape[:1])
        if self.output_mode == "int":
            return (*batch, self.output_sequence_length)
        if self.output_mode == "one_hot":
            return self._lookup_layer.compute_output_shape(
                input_shape if len(input_shape) > 1 else (*batch, 1)
            )
        return (*batch, self.depth)

    # ---- the vocabulary ------------------------------------------------------------------

    def adapt(self, data, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learns the vocabulary: the most frequent tokens first.

        Args:
            data: an array or list of texts, or an iterable of batches of them.
            batch_size: how many texts of one array are split at a time; all when None.
            steps: how many batches of an iterable are read; all when None.
        """
        if batch_size is not None and is_one_array(data) and steps is None:
            texts = np.asarray(data)
            data = [texts[i : i + batch_size] for i in range(0, len(texts), batch_size)]
        super().adapt(data, steps)

    @property
    def fixed(self) -> bool:
        return self._lookup_layer.fixed

    def reset_state(self) -> None:
        self._lookup_layer.reset_state()

    def update_state(self, data) -> None:
        texts = as_strings("TextVectorization.adapt", self.on_host(data), self.encoding)
        self._lookup_layer.count(self.documents(np.atleast_1d(texts)))

    def finalize_state(self) -> None:
        self._lookup_layer.finalize_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens in the order of their indices, with or without those of padding and OOV."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """How many indices there are, those of padding and of unknown tokens included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary, idf_weights=None) -> None:
        """Sets the tokens from a list or a file; see `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # ---- files ---------------------------------------------------------------------------

    def save_own_variables(self, store) -> None:
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store) -> None:
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path) -> None:
        """Writes the vocabulary to `vocabulary.txt` in a folder, one token a line."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path) -> None:
        """Reads what `save_assets` wrote, unless the vocabulary is known from the config."""
        self._lookup_layer.load_assets(dir_path)

    def get_config(self) -> dict:
        known = self._lookup_layer.get_config()
        names = ("vocabulary", "idf_weights", "vocabulary_size", "has_input_vocabulary")
        return {
            **super().get_config(),
            # Here, so that a lambda is an error and not left out.
            "standardize": serialize(self.standardize),
            "split": serialize(self.split),
            **{name: known[name] for name in names},
        }

    @classmethod
    def from_config(cls, config: dict) -> "TextVectorization":
        refuse_path("TextVectorization", config)
        return super().from_config(config)


def _check_choice(name: str, value, known) -> None:
    if value is not None and not callable(value) and value not in known:
        raise ValueError(
            f"TextVectorization's {name} is {', '.join(map(repr, known))}, None or a function. "
            f"Received: {name}={value!r}"
        )


def _ngram_lengths(ngrams) -> tuple[int, ...] | None:
    if ngrams is None:
        return None
    lengths = tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
    if (
        not isinstance(lengths, (tuple, list))
        or not lengths
        or not all(isinstance(n, int) and n > 0 for n in lengths)
    ):
        raise ValueError(
            "TextVectorization's ngrams is a positive int, a tuple of them or None. "
            f"Received: ngrams={ngrams!r}"
        )
    return tuple(lengths)


def _ngrams(tokens: list[str], lengths: tuple[int, ...]) -> list[str]:
    return [" ".join(tokens[i : i + n]) for n in lengths for i in range(len(tokens) - n + 1)]
