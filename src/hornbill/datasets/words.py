"""What IMDB and Reuters share: texts as lists of word numbers, cut down to some of the words."""

import json

import numpy as np

from .source import fetch


def number(texts, start_char: int | None, index_from: int | None) -> list[list[int]]:
    """Texts with their numbers moved up by `index_from`, and `start_char` in front."""
    if start_char is not None:
        return [[start_char, *(w + index_from for w in text)] for text in texts]
    return [[w + (index_from or 0) for w in text] for text in texts]


def shorter(texts, labels, maxlen: int | None):
    """The texts of fewer than `maxlen` words, and their labels."""
    if not maxlen:
        return texts, labels
    kept = [(text, label) for text, label in zip(texts, labels, strict=True) if len(text) < maxlen]
    if not kept:
        raise ValueError(
            f"No text has fewer than maxlen words: pass a larger maxlen. Received: maxlen={maxlen}"
        )
    texts, labels = zip(*kept, strict=True)
    return list(texts), np.array(labels)


def keep_words(texts, num_words: int | None, skip_top: int, oov_char: int | None):
    """Texts with `oov_char` in place of the words outside `skip_top` ... `num_words - 1`.

    With `oov_char=None` they are left out. Returns an array of lists (dtype object).
    """
    num_words = num_words or max(max(text) for text in texts)
    if oov_char is None:
        texts = [[w for w in text if skip_top <= w < num_words] for text in texts]
    else:
        texts = [[w if skip_top <= w < num_words else oov_char for w in text] for text in texts]
    # Filled in, since np.array would make a matrix of texts that happen to be equally long.
    out = np.empty(len(texts), dtype=object)
    out[:] = texts
    return out


def word_index(path: str, published: str, file_hash: str) -> dict[str, int]:
    """The published table from words to their numbers."""
    with open(fetch(path, published, file_hash), encoding="utf-8") as file:
        return json.load(file)
