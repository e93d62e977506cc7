"""Words as numbers, as Keras 2 had it: `Tokenizer` and what goes with it."""

import hashlib
import itertools
import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ..missing import missing

__all__ = "Tokenizer hashing_trick one_hot text_to_word_sequence tokenizer_from_json".split()
__getattr__ = missing("tf.keras.preprocessing.text", __all__)

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
MODES = ("binary", "count", "freq", "tfidf")
# What a Tokenizer counts: dicts by a word, and by its number.
_BY_WORD = ("word_counts", "word_docs", "word_index")
_BY_INDEX = ("index_docs", "index_word")


def text_to_word_sequence(
    input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """The words of a text.

    Args:
        input_text: the text.
        filters: characters that end a word and are left out.
        lower: whether the text is put into lower case.
        split: what stands between words.

    >>> import hornbill.tensorflow as tf
    >>> tf.keras.preprocessing.text.text_to_word_sequence("Well, a hornbill!")
    ['well', 'a', 'hornbill']
    """
    text = input_text.lower() if lower else input_text
    parts = text.translate(str.maketrans(dict.fromkeys(filters, split))).split(split)
    return list(filter(None, parts))


def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable | None = None,
) -> list[int]:
    """`hashing_trick` with Python's own `hash`, which differs from process to process.

    >>> import hornbill.tensorflow as tf
    >>> all(0 < i < 50 for i in tf.keras.preprocessing.text.one_hot("two words", 50))
    True
    """
    return hashing_trick(input_text, n, None, filters, lower, split, analyzer)


def hashing_trick(
    text: str,
    n: int,
    hash_function: Callable | str | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable | None = None,
) -> list[int]:
    """The words of a text as numbers by their hashes; different words may share one.

    Args:
        text: the text.
        n: the numbers are 1 ... n - 1.
        hash_function: from a word to an int. `"md5"` gives the same numbers in each process; None
            is Python's `hash`, which does not.
        filters: characters that end a word and are left out.
        lower: whether the text is put into lower case.
        split: what stands between words.
        analyzer: from a text to its words, instead of the three above.

    Raises:
        ValueError: if `n` is less than 2, or `hash_function` is another string.

    >>> import hornbill.tensorflow as tf
    >>> tf.keras.preprocessing.text.hashing_trick("one two one", 100, "md5")
    [39, 78, 39]
    """
    if n < 2:
        raise ValueError(f"hashing_trick's n is at least 2: its numbers are 1 ... n - 1. Got n={n}")
    if isinstance(hash_function, str) and hash_function != "md5":
        raise ValueError(
            f"hashing_trick's hash_function is 'md5', a function or None. Received: "
            f"hash_function={hash_function!r}"
        )
    hashed = _md5 if hash_function == "md5" else hash_function or hash
    words = analyzer(text) if analyzer else text_to_word_sequence(text, filters, lower, split)
    return [1 + hashed(word) % (n - 1) for word in words]


def _md5(word: str) -> int:
    return int.from_bytes(hashlib.md5(word.encode(), usedforsecurity=False).digest(), "big")


