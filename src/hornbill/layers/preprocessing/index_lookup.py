"""IndexLookup: tokens to indices by a vocabulary, the base of StringLookup and IntegerLookup."""

import os

import jax.numpy as jnp
import numpy as np

from ...engine.config import floatx
from .adapt import AdaptableLayer
from .encoding import check_mode, encode
from .fingerprints import hash_strings
from .hashing import check_salt
from .host import HostLayer
from .vocabulary import TokenCounts, Vocabulary, read_lines

# What `find` gives for values outside the vocabulary, and for masked ones in vectors; as
# indices they count nowhere.
OOV, DROPPED = -1, -2


class IndexLookup(HostLayer, AdaptableLayer):
    """Tokens to indices: first the mask (in `"int"` mode), then the OOV indices, then the tokens.

    Subclasses say what tokens are (`read`, `parse`). Their arguments are explained there.
    `vocabulary_size`, `has_input_vocabulary` come from configs: how long the vocabulary of a
    layer is whose tokens follow in a file, and whether it was given rather than learned.
    """

    def __init__(
        self,
        *,
        max_tokens,
        num_oov_indices,
        mask_token,
        oov_token,
        vocabulary,
        idf_weights,
        invert,
        output_mode,
        sparse,
        pad_to_max_tokens,
        salt,
        oov_method="floormod",
        vocabulary_size=None,
        has_input_vocabulary=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        who = type(self).__name__
        modes = ("int", "one_hot", "multi_hot", "count", "tf_idf")
        self.output_mode = check_mode(who, output_mode, modes, sparse)
        if max_tokens is not None and max_tokens <= 1:
            raise ValueError(f"{who}'s max_tokens is above 1. Received: max_tokens={max_tokens}")
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError(
                f"{who}: pad_to_max_tokens=True needs max_tokens. Received: max_tokens=None"
            )
        if num_oov_indices < 0:
            raise ValueError(
                f"{who}'s num_oov_indices is 0 or more. Received: num_oov_indices={num_oov_indices}"
            )
        if oov_method not in ("floormod", "farmhash"):
            raise ValueError(
                f"{who}'s oov_method is 'floormod' or 'farmhash'. "
                f"Received: oov_method={oov_method!r}"
            )
        if invert and self.output_mode != "int":
            raise ValueError(
                f"{who}: invert=True goes with output_mode='int'. "
                f"Received: output_mode={output_mode!r}"
            )
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.invert, self.sparse, self.pad_to_max_tokens = invert, sparse, pad_to_max_tokens
        self.oov_method, self.salt = oov_method, check_salt(who, salt)
        self.idf_weights: np.ndarray | None = None
        self._vocabulary, self._counts = Vocabulary(), TokenCounts()
        self._promised_size = vocabulary_size
        given = vocabulary is not None
        self.fixed = given if has_input_vocabulary is None else bool(has_input_vocabulary)
        self._given = given
        self._check_idf(idf_weights, wanted=given)
        if given:
            self.set_vocabulary(vocabulary, idf_weights)

    # ---- what subclasses say -------------------------------------------------------------

    def read(self, values) -> np.ndarray:
        """Inputs as an array of tokens."""
        raise NotImplementedError

    def parse(self, lines: list[str]) -> list:
        """Tokens from a file's lines."""
        raise NotImplementedError

    # ---- calls ---------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        if self.pad_to_max_tokens:
            return self.max_tokens
        if not len(self._vocabulary) and self._promised_size is None:
            raise ValueError(
                f"{type(self).__name__} '{self.path}' has no vocabulary yet, so the length of its "
                "vectors is not known: call adapt(data) first, or give vocabulary= or "
                f"pad_to_max_tokens=True. Received: output_mode={self.output_mode!r}"
            )
        return self.vocabulary_size()

    def indices(self, values):
        if self.invert:
            return self._tokens_at(values)
        values = self.read(values)
        found = self._vocabulary.find(values.ravel().tolist(), OOV).reshape(values.shape)
        found = np.where(found == OOV, OOV, found + self._token_start)
        if self.mask_token is not None:
            masked = values == self.mask_token
            found = np.where(masked, 0 if self.output_mode == "int" else DROPPED, found)
        unknown = found == OOV
        if unknown.any():
            found[unknown] = self._oov_start + self._bins(values[unknown])
        return found

    def _bins(self, values: np.ndarray):
        """Which of the OOV indices each value outside the vocabulary has."""
        if self.num_oov_indices == 0:
            raise ValueError(
                f"{type(self).__name__} '{self.path}' has num_oov_indices=0, so all values must "
                "be in the vocabulary: add them, or set num_oov_indices=1. "
                f"Received: {sorted(set(values.tolist()))[:10]}"
            )
        if self.num_oov_indices == 1:
            return 0
        if values.dtype.kind in "iu" and self.oov_method == "floormod":
            return values % self.num_oov_indices
        texts = values.astype(str) if values.dtype.kind in "iu" else values
        return hash_strings(texts, self.num_oov_indices, self.salt)

    def _tokens_at(self, indices):
        known = np.array([*self.get_vocabulary(), self.oov_token])
        outside = (indices < 0) | (indices >= len(known) - 1)
        return known[np.where(outside, len(known) - 1, indices).astype("int64")]

    def encoded(self, indices):
        if self.output_mode == "int" and self.invert:
            return indices
        if self.output_mode != "tf_idf":
            return super().encoded(indices)
        counts = encode(indices, "count", self.depth, self.output_dtype)
        return counts * jnp.asarray(self.idf_weights, self.output_dtype)

    # ---- the vocabulary ------------------------------------------------------------------

    @property
    def _oov_start(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _token_start(self) -> int:
        return self._oov_start + self.num_oov_indices

    def _special_tokens(self) -> list:
        return [self.mask_token] * self._oov_start + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list:
        """The tokens in the order of their indices.

        Args:
            include_special_tokens: whether the mask and OOV tokens stand in front, so that a
                token's place in the list is its index.
        """
        special = self._special_tokens() if include_special_tokens else []
        return special + self._vocabulary.tokens

    def vocabulary_size(self) -> int:
        """How many indices there are, those of the mask and of unknown tokens included."""
        if not len(self._vocabulary) and self._promised_size is not None:
            return self._promised_size
        return self._token_start + len(self._vocabulary)

    def set_vocabulary(self, vocabulary, idf_weights=None) -> None:
        """Sets the tokens, in place of those that were there.

        Args:
            vocabulary: an array or list of tokens, or the path of a text file with one a line.
                The special tokens may stand in front: all of them, mask first, or none.
            idf_weights: for `"tf_idf"`, a weight for each item of `vocabulary`.

        Raises:
            ValueError: for an empty vocabulary, one with repeated or reserved tokens or longer
                than `max_tokens`, and for weights that do not fit.
        """
        self._check_idf(idf_weights, wanted=True)
        if isinstance(vocabulary, (str, os.PathLike)):
            vocabulary = self.parse(read_lines(vocabulary, getattr(self, "encoding", "utf-8")))
        vocabulary = np.asarray(vocabulary)
        tokens = self.read(vocabulary).tolist() if vocabulary.size else []
        special = self._special_tokens()
        complete = tokens[: len(special)] == special
        if complete:
            tokens = tokens[len(special) :]
        self._check_tokens(tokens, special)
        weights = None
        if idf_weights is not None:
            weights = np.asarray(idf_weights, "float64")
            length = len(tokens) + (len(special) if complete else 0)
            if weights.shape != (length,):
                raise ValueError(
                    f"{type(self).__name__} takes an idf weight for each of the {length} items "
                    f"of the vocabulary. Received: idf_weights of shape {weights.shape}"
                )
        self._keep(tokens, weights, complete)

    def _check_tokens(self, tokens, special):
        who = type(self).__name__
        if not tokens:
            raise ValueError(f"{who}'s vocabulary has at least one token. Received: {special}")
        if len(set(tokens)) < len(tokens):
            seen: set = set()
            twice = sorted({t for t in tokens if t in seen or seen.add(t)})
            raise ValueError(f"{who}'s vocabulary has each token once. Received twice: {twice}")
        # Looking up, the OOV token is a token like any other; looking back, it must be clear.
        reserved = [self.mask_token, self.oov_token if self.invert else None]
        for token in reserved:
            if token is not None and token in tokens:
                raise ValueError(
                    f"{who}'s special tokens stand at the start of the vocabulary, all of them and "
                    f"in this order: {special}, or are left out. "
                    f"Received: {token!r} at {tokens.index(token)} after them"
                )
        size = self._token_start + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                f"{who}'s vocabulary has at most max_tokens={self.max_tokens} items, the special "
                f"tokens {special} included. Received: {size}"
            )

    def _check_idf(self, idf_weights, wanted: bool):
        if self.output_mode != "tf_idf" and idf_weights is not None:
            raise ValueError(
                f"{type(self).__name__} takes idf_weights with output_mode='tf_idf' only. "
                f"Received: output_mode={self.output_mode!r}"
            )
        if self.output_mode == "tf_idf" and (idf_weights is not None) != wanted:
            raise ValueError(
                f"{type(self).__name__} with output_mode='tf_idf' takes a vocabulary and its "
                "idf_weights together, or neither and adapt(data). "
                f"Received: idf_weights={idf_weights}"
            )

    def _keep(self, tokens, weights, complete: bool):
        if weights is not None:
            if not complete:  # unknown tokens weigh as much as the others do on average
                weights = np.pad(weights, (self._token_start, 0), constant_values=weights.mean())
            after = self.max_tokens - len(weights) if self.pad_to_max_tokens else 0
            weights = np.pad(weights, (0, after)).astype(floatx())
        self._vocabulary, self.idf_weights = Vocabulary(tokens), weights

    # ---- learning ------------------------------------------------------------------------

    def whole(self, data):
        data = np.asarray(data)
        return data[:, None] if data.ndim == 1 else data  # each value is a document

    def reset_state(self) -> None:
        if self.fixed:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' was given its vocabulary, there is nothing "
                "to adapt. Leave vocabulary= out to learn it. "
                f"Received: a vocabulary of {len(self._vocabulary)} tokens"
            )
        self._counts = TokenCounts()

    def update_state(self, data) -> None:
        values = self.read(self.on_host(data))
        documents = values.reshape(len(values), -1) if values.ndim > 1 else values.reshape(1, -1)
        self.count(documents.tolist())

    def count(self, documents: list[list]) -> None:
        """Takes the tokens of some documents into account."""
        self._counts.add(documents)

    def finalize_state(self) -> None:
        if not self._counts.tokens:
            return
        most = None if self.max_tokens is None else self.max_tokens - self._token_start
        tokens = self._counts.ranked((self.mask_token, self.oov_token), most)
        weights = self._counts.idf(tokens) if self.output_mode == "tf_idf" and tokens else None
        self._keep(tokens, weights, complete=False)
        self._counts = TokenCounts()

    # ---- files ---------------------------------------------------------------------------

    def save_own_variables(self, store) -> None:
        if self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store) -> None:
        if "idf_weights" in store:
            self.idf_weights = np.asarray(store["idf_weights"])

    def save_assets(self, dir_path) -> None:
        """Writes the vocabulary to `vocabulary.txt` in a folder, one token a line."""
        path = os.path.join(dir_path, "vocabulary.txt")
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(map(str, self.get_vocabulary())))

    def load_assets(self, dir_path) -> None:
        """Reads what `save_assets` wrote, unless the vocabulary is known from the config."""
        if self._given:
            return
        tokens = self.parse(read_lines(os.path.join(dir_path, "vocabulary.txt")))
        if len(tokens) > self._token_start:
            weights = None if self.idf_weights is None else self.idf_weights[: len(tokens)]
            self.set_vocabulary(tokens, weights)

    def get_config(self) -> dict:
        known = len(self._vocabulary) > 0
        size = self.vocabulary_size()
        weights = None if self.idf_weights is None else self.idf_weights[:size].tolist()
        return {
            **super().get_config(),
            "vocabulary": self.get_vocabulary() if known else None,
            "idf_weights": weights if known else None,
            "vocabulary_size": size if known or self._promised_size is not None else None,
            "has_input_vocabulary": self.fixed,
        }

    @classmethod
    def from_config(cls, config: dict):
        refuse_path(cls.__name__, config)
        return super().from_config(config)


def refuse_path(who: str, config: dict) -> None:
    """A config may come from anywhere: it must not make a layer read files."""
    if isinstance(config.get("vocabulary"), (str, os.PathLike)):
        raise ValueError(
            f"{who}'s config holds the tokens themselves, never the path of a file. Make the layer "
            f"with vocabulary=path instead. Received: vocabulary={config['vocabulary']!r}"
        )