class Tokenizer:
    """Numbers for the words of texts: 1 for the most frequent, 2 for the next, ...

    0 stands for no word, as `pad_sequences` fills up with it.

    Args:
        num_words: only numbers below it are given out; all words are counted nevertheless.
        filters: characters that end a word and are left out.
        lower: whether texts are put into lower case.
        split: what stands between words.
        char_level: whether each character is a word.
        oov_token: a word of number 1 that stands for words without a number; they are left out
            when None.
        analyzer: from a text to its words, instead of `filters`, `lower` and `split`. It is not
            part of the config.
        document_count: the number of texts seen before.
        nb_words: `num_words` by its name of Keras 1.

    Attributes:
        word_counts: how often each word occurred, in the order of their first occurrence.
        word_docs: in how many texts each word occurred.
        index_docs: the same by the word's number.
        word_index, index_word: each word's number, and the way back.
        document_count: the number of texts seen.

    A text may also be a list of words, which are taken as they are (put into lower case with
    `lower`).

    >>> import hornbill.tensorflow as tf
    >>> tokenizer = tf.keras.preprocessing.text.Tokenizer(oov_token="<?>")
    >>> tokenizer.fit_on_texts(["The cat sat.", "The dog ran."])
    >>> tokenizer.word_index
    {'<?>': 1, 'the': 2, 'cat': 3, 'sat': 4, 'dog': 5, 'ran': 6}
    >>> tokenizer.texts_to_sequences(["the bird ran"])
    [[2, 1, 6]]
    """

    analyzer = None  # of pickles that older versions of Keras wrote

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable | None = None,
        *,
        document_count: int = 0,
        nb_words: int | None = None,
    ):
        self.num_words = nb_words if num_words is None else num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.document_count = document_count
        self.word_counts: dict[str, int] = OrderedDict()
        self.word_docs: dict[str, int] = defaultdict(int)
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text):
        """A text's words, or its characters."""
        if isinstance(text, list):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            return text.lower() if self.lower else text
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable) -> None:
        """Counts the words of texts, beside those counted before, and numbers all anew.

        Args:
            texts: strings, or lists of words.
        """
        for text in texts:
            words = self._words(text)
            self.document_count += 1
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] = self.word_docs.get(word, 0) + 1
        ranked = sorted(self.word_counts, key=self.word_counts.get, reverse=True)
        if self.oov_token is not None:
            ranked.insert(0, self.oov_token)
        self.word_index = dict(zip(ranked, itertools.count(1)))
        self.index_word = {index: word for word, index in self.word_index.items()}
        for word, texts_with_it in self.word_docs.items():
            self.index_docs[self.word_index[word]] = texts_with_it

    def fit_on_sequences(self, sequences: Iterable) -> None:
        """Counts in how many sequences each number occurs, as `sequences_to_matrix` needs for
        `"tfidf"` where there were no texts.

        Args:
            sequences: lists of ints.
        """
        for sequence in sequences:
            self.document_count += 1
            for index in set(sequence):
                self.index_docs[index] = self.index_docs.get(index, 0) + 1

    def _given_out(self, index: int | None) -> int | None:
        """The number that stands for a word of this one (None: an unknown word); None for none."""
        if index is None or (self.num_words and index >= self.num_words):
            return self.word_index.get(self.oov_token)
        return index

    def texts_to_sequences(self, texts: Iterable) -> list[list[int]]:
        """Texts as lists of their words' numbers.

        Args:
            texts: strings, or lists of words.
        """
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable) -> Iterator[list[int]]:
        """`texts_to_sequences`, one text after the other."""
        for text in texts:
            indices = (self._given_out(self.word_index.get(word)) for word in self._words(text))
            yield [index for index in indices if index is not None]

    def sequences_to_texts(self, sequences: Iterable) -> list[str]:
        """Lists of numbers as texts, with spaces between the words.

        Args:
            sequences: lists of ints.
        """
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable) -> Iterator[str]:
        """`sequences_to_texts`, one text after the other."""
        for sequence in sequences:
            known = (index if index in self.index_word else None for index in sequence)
            indices = map(self._given_out, known)
            yield " ".join(self.index_word[index] for index in indices if index is not None)

    def texts_to_matrix(self, texts: Iterable, mode: str = "binary") -> np.ndarray:
        """Texts as rows, with a column for each number: `sequences_to_matrix` of their numbers."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Iterable, mode: str = "binary") -> np.ndarray:
        """Lists of numbers as rows, with a column for each number.

        Args:
            sequences: lists of ints.
            mode: `"binary"` (1 where the number occurs), `"count"`, `"freq"` (the count by the
                length) or `"tfidf"`: `(1 + log(count)) * log(1 + texts / (1 + texts with it))`.

        Returns:
            A float64 array of shape `(len(sequences), num_words)`; without `num_words` there is a
            column for each word of the texts, and one for 0.

        Raises:
            ValueError: if the mode is another, or the tokenizer has not seen the texts that it
                needs.
        """
        if mode not in MODES:
            raise ValueError(
                f"A matrix's mode is one of {', '.join(MODES)}. Received: mode={mode!r}"
            )
        if not self.num_words and not self.word_index:
            raise ValueError(
                "The matrix's width is not known: pass num_words to the Tokenizer, or call "
                "fit_on_texts first. Received: num_words=None, no texts"
            )
        if mode == "tfidf" and not self.document_count:
            raise ValueError(
                "mode='tfidf' weighs words by the texts seen: call fit_on_texts or "
                "fit_on_sequences first. Received: no texts"
            )
        width = self.num_words or len(self.word_index) + 1
        sequences = list(sequences)
        matrix = np.zeros((len(sequences), width))
        for row, sequence in zip(matrix, sequences, strict=True):
            for index, count in Counter(i for i in sequence if i < width).items():
                row[index] = self._weight(mode, index, count, len(sequence))
        return matrix

    def _weight(self, mode: str, index: int, count: int, length: int) -> float:
        if mode == "tfidf":
            rarity = self.document_count / (1 + self.index_docs.get(index, 0))
            return (1 + np.log(count)) * np.log(1 + rarity)
        return {"binary": 1, "count": count, "freq": count / length}[mode]

    def get_config(self) -> dict:
        """The arguments (but `analyzer`) and what was counted, the dicts as JSON texts."""
        arguments = "num_words filters lower split char_level oov_token document_count".split()
        return {
            **{name: getattr(self, name) for name in arguments},
            **{name: json.dumps(getattr(self, name)) for name in (*_BY_WORD, *_BY_INDEX)},
        }

    def to_json(self, **kwargs) -> str:
        """The tokenizer as a JSON text, which `tokenizer_from_json` reads.

        Args:
            kwargs: for `json.dumps`, such as `indent`.
        """
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The tokenizer that `to_json` (Keras's, too) wrote down.

    >>> import hornbill.tensorflow as tf
    >>> text = tf.keras.preprocessing.text
    >>> tokenizer = text.Tokenizer()
    >>> tokenizer.fit_on_texts(["to be or not to be"])
    >>> text.tokenizer_from_json(tokenizer.to_json()).word_index
    {'to': 1, 'be': 2, 'or': 3, 'not': 4}
    """
    config = json.loads(json_string)["config"]
    by_word = {name: json.loads(config.pop(name)) for name in _BY_WORD}
    by_index = {name: json.loads(config.pop(name)) for name in _BY_INDEX}
    tokenizer = Tokenizer(**config)
    vars(tokenizer).update(by_word)
    for name, counted in by_index.items():  # JSON's keys are strings
        setattr(tokenizer, name, {int(index): value for index, value in counted.items()})
    return tokenizer
